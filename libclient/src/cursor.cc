#include "e6/client/cursor.h"

#include <algorithm>
#include <utility>

#include "cursor_impl.h"
#include "fork_state.h"
#include "journal.h"

namespace e6::client {
namespace {

constexpr const char* kClear = "clearOrCancelQuery";
constexpr const char* kCancel = "cancelQuery";

Reply send_clear(Channel& channel, const CallHead& head, const QueryName& name) {
  return channel.clear(head, name);
}

// Drops spaces at the end and then one semicolon.
std::string_view without_semicolon(std::string_view sql) noexcept {
  const std::size_t last = sql.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos || sql[last] != ';') return sql;
  return sql.substr(0, last);
}

// The end is an empty batch, or one whose Chunk says in its first field (Thrift binary: type i32, id 1) that
// it has no rows.
bool is_end(std::string_view batch) noexcept {
  if (batch.empty()) return true;
  if (batch.size() < 7 || batch[0] != 8 || batch[1] != 0 || batch[2] != 1) return false;
  const bool negative = (static_cast<unsigned char>(batch[3]) & 0x80U) != 0;
  return negative || batch.substr(3, 4) == std::string_view("\0\0\0\0", 4);
}

}  // namespace

Cursor::Impl::~Impl() {
  if (!query_.live()) return;
  if (query_.generation != fork_state::generation() || fork_state::grpc_lost())
    return;  // the parent's to clear
  if (adopted_) return;
  constexpr std::chrono::seconds kPatience{5};
  try {
    ConnectionOptions once = link_->options();
    once.max_retry_attempts = 1;
    Budget budget(once, std::min<std::chrono::milliseconds>(timeout_, kPatience));
    link_->end(query_, kClear, budget, send_clear);
  } catch (const std::exception& error) {
    journal().debug("clearing a query at the end of its cursor failed: {}", error.what());
  }
}

void Cursor::Impl::take_over(Query query) {
  query_ = std::move(query);
  adopted_ = true;
}

void Cursor::Impl::require_query(const char* what) const {
  if (!query_.live()) throw UsageError(std::string(what) + " needs a query; execute a statement first");
}

void Cursor::Impl::execute(std::string_view sql) {
  if (query_.live()) {
    if (adopted_) {
      query_ = Query{};
    } else {
      try {
        end(kClear, send_clear);
      } catch (const ForkError&) {
        throw;
      } catch (const Error& error) {
        journal().warn("the cursor's previous query could not be cleared: {}", error.what());
      }
    }
  }
  adopted_ = at_end_ = handed_out_ = false;
  result_.reset();
  const std::string_view statement = without_semicolon(sql);
  if (link_->options().reexecute_lost_queries) sql_ = statement;
  Budget budget(link_->options(), timeout_);
  query_ = link_->run(statement, budget);
}

template <class Send>
void Cursor::Impl::ask_or_rerun(const char* call, Link::Repeat repeat, Budget& budget, Send&& send) {
  require_query(call);
  for (;;) {
    try {
      link_->ask(query_, call, repeat, budget, send);
      return;
    } catch (const QueryLostError&) {
      const bool allowed = link_->options().reexecute_lost_queries && !adopted_ && !handed_out_;
      if (!allowed || !budget.again()) throw;
      link_->count(&Statistics::reexecuted_queries);
      query_ = link_->run(sql_, budget);
    }
  }
}

template <class Send>
void Cursor::Impl::ask(const char* call, Send&& send) {
  Budget budget(link_->options(), timeout_);
  ask_or_rerun(call, Link::Repeat::kSafe, budget, send);
}

template <class Send>
void Cursor::Impl::end(const char* call, Send&& send) {
  if (!query_.live()) return;
  Budget budget(link_->options(), timeout_);
  link_->end(query_, call, budget, send);
}

std::optional<std::string> Cursor::Impl::fetch_batch() {
  require_query("getNextResultBatch");
  if (at_end_) return std::nullopt;
  std::string batch;
  Budget budget(link_->options(), timeout_);
  ask_or_rerun("getNextResultBatch", Link::Repeat::kUnsafe, budget,
               [&](Channel& channel, const CallHead& head, const QueryName& name) {
                 return channel.fetch(head, name, batch);
               });
  if (is_end(batch)) {
    at_end_ = true;
    return std::nullopt;
  }
  handed_out_ = true;
  link_->count(&Statistics::fetches);
  link_->count(&Statistics::fetched_bytes, batch.size());
  return batch;
}

Cursor::Cursor(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

void Cursor::execute(std::string_view sql) {
  impl_->execute(sql);
}

std::optional<std::string> Cursor::fetch_batch() {
  return impl_->fetch_batch();
}

std::string Cursor::metadata() {
  std::string bytes;
  impl_->ask("getResultMetadata", [&](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.metadata(head, name, bytes);
  });
  return bytes;
}

QueryStatus Cursor::status() {
  QueryStatus answer;
  impl_->ask("status", [&](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.status(head, name, answer);
  });
  return answer;
}

std::string Cursor::explain() {
  std::string plan;
  impl_->ask("explain", [&](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.explain(head, name, plan);
  });
  return plan;
}

std::string Cursor::explain_analyze() {
  std::string plan;
  impl_->ask("explainAnalyze", [&](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.explain_analyze(head, name, plan);
  });
  return plan;
}

void Cursor::clear() {
  impl_->end(kClear, send_clear);
}

void Cursor::cancel() {
  impl_->end(kCancel, [](Channel& channel, const CallHead& head, const QueryName& name) {
    return channel.cancel(head, name);
  });
}

void Cursor::set_timeout(std::chrono::milliseconds timeout) noexcept {
  impl_->timeout() = timeout;
}

bool Cursor::has_query() const noexcept {
  return impl_->query().live();
}

const std::string& Cursor::query_id() const noexcept {
  return impl_->query().id;
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
