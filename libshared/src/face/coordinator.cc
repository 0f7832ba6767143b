#include "e6/shared/coordinator.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>
#include <utility>

#include "core/host.h"
#include "os/fork_safe_guard.h"
#include "os/group.h"
#include "os/process_mark.h"

namespace e6 {

using core::Host;
using layout::Change;

[[gnu::hot]] QueryTicket::QueryTicket(QueryTicket&& from) noexcept { *this = std::move(from); }

[[gnu::hot]] QueryTicket& QueryTicket::operator=(QueryTicket&& from) noexcept {
  if (this == &from) return *this;
  if (host_ != nullptr) host_->end_query(*this);
  host_ = std::exchange(from.host_, nullptr);
  process_ = from.process_;
  claim_ = from.claim_;
  place_ = from.place_;
  strategy_ = from.strategy_;
  epoch_ = from.epoch_;
  return *this;
}

[[gnu::hot]] QueryTicket::~QueryTicket() {
  if (host_ != nullptr) host_->end_query(*this);
}

namespace {

// Hosts of this process: pushed, never removed, so that walking the list needs no lock and a fork cannot catch it half changed.
struct Known {
  Host host;
  Known* next;
  os::ForkSafeLock lock{};
  std::weak_ptr<Coordinator> handle{};  // under lock: what everybody who attaches shares
};
std::atomic<Known*> known{nullptr};

bool same_settings(const Options& a, const Options& b) noexcept {
  return a.ttl == b.ttl && a.negative_ttl == b.negative_ttl && a.detection_timeout == b.detection_timeout && a.policy == b.policy &&
         a.drain_timeout == b.drain_timeout && a.sigbus_guard == b.sigbus_guard &&
         a.fallback_warning == b.fallback_warning;
}

/// The one in use, whatever its settings; else one with the same settings. The oldest: threads that make one at the same time agree on it.
Known* find_known(const Options& options, const core::Place& place) noexcept {
  Known* in_use = nullptr;
  Known* idle = nullptr;
  for (Known* k = known.load(std::memory_order_acquire); k != nullptr; k = k->next) {
    const core::Place& p = k->host.place();
    // with sharing switched off on purpose it is a host of its own
    if (k->host.options().share != options.share || p.cluster != place.cluster || p.directory != place.directory ||
        p.group != place.group || p.uid != place.uid)
      continue;
    if (k->host.in_use()) in_use = k;
    if (same_settings(k->host.options(), options)) idle = k;
  }
  return in_use != nullptr ? in_use : idle;
}

Known& known_for(const Options& options, const core::Place& place) {
  if (Known* found = find_known(options, place)) return *found;
  auto* made = new Known{Host(options, place), known.load(std::memory_order_acquire)};
  while (!known.compare_exchange_weak(made->next, made, std::memory_order_acq_rel)) {
  }
  return *find_known(options, place);
}

/// A hold on a host that somebody still has to take over.
class Hold {
 public:
  explicit Hold(Host& host) noexcept : host_(&host) {}
  ~Hold() {
    if (host_ != nullptr) host_->release();
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  void taken_over() noexcept { host_ = nullptr; }

 private:
  Host* host_;
};

}  // namespace

Coordinator::AttachResult Coordinator::attach(Options options, FallbackWarning warning) try {
  if (Error e = options.validate()) return {nullptr, std::move(e)};
  core::Place place;
  place.directory = options.directory;
  place.cluster = options.cluster;
  place.uid = ::geteuid();
  if (!options.group.empty()) {
    gid_t gid = 0;
    if (Error e = os::find_group(options.group, gid)) return {nullptr, std::move(e)};
    place.group = gid;
  }
  Known& entry = known_for(options, place);
  if (Error e = entry.host.acquire(options.required, warning)) return {nullptr, std::move(e)};
  Hold hold(entry.host);  // the shared handle of one who came before has its own already
  std::shared_ptr<Coordinator> handle;
  const os::ForkSafeGuard guard(entry.lock);
  handle = entry.handle.lock();
  if (handle == nullptr) {
    auto* made = new Coordinator(entry.host);
    hold.taken_over();
    handle.reset(made);
    entry.handle = handle;
  }
  return {std::move(handle), {}};
} catch (const std::bad_alloc&) {
  return {nullptr, {Cause::kSystem, ENOMEM, {}, {}}};
}

Coordinator::~Coordinator() { host_->release(); }

[[gnu::hot]] Snapshot Coordinator::snapshot() const noexcept { return host_->snapshot(); }
[[gnu::hot]] std::optional<QueryTicket> Coordinator::begin_query() noexcept { return host_->begin_query(); }
[[gnu::hot]] QueryTicket Coordinator::begin_query_on(Strategy strategy, Epoch epoch) noexcept { return host_->begin_query_on(strategy, epoch); }
[[gnu::hot]] Error Coordinator::bind(QueryTicket& ticket, std::string_view query_id, std::string_view engine_address) noexcept {
  return host_->bind(ticket, query_id, engine_address);
}
std::optional<Pin> Coordinator::find_query(std::string_view query_id) const noexcept { return host_->find_query(query_id); }
[[gnu::hot]] void Coordinator::end_query(QueryTicket&& ticket) noexcept {
  QueryTicket t = std::move(ticket);
  host_->end_query(t);
}
bool Coordinator::end_query(std::string_view query_id) noexcept { return host_->end_query(query_id); }
bool Coordinator::announce(Strategy announced, Epoch epoch) noexcept { return host_->announce(announced, epoch); }
[[gnu::hot]] void Coordinator::confirm(Strategy strategy, Epoch epoch) noexcept { host_->confirm(strategy, epoch); }
bool Coordinator::mismatch(Strategy strategy, Epoch epoch) noexcept { return host_->mismatch(strategy, epoch); }
Detection Coordinator::detect_begin(Clock::time_point deadline) noexcept { return host_->detect_begin(deadline); }
Detection Coordinator::detect_try() noexcept { return host_->detect_try(); }
Detection Coordinator::detect_verify(Strategy strategy) noexcept {
  return host_->detect_verify(strategy);
}
void Coordinator::detect_refused(const DetectionLease& lease, Strategy strategy) noexcept { host_->detect_refused(lease, strategy); }
bool Coordinator::detect_succeed(DetectionLease lease, Strategy strategy) noexcept { return host_->detect_succeed(lease, strategy); }
void Coordinator::detect_fail(DetectionLease lease, ProbeFailure failure, std::uint32_t code) noexcept {
  host_->detect_fail(lease, failure, code);
}
void Coordinator::detect_extend(const DetectionLease& lease) noexcept { host_->detect_extend(lease); }
void Coordinator::detect_abandon(DetectionLease lease) noexcept { host_->detect_abandon(lease); }
ResumeOutcome Coordinator::resume_begin(Clock::time_point deadline, ResumeLease& lease) noexcept {
  return host_->resume_begin(deadline, lease);
}
void Coordinator::resume_extend(const ResumeLease& lease) noexcept { host_->resume_extend(lease); }
void Coordinator::resume_end(ResumeLease lease, bool active) noexcept { host_->resume_end(lease, active); }
void Coordinator::resume_not_needed(ResumeLease lease) noexcept { host_->resume_not_needed(lease); }
void Coordinator::resume_abandon(ResumeLease lease) noexcept { host_->resume_abandon(lease); }
bool Coordinator::set(Strategy strategy) noexcept { return host_->operate(Change::kSet, strategy); }
bool Coordinator::clear() noexcept { return host_->operate(Change::kClear, Strategy::kNone); }
bool Coordinator::apply() noexcept { return host_->operate(Change::kApply, Strategy::kNone); }
bool Coordinator::expire() noexcept { return host_->operate(Change::kExpire, Strategy::kNone); }
std::uint32_t Coordinator::in_flight() const noexcept { return host_->in_flight(); }
std::vector<Event> Coordinator::recent_events(std::size_t limit) const { return host_->recent_events(limit); }
std::uint64_t Coordinator::counter(Counter which) const noexcept { return host_->counter(which); }
Mode Coordinator::mode() const noexcept { return host_->mode(); }
Error Coordinator::degraded_by() const { return host_->degraded_by(); }
std::string Coordinator::path() const { return host_->path(); }
const Options& Coordinator::options() const noexcept { return host_->options(); }
void Coordinator::add_observer(std::shared_ptr<Observer> observer) { host_->add_observer(std::move(observer)); }
void Coordinator::remove_observer(const Observer* observer) { host_->remove_observer(observer); }

}  // namespace e6
