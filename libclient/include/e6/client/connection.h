// A client's connection to a cluster, whichever of its two colours serves.
//
//   e6::client::ConnectionOptions options = e6::client::ConnectionOptions::from_environment();
//   options.host = "engine.example"; options.port = 9001; options.user = ...; options.password = ...;
//   e6::client::Connection connection(options);
//   e6::client::Cursor cursor = connection.cursor();
//   cursor.execute("select 1");
//   for (const e6::client::Row row : cursor.rows()) consume(row[0].to_string());
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e6/client/catalog.h"
#include "e6/client/cursor.h"
#include "e6/client/data_frame.h"
#include "e6/client/error.h"
#include "e6/client/options.h"
#include "e6/client/statistics.h"
#include "e6/shared/coordinator.h"

namespace e6::client {

class Link;
struct PoolEntry;

/// One user's connection: a session and a channel per colour, made when they are needed and closed when the
/// colour has been left and its last query has ended. Any number of cursors from any threads; all functions
/// are thread-safe.
///
/// Fork: making a Connection touches no gRPC, so a master process may configure connections, fork, and use
/// them in its children. If gRPC was in use at the fork (a connection of the master had made a call), every
/// call in the child is refused at once with ForkError.
class Connection {
 public:
  /// Checks the options and attaches to the host's knowledge; makes no call.
  /// Throws OptionError, or SharedStateError when a segment is required and cannot be had.
  explicit Connection(ConnectionOptions options);
  /// Closes, as `close` does. Cursors that still exist keep what they need and stay usable.
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Finds the active colour and authenticates, if that has not happened yet. Not needed before queries;
  /// useful to find bad credentials early. Throws AuthenticationError, ConnectionError, TimeoutError,
  /// CancelledError, ClusterSuspendedError, ForkError.
  void connect(const CallOptions& options = {});

  /// A cursor without a query. Makes no call.
  [[nodiscard]] Cursor cursor();
  /// A cursor on a query that this or another process of the host began (Cursor::handle). Its
  /// colour and engine come from the host's knowledge. Makes no call. Such a cursor does not clear
  /// the query when it goes out of scope: the one that began it does. Once either has cleared or
  /// cancelled it, the other's clear or cancel is quiet. Throws UsageError when the host does not
  /// know the query (cleared, or its owner died), and when handle or segment hold bytes that no
  /// request can carry.
  [[nodiscard]] Cursor adopt(const QueryHandle& handle);

  // About catalogs. These calls follow the active colour and recover as a query's prepare does; beyond connect's
  // errors they throw QueryError. An empty `catalog` means the connection's; without that either, the calls
  // without catalog (V1) are used.

  [[nodiscard]] std::vector<CatalogEntry> catalogs(const CallOptions& options = {});
  [[nodiscard]] std::vector<std::string> schemas(std::string_view catalog = {}, const CallOptions& options = {});
  [[nodiscard]] std::vector<std::string> tables(std::string_view schema, std::string_view catalog = {},
                                                const CallOptions& options = {});
  [[nodiscard]] std::vector<TableColumn> columns(std::string_view schema, std::string_view table,
                                                 std::string_view catalog = {}, const CallOptions& options = {});
  /// Adds the catalogs that the JSON text describes; `add_catalogs_status` says how far that is. Not repeated
  /// when the connection breaks: ConnectionError.
  void add_catalogs(std::string_view json, const CallOptions& options = {});
  [[nodiscard]] AddCatalogsStatus add_catalogs_status(const CallOptions& options = {});
  void refresh_catalogs(const CallOptions& options = {});
  void sync_schema(const SchemaSync& what, const CallOptions& options = {});

  // About statements that are not run.

  /// The plan of a statement.
  [[nodiscard]] std::string dry_run(std::string_view sql, const CallOptions& options = {});
  /// Lets the engine check a statement: QueryError with its words if it is bad.
  void analyze(std::string_view sql, const CallOptions& options = {});
  /// Asks for a planner for a statement before it is prepared (ExecuteOptions::planner), or again for one that
  /// waits. Without this, prepare waits by itself.
  [[nodiscard]] PlannerPlace identify_planner(std::string_view sql, const CallOptions& options = {});
  [[nodiscard]] PlannerPlace identify_planner(const PlannerPlace& waiting, const CallOptions& options = {});

  // About the session and the engine.

  /// Sets properties of the session, in the engine's own format. Sessions that the connection gets
  /// later, on either colour, are given the same texts in the same order before they are used; a
  /// text goes when all that it sets has been set again. The names in it are those of a JSON object
  /// or of a list `name=value`; in any other format only an equal text takes its place. A forked
  /// child begins without them. Throws QueryError when the engine refuses them (then they are not
  /// kept), and UsageError, before anything is sent, when 256 texts or 64 KiB would be exceeded.
  ///
  /// Notes: when a later session's engine refuses a text that an earlier one took, the text is
  /// dropped, with a warning in the log, and the session is used without it.
  void set_properties(std::string_view properties, const CallOptions& options = {});
  /// Forgets all properties. The sessions that have them take no new work and end on the engine
  /// (half a second at most, no error) as soon as no query lives on them; the next call
  /// authenticates again.
  void reset_properties() noexcept;
  /// Lets the engine forget the session; the next call authenticates again. Queries of the session are lost.
  void drop_user_context(const CallOptions& options = {});
  /// Returns if the engine of the active colour is healthy, and throws otherwise. Needs no session,
  /// and wakes no suspended cluster: ClusterSuspendedError.
  void health_check(const CallOptions& options = {});

  /// A data frame of a table or file.
  [[nodiscard]] DataFrame data_frame(const DataFrameSource& source, const CallOptions& options = {});

  /// No new queries from here on (UsageError). Queries in flight go on; what is idle is closed at
  /// once, and its sessions end on the engine (ConnectionOptions::end_sessions: half a second at
  /// most); those in use, with their last query.
  void close() noexcept;

  [[nodiscard]] const ConnectionOptions& options() const noexcept;
  /// The host's knowledge of this cluster; shared by all connections of the process to it.
  [[nodiscard]] e6::Coordinator& coordinator() const noexcept;
  [[nodiscard]] Statistics statistics() const noexcept;

 private:
  friend struct PoolEntry;
  std::shared_ptr<Link> link_;  // null only after a move
};

/// The library's version, "0.1.0".
[[nodiscard]] const char* version() noexcept;

}  // namespace e6::client
