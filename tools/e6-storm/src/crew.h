// The workers as the parent sees them: forked, watched, brought to their end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "board.h"
#include "e6/shared/coordinator.h"

namespace e6::storm {

class Crew {
 public:
  struct Member {
    pid_t pid = 0;
    bool alive = false;
    bool dismissed = false;  // killed by the parent because it did not come to its end
    std::string crash;       // why it ended before its time; empty otherwise
  };

  Crew(const Arguments& arguments, const Board& board) : arguments_(arguments), board_(board) {}
  /// Kills whoever still lives.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Forks the workers; to be called while the process has one thread and has not touched gRPC. `known` is the
  /// parent's knowledge of the host or null; each child takes its copy of it away. False with errno when a fork
  /// failed.
  [[nodiscard]] bool fork_all(std::shared_ptr<Coordinator>& known);
  /// True if the child was a worker.
  bool ended(pid_t pid, int wait_status);
  /// All that live wait for the start.
  [[nodiscard]] bool ready() const noexcept;
  [[nodiscard]] bool anybody_alive() const noexcept;
  /// SIGKILL for whoever still lives; they are reported as crashed.
  void dismiss() noexcept;

  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }

 private:
  const Arguments& arguments_;
  const Board& board_;
  std::vector<Member> members_;
};

}  // namespace e6::storm
