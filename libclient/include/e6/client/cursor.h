// A query: executed, fetched, and cleared on the colour that it began on.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e6/client/call_options.h"
#include "e6/client/catalog.h"
#include "e6/client/result.h"
#include "e6/client/rows.h"
#include "e6/shared/strategy.h"

namespace e6::client {

/// What another process needs to fetch, clear or cancel a query of this host. `session_id` is as secret as a
/// password: hand it over a pipe or socket, never through a log or a file that others read.
struct QueryHandle {
  std::string query_id;
  std::string session_id;

  /// One line of text, and back. `parse` gives nothing when the text is no handle.
  [[nodiscard]] std::string serialise() const;
  [[nodiscard]] static std::optional<QueryHandle> parse(std::string_view text);
};

/// The engine's answer to status.
struct QueryStatus {
  bool finished = false;       ///< the field `status` of the answer
  std::int64_t row_count = 0;  ///< rows so far, as the engine counts them
};

/// The engine's answer to explainAnalyze.
struct QueryAnalysis {
  std::string plan;  ///< the plan with what its steps took
  bool cached = false;
  std::int64_t parsing_time = 0;   ///< in the engine's unit
  std::int64_t queueing_time = 0;  ///< in the engine's unit
};

/// A placeholder of a statement, or the value for one.
struct Parameter {
  std::int32_t index = 0;
  std::string type;  ///< the engine's name of the type
  std::string value;
};

/// What a statement may be executed with.
struct ExecuteOptions {
  /// Values of its placeholders. With any, executeStatementV2 is used, catalog or not.
  std::vector<Parameter> parameters = {};
  /// Asks the engine not to cache the result.
  bool no_cache = false;
  /// Where Connection::identify_planner said that it shall be prepared. Has no effect on another colour.
  std::optional<PlannerPlace> planner = std::nullopt;
};

/// At most one query at a time. To be used by one thread at a time. From another thread: a stop
/// token ends what the cursor waits for; to cancel the query itself, adopt the handle there. The
/// query is cleared when the cursor goes out of scope (one bounded attempt, errors go to the log).
///
/// Texts are UTF-8. A statement or parameter that is not is refused with UsageError before anything
/// is sent; the cursor stays as it was.
///
/// Every function recovers by itself from a wrong colour, an invalid session, a suspended cluster
/// and a lost connection, as far as that cannot run a statement twice or lose a batch; it throws
/// what is left: TimeoutError, CancelledError, ConnectionError, AuthenticationError,
/// ClusterSuspendedError, QueryError, QueryLostError, ForkError, UsageError.
class Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  /// Prepares and executes a statement on the colour that is active now; one trailing `;` is
  /// dropped. A query that the cursor still has is cleared first. The statement is repeated only
  /// while the engine is known not to have accepted it.
  ///
  /// Notes: a statement that fails, or is stopped, after it was prepared is cleared on the engine,
  /// in the background where the engine does not answer at once. The error and `query_id` name it.
  void execute(std::string_view sql, const CallOptions& options = {});
  /// A template only so that the other one is meant by `execute(sql, {})`.
  template <class = void>
  void execute(std::string_view sql, const ExecuteOptions& how, const CallOptions& options = {}) {
    execute_with(sql, how, options);
  }
  /// The first half of execute: the engine reads the statement, but does not run it. Then `parameters` and
  /// `explain` can be asked.
  void prepare(std::string_view sql, const CallOptions& options = {});
  /// The second half. If the colour changed in between, the statement is prepared again on the new one.
  /// Throws UsageError unless a statement was prepared and not executed yet.
  void execute_prepared(const ExecuteOptions& how = {}, const CallOptions& options = {});
  /// The placeholders that the engine found in the statement.
  [[nodiscard]] std::vector<Parameter> parameters(const CallOptions& options = {});

