#include "crew.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <cstdlib>
#include <thread>

namespace e6::host_bench {

std::int64_t now_ns() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void* shared_memory(std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at != MAP_FAILED) return at;
  std::perror("host_bench: mmap");
  std::exit(3);
}

pid_t Crew::add(const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  if (pid < 0) {
    std::perror("host_bench: fork");
    std::exit(3);
  }
  pids_.push_back(pid);
  return pid;
}

void Crew::kill(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  std::erase(pids_, pid);
}

bool Crew::join(std::chrono::seconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  bool well = true;
  while (!pids_.empty()) {
    int status = 0;
    const pid_t done = ::waitpid(pids_.back(), &status, WNOHANG);
    if (done != 0) {
      well &= done > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
      pids_.pop_back();
      continue;
    }
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return well;
}

Crew::~Crew() {
  while (!pids_.empty()) kill(pids_.back());
}

Directory::Directory() {
  char name[] = "/dev/shm/e6-host-bench-XXXXXX";
  if (::mkdtemp(name) == nullptr) {
    std::perror("host_bench: a directory in /dev/shm");
    std::exit(3);
  }
  path_ = name;
}

Directory::~Directory() {
  if (DIR* listing = ::opendir(path_.c_str())) {
    while (const dirent* entry = ::readdir(listing))
      if (entry->d_name[0] == 'e') ::unlink((path_ + "/" + entry->d_name).c_str());
    ::closedir(listing);
  }
  ::rmdir(path_.c_str());
}

Options Directory::options() const {
  Options o;
  o.cluster = "bench.example:9000";
  o.directory = path_;
  o.required = true;
  return o;
}

bool wait_until(const std::atomic<std::uint32_t>& word, std::uint32_t value, std::chrono::seconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (word.load(std::memory_order_acquire) < value) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

double quantile(std::vector<std::int64_t>& ns, std::size_t permille, std::int64_t unit) {
  if (ns.empty()) return std::numeric_limits<double>::infinity();
  std::sort(ns.begin(), ns.end());
  return static_cast<double>(ns[std::min(ns.size() - 1, ns.size() * permille / 1000)]) / static_cast<double>(unit);
}

std::string spread(std::vector<std::int64_t>& ns, std::int64_t unit) {
  if (ns.empty()) return "nothing measured";
  char text[96];
  std::snprintf(text, sizeof text, "p50 %.2f, p99 %.2f, max %.2f", quantile(ns, 500, unit), quantile(ns, 990, unit), quantile(ns, 1000, unit));
  return text;
}

}  // namespace e6::host_bench
