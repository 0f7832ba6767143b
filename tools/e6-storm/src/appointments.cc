#include "appointments.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "board.h"

namespace e6::storm {
namespace {

constexpr std::size_t kMostOutput = 16384;

[[noreturn]] void become_shell(const char* command, int output) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execl("/bin/sh", "sh", "-c", command, nullptr);
  ::_exit(127);
}

void start(Errand& errand) {
  errand.started_ns = now_ns();
  std::array<int, 2> ends{};
  pid_t pid = -1;
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    pid = ::fork();
    if (pid == 0) become_shell(errand.appointment.command.c_str(), ends[1]);
    ::close(ends[1]);
    if (pid < 0) ::close(ends[0]);
  }
  if (pid < 0) {
    errand.failed = true;
    errand.outcome = "cannot be started: " + std::string(std::strerror(errno));
    errand.ended_ns = now_ns();
    return;
  }
  ::setpgid(pid, pid);
  errand.pid = pid;
  errand.pipe = ends[0];
}

// What there is now.
void read_output(Errand& errand) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(errand.pipe, buffer.data(), buffer.size());
    if (got <= 0) return;
    const std::size_t room = kMostOutput - std::min(errand.output.size(), kMostOutput);
    errand.output.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  }
}

void finish(Errand& errand, std::string outcome) {
  read_output(errand);
  ::close(errand.pipe);
  errand.pipe = -1;
  while (!errand.output.empty() && errand.output.back() == '\n') errand.output.pop_back();
  errand.pid = 0;
  errand.ended_ns = now_ns();
  errand.failed = !outcome.empty();
  errand.outcome = std::move(outcome);
}

}  // namespace

Appointments::Appointments(const std::vector<Appointment>& appointments) {
  for (const Appointment& appointment : appointments) {
    errands_.emplace_back();
    errands_.back().appointment = appointment;
  }
}

Appointments::~Appointments() {
  stop();
}

void Appointments::look(std::uint64_t start_ns) {
  const std::uint64_t now = now_ns();
  for (std::size_t i = 0; i < errands_.size(); ++i) {
    Errand& errand = errands_[i];
    if (errand.pipe >= 0) read_output(errand);
    const auto at = static_cast<std::uint64_t>(errand.appointment.at.count());
    if (errand.started_ns == 0 && now >= start_ns + at) {
      start(errand);
      if (errand.failed) news_.push_back(i);
    }
  }
}

bool Appointments::ended(pid_t pid, int wait_status) {
  const auto found =
      std::find_if(errands_.begin(), errands_.end(), [pid](const Errand& errand) { return errand.pid == pid; });
  if (found == errands_.end()) return false;
  std::string outcome;
  if (WIFSIGNALED(wait_status)) {
    outcome = "killed by signal " + std::to_string(WTERMSIG(wait_status));
  } else if (WEXITSTATUS(wait_status) != 0) {
    outcome = "exit status " + std::to_string(WEXITSTATUS(wait_status));
  }
  finish(*found, std::move(outcome));
  news_.push_back(static_cast<std::size_t>(found - errands_.begin()));
  return true;
}

bool Appointments::running() const noexcept {
  return std::any_of(errands_.begin(), errands_.end(), [](const Errand& errand) { return errand.pid > 0; });
}

void Appointments::stop() {
  for (Errand& errand : errands_) {
    if (errand.pid <= 0) continue;
    ::kill(-errand.pid, SIGKILL);
    ::kill(errand.pid, SIGKILL);
    int status = 0;
    while (::waitpid(errand.pid, &status, 0) < 0 && errno == EINTR) {
    }
    finish(errand, "was still running at the end");
  }
}

std::vector<Errand> Appointments::take_news() {
  std::vector<Errand> news;
  for (const std::size_t i : news_) news.push_back(errands_[i]);
  news_.clear();
  return news;
}

}  // namespace e6::storm
