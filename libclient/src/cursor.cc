#include "e6/client/cursor.h"

#include <algorithm>
#include <utility>

#include "call_texts.h"
#include "cursor_impl.h"
#include "fork_state.h"
#include "journal.h"

namespace e6::client {
namespace {

constexpr const char* kClear = "clearOrCancelQuery";
constexpr std::chrono::seconds kPatience{
    5};  // for the clear of a query that nobody asked to be cleared
using Repeat = Link::Repeat;

[[gnu::hot]] Reply send_clear(Channel& channel, const CallHead& head, const QueryName& name) {
  return channel.clear(head, name);
}

// Drops spaces at the end and then one semicolon.
[[gnu::hot]] std::string_view without_semicolon(std::string_view sql) noexcept {
  const std::size_t last = sql.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos || sql[last] != ';') return sql;
  return sql.substr(0, last);
}

// The end is an empty batch, or one whose Chunk says in its first field (Thrift binary: type i32, id 1) that
// it has no rows.
[[gnu::hot]] bool is_end(std::string_view batch) noexcept {
  if (batch.empty()) return true;
  if (batch.size() < 7 || batch[0] != 8 || batch[1] != 0 || batch[2] != 1) return false;
  const bool negative = (static_cast<unsigned char>(batch[3]) & 0x80U) != 0;
  return negative || batch.substr(3, 4) == std::string_view("\0\0\0\0", 4);
}

}  // namespace

[[gnu::hot]] Cursor::Impl::~Impl() {
  if (!query_.live()) return;
  if (query_.generation != fork_state::generation() || fork_state::grpc_lost())
    return;  // the parent's to clear
  if (adopted_) return;
  try {
    ConnectionOptions once = link_->options();
    once.max_retry_attempts = 1;
    Budget budget(once, std::min<std::chrono::milliseconds>(timeout_, kPatience));
    link_->end(query_, kClear, budget, send_clear);
  } catch (const std::exception& error) {
    journal().debug("clearing a query at the end of its cursor failed: {}", error.what());
  }
}

[[gnu::hot]] Budget Cursor::Impl::budget_for(const CallOptions& options) const noexcept {
  if (options.stop.stop_possible() || !stop_.stop_possible()) return Budget(link_->options(), timeout_, options);
  CallOptions with_token = options;
  with_token.stop = stop_;
  return Budget(link_->options(), timeout_, with_token);
}

[[gnu::hot]] void Cursor::Impl::require_query(const char* what) const {
  if (!query_.live()) throw UsageError(std::string(what) + " needs a query; execute a statement first");
}

