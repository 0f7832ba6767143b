// The commands of --at: run by the shell when their moment has come, beside the storm.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arguments.h"

namespace e6::storm {

/// What became of a command.
struct Errand {
  Appointment appointment;
  std::uint64_t started_ns = 0;  // 0: not begun
  std::uint64_t ended_ns = 0;    // 0: not ended
  bool failed = false;
  std::string outcome;  // "exit status 1", "killed by signal 9", "cannot be started: ..."; empty when it succeeded
  std::string output;   // stdout and stderr, at most 16 KiB
  pid_t pid = 0;
  int pipe = -1;
};

/// Not thread-safe; the parent's loop calls it. Commands are in process groups of their own, and whatever of
/// them still runs is killed at the end.
class Appointments {
 public:
  explicit Appointments(const std::vector<Appointment>& appointments);
  ~Appointments();
  Appointments(const Appointments&) = delete;
  Appointments& operator=(const Appointments&) = delete;

  /// Starts what is due and takes in output; never waits. `start_ns` is when the storm began.
  void look(std::uint64_t start_ns);
  /// True if the child was a command.
  bool ended(pid_t pid, int wait_status);
  [[nodiscard]] bool running() const noexcept;
  /// Kills what still runs and records so. Bounded.
  void stop();

  [[nodiscard]] const std::vector<Errand>& errands() const noexcept { return errands_; }
  /// Errands that ended since the last call, for the live view.
  [[nodiscard]] std::vector<Errand> take_news();

 private:
  std::vector<Errand> errands_;
  std::vector<std::size_t> news_;
};

}  // namespace e6::storm
