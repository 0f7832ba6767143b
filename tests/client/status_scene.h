// One status as the answer to one call, and what the engine counted afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "fault_scene.h"
#include "status_table.h"

namespace e6::client::test {

/// The calls on the way of a query, by the names that e6-sim and the wire know.
inline constexpr std::array<const char*, 7> kCalls{"authenticate",       "prepareStatementV2",
                                                   "executeStatementV2", "getResultMetadata",
                                                   "getNextResultBatch", "status",
                                                   "clearOrCancelQuery"};

class StatusScene : public FaultScene {
 protected:
  /// Where the connection's host knows its colour from.
  enum class Knowledge : std::uint8_t { kOwn, kSegment };

  /// Runs a statement that changes data from beginning to end, while the next `call` fails with
  /// this status; then checks what must be so after any failure and after this one.
  void expect_no_harm(const std::string& call, int code, const std::string& text,
                      Work work = Work::kNotDone, Knowledge knowledge = Knowledge::kOwn);

 private:
  /// By the engine, since its start.
  struct Counted {
    std::map<std::string, int> calls;
    int executed = 0;  // the statement
    int executed_again = 0;
    int open = 0;
    [[nodiscard]] int of(const std::string& call) const {
      const auto found = calls.find(call);
      return found == calls.end() ? 0 : found->second;
    }
  };
  /// How the application saw the failure.
  struct Failure {
    std::string type;  // "QueryError"; empty: none
    std::string what;
    std::string details;
    int code = 0;
    std::string query_id;
  };

  [[nodiscard]] Counted count();
  static void use(Connection& connection, const std::string& call, Failure& failure, bool& kept);
  void expect_like(const Reading& reading, const std::string& call, const std::string& text,
                   const Failure& failure, int tries, int authentications);

  /// For the next case. A host verifies at most once a second, so that each case which may need
  /// that has a host of its own.
  void connect_for(const std::string& call, Knowledge knowledge);

  std::unique_ptr<Connection> connection_;
  bool may_have_verified_ = false;
  int segments_ = 0;
};

}  // namespace e6::client::test
