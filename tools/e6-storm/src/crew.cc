#include "crew.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "worker.h"

namespace e6::storm {

Crew::~Crew() {
  for (const Member& member : members_) {
    if (!member.alive) continue;
    ::kill(member.pid, SIGKILL);
    while (::waitpid(member.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool Crew::fork_all(std::shared_ptr<Coordinator>& known) {
  const pid_t parent = ::getpid();
  members_.reserve(static_cast<std::size_t>(arguments_.workers));
  for (int i = 0; i < arguments_.workers; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) return false;
    if (pid == 0) run_worker(arguments_, board_, static_cast<std::size_t>(i), parent, std::move(known));
    members_.push_back({pid, true, false, {}});
  }
  return true;
}

bool Crew::ended(pid_t pid, int wait_status) {
  const auto found =
      std::find_if(members_.begin(), members_.end(), [pid](const Member& member) { return member.pid == pid; });
  if (found == members_.end()) return false;
  found->alive = false;
  const WorkerRow& row = board_.worker(static_cast<std::size_t>(found - members_.begin()));
  if (found->dismissed) {
    found->crash = "did not come to its end and was killed";
  } else if (WIFSIGNALED(wait_status)) {
    found->crash = "was killed by signal " + std::to_string(WTERMSIG(wait_status));
  } else if (WEXITSTATUS(wait_status) != 0) {
    found->crash = "ended with exit status " + std::to_string(WEXITSTATUS(wait_status));
  } else if (row.finished.load(std::memory_order_acquire) == 0) {
    found->crash = "ended without a report";
  }
  return true;
}

bool Crew::ready() const noexcept {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].alive && board_.worker(i).ready.load(std::memory_order_acquire) == 0) return false;
  }
  return true;
}

bool Crew::anybody_alive() const noexcept {
  return std::any_of(members_.begin(), members_.end(), [](const Member& member) { return member.alive; });
}

void Crew::dismiss() noexcept {
  for (Member& member : members_) {
    if (!member.alive) continue;
    member.dismissed = true;
    ::kill(member.pid, SIGKILL);
  }
}

}  // namespace e6::storm
