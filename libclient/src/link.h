// The inside of a connection: it sends calls, tells the host what they brought, and recovers. gRPC stays
// behind Channel.
//
//   execute:  run -> prepare -> open_ground -> (detect -> probe) ... execute    repeat_new_work judges a failure
//   call (schemas, dry run, health, ...): open_ground -> the call              repeat_new_work
//   ask (status, metadata, fetch, ...) on the query's own colour              repeat_on_query
//   end (clear, cancel, discard)                                              repeat_end
//
// A failure whose text only contains the words of a refusal goes through verify first.
//
// What a call costs here are cold caches, since hundreds of microseconds of gRPC and kernel lie between two calls: hence the
// functions on its way when nothing fails are [[gnu::hot]], which the linker lays together on few pages, here and in libshared.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answer.h"
#include "budget.h"
#include "cleanup.h"
#include "counters.h"
#include "e6/client/cursor.h"
#include "e6/client/error.h"
#include "e6/client/options.h"
#include "knowledge.h"
#include "lane.h"
#include "properties.h"
#include "query.h"

namespace e6::client {

class Link {
 public:
  /// Throws OptionError and SharedStateError; touches no gRPC.
  explicit Link(ConnectionOptions options);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] const ConnectionOptions& options() const noexcept { return options_; }
  [[nodiscard]] Coordinator& host() const noexcept { return *host_; }
  [[nodiscard]] Statistics statistics() noexcept { return here().counters.read(); }
  void close() noexcept;
  /// The same, with its sessions added to those that `ender` ends (session_end.cc).
  void close(class SessionEnder& ender) noexcept;
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  /// Finds the colour and authenticates.
  void connect(Budget& budget);
  /// Prepares a statement; returns the query, not executed yet.
  [[nodiscard]] Query prepare(std::string_view sql, const ExecuteOptions& how, Budget& budget);
  /// Prepares (unless `prepared` is live) and executes; returns the accepted query.
  [[nodiscard]] Query run(std::string_view sql, const ExecuteOptions& how, Budget& budget, Query prepared = {});
  /// Begins a query with `name`. `send(Channel&, CallHead, Session, Query&) -> Reply` leaves id and engine in the query.
  template <class Send>
  [[nodiscard]] Query begin(const char* name, Budget& budget, Send&& send_it) {
    for (;;) {
      Query query = query_on(open_ground(budget, Need::kSession));
      const CallHead head = head_of(query.strategy, budget, options_.prepare_timeout);
      const Answer answer = send(name, head, query.session,
                                 [&] { return send_it(*query.channel, head, *query.session, query); });
      if (answer.ok()) {
        check_named(query, answer);
        query.known = host().bind(query.ticket, query.id, query.engine).ok();
        return query;
      }
      const SessionPtr session = query.session;
      forget(query);
      repeat_new_work(answer, session, Repeat::kSafe, budget);
    }
  }
  /// A query of the host by its handle; nothing if the host does not know it.
  [[nodiscard]] std::optional<Query> adopt(const QueryHandle& handle);

  /// Whether a call that broke off may be sent again.
  enum class Repeat : std::uint8_t {
    kSafe,    ///< the answer would be the same
    kUnsafe,  ///< the engine may have done what it was asked, or moved on
  };
  /// What a call needs that is not about a query.
  enum class Need : std::uint8_t { kColour, kSession };
  /// A call that is not about a query, on the active colour. `send(Channel&, CallHead, const SessionPtr&) ->
  /// Reply`; the session is null without Need::kSession.
  template <class Send>
  void call(const char* name, Need need, Repeat repeat, Budget& budget, Send&& send_it) {
    for (;;) {
      Ground ground = open_ground(budget, need);
      const CallHead head = head_of(ground.strategy, budget, options_.call_timeout);
      const Answer answer = send(name, head, ground.session,
                                 [&] { return send_it(*ground.channel, head, ground.session); });
      const SessionPtr session = ground.session;
      leave(std::move(ground));
      if (answer.ok()) return;
      repeat_new_work(answer, session, repeat, budget);
    }
  }
  /// Gives properties to the session in use and, later, to those that follow. Throws UsageError
  /// when they are too many to be kept.
  void set_properties(std::string_view text, Budget& budget);
  /// Forgets what set_properties was given, and the sessions that have it.
  void reset_properties(class SessionEnder& ender) noexcept;
  /// How often set_properties was called.
  [[nodiscard]] std::uint64_t property_changes() noexcept { return here().properties.changes(); }
  /// Lets the engine forget the session in use.
  void drop_user_context(Budget& budget);

