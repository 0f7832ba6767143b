// Operations in processes of their own: one that crashes or hangs is a violation of its operation and ends nothing else.
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <optional>

#include "enumerate.h"

namespace e6::crash {
namespace {

constexpr unsigned kLongestSeconds = 3600;

struct Worker {
  std::size_t index = 0;
  pid_t pid = -1;
  int from = -1;
  std::string text;
};

/// Stepper and stepped on one processor: twice to three times as many steps per second.
void pin_to(std::size_t n) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  std::size_t left = n % static_cast<std::size_t>(CPU_COUNT(&allowed));
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

Worker start(const Operation& operation, std::size_t index, std::size_t place, const Choice& choice) {
  Worker w;
  w.index = index;
  int ends[2];
  if (::pipe(ends) != 0) return w;
  std::fflush(nullptr);
  w.pid = ::fork();
  if (w.pid == 0) {
    ::close(ends[0]);
    ::alarm(kLongestSeconds);
    pin_to(place);
    const std::string text = nlohmann::json(enumerate(operation, choice)).dump();
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t n = ::write(ends[1], text.data() + at, text.size() - at);
      if (n <= 0) ::_exit(1);
      at += static_cast<std::size_t>(n);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  w.from = ends[0];
  return w;
}

OperationResult finish(Worker& w, const Operation& operation) {
  ::close(w.from);
  int status = 0;
  ::waitpid(w.pid, &status, 0);
  const auto told = nlohmann::json::parse(w.text, nullptr, false);
  if (!told.is_discarded()) return told.get<OperationResult>();
  OperationResult lost;
  lost.name = operation.name;
  lost.violations = 1;
  lost.text = std::string("the enumeration itself was ended") +
              (WIFSIGNALED(status) ? std::string(" by the signal ") + ::strsignal(WTERMSIG(status)) : std::string(" early")) + "\n";
  return lost;
}

}  // namespace

std::vector<OperationResult> enumerate_all(const std::vector<const Operation*>& operations, const Choice& choice, unsigned workers,
                                           const std::function<void(const OperationResult&)>& done) {
  std::vector<std::optional<OperationResult>> results(operations.size());
  std::vector<Worker> busy;
  std::size_t next = 0;
  std::size_t told = 0;
  while (told < operations.size()) {
    while (next < operations.size() && busy.size() < workers) {
      busy.push_back(start(*operations[next], next, next, choice));
      ++next;
    }
    std::vector<pollfd> polled;
    for (const Worker& w : busy) polled.push_back({w.from, POLLIN, 0});
    (void)::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents == 0) continue;
      char bytes[4096];
      const ssize_t n = ::read(busy[i].from, bytes, sizeof bytes);
      if (n > 0) {
        busy[i].text.append(bytes, static_cast<std::size_t>(n));
        continue;
      }
      results[busy[i].index] = finish(busy[i], *operations[busy[i].index]);
      busy.erase(busy.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (; told < operations.size() && results[told]; ++told) done(*results[told]);
  }
  std::vector<OperationResult> all;
  for (auto& r : results) all.push_back(std::move(*r));
  return all;
}

}  // namespace e6::crash