  /// All rows that have not been handed out yet: `for (const Row row : cursor.rows())`. Batches are fetched
  /// when the loop comes to them, each within the cursor's timeout and stop token; a row is valid until the
  /// loop's next round. The cursor has to outlive it.
  [[nodiscard]] Rows rows() &;
  Rows rows() && = delete;  // the cursor would be gone: keep it in a variable first
  /// The next rows, decoded; nothing at the end. Batches can be kept, and outlive the cursor. Throws
  /// DecodeError when the engine's bytes are malformed, and whatever fetch_batch throws.
  [[nodiscard]] OptionalBatch fetch(const CallOptions& options = {});
  /// The result's columns and the number of its rows. Asked for once per query (fetch and rows do so, if
  /// nobody has before); valid until the next execute.
  [[nodiscard]] const ResultMetadata& result(const CallOptions& options = {}) &;
  [[nodiscard]] ResultMetadata result(const CallOptions& options = {}) && {
    return result(options);
  }
  /// `result().columns()`.
  [[nodiscard]] const std::vector<ResultColumn>& columns(const CallOptions& options = {}) &;
  [[nodiscard]] std::vector<ResultColumn> columns(const CallOptions& options = {}) && {
    return columns(options);
  }

  /// The next batch as the engine sent it (PROTOCOL.md, "Batch"); nothing at the end. It may be
  /// mixed with fetch: both hand out the next one.
  ///
  /// Notes: a fetch that broke off is not repeated, for the engine may have moved on to the next
  /// batch. Every further fetch of this query is then a QueryLostError, so that no row is skipped
  /// without a word; clear the query or execute another one. Rows that could not be decoded count
  /// as lost too.
  [[nodiscard]] std::optional<std::string> fetch_batch(const CallOptions& options = {});
  /// Names and types of the columns as the engine sent them (PROTOCOL.md, "Metadata").
  [[nodiscard]] std::string metadata(const CallOptions& options = {});
  [[nodiscard]] QueryStatus status(const CallOptions& options = {});
  /// The engine's plan of the query.
  [[nodiscard]] std::string explain(const CallOptions& options = {});
  /// The plan with what its steps took.
  [[nodiscard]] QueryAnalysis explain_analyze(const CallOptions& options = {});

  /// Ends the query, whatever its state (clearOrCancelQuery). Nothing happens without a query. A
  /// refusal because the colour is gone counts as success. Afterwards the cursor has no query,
  /// whether this throws or not, unless no call was made: because the deadline had passed or a stop
  /// was requested before. Where the engine gives no answer, it is asked again in the background.
  void clear(const CallOptions& options = {});
  /// Stops a query that may still be running (cancelQuery); otherwise as clear.
  void cancel(const CallOptions& options = {});
  /// Gives back a result that is no longer needed (the engine's call `clear`); otherwise as clear.
  void discard(const CallOptions& options = {});

  /// The most that one function of this cursor may take; replaces `operation_timeout`.
  void set_timeout(std::chrono::milliseconds timeout) noexcept;
  /// Ends any function of this cursor when a stop is requested, unless its CallOptions have a token themselves.
  /// Not clear, cancel and discard, and not the destructor: what was stopped can be cleared.
  void set_stop_token(std::stop_token stop) noexcept;

  /// True between a successful execute (or prepare, or adopt) and clear, cancel, or the loss of the query.
  [[nodiscard]] bool has_query() const noexcept;
  /// The engine's id of the query, or of the statement that failed last; empty without one.
  [[nodiscard]] const std::string& query_id() const& noexcept;
  [[nodiscard]] std::string query_id() && { return query_id(); }
  /// The colour that the query runs on; kNone without one.
  [[nodiscard]] Strategy strategy() const noexcept;
  /// For adopting the query elsewhere. Throws UsageError without a query.
  [[nodiscard]] QueryHandle handle() const;

 private:
  friend class Connection;
  friend class DataFrame;
  class Impl;
  void execute_with(std::string_view sql, const ExecuteOptions& how, const CallOptions& options);
  explicit Cursor(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;  // null only after a move
};

}  // namespace e6::client
