// The host's knowledge about one cluster, as one process sees it.
//
// A request's life:          coordinator.begin_query()      -> the colour to send, fixed for this query
//                            ... prepare answered ...        coordinator.bind(ticket, id, engine)
//                            every response                  coordinator.announce / confirm
//                            a 456                           coordinator.mismatch, then detect
//                            clear or cancel                 coordinator.end_query(ticket)
// No usable colour:          coordinator.detect_begin()     -> probe yourself, or the answer another process found
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e6/shared/error.h"
#include "e6/shared/observer.h"
#include "e6/shared/options.h"
#include "e6/shared/strategy.h"

namespace e6 {

namespace core {
class Host;
}

/// A query's colour, fixed before its prepare call and kept until clear or cancel.
struct Pin {
  Strategy strategy = Strategy::kNone;
  Epoch epoch;                 ///< when it was pinned
  std::string engine_address;  ///< `engineIP` of the prepare answer; empty before bind
};

/// A query in flight. Obtained from begin_query, given back to end_query; a default one stands for nothing.
/// Movable, not copyable. Belongs to the process that began it: after a fork the child's copy has no effect.
/// Going out of scope ends the query for the host (it does not clear it on the engine).
class QueryTicket {
 public:
  QueryTicket() = default;
  QueryTicket(QueryTicket&& from) noexcept;
  QueryTicket& operator=(QueryTicket&& from) noexcept;
  QueryTicket(const QueryTicket&) = delete;
  QueryTicket& operator=(const QueryTicket&) = delete;
  ~QueryTicket();

  [[nodiscard]] bool active() const noexcept { return host_ != nullptr; }
  [[nodiscard]] Strategy strategy() const noexcept { return strategy_; }
  [[nodiscard]] Epoch epoch() const noexcept { return epoch_; }

 private:
  friend class core::Host;
  friend class Coordinator;
  core::Host* host_ = nullptr;    // lives as long as the process
  std::uint64_t process_ = 0;     // generation of the process it was begun in
  std::uint64_t claim_ = 0;       // what names the pin's place; 0 when it is only counted
  void* place_ = nullptr;         // the attachment or fallback it was begun on; never dereferenced after a fork
  Strategy strategy_ = Strategy::kNone;
  Epoch epoch_;
};

/// Why a probe did not find a colour.
enum class ProbeFailure : std::uint8_t {
  kNone = 0,
  kBothRefused = 1,  ///< a 456 for blue and for green: nobody probes for the negative TTL
  kUnreachable = 2,  ///< no connection; the cached colour, if any, is kept
  kDenied = 3,       ///< credentials refused; kept
  kSuspended = 4,    ///< the cluster is suspended and was not resumed; kept
  kTimedOut = 5,
  kOther = 6,
};
[[nodiscard]] std::string_view to_string(ProbeFailure failure) noexcept;

/// The right to probe, held by at most one process of the host. Plain data; hand it to exactly one of
/// detect_succeed, detect_fail, detect_abandon. Whoever drops it without lets the others wait until the lease's deadline.
struct DetectionLease {
  std::uint64_t word = 0;         ///< the lease word this holder wrote (fencing number inside); 0 means no lease
  std::uint64_t process = 0;      ///< generation of the process it was taken in
  void* place = nullptr;          ///< opaque
  Epoch epoch;                    ///< when the probe started; a late result is ignored by it
  std::int64_t started_ns = 0;    ///< steady clock; for the duration counters
  Strategy order[2] = {Strategy::kNone, Strategy::kNone};  ///< the colours to try, in this order
  [[nodiscard]] bool held() const noexcept { return word != 0; }
};

/// What detect_begin answers.
struct Detection {
  enum class Outcome : std::uint8_t {
    kUsable,   ///< `snapshot` has a usable colour: go on
    kProbe,    ///< the caller holds `lease`: probe in its order, then report
    kFailed,   ///< another process probed and failed, see `failure`; or both were refused a moment ago
    kTimeout,  ///< the deadline passed while another process was still probing
    kBusy,     ///< detect_try only: another process is probing
  };
  Outcome outcome = Outcome::kTimeout;
  Snapshot snapshot;
  DetectionLease lease;
  ProbeFailure failure = ProbeFailure::kNone;
  std::uint32_t failure_code = 0;  ///< the gRPC status code that the prober reported, 0 if none
};

/// Resuming a suspended cluster, once per host. Plain data; hand it to exactly one of resume_end, resume_not_needed and resume_abandon.
struct ResumeLease {
  std::uint64_t word = 0;
  std::uint64_t process = 0;
  void* place = nullptr;
  [[nodiscard]] bool held() const noexcept { return word != 0; }
};
enum class ResumeOutcome : std::uint8_t {
  kResume,          ///< the caller resumes
  kResumedByOther,  ///< another process did: what the cluster knew of queries and sessions is gone
  kFailedByOther,
  kTimeout,
  kNotNeeded,       ///< another process found it active: what refused the caller is something before the cluster
};

/// Counters of this process since it attached, also summed over the host by `inspect.h`.
enum class Counter : std::uint8_t {
  kHits = 0,            ///< requests that found a usable colour
  kMisses,              ///< requests that did not
  kQueriesBegun,
  kQueriesEnded,
  kMismatches,          ///< 456s reported, current or late
  kStaleNews,           ///< announce, confirm or mismatch that was old news
  kAnnouncements,       ///< that had an effect
  kTransitions,         ///< pending colours applied by this process
  kDetections,          ///< probes begun
  kDetectionsFailed,
  kRefusedProbes,       ///< single authentications refused with 456 while probing
  kDetectionMicros,     ///< sum of probe durations, microseconds
  kLeaseTakeovers,
  kLockRecoveries,
  kLockTimeouts,        ///< records that were not made because the lock was not to be had in time
  kPinsOverflowed,      ///< queries that found no free pin, or no memory to be recorded or found
  kEventsDropped,
  kRenewals,            ///< expiry extensions written
  kResumes,
  kDetectionLe10ms,     ///< detection-time histogram, cumulative buckets
  kDetectionLe50ms,
  kDetectionLe250ms,
  kDetectionLe1s,
  kDetectionLe5s,
  kDetectionLe30s,
  kCount
};
[[nodiscard]] std::string_view to_string(Counter counter) noexcept;  ///< "hits", "queries_begun", ...

enum class Mode : std::uint8_t {
  kShared,    ///< on a segment, as a participant
  kGuest,     ///< on a segment without a slot (table full or lock busy): the colour is shared, records are not kept
  kFallback,  ///< no segment: each thread for itself
};
[[nodiscard]] std::string_view to_string(Mode mode) noexcept;

/// When the warning about the fallback is due (Options::fallback_warning).
enum class FallbackWarning : std::uint8_t {
  kAtOnce,        ///< when attaching ends in it, if there is no observer yet
  kWhenObserved,  ///< with the observer that the caller adds next, and that may take it over
};

/// One cluster, one process. All functions are safe from any thread and after a fork (the child becomes a participant of its own
/// on its first call). None throws: without memory a query goes on unrecorded (kPinsOverflowed), an error has no words, attaching is tried again at the
/// next call; only add_observer, remove_observer and what returns texts or lists need some (std::bad_alloc). None but detect_begin and resume_begin
/// waits for another process longer than 100 ms, and those two no longer than their deadline; where another thread of the process attaches, for 2 s once.
class Coordinator {
 public:
  using Clock = std::chrono::steady_clock;