[[gnu::hot]] void Cursor::Impl::give_back(const Budget& budget) {
  if (query_.live()) link_->check_bounds(budget);
  if (query_.live() && !adopted_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(budget.deadline() -
                                                                            Budget::Clock::now());
    Budget parting(link_->options(), std::min<std::chrono::milliseconds>(left / 2, kPatience),
                   CallOptions{.stop = budget.stop()});
    try {
      link_->end(query_, kClear, parting, send_clear);
    } catch (const ForkError&) {
      throw;
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {
      journal().warn("the cursor's previous query could not be cleared: {}", error.what());
    }
    link_->abandon(query_);  // nothing, unless its time was over before a call was made
  }
  query_ = Query{};
  result_.reset();
  failed_id_.clear();
  adopted_ = at_end_ = handed_out_ = waits_to_execute_ = false;
}

void Cursor::Impl::adopt(Query query) {
  query_ = std::move(query);
  adopted_ = true;
}

void Cursor::Impl::take(Query query) {
  query_ = std::move(query);
}

void Cursor::Impl::prepare(std::string_view sql, const CallOptions& options) {
  check_statement(sql);
  Budget budget = budget_for(options);
  give_back(budget);
  sql_ = without_semicolon(sql);
  how_ = {};
  query_ = link_->prepare(sql_, {}, budget);
  waits_to_execute_ = true;
}

[[gnu::hot]] void Cursor::Impl::execute(std::string_view sql, const ExecuteOptions& how, const CallOptions& options) {
  check_statement(sql);
  check_utf8(how);
  Budget budget = budget_for(options);
  give_back(budget);
  const std::string_view statement = without_semicolon(sql);
  if (link_->options().reexecute_lost_queries) {
    sql_ = statement;
    how_ = how;
  }
  query_ = run(statement, how, budget);
}

[[gnu::hot]] Query Cursor::Impl::run(std::string_view sql, const ExecuteOptions& how,
                                     Budget& budget, Query prepared) {
  try {
    return link_->run(sql, how, budget, std::move(prepared));
  } catch (const Error& error) {
    failed_id_ = error.context().query_id;
    throw;
  }
}

void Cursor::Impl::execute_prepared(const ExecuteOptions& how, const CallOptions& options) {
  check_utf8(how);
  if (!query_.live() || !std::exchange(waits_to_execute_, false))
    throw UsageError("execute_prepared needs a statement that was prepared and not executed yet; prepare one first");
  if (link_->options().reexecute_lost_queries) how_ = how;
  Budget budget = budget_for(options);
  query_ = run(sql_, how, budget, std::exchange(query_, {}));
}

bool Cursor::Impl::may_run_again() const noexcept {
  return link_->options().reexecute_lost_queries && !adopted_ && !handed_out_ && !sql_.empty();
}

void Cursor::Impl::run_again(Budget& budget) {
  link_->count(&Statistics::reexecuted_queries);
  link_->abandon(query_);  // nothing if it is lost; there, if only an answer is
  query_ = waits_to_execute_ ? link_->prepare(sql_, how_, budget) : run(sql_, how_, budget);
}

[[gnu::hot]] std::optional<std::string> Cursor::Impl::fetch_batch(const CallOptions& options) {
  require_query("getNextResultBatch");
  if (at_end_) return std::nullopt;
  std::string batch;
  ask("getNextResultBatch", Repeat::kUnsafe, options,
      [&](Channel& channel, const CallHead& head, const QueryName& name) {
        return channel.fetch(head, name, batch);
      });
  if (is_end(batch)) {
    at_end_ = handed_out_ = true;
    return std::nullopt;
  }
  handed_out_ = true;
  link_->count(&Statistics::fetches);
  link_->count(&Statistics::fetched_bytes, batch.size());
  return batch;
}

[[gnu::hot]] Cursor::Cursor(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
[[gnu::hot]] Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
[[gnu::hot]] Cursor::~Cursor() = default;

[[gnu::hot]] void Cursor::execute(std::string_view sql, const CallOptions& options) {
  impl_->execute(sql, {}, options);
}

[[gnu::hot]] void Cursor::execute_with(std::string_view sql, const ExecuteOptions& how,
                                       const CallOptions& options) {
  impl_->execute(sql, how, options);
}

void Cursor::prepare(std::string_view sql, const CallOptions& options) {
  impl_->prepare(sql, options);
}

void Cursor::execute_prepared(const ExecuteOptions& how, const CallOptions& options) {
  impl_->execute_prepared(how, options);
}

std::vector<Parameter> Cursor::parameters(const CallOptions& options) {
  std::vector<Parameter> found;
  impl_->ask("getDynamicParams", Repeat::kSafe, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.parameters(head, name, found);
             });
  return found;
}

[[gnu::hot]] std::optional<std::string> Cursor::fetch_batch(const CallOptions& options) {
  return impl_->fetch_batch(options);
}

std::string Cursor::metadata(const CallOptions& options) {
  std::string bytes;
  impl_->ask("getResultMetadata", Repeat::kSafe, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.metadata(head, name, bytes);
             });
  return bytes;
}

[[gnu::hot]] QueryStatus Cursor::status(const CallOptions& options) {
  QueryStatus answer;
  impl_->ask("status", Repeat::kSafe, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.status(head, name, answer);
             });
  return answer;
}

std::string Cursor::explain(const CallOptions& options) {
  std::string plan;
  impl_->ask("explain", Repeat::kSafe, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.explain(head, name, plan);
             });
  return plan;
}

QueryAnalysis Cursor::explain_analyze(const CallOptions& options) {
  QueryAnalysis analysis;
  impl_->ask("explainAnalyze", Repeat::kSafe, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.explain_analyze(head, name, analysis);
             });
  return analysis;
}

[[gnu::hot]] void Cursor::clear(const CallOptions& options) {
  impl_->end(kClear, options, send_clear);
}

void Cursor::cancel(const CallOptions& options) {
  impl_->end("cancelQuery", options, [](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.cancel(head, name);
  });
}

void Cursor::discard(const CallOptions& options) {
  impl_->end("clear", options, [](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.discard(head, name);
  });
}

void Cursor::set_timeout(std::chrono::milliseconds timeout) noexcept {
  impl_->set_timeout(timeout);
}

void Cursor::set_stop_token(std::stop_token stop) noexcept {
  impl_->set_stop_token(std::move(stop));
}

bool Cursor::has_query() const noexcept {
  return impl_->query().live();
}

const std::string& Cursor::query_id() const& noexcept {
  return impl_->query_id();
}

Strategy Cursor::strategy() const noexcept {
  return impl_->query().strategy;
}

QueryHandle Cursor::handle() const {
  const Query& query = impl_->query();
  if (!query.live()) throw UsageError("a handle needs a query; execute a statement first");
  return QueryHandle{query.id, query.session->id};
}

}  // namespace e6::client
