// One colour's gRPC channel of one connection, and every call that the client makes on it. The only place
// that knows gRPC's C++ types; what goes in and comes out are plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "e6/client/cursor.h"
#include "e6/client/options.h"
#include "e6/shared/strategy.h"

namespace e6::client {

/// What every call is sent with.
struct CallHead {
  Strategy strategy = Strategy::kNone;
  std::string_view planner;  ///< `engineIP` that prepare answered; empty for calls that are not about a query
  std::chrono::steady_clock::time_point deadline;
};

/// What every call comes back with.
struct Reply {
  int code = 0;              ///< gRPC status code
  std::string details;       ///< of a failure
  std::string new_strategy;  ///< as the engine wrote it; empty if absent
};

/// The three fields that name a query on its engine.
struct QueryName {
  const std::string& engine;
  const std::string& session;
  const std::string& id;
};

/// Thread-safe. Created when a colour is first needed. In a process forked from the one that made it, it must
/// not be used; destroying it there destroys nothing (an inherited channel hangs when it is touched).
class Channel {
 public:
  /// Throws OptionError when a certificate file cannot be read. Makes no connection yet.
  explicit Channel(const ConnectionOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Reply authenticate(const CallHead& head, std::string& session);
  Reply prepare(const CallHead& head, const std::string& session, std::string_view sql, std::string& engine,
                std::string& id);
  Reply execute(const CallHead& head, const QueryName& query);
  Reply metadata(const CallHead& head, const QueryName& query, std::string& bytes);
  Reply fetch(const CallHead& head, const QueryName& query, std::string& bytes);
  Reply status(const CallHead& head, const QueryName& query, QueryStatus& status);
  Reply explain(const CallHead& head, const QueryName& query, std::string& plan);
  Reply explain_analyze(const CallHead& head, const QueryName& query, std::string& plan);
  Reply clear(const CallHead& head, const QueryName& query);
  Reply cancel(const CallHead& head, const QueryName& query);
  /// ClusterService; `state` is the engine's word ("suspended", "resuming", "active", "failed").
  Reply cluster_status(const CallHead& head, std::string& state);
  Reply cluster_resume(const CallHead& head, std::string& state);

 private:
  struct Stubs;
  std::unique_ptr<Stubs> stubs_;
  std::uint64_t generation_;
};

}  // namespace e6::client
