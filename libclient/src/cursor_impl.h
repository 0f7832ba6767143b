// The inside of a cursor: at most one query, and what it takes to run it again.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "e6/client/cursor.h"
#include "link.h"
#include "query.h"

namespace e6::client {

class Cursor::Impl {
 public:
  explicit Impl(std::shared_ptr<Link> link)
      : link_(std::move(link)), timeout_(link_->options().operation_timeout) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Another cursor's query.
  void adopt(Query query);
  /// A query that this cursor begins; what it had is cleared first, or left if it was adopted.
  void take(Query query);
  void prepare(std::string_view sql, const CallOptions& options);
  void execute(std::string_view sql, const ExecuteOptions& how, const CallOptions& options);
  void execute_prepared(const ExecuteOptions& how, const CallOptions& options);
  std::optional<std::string> fetch_batch(const CallOptions& options);

  /// A call about the query. `send(Channel&, CallHead, QueryName) -> Reply`.
  template <class Send>
  void ask(const char* call, Link::Repeat repeat, const CallOptions& options, Send&& send) {
    Budget budget = budget_for(options);
    require_query(call);
    for (;;) {
      try {
        link_->ask(query_, call, repeat, budget, send);
        return;
      } catch (const QueryLostError&) {
        if (!may_run_again() || !budget.again()) throw;
        run_again(budget);
      }
    }
  }
  template <class Send>
  void end(const char* call, const CallOptions& options, Send&& send) {
    if (!query_.live()) return;
    // The cursor's own token is for the work that it stops, which is to be cleared afterwards.
    Budget budget(link_->options(), timeout_, options);
    link_->end(query_, call, budget, send);
  }

  void set_timeout(std::chrono::milliseconds timeout) noexcept { timeout_ = timeout; }
  void set_stop_token(std::stop_token stop) noexcept { stop_ = std::move(stop); }
  [[nodiscard]] const Query& query() const noexcept { return query_; }
  /// Of the query, or of the statement that failed last.
  [[nodiscard]] const std::string& query_id() const noexcept {
    return query_.live() ? query_.id : failed_id_;
  }
  /// Rows of the query have come and cannot be read: what follows would lack them.
  void lose_answer() noexcept { query_.answer_lost = true; }
  /// Nothing until somebody has asked for it.
  std::optional<ResultMetadata>& result() noexcept { return result_; }
  [[nodiscard]] Budget budget_for(const CallOptions& options) const noexcept;
  /// The same as one deadline, for functions that make several calls.
  [[nodiscard]] CallOptions bounded(const CallOptions& options) const noexcept {
    const Budget budget = budget_for(options);
    return {.deadline = budget.deadline(), .stop = budget.stop()};
  }
  [[nodiscard]] Link& link() const noexcept { return *link_; }

 private:
  void require_query(const char* what) const;
  /// Clears what the cursor has, in half of the budget's time at most; what is not cleared by then
  /// is left to the background. Throws for a stop request, a deadline that has passed, or a fork.
  void give_back(const Budget& budget);
  /// Runs the statement; the id of one that fails is kept.
  [[nodiscard]] Query run(std::string_view sql, const ExecuteOptions& how, Budget& budget,
                          Query prepared = {});
  [[nodiscard]] bool may_run_again() const noexcept;
  void run_again(Budget& budget);

  std::shared_ptr<Link> link_;
  std::chrono::milliseconds timeout_;
  std::stop_token stop_;
  Query query_;
  std::optional<ResultMetadata> result_;
  std::string failed_id_;         // of the statement that failed last
  std::string sql_;               // of a prepared query, and for reexecute_lost_queries
  ExecuteOptions how_;            // for reexecute_lost_queries
  bool adopted_ = false;          // another cursor will clear it
  bool waits_to_execute_ = false;  // prepared, not executed
  bool at_end_ = false;
  bool handed_out_ = false;  // a batch has left this cursor, or the news that there is none
};

}  // namespace e6::client
