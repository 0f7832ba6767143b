#include "storm.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "appointments.h"
#include "board.h"
#include "crew.h"
#include "figures.h"
#include "host_view.h"
#include "reach.h"
#include "report.h"

namespace e6::storm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kFine = 0;
constexpr int kFailures = 1;
constexpr int kBadUsage = 2;
constexpr int kUnreachable = 3;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr seconds kPatienceToReach{3};
constexpr std::uint64_t kPatienceToBegin = 30 * kSecond;
// A worker waits 5 s for its last queries, then ends by itself.
constexpr std::uint64_t kPatienceToEnd = 8 * kSecond;

int complain(int status, const std::string& sentence) {
  std::fprintf(stderr, "e6-storm: %s\n", sentence.c_str());
  return status;
}

// SIGINT, SIGTERM, SIGHUP and SIGCHLD as a descriptor.
class Signals {
 public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Signals() {
    if (fd_ >= 0) ::close(fd_);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits at most so long; true if somebody asked for the end.
  bool wait(milliseconds at_most) const {
    pollfd ready{fd_, POLLIN, 0};
    ::poll(&ready, 1, static_cast<int>(at_most.count()));
    bool stop = false;
    signalfd_siginfo signal{};
    while (::read(fd_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
      if (signal.ssi_signo != SIGCHLD) stop = true;
    }
    return stop;
  }

 private:
  int fd_ = -1;
};

// What is said while the storm goes on: a line per second for people, or --stream-ms.
class Live {
 public:
  explicit Live(const Arguments& arguments)
      : stream_(arguments.stream.count() > 0),
        out_(arguments.json && !stream_ ? stderr : stdout),
        every_ns_(stream_ ? static_cast<std::uint64_t>(arguments.stream.count()) * 1'000'000 : kSecond),
        // A script that reads JSON wants no lines on stderr; a person at a terminal does.
        silent_(arguments.json && !stream_ && ::isatty(STDERR_FILENO) == 0) {}

  [[nodiscard]] bool due(std::uint64_t now, std::uint64_t start) {
    if (next_ == 0) next_ = start + every_ns_;
    if (now < next_) return false;
    while (next_ <= now) next_ += every_ns_;
    return true;
  }

  void say(Figures figures, const std::vector<Errand>& news, std::uint64_t start) {
    if (stream_) {
      std::fprintf(out_, "%s\n", dump(moment_json(figures, news, start), -1).c_str());
    } else if (!silent_) {
      std::fprintf(out_, "%s\n", live_line(figures, before_).c_str());
    }
    std::fflush(out_);
    before_ = std::move(figures);
  }

  void say(const std::vector<Errand>& news) {
    if (stream_ || silent_) return;
    for (const Errand& errand : news) {
      std::fprintf(out_, "        --at %s%s%s%s\n", errand.appointment.command.c_str(),
                   errand.failed ? (": FAILED, " + errand.outcome).c_str() : "", errand.output.empty() ? "" : ": ",
                   errand.output.c_str());
    }
    std::fflush(out_);
  }

  [[nodiscard]] bool streams() const noexcept { return stream_; }

 private:
  const bool stream_;
  std::FILE* const out_;
  const std::uint64_t every_ns_;
  const bool silent_;
  std::uint64_t next_ = 0;
  Figures before_;
};

class Storm {
 public:
  explicit Storm(const Arguments& arguments)
      : arguments_(arguments), crew_(arguments, board_), appointments_(arguments.appointments), live_(arguments) {}

  int run() {
    const auto threads = static_cast<std::size_t>(arguments_.threads) + (arguments_.long_query.empty() ? 0 : 1);
    if (!board_.make(static_cast<std::size_t>(arguments_.workers), threads))
      return complain(kFailures, std::string("no memory for the workers' figures: ") + std::strerror(errno));
    // Attached before the fork, as a pre-forking server does it; touches no gRPC.
    if (arguments_.connection.shared.share) {
      Coordinator::AttachResult attached = Coordinator::attach(arguments_.connection.shared);
      if (attached.coordinator == nullptr) return complain(kBadUsage, attached.error.sentence());
      if (attached.coordinator->mode() != Mode::kShared)
        complain(0, "the workers share nothing: " + attached.coordinator->degraded_by().sentence());
      known_ = std::move(attached.coordinator);
    }
    host_ = std::make_unique<HostView>(arguments_);
    if (!crew_.fork_all(known_)) {
      return complain(kFailures, "could not fork worker " + std::to_string(crew_.members().size() + 1) + " of " +
                                     std::to_string(arguments_.workers) + ": " + std::strerror(errno));
    }
    if (wait_for_readiness()) blow();
    return end();
  }

 private:
  // False if somebody asked for the end.
  bool wait_for_readiness() {
    const std::uint64_t deadline = now_ns() + kPatienceToBegin;
    while (!crew_.ready() && now_ns() < deadline) {
      if (signals_.wait(milliseconds(5))) return false;
      reap();
    }
    board_.start();
    return true;
  }

  void blow() {
    const std::uint64_t start = board_.start_ns();
    const std::uint64_t end = start + static_cast<std::uint64_t>(arguments_.seconds.count());
    std::vector<Errand> news;
    while (now_ns() < end && crew_.anybody_alive()) {
      if (signals_.wait(milliseconds(10))) break;
      reap();
      appointments_.look(start);
      std::vector<Errand> fresh = appointments_.take_news();
      live_.say(fresh);
      news.insert(news.end(), fresh.begin(), fresh.end());
      if (live_.due(now_ns(), start)) {
        live_.say(gather(board_, crew_, *host_, false), news, start);
        news.clear();
      }
    }
  }

  int end() {
    board_.stop();
    // The colour of the host as it is while the last queries end, not after every worker has left.
    const std::uint64_t deadline = now_ns() + kPatienceToEnd;
    bool impatient = false;
    while (crew_.anybody_alive()) {
      if (now_ns() > deadline || impatient) crew_.dismiss();
      impatient = signals_.wait(milliseconds(10));
      reap();
    }
    appointments_.stop();
    const std::uint64_t start = board_.start_ns();
    const Figures figures = gather(board_, crew_, *host_, true);
    if (arguments_.json || live_.streams()) {
      std::printf("%s\n",
                  dump(to_json(figures, appointments_.errands(), start), live_.streams() ? -1 : 2).c_str());
    } else {
      std::fputs(summary(figures, appointments_.errands()).c_str(), stdout);
    }
    if (std::fflush(stdout) != 0) return complain(kFailures, std::string("cannot print: ") + std::strerror(errno));
    for (const Errand& errand : appointments_.errands()) {
      if (errand.failed)
        complain(0, "--at command failed (" + errand.outcome + "): " + errand.appointment.command +
                        (errand.output.empty() ? "" : ": " + errand.output));
    }
    if (figures.unreachable) {
      return complain(kUnreachable, figures.errors.empty() ? "the engine cannot be reached"
                                                           : figures.errors.begin()->first);
    }
    return figures.failed == 0 && figures.wrong_colour == 0 ? kFine : kFailures;
  }

  void reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
      if (!crew_.ended(pid, status)) appointments_.ended(pid, status);
    }
  }

  const Arguments& arguments_;
  Signals signals_;
  Board board_;
  std::shared_ptr<Coordinator> known_;
  Crew crew_;
  Appointments appointments_;
  std::unique_ptr<HostView> host_;
  Live live_;
};

}  // namespace

int run_storm(const Arguments& arguments) {
  const client::ConnectionOptions& options = arguments.connection;
  const std::string wrong = try_to_reach(options.host, options.port, kPatienceToReach);
  if (!wrong.empty()) return complain(kUnreachable, wrong);
  return Storm(arguments).run();
}

}  // namespace e6::storm
