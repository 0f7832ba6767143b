// A process's side of one cluster: which segment it is on, and every operation on it. One per cluster and process, kept for the life of the process.
//
// host.cc             the operations of a query's life and the operator's
// host_detection.cc   detection
// host_resume.cc      resuming
// host_attach.cc      attaching, joining after a fork, moving to another segment, falling back
// host_care.cc        what is looked after once a second
// host_observers.cc   whom it tells
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/alone.h"
#include "core/attachment.h"
#include "core/commit.h"
#include "core/fallback.h"
#include "core/own_mappings.h"
#include "core/segment.h"
#include "e6/shared/coordinator.h"
#include "layout/transition.h"

namespace e6::core {

/// How often a process looks after its segment.
inline constexpr std::uint64_t kLookMs = 1'000;

class Host {
 public:
  explicit Host(Options options, Place place);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // A coordinator came or went. The last one to go leaves the segment. `required`: an error without
  // a segment, which is no fallback: nobody is told.
  Error acquire(bool required, FallbackWarning warning);
  void release() noexcept;

  [[nodiscard]] bool in_use() const noexcept { return users_.load(std::memory_order_acquire) != 0; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const Place& place() const noexcept { return place_; }

  [[nodiscard]] Snapshot snapshot() noexcept;
  std::optional<QueryTicket> begin_query() noexcept;
  QueryTicket begin_query_on(Strategy strategy, Epoch epoch) noexcept;
  Error bind(QueryTicket& ticket, std::string_view query_id, std::string_view engine) noexcept;
  std::optional<Pin> find_query(std::string_view query_id) noexcept;
  void end_query(QueryTicket& ticket) noexcept;
  bool end_query(std::string_view query_id) noexcept;
  bool announce(Strategy announced, Epoch epoch) noexcept;
  void confirm(Strategy strategy, Epoch epoch) noexcept;
  bool mismatch(Strategy strategy, Epoch epoch) noexcept;
  bool operate(layout::Change change, Strategy strategy) noexcept;

  Detection detect_begin(std::chrono::steady_clock::time_point deadline) noexcept;
  Detection detect_try() noexcept;
  Detection detect_verify(Strategy strategy) noexcept;
  void detect_refused(const DetectionLease& lease, Strategy strategy) noexcept;
  bool detect_succeed(const DetectionLease& lease, Strategy strategy) noexcept;
  void detect_fail(const DetectionLease& lease, ProbeFailure failure, std::uint32_t code) noexcept;
  void detect_extend(const DetectionLease& lease) noexcept;
  void detect_abandon(const DetectionLease& lease) noexcept;
  ResumeOutcome resume_begin(std::chrono::steady_clock::time_point deadline, ResumeLease& lease) noexcept;
  void resume_extend(const ResumeLease& lease) noexcept;
  void resume_end(const ResumeLease& lease, bool active) noexcept;
  void resume_not_needed(const ResumeLease& lease) noexcept;
  void resume_abandon(const ResumeLease& lease) noexcept;

  std::uint32_t in_flight() noexcept;
  std::vector<Event> recent_events(std::size_t limit);
  [[nodiscard]] std::uint64_t counter(Counter which) const noexcept;
  Mode mode() noexcept;
  Error degraded_by();
  std::string path();

  void add_observer(std::shared_ptr<Observer> observer);
  void remove_observer(const Observer* observer);

 private:
  // Where an operation takes place: a segment, or the calling thread's own state.
  struct Ground {
    Attachment* a = nullptr;
    ThreadState* thread = nullptr;  // null on a segment
    [[nodiscard]] bool shared() const noexcept { return thread == nullptr; }
    [[nodiscard]] layout::Word& word() const noexcept { return shared() ? a->segment->hot.word : thread->word; }
  };

  // From one segment to the next: what goes along, and what is left on the way.
  struct Succession {
    std::uint64_t carried = 0;                // the hot word that is still believed
    EventCause given_up = EventCause::kNone;  // why this process gave the old one up
    Event removed;                            // to be told
    int made_room = 0;                        // segments that were removed for the new one
    Event made_room_event;                    // to be told as often
    Attachment* on_the_way = nullptr;         // on segments that were given up at once, by next_unused
  };

  bool lock_moving() noexcept;
  Ground ground() noexcept;
  Attachment* here() noexcept;
  // Whether a fallback that it ends in is one that the process works in, or may become an error.
  enum class Fallback : std::uint8_t { kUsed, kUndecided };
  void look_after(Attachment* a, std::uint64_t now_ms) noexcept;
  Attachment* settle(Attachment* outdated, std::uint64_t carried,
                     Fallback fallback = Fallback::kUsed) noexcept;
  void work_alone(const Error& why, bool news, FallbackWarning warning) noexcept;
  void work_with_others(const Attachment& a) noexcept;
  void end_alone() noexcept;
  std::unique_ptr<Attachment> make_attachment(const Attachment* previous, Succession& along);
  void set_aside(Attachment* on_the_way) noexcept;
  bool retire(Attachment& a, EventCause cause) noexcept;
  static Event record_replaced(const Attachment& fresh, EventCause cause) noexcept;
  static Event record_made_room(const Attachment& fresh) noexcept;
  void let_go_of_old(const Attachment& newest) noexcept;
  Error replace_ruin(const Attachment* previous, Error refused, SegmentRef& out, Succession& state, bool& again);

  Snapshot read(std::uint64_t word, std::uint64_t now_ms) const noexcept;
  Committed change(const Ground& g, const layout::StrategyEvent& event, EventKind kind, EventCause cause) noexcept;
  bool apply_pending(const Ground& g, std::uint64_t word, std::uint64_t now_ms, EventCause cause) noexcept;
  void apply_if_due_at_begin(const Ground& g, std::uint64_t now_ms) noexcept;
  void apply_if_due_at_end(const Ground& g, std::uint64_t now_ms) noexcept;
  static bool may_apply(std::uint64_t word, std::uint64_t now_ms) noexcept;
  bool drained_too_long(const Ground& g, std::uint64_t now_ms) const noexcept;
  static std::uint32_t running(const Ground& g, std::uint32_t enough) noexcept;
  bool idle(const Ground& g) noexcept;
  void add(const Ground& g, Counter which, std::uint64_t by = 1) noexcept;
  [[nodiscard]] std::uint32_t expiry_after(std::uint64_t now_ms, std::chrono::milliseconds span) const noexcept;

  Detection look(const Ground& g, std::uint64_t now_ms) noexcept;
  /// For whom a usable colour is no reason to probe, a reason past its soft limit, or a reason
  /// always.
  enum class Wanted : std::uint8_t { kColour, kRecheck, kVerification };
  bool claim_detection(const Ground& g, std::uint64_t now_ms, Wanted wanted, Detection& answer,
                       std::uint64_t& held) noexcept;
  [[nodiscard]] std::chrono::milliseconds lease_span() const noexcept;
  void end_resume(const ResumeLease& lease, std::uint32_t how) noexcept;
  bool valid(std::uint64_t process, std::uint64_t word) const noexcept;
  void note_duration(const Ground& g, const DetectionLease& lease) noexcept;
  Ground ground_of(void* place) noexcept;

  void notify(const Event& event) noexcept;
  void notify_degraded(const Error& error) noexcept;
  void notify_fallback(const Error& error, FallbackWarning warning) noexcept;
  void notify_second_segment(const Attachment& a) noexcept;
  void warn(const Error& error) noexcept;
  void notify_restored() noexcept;
  using Observers = std::vector<std::shared_ptr<Observer>>;
  using ObserverList = std::shared_ptr<const Observers>;
  ObserverList observers() noexcept;
  template <typename Tell>
  void tell_observers(const Tell& tell) noexcept;
  template <typename Edit>
  void change_observers(const Edit& edit);
  void tell(const Ground& g, Event event) noexcept;

  const Options options_;
  const Place place_;
  const std::uint32_t soft_units_;  // remaining expiry, in its unit, below which the soft limit has passed
  std::atomic<Attachment*> attachment_{nullptr};
  std::atomic<std::uint32_t> users_{0};
  Alone& alone_;
  std::atomic<std::uint64_t> alone_in_{0};  // generation in which alone_ was entered; 0: it was not
  std::atomic<bool> second_told_{false};    // in this process or an ancestor
  os::ForkSafeLock moving_;
  std::uint64_t retry_ms_ = 0;  // under moving_: current pause between attempts to get a segment
  Attachment* unused_ = nullptr;  // under moving_, by next_unused
  // under moving_: why it stays on a segment that has lost its name, as observers were told
  Cause stays_for_ = Cause::kOk;
  std::array<std::atomic<std::uint64_t>, layout::kCounters> fallback_counters_{};
  os::ForkSafeLock observers_lock_;
  std::atomic<const ObserverList*> observers_{nullptr};  // replaced as a whole under observers_lock_; null: nobody
};

}  // namespace e6::core