  struct AttachResult;
  /// The process's coordinator for `options.cluster`: the same object for the same cluster, directory and group while anyone holds it; the options of
  /// the first attach stay in force. Starts no thread; may be called before or after a fork.
  /// Fails only for bad options, or without a segment when `options.required` is set.
  [[nodiscard]] static AttachResult attach(Options options,
                                           FallbackWarning warning = FallbackWarning::kAtOnce);

  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;
  /// Leaves the participant table in order. Queries still in flight end for the host.
  ~Coordinator();

  /// What the host knows now. Lock-free: one acquire load, one coarse clock read, a compare; no counter is touched.
  [[nodiscard]] Snapshot snapshot() const noexcept;

  /// Starts a query on the usable colour; nothing when there is none (then detect). Under the policies that apply a pending colour
  /// at a query's start it is applied first. Counts a hit or a miss.
  [[nodiscard]] std::optional<QueryTicket> begin_query() noexcept;
  /// Starts a query on a colour that the caller already fixed (recovery of a query on its own colour).
  [[nodiscard]] QueryTicket begin_query_on(Strategy strategy, Epoch epoch) noexcept;
  /// Makes the query known to the host by its id. `query_id` 1 to 96 bytes, `engine_address` 0 to 120 bytes, no NUL. On kTooLong, kFull or kForked
  /// the query goes on, only other processes cannot find it.
  Error bind(QueryTicket& ticket, std::string_view query_id, std::string_view engine_address) noexcept;
  /// The pin of a query begun anywhere on the host and bound; nothing if unknown.
  [[nodiscard]] std::optional<Pin> find_query(std::string_view query_id) const noexcept;
  /// The query is over for the host; then a pending colour is applied if the policy allows. The ticket is empty afterwards.
  void end_query(QueryTicket&& ticket) noexcept;
  /// The same for a query begun elsewhere; false if unknown.
  bool end_query(std::string_view query_id) noexcept;

