#include "host_view.h"

#include <unistd.h>

#include <cstddef>

namespace e6::storm {
namespace {

bool about_the_colour(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::kDetectionStarted:
    case EventKind::kDetected:
    case EventKind::kDetectionFailed:
    case EventKind::kPending:
    case EventKind::kRolledBack:
    case EventKind::kApplied:
    case EventKind::kMismatch:
    case EventKind::kExpired:
    case EventKind::kLeaseTakenOver:
    case EventKind::kRecovered:
    case EventKind::kRetired:
    case EventKind::kOperatorSet:
    case EventKind::kOperatorCleared:
    case EventKind::kOperatorApplied:
    case EventKind::kResumed:
      return true;
    default:
      return false;
  }
}

bool changes_active(const Event& event) noexcept {
  switch (event.kind) {
    case EventKind::kDetected:
    case EventKind::kApplied:
    case EventKind::kOperatorSet:
    case EventKind::kOperatorApplied:
      return event.from != event.to;
    default:
      return false;
  }
}

}  // namespace

HostView::HostView(const Arguments& arguments) {
  const e6::Options& options = arguments.connection.shared;
  if (!options.share) return;
  path_ = inspect::path_of(options.cluster, options.directory, ::geteuid());
  const inspect::Report report = inspect::look(path_);
  if (!report.readable) return;
  totals_ = report.totals;
  events_ = report.events_written;
}

HostFigures HostView::look() const {
  HostFigures figures;
  if (path_.empty()) return figures;
  const inspect::Report report = inspect::look(path_);
  if (!report.readable) return figures;
  const auto since = [&](Counter counter) -> std::uint64_t {
    const auto i = static_cast<std::size_t>(counter);
    const std::uint64_t before = i < totals_.size() ? totals_[i] : 0;
    return i < report.totals.size() && report.totals[i] > before ? report.totals[i] - before : 0;
  };
  figures.shared = true;
  figures.segment = path_;
  figures.state = report.state;
  figures.active = report.snapshot.active;
  figures.pending = report.snapshot.pending;
  for (const inspect::Participant& each : report.participants) figures.in_flight += each.in_flight;
  figures.transitions = since(Counter::kTransitions);
  figures.detections = since(Counter::kDetections);
  figures.detections_failed = since(Counter::kDetectionsFailed);
  figures.refused_probes = since(Counter::kRefusedProbes);
  figures.mismatches = since(Counter::kMismatches);
  figures.lease_takeovers = since(Counter::kLeaseTakeovers);
  figures.lock_recoveries = since(Counter::kLockRecoveries);
  figures.lock_timeouts = since(Counter::kLockTimeouts);
  for (const Event& event : report.events) {
    if (changes_active(event)) figures.changed_ns = event.monotonic_ms * 1'000'000;
    if (event.sequence >= events_ && about_the_colour(event.kind)) figures.events.push_back(event);
  }
  return figures;
}

}  // namespace e6::storm