  /// A call about an accepted query, on its own colour, session and channel. `send(Channel&, CallHead,
  /// QueryName) -> Reply`.
  template <class Send>
  void ask(Query& query, const char* call, Repeat repeat, Budget& budget, Send&& send) {
    check_usable(query);
    if (repeat == Repeat::kUnsafe && query.answer_lost) fail_answer_lost(query, call);
    for (QueryRecovery recovery;;) {
      check_stopped(budget, query.id);
      const Answer answer = send_about(query, call, budget, send);
      if (answer.ok()) return;
      // Kept from here on: whatever is thrown below, a call that moves the query must not follow.
      if (repeat == Repeat::kUnsafe && !answer.refused_unread()) query.answer_lost = true;
      repeat_on_query(query, answer, repeat, recovery,
                      budget);  // throws unless it may be sent again
    }
  }
  /// Ends a query on the engine and, whatever that says, for the host. A 456 counts as success. The
  /// query stays as it is when no call is made, because the deadline has passed or a stop was
  /// requested before. When the calls get no answer, they go on in the background.
  template <class Send>
  void end(Query& query, const char* call, Budget& budget, Send&& send) {
    check_usable(query);
    check_stopped(budget, query.id);
    check_time_left(budget, call, query);
    Ending ending(*this, query);
    for (QueryRecovery recovery;;) {
      check_stopped(budget, query.id);
      const Answer answer = send_about(query, call, budget, send);
      if (answer.ok() || !repeat_end(query, answer, recovery, budget)) return ending.answered();
    }
  }
  /// The query is over for the host and its channel may be closed. Makes no call.
  void forget(Query& query) noexcept;
  /// The query is over for the host, and on the engine it is ended in the background: nobody waits,
  /// and an engine that cannot be reached is tried again (cleanup.h).
  void abandon(Query& query) noexcept;
  /// One attempt to end what was left behind, of at most `patience`; for the background. True when
  /// there is nothing left to do.
  [[nodiscard]] bool end_leftover(Leftover& left, std::chrono::milliseconds patience,
                                  const std::stop_token& stop) noexcept;

  /// Closes the channel of a colour that is neither active nor announced, unless a query has it.
  void close_left_lanes() noexcept;
  /// Throws TimeoutError if the deadline has passed, CancelledError if a stop was requested, both
  /// before anything is sent.
  void check_bounds(const Budget& budget) const;

  void count(Counters::Field field, std::uint64_t by = 1) noexcept { here().counters.add(field, by); }

 private:
  friend class SessionEnder;
  /// What belongs to one process of a fork tree. A child makes its own and leaves its parent's alone.
  struct alignas(64) Here {  // first what every call touches
    Here(const ConnectionOptions& options, std::uint64_t process)
        : generation(process), lanes{Lane(options, Strategy::kBlue), Lane(options, Strategy::kGreen)} {}
    const std::uint64_t generation;
    Counters counters;
    Properties properties;
    std::atomic<std::int64_t> served_ns{0};  // steady clock; when the engine last accepted a statement or opened a session; 0: never
    std::atomic<std::int64_t> refused_ns{0};  // the same for a 456
    std::atomic<std::int64_t> verified_ns{0};  // the last authentication of verify.cc began
    std::atomic<std::int64_t> next_recheck_ns{0};  // steady clock; of the colour at its soft limit
    std::array<Lane, 2> lanes;
  };
  /// Where new work can start: a pinned colour, and a session on it.
  struct Ground {
    QueryTicket ticket;
    Strategy strategy = Strategy::kNone;
    ChannelPtr channel;
    SessionPtr session;
  };
  /// What recovery has already tried for one call about a query.
  struct QueryRecovery {
    bool repeated_after_456 = false;
    bool new_session = false;
    SessionPtr first_session;  // before the new one
    bool resumed = false;
  };
  /// Forgets the query at the end of its scope, or abandons it if the engine has not answered.
  class Ending {
   public:
    Ending(Link& link, Query& query) noexcept : link_(link), query_(query) {}
    ~Ending() { answered_ ? link_.forget(query_) : link_.abandon(query_); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    void answered() noexcept { answered_ = true; }

   private:
    Link& link_;
    Query& query_;
    bool answered_ = false;
  };

