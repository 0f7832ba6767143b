// One colour's gRPC channel of one connection, and every call that the client makes on it. The only place
// that knows gRPC's C++ types; what goes in and comes out are plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "e6/client/catalog.h"
#include "e6/client/cursor.h"
#include "e6/client/data_frame.h"
#include "e6/client/options.h"
#include "e6/shared/strategy.h"

namespace e6::client {

/// What every call is sent with.
struct CallHead {
  Strategy strategy = Strategy::kNone;
  std::string_view planner;  ///< `engineIP` that prepare answered; empty for calls that are not about a query
  std::chrono::steady_clock::time_point at;  ///< when it is sent
  std::chrono::steady_clock::time_point deadline;
  const std::stop_token* stop = nullptr;  ///< ends the call; null: nothing does
  /// Called ten times a second while the call lasts, by those for which the host may be waiting: authenticate, cluster_status, cluster_resume. May be null.
  const std::function<void()>* meanwhile = nullptr;
  /// Until when a connection must have come about; the epoch: for connect_timeout from `at`.
  std::chrono::steady_clock::time_point reach_by{};
};

/// What every call comes back with.
struct Reply {
  int code = 0;              ///< gRPC status code
  std::string details;       ///< of a failure
  std::string new_strategy;  ///< as the engine wrote it; empty if absent
  bool from_engine = false;  ///< a failure that came on the call's stream, or was its end
  /// What the user can do about a connection that failed; empty: nothing special.
  std::string advice;
};

/// The three fields that name a query on its engine.
struct QueryName {
  const std::string& engine;
  const std::string& session;
  const std::string& id;
};

/// A prepare whose caller has given up. The engine goes on with it, and its answer names a query
/// that somebody has to clear. Used by one thread at a time; its end cancels the call.
class LatePrepare {
 public:
  enum class State : std::uint8_t {
    kWaiting,  ///< no answer yet
    kNothing,  ///< there is no query: it failed, or half a minute has passed
    kQuery,    ///< the answer has come
  };
  virtual ~LatePrepare() = default;
  /// Does not wait. Fills in the query when the answer is kQuery.
  [[nodiscard]] virtual State poll(std::string& engine, std::string& id) = 0;

 protected:
  LatePrepare() = default;
  LatePrepare(const LatePrepare&) = delete;
  LatePrepare& operator=(const LatePrepare&) = delete;
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

  /// True once the engine was found to be silent while a call waited: new work belongs on another
  /// channel.
  [[nodiscard]] bool lost() const noexcept;

  Reply authenticate(const CallHead& head, std::string& session, std::string& engine);

  /// `place` may be null. At the deadline or a stop request this returns, but the call goes on: it
  /// is in `late` then (channel_prepare.cc).
  Reply prepare(const CallHead& head, const std::string& session, std::string_view sql, const PlannerPlace* place,
                std::string& engine, std::string& id, std::unique_ptr<LatePrepare>& late);
  // A query's way (channel_query.cc).
  Reply execute(const CallHead& head, const QueryName& query, bool no_cache);
  Reply execute_v2(const CallHead& head, const QueryName& query, bool no_cache,
                   const std::vector<Parameter>& parameters);
  Reply parameters(const CallHead& head, const QueryName& query, std::vector<Parameter>& found);
  Reply metadata(const CallHead& head, const QueryName& query, std::string& bytes);
  Reply fetch(const CallHead& head, const QueryName& query, std::string& bytes);
  Reply status(const CallHead& head, const QueryName& query, QueryStatus& answer);
  Reply explain(const CallHead& head, const QueryName& query, std::string& plan);
  Reply explain_analyze(const CallHead& head, const QueryName& query, QueryAnalysis& analysis);
  Reply clear(const CallHead& head, const QueryName& query);
  Reply discard(const CallHead& head, const QueryName& query);
  Reply cancel(const CallHead& head, const QueryName& query);

  // Catalogs, statements that are not run, the session (channel_catalog.cc). An empty catalog: the V1 call.
  Reply catalogs(const CallHead& head, std::vector<CatalogEntry>& found);
  Reply schemas(const CallHead& head, const std::string& session, std::string_view catalog,
                std::vector<std::string>& found);
  Reply tables(const CallHead& head, const std::string& session, std::string_view catalog, std::string_view schema,
               std::vector<std::string>& found);
  Reply columns(const CallHead& head, const std::string& session, std::string_view catalog, std::string_view schema,
                std::string_view table, std::vector<TableColumn>& found);
  Reply add_catalogs(const CallHead& head, const std::string& session, std::string_view json);
  Reply add_catalogs_status(const CallHead& head, const std::string& session, AddCatalogsStatus& status);
  Reply refresh_catalogs(const CallHead& head, const std::string& session);
  Reply sync_schema(const CallHead& head, const SchemaSync& what);
  Reply dry_run(const CallHead& head, const std::string& session, std::string_view engine, std::string_view sql,
                std::string& plan);
  Reply analyze(const CallHead& head, std::string_view sql);
  /// Asks with `waiting` if that is not null, else with `sql`.
  Reply identify_planner(const CallHead& head, const std::string& session, std::string_view sql,
                         const PlannerPlace* waiting, PlannerPlace& place);
  Reply set_properties(const CallHead& head, const std::string& session, std::string_view properties);
  Reply drop_user_context(const CallHead& head, const std::string& session, std::string_view engine);
  Reply health_check(const CallHead& head);

  // Data frames (channel_frame.cc).
  Reply create_data_frame(const CallHead& head, const std::string& session, std::string_view engine,
                          const DataFrameSource& source, std::string& id);
  Reply project(const CallHead& head, const QueryName& query, std::int32_t frame,
                const std::vector<std::string>& columns);
  Reply filter(const CallHead& head, const QueryName& query, std::int32_t frame, std::string_view condition);
  Reply aggregate(const CallHead& head, const QueryName& query, std::int32_t frame,
                  const std::map<std::string, Aggregate>& functions, const std::vector<std::string>& group_by);
  Reply order_by(const CallHead& head, const QueryName& query, std::int32_t frame,
                 const std::map<std::string, SortDirection>& columns);
  Reply limit(const CallHead& head, const QueryName& query, std::int32_t frame, std::int32_t rows);
  Reply execute_data_frame(const CallHead& head, const QueryName& query, std::int32_t frame);

  /// ClusterService; `state` is the engine's word ("suspended", "resuming", "active", "failed").
  Reply cluster_status(const CallHead& head, std::string& state);
  Reply cluster_resume(const CallHead& head, std::string& state);

 private:
  friend class SessionDrops;
  struct Stubs;
  class CallWait;
  class PrepareCall;
  std::unique_ptr<Stubs> stubs_;
  std::uint64_t generation_;
};

}  // namespace e6::client
