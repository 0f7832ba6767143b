#include "link.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "tls_trouble.h"

namespace e6::client {

Link::Link(ConnectionOptions options) : options_(std::move(options)) {
  options_.validate();
  target_ = options_.target();
  knowledge_ = Knowledge::of(options_.shared);
  host_ = &knowledge_->host();
}

Link::~Link() {
  Here* mine = here_.load(std::memory_order_acquire);
  if (mine == nullptr || mine->generation != fork_state::generation()) return;
  finish_cleanup(*this, std::chrono::milliseconds(0));
  delete mine;
}

[[gnu::hot]] Link::Here& Link::here() noexcept {
  Here* present = here_.load(std::memory_order_acquire);  // pairs with the exchange below
  const std::uint64_t generation = fork_state::generation();
  if (present != nullptr && present->generation == generation) return *present;
  // What a parent left is not destroyed: its locks may be held and its channels must not be touched.
  auto made = std::make_unique<Here>(options_, generation);
  if (here_.compare_exchange_strong(present, made.get(), std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
    return *made.release();
  }
  return *present;  // another thread was first
}

[[gnu::hot]] void Link::check_fork() const {
  if (!fork_state::grpc_lost()) return;
  throw ForkError(
      "process " + std::to_string(::getpid()) +
      " was forked while its parent was using gRPC, which does not survive that; make connections and run "
      "queries after the fork only, or close every connection of the parent before it forks");
}

[[gnu::hot]] void Link::check_usable(const Query& query) const {
  check_fork();
  if (query.generation != fork_state::generation()) {
    throw ForkError(
        "query " + query.id +
        " was begun before this process was forked; use it in the process that began it, or pass its handle "
        "and adopt it on a connection of this process");
  }
}

[[gnu::hot]] void Link::check_stopped(const Budget& budget, std::string_view query_id) const {
  if (!budget.stopped()) return;
  Answer none;
  none.code = code::kCancelled;
  none.epoch = host().snapshot().epoch;
  fail_as<CancelledError>("cancelled by the caller before a call to " + target_, none, query_id);
}

void Link::check_bounds(const Budget& budget) const {
  check_stopped(budget);
  if (!budget.expired()) return;
  Answer none;
  none.code = code::kDeadlineExceeded;
  none.epoch = host().snapshot().epoch;
  fail_as<TimeoutError>("the deadline had passed before anything was sent to " + target_, none);
}

void Link::check_time_left(const Budget& budget, const char* call, const Query& query) const {
  if (!budget.expired()) return;
  Answer none = too_late(Sent{call, query.strategy, host().snapshot().epoch, {}, nullptr});
  fail_as<TimeoutError>("the deadline passed before " + std::string(call) + " was sent to " +
                            target_ + "; query " + query.id + " is as it was",
                        none, query.id);
}

[[gnu::hot]] void Link::close_left_lanes() noexcept {
  const bool closed = closed_.load(std::memory_order_relaxed);
  const Snapshot now = host().snapshot();
  for (const Strategy strategy : {Strategy::kBlue, Strategy::kGreen}) {
    Lane& each = lane(strategy);
    if (!each.is_open()) continue;
    const bool left = now.usable && now.active != strategy && now.pending != strategy;
    if (!left && !closed) continue;
    Lane::Closed was;
    if (!each.close_if_idle(was)) continue;
    journal().debug("{}: channel of {} closed", target_, to_string(strategy));
    if (closed) end_last_sessions(strategy, was);
  }
}

[[gnu::hot]] void Link::report(const Sent& sent, int code) noexcept {
  spdlog::logger& log = journal();
  const bool logged = log.should_log(spdlog::level::debug);
  if (!logged && options_.observer == nullptr) return;
  const auto took = Budget::Clock::now() - sent.at;
  try {
    if (logged) {
      log.debug("{}: {} on {} in epoch {} took {} us: {}", target_, sent.call, to_string(sent.strategy),
                sent.epoch.active, std::chrono::duration_cast<std::chrono::microseconds>(took).count(), code_name(code));
    }
  } catch (...) {  // an application's sink may throw; a log line is not worth a request
  }
  if (options_.observer != nullptr)
    options_.observer->on_call(CallRecord{target_, sent.call, sent.strategy, sent.epoch, code, took});
}

Answer Link::too_late(const Sent& sent) {
  Answer answer;
  answer.meaning = Meaning::kTimedOut;
  answer.code = code::kDeadlineExceeded;
  answer.details = "the deadline passed before the call was sent";
  answer.call = sent.call;
  answer.strategy = sent.strategy;
  answer.epoch = sent.epoch;
  answer.unsent = true;
  return answer;
}

// A text is believed as far as it can be known who wrote it: gRPC itself, an engine that may quote
// a statement, or an engine that was asked nothing it could quote.
void Link::classify_failure(const Sent& sent, const Reply& reply, Answer& answer) const {
  constexpr std::chrono::milliseconds kPatience{500};
  const std::string_view call(sent.call);
  const bool login = call == "authenticate";
  const bool broke = transport_broke(reply.code, reply.details);
  answer.from_engine = reply.from_engine && !broke;
  if (login || call.starts_with("ClusterService")) {
    answer.meaning = classify_believed(reply.code, reply.details);
  } else {
    const Classification found = classify(reply.code, reply.details);
    answer.meaning = found.meaning;
    answer.doubtful = found.doubtful;
  }
  const bool stopped = sent.stop != nullptr && sent.stop->stop_requested();
  if ((answer.meaning == Meaning::kCancelled && !stopped) || answer.meaning == Meaning::kOther) {
    const bool again = broke || (login && worth_another_try(reply.code, reply.details));
    answer.meaning = again ? Meaning::kUnavailable : Meaning::kOther;
  }
  // A call that was never sent has no stream on which a status could be received.
  if (answer.meaning != Meaning::kUnavailable || reply.from_engine) return;
  answer.unsent = surely_unsent(reply.code, reply.details);
  const TlsTrouble trouble = tls_trouble(reply.code, reply.details, options_.tls.enabled);
  const bool certain = trouble != TlsTrouble::kNone && trouble != TlsTrouble::kClosed;
  const bool answers_tls = trouble == TlsTrouble::kClosed && !options_.tls.enabled &&
                           speaks_tls(reply.details, kPatience);
  if (certain || answers_tls) answer.meaning = Meaning::kTls;
}

[[gnu::hot]] Answer Link::answer_of(const Sent& sent, const SessionPtr& session, Reply&& reply) {
  count(&Statistics::calls);
  report(sent, reply.code);
  Answer answer;
  answer.code = reply.code;
  answer.call = sent.call;
  answer.strategy = sent.strategy;
  answer.epoch = sent.epoch;
  if (reply.code == code::kOk) {
    answer.meaning = Meaning::kOk;
  } else {
    classify_failure(sent, reply, answer);
    answer.details = redacted(reply.details, session);
    answer.advice = std::move(reply.advice);
    answer.at = sent.at;
  }
  return answer;
}

// The host extends an expiry by a tenth of the TTL at a time, 6 s or more: to be asked once a second by each thread is enough for that, and spares the other
// calls the walk through its memory. Each thread, because in fallback each has knowledge of its own.
[[gnu::hot]] void Link::confirm(const Sent& sent) noexcept {
  struct Confirmed {
    const Coordinator* host;
    std::uint64_t second_and_epoch;
    Strategy strategy;  // a query that ends on the colour before must not stand for one on this
  };
  thread_local Confirmed last{};
  const auto second = std::chrono::floor<std::chrono::seconds>(sent.at.time_since_epoch()).count();
  const Confirmed now{&host(), static_cast<std::uint64_t>(second) << 32 | sent.epoch.active, sent.strategy};
  if (last.host == now.host && last.second_and_epoch == now.second_and_epoch && last.strategy == now.strategy) return;
  last = now;
  host().confirm(sent.strategy, sent.epoch);
}

[[gnu::hot]] Answer Link::settle(const Sent& sent, const SessionPtr& session, Reply&& reply) {
  if (!reply.new_strategy.empty()) {
    if (const auto announced = parse_strategy(reply.new_strategy)) {
      count(&Statistics::announcements);
      host().announce(*announced, sent.epoch);
    } else {
      Knowledge::warn_of(reply.new_strategy);
    }
  }
  Answer answer = answer_of(sent, session, std::move(reply));
  if (answer.ok()) {
    confirm(sent);
  } else if (!answer.doubtful) {
    tell_failure(answer);
  }
  return answer;
}

void Link::tell_failure(const Answer& answer) {
  switch (answer.meaning) {
    case Meaning::kWrongStrategy:
      count(&Statistics::mismatches);
      note(here().refused_ns);
      journal().warn("{}: {} refused for {} in epoch {}: {}", target_, answer.call,
                     to_string(answer.strategy), answer.epoch.active, answer.words());
      (void)host().mismatch(answer.strategy, answer.epoch);
      break;
    case Meaning::kAccessDenied:
      count(&Statistics::access_denied);
      break;
    case Meaning::kUnavailable:
    case Meaning::kTls:
      count(&Statistics::transport_errors);
      break;
    case Meaning::kSuspended:
      count(&Statistics::suspensions);
      break;
    case Meaning::kTimedOut:
      count(&Statistics::timeouts);
      break;
    default:
      break;
  }
}

[[gnu::hot]] void Link::forget(Query& query) noexcept {
  if (!query.live()) return;
  if (query.generation == fork_state::generation()) {
    if (query.ticket.active()) {
      host().end_query(std::move(query.ticket));
    } else {
      host().end_query(query.id);
    }
  }
  query = Query{};
  if (!fork_state::grpc_lost()) close_left_lanes();
}

}  // namespace e6::client