  /// A response to a request that was sent in `epoch` carried `new_strategy`. True if it changed something.
  bool announce(Strategy announced, Epoch epoch) noexcept;
  /// A request of `strategy` sent in `epoch` succeeded. Extends the expiry, at most once per tenth of the TTL.
  void confirm(Strategy strategy, Epoch epoch) noexcept;
  /// A request of `strategy` sent in `epoch` was refused with 456. True if that was news: the active colour is now unknown.
  bool mismatch(Strategy strategy, Epoch epoch) noexcept;

  /// Waits for a usable colour or for the right to probe, until `deadline` (bounded by the detection time-out).
  [[nodiscard]] Detection detect_begin(Clock::time_point deadline) noexcept;
  /// The same without waiting (kBusy while another process probes), and it hands out the lease although a colour is usable if that
  /// is past its soft limit: the one re-check of the host.
  [[nodiscard]] Detection detect_try() noexcept;
  /// The right to verify that `strategy` still serves, although it is usable: for a refusal that is
  /// in doubt. Does not wait (kBusy while another process probes). The lease's order begins with
  /// `strategy`; it ends like any other probe. kFailed when both colours were refused a moment ago.
  [[nodiscard]] Detection detect_verify(Strategy strategy) noexcept;
  /// One colour was refused with 456 while probing; for the record. Extends the lease.
  void detect_refused(const DetectionLease& lease, Strategy strategy) noexcept;
  /// The probe goes on. A lease that nobody extends is passed over after a third of the detection time-out (300 ms at least): say this a few times within
  /// that while one call lasts, or a cluster that is slow to answer is never found by anybody. One compare-and-swap; no effect once the lease is lost.
  void detect_extend(const DetectionLease& lease) noexcept;
  /// The probe authenticated with `strategy`. False if the result came too late and was ignored.
  bool detect_succeed(DetectionLease lease, Strategy strategy) noexcept;
  /// The probe failed; those who wait get the same answer. `code` is the gRPC status code, 0 if none.
  void detect_fail(DetectionLease lease, ProbeFailure failure, std::uint32_t code) noexcept;
  /// The probe was given up without a result; the next waiter probes.
  void detect_abandon(DetectionLease lease) noexcept;

  /// The right to resume a suspended cluster (kResume: the caller resumes, then calls resume_end or resume_abandon), or what became of another
  /// process's attempt, until `deadline`.
  [[nodiscard]] ResumeOutcome resume_begin(Clock::time_point deadline, ResumeLease& lease) noexcept;
  /// The cluster is still waking up. A lease is passed over after 330 s; once this was called, 30 s after the last call: whoever looks at the cluster now and
  /// then says so, and a process that is stopped meanwhile does not keep the others. One compare-and-swap; no effect once the lease is lost.
  void resume_extend(const ResumeLease& lease) noexcept;
  /// The cluster is active, or it cannot be resumed; those who wait get the same answer.
  void resume_end(ResumeLease lease, bool active) noexcept;
  /// The cluster was active all the time.
  void resume_not_needed(ResumeLease lease) noexcept;
  /// The attempt was given up for reasons of its own (a deadline, a stop request); the next waiter resumes.
  void resume_abandon(ResumeLease lease) noexcept;

  /// Operator's actions; each stands in the event ring with the caller's pid.
  bool set(Strategy strategy) noexcept;
  bool clear() noexcept;
  bool apply() noexcept;   ///< pending becomes active now
  bool expire() noexcept;  ///< the active colour is past its hard limit from now on

  /// Queries in flight on the host (on this thread in fallback). A scan; not for every request.
  [[nodiscard]] std::uint32_t in_flight() const noexcept;
  /// The latest events of the host, oldest first, at most `limit`.
  [[nodiscard]] std::vector<Event> recent_events(std::size_t limit) const;
  /// This process's own counter.
  [[nodiscard]] std::uint64_t counter(Counter which) const noexcept;

  [[nodiscard]] Mode mode() const noexcept;
  /// Why the mode is not kShared; ok if it is.
  [[nodiscard]] Error degraded_by() const;
  /// The segment's path; empty in fallback.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] const Options& options() const noexcept;

  /// Adds an observer; it is kept alive until it is removed or the coordinator goes. What holds at
  /// this moment (a fallback, a missing slot, a second segment) it is told at once.
  void add_observer(std::shared_ptr<Observer> observer);
  void remove_observer(const Observer* observer);

 private:
  friend class core::Host;
  explicit Coordinator(core::Host& host) noexcept : host_(&host) {}
  core::Host* host_;  // kept by the library for the life of the process: tickets and leases may outlive the coordinator
};

struct Coordinator::AttachResult {
  std::shared_ptr<Coordinator> coordinator;  ///< null only with an error
  Error error;                               ///< why there is none; ok in fallback (see degraded_by)
};

}  // namespace e6