  [[nodiscard]] Here& here() noexcept;
  [[nodiscard]] Lane& lane(Strategy strategy) noexcept {
    return here().lanes[strategy == Strategy::kGreen ? 1 : 0];
  }
  void check_fork() const;
  void check_usable(const Query& query) const;
  /// Throws CancelledError if a stop was requested.
  void check_stopped(const Budget& budget, std::string_view query_id = {}) const;
  /// Throws TimeoutError if the deadline has passed; nothing has been sent then.
  void check_time_left(const Budget& budget, const char* call, const Query& query) const;

  // Sending (link.cc): the one place where calls meet the host's knowledge.
  /// A call that is on its way.
  struct Sent {
    const char* call;
    Strategy strategy;
    Epoch epoch;
    Budget::Clock::time_point at;
    const std::stop_token* stop;
  };
  [[nodiscard]] Sent sending(const char* call, const CallHead& head) const noexcept {
    return Sent{call, head.strategy, host().snapshot().epoch, head.at, head.stop};
  }
  template <class Send>
  Answer send(const char* call, const CallHead& head, const SessionPtr& session, Send&& send_it) {
    const Sent sent = sending(call, head);
    if (head.at >= head.deadline) [[unlikely]] return too_late(sent);
    return settle(sent, session, send_it());
  }
  template <class Send>
  Answer send_about(const Query& query, const char* call, Budget& budget, Send&& send_it) {
    CallHead head = head_of(query.strategy, budget, options_.call_timeout);
    head.planner = query.engine;
    return send(call, head, query.session, [&] {
      return send_it(*query.channel, head, QueryName{query.engine, query.session->id, query.id});
    });
  }
  [[nodiscard]] static CallHead head_of(Strategy strategy, const Budget& budget, std::chrono::milliseconds timeout) noexcept {
    const Budget::Clock::time_point now = Budget::Clock::now();  // the one look at a fine clock that a call takes
    return CallHead{strategy,
                    {},
                    now,
                    std::min(budget.deadline(), now + timeout),
                    &budget.stop(),
                    nullptr,
                    budget.reach_by()};
  }
  /// Tells the host, the log and the observer what a call brought.
  Answer settle(const Sent& sent, const SessionPtr& session, Reply&& reply);
  /// The part of settle for a failure whose meaning is certain.
  void tell_failure(const Answer& answer);
  /// The answer to a call that was not sent, because its deadline has passed.
  [[nodiscard]] static Answer too_late(const Sent& sent);
  /// What a failure means, and how certain that is.
  void classify_failure(const Sent& sent, const Reply& reply, Answer& answer) const;
  /// The same without the host's knowledge: for a probe's refusal.
  Answer answer_of(const Sent& sent, const SessionPtr& session, Reply&& reply);
  /// Extends the expiry of the host's knowledge.
  void confirm(const Sent& sent) noexcept;
  void report(const Sent& sent, int code) noexcept;

