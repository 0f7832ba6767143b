// One status as the answer to one call, and what the engine counted afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "scene.h"
#include "status_table.h"

namespace e6::client::test {

/// The calls on the way of a query, by the names that e6-sim and the wire know.
inline constexpr std::array<const char*, 7> kCalls{"authenticate",       "prepareStatementV2",
                                                   "executeStatementV2", "getResultMetadata",
                                                   "getNextResultBatch", "status",
                                                   "clearOrCancelQuery"};

class StatusScene : public Scene {
 protected:
  /// Whether the engine has done the call's work when it fails.
  enum class Work : std::uint8_t { kNotDone, kDone };

  /// Runs a statement that changes data from beginning to end, while the next `call` fails with
  /// this status; then checks what must be so after any failure and after this one.
  void expect_no_harm(const std::string& call, int code, const std::string& text,
                      Work work = Work::kNotDone);

  /// Makes the next calls of `method` fail; without a count all of them.
  void fail_calls(const std::string& method, int code, const std::string& text,
                  std::optional<int> count, Work work = Work::kNotDone);

 private:
  struct Counted {
    int calls = 0;            // of the call that failed
    int authentications = 0;  // of any result
    int executed = 0;         // the statement, as the engine counts it
    int executed_again = 0;
  };
  /// How the application saw the failure.
  struct Failure {
    std::string type;  // "QueryError"; empty: none
    std::string what;
    std::string details;
    int code = 0;
    std::string query_id;
  };

  [[nodiscard]] Counted count(const std::string& call);
  static void use(Connection& connection, const std::string& call, Failure& failure, bool& kept);
  void expect_like(const Reading& reading, const std::string& call, const std::string& text,
                   const Failure& failure, const Counted& counted);

  std::unique_ptr<Connection> connection_;
};

}  // namespace e6::client::test
