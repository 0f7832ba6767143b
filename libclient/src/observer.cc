#include <string>
#include <utility>

#include "e6/shared/observer.h"
#include "journal.h"
#include "text/one_line.h"

namespace e6::client {
namespace {

class JournalObserver final : public Observer {
 public:
  explicit JournalObserver(std::string_view cluster) : cluster_(one_line(cluster)) {}

  void on_event(const Event& event) noexcept override {
    try {
      write(event);
    } catch (...) {  // an application's sink may throw; a log line is not worth a request
    }
  }

  void on_degraded(const e6::Error& error) noexcept override {
    try {
      journal().warn("{}: working without part of the shared state: {}", cluster_,
                     one_line(error.sentence()));
    } catch (...) {
    }
  }

  bool on_fallback(const e6::Error& error) noexcept override {
    try {
      spdlog::logger& log = journal();
      log.warn("{}: this process works without the host's segment and shares nothing: {}", cluster_,
               error.sentence());
      // With the default logger off libshared writes its line to stderr. An application's logger
      // decides for itself.
      return log.should_log(spdlog::level::warn) || journal_replaced();
    } catch (...) {
      return false;
    }
  }

  void on_second_segment(std::string_view used, std::string_view other) noexcept override {
    try {
      journal().warn(
          "{}: this process uses {}, others of this user use {}: they do not learn from each "
          "other; set the same E6_SHM_GROUP, or none, for all of them",
          cluster_, used, other);
    } catch (...) {
    }
  }

  void on_restored() noexcept override {
    try {
      journal().info("{}: the segment is in use again", cluster_);
    } catch (...) {
    }
  }

 private:
  void write(const Event& event) {
    spdlog::logger& log = journal();
    switch (event.kind) {
      case EventKind::kDetectionStarted:
        log.info("{}: strategy detection started ({})", cluster_, to_string(event.cause));
        break;
      case EventKind::kDetected:
        log.info("{}: active strategy detected: {}", cluster_, to_string(event.to));
        log.debug("{}: cached strategy set to {}, epoch {}", cluster_, to_string(event.to),
                  event.epoch.active);
        break;
      case EventKind::kDetectionFailed:
        log.error("{}: strategy detection failed: {}", cluster_, to_string(event.cause));
        break;
      case EventKind::kPending:
        log.info("{}: pending strategy change {} -> {}", cluster_, to_string(event.from),
                 to_string(event.to));
        break;
      case EventKind::kRolledBack:
        log.info("{}: pending strategy change rolled back, {} stays active", cluster_, to_string(event.to));
        break;
      case EventKind::kApplied:
      case EventKind::kOperatorApplied:
        log.info("{}: strategy transition completed {} -> {} ({})", cluster_, to_string(event.from),
                 to_string(event.to), to_string(event.cause));
        break;
      case EventKind::kMismatch:
        log.debug("{}: cached strategy {} cleared: 456", cluster_, to_string(event.from));
        break;
      case EventKind::kOperatorCleared:
        log.debug("{}: cached strategy {} cleared: manual", cluster_, to_string(event.from));
        break;
      case EventKind::kExpired:
        log.debug("{}: cached strategy {} expired: explicit", cluster_, to_string(event.from));
        break;
      case EventKind::kOperatorSet:
        log.debug("{}: cached strategy set to {}: manual", cluster_, to_string(event.to));
        break;
      case EventKind::kMadeRoom:
        log.info("{}: there was no room for its segment; an unused one of this user was removed",
                 cluster_);
        break;
      case EventKind::kLeaseTakenOver:
      case EventKind::kRecovered:
      case EventKind::kRetired:
        log.warn("{}: {} ({}, process {})", cluster_, to_string(event.kind), to_string(event.cause),
                 event.about_pid);
        break;
      default:
        log.debug("{}: {} ({})", cluster_, to_string(event.kind), to_string(event.cause));
        break;
    }
  }

  std::string cluster_;
};

}  // namespace

std::shared_ptr<Observer> make_observer(std::string_view cluster) {
  return std::make_shared<JournalObserver>(cluster);
}

}  // namespace e6::client