  // Sessions and detection (session.cc, detect.cc).
  /// What becomes of the session that a probe got, where the connection has one already.
  enum class FreshSession : std::uint8_t { kReplaces, kSpare };
  Answer authenticate(Channel& channel, const CallHead& head, bool probing, SessionPtr& session);
  [[nodiscard]] Lane::Opened open_lane(Strategy strategy, Budget& budget);
  [[nodiscard]] Ground open_ground(Budget& budget, Need need);
  [[nodiscard]] static Query query_on(Ground ground) noexcept;
  void leave(Ground ground) noexcept;
  [[nodiscard]] Answer give_properties(const Ground& ground, const Budget& budget);
  /// Throws DecodeError if the engine's name for a query cannot be used; the query is given back
  /// before.
  void check_named(Query& query, const Answer& answer);
  [[nodiscard]] bool refused_for_good(const Answer& answer, std::uint64_t text,
                                      const SessionPtr& session);
  // The end of sessions (session_end.cc).
  [[nodiscard]] bool may_serve(Strategy strategy) const noexcept;
  void end_last_sessions(Strategy strategy, const Lane::Closed& closed) noexcept;
  void end_sessions(Strategy strategy, const Lane::Closed& closed,
                    class SessionEnder& ender) noexcept;
  void replace_session(Strategy strategy, SessionPtr old, class SessionEnder& ender);
  void leave_nothing_open(Query& query, const Answer& answer) noexcept;
  void detect(Budget& budget);
  [[nodiscard]] Detection await_detection(const Budget& budget);
  void recheck(const Budget& budget);
  Answer probe(class ProbeLease& lease, Budget& budget, FreshSession use);
  [[nodiscard]] Answer probe_with(const DetectionLease& lease, Budget& budget, FreshSession use);
  void keep_session(Strategy strategy, SessionPtr session, FreshSession use,
                    class SessionEnder& ender);
  void wait_out_both_refused(const Answer& answer, Budget& budget);
  // What happened lately (past.cc).
  [[nodiscard]] bool served_lately();
  [[nodiscard]] bool switched_lately();
  static void note(std::atomic<std::int64_t>& when) noexcept {
    when.store(Budget::Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  void note_served() noexcept { note(here().served_ns); }
  bool resume(const Answer& answer, Budget& budget);
  bool wake_cluster(class WakeLease& wake, const Budget& budget, Budget::Clock::time_point deadline);

  // Settling what a doubtful answer means (verify.cc).
  enum class Verdict : std::uint8_t { kServes, kRefused, kSuspended, kUnknown };
  /// Replaces the meaning of a doubtful answer by what one authentication on its colour shows.
  void verify(Answer& answer, const Budget& budget);
  [[nodiscard]] Verdict verdict_on(const Answer& doubtful, Budget& budget);
  [[nodiscard]] bool accepted_since(Strategy strategy, std::uint64_t since_ms,
                                    std::uint64_t& verified_ms) const;
  [[nodiscard]] Verdict log_in_anew(const Answer& doubtful, Budget& budget);
  [[nodiscard]] static FreshSession use_of(const Answer& doubtful) noexcept;

  // Judging failures (recovery.cc): each returns if the work may be repeated, and throws otherwise.
  void repeat_new_work(Answer answer, const SessionPtr& session, Repeat repeat, Budget& budget,
                       std::string_view query_id = {});
  void repeat_on_query(Query& query, Answer answer, Repeat repeat, QueryRecovery& recovery,
                       Budget& budget);
  [[nodiscard]] bool repeat_end(Query& query, Answer answer, QueryRecovery& recovery,
                                Budget& budget);
  [[nodiscard]] bool ended_elsewhere(const Query& query) const;
  [[nodiscard]] bool serves(Strategy strategy, Budget& budget);
  [[nodiscard]] bool renew_session(Query& query, QueryRecovery& recovery, Budget& budget);
  void lose(Query& query, const Answer& answer, const QueryRecovery& recovery) noexcept;

  // Errors (failure.cc).
  [[noreturn]] void fail(const Answer& answer, std::string_view query_id = {}) const;
  [[noreturn]] void fail_cancelled(const Answer& answer, std::string_view query_id = {}) const;
  [[noreturn]] void fail_as_query(const Answer& answer, std::string_view query_id) const;
  [[noreturn]] void fail_maybe_run(const Answer& answer, std::string_view query_id) const;
  [[noreturn]] void fail_answer_lost(const Query& query, const char* call) const;
  template <class Exception>
  [[noreturn]] void fail_as(const std::string& sentence, const Answer& answer,
                            std::string_view query_id = {}) const {
    throw Exception(sentence, context_of(answer, query_id));
  }
  [[nodiscard]] ErrorContext context_of(const Answer& answer, std::string_view query_id) const;
  [[nodiscard]] std::string redacted(std::string_view details, const SessionPtr& session);
  [[nodiscard]] static std::string describe(const Answer& answer);

  ConnectionOptions options_;
  std::string target_;
  std::shared_ptr<Knowledge> knowledge_;
  Coordinator* host_ = nullptr;  // knowledge_'s
  std::atomic<bool> closed_{false};
  std::atomic<Here*> here_{nullptr};  // owned in its own generation, leaked in others
};

}  // namespace e6::client
