#include "worker.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "e6/client/connection.h"
#include "query_loop.h"

namespace e6::storm {
namespace {

using Clock = std::chrono::steady_clock;

// How long a query in flight may take to end after the storm; the parent waits a little longer.
constexpr std::chrono::seconds kPatience{5};

void set_up_signals(pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  // Ctrl-C reaches the whole process group: the parent decides.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it had gone before the line above
}

class Worker {
 public:
  Worker(const Arguments& arguments, const Board& board, std::size_t index)
      : arguments_(arguments), board_(board), index_(index), row_(board.worker(index)) {}

  // True if every thread came to its end.
  bool run() {
    const bool has_long = index_ == 0 && !arguments_.long_query.empty();
    const auto count = static_cast<std::size_t>(arguments_.connections);
    for (std::size_t i = 0; i < count + (has_long ? 1 : 0); ++i) connections_.emplace_back(arguments_.connection);
    row_.shared.store(connections_.front().coordinator().mode() == Mode::kShared ? 1 : 0,
                      std::memory_order_relaxed);
    row_.ready.store(1, std::memory_order_release);
    while (board_.start_ns() == 0 && !board_.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(1));

    const auto threads = static_cast<std::size_t>(arguments_.threads);
    for (std::size_t i = 0; i < threads; ++i) start_thread(i, arguments_.sql, connections_of(i));
    if (has_long) {
      board_.thread(index_, threads).is_long.store(1, std::memory_order_relaxed);
      start_thread(threads, arguments_.long_query, {&connections_.back()});
    }
    const bool ended = watch();
    publish();
    return ended;
  }

 private:
  // Thread i takes connection i, i + threads, ...; with fewer connections than threads they are shared.
  std::vector<client::Connection*> connections_of(std::size_t thread) {
    const auto count = static_cast<std::size_t>(arguments_.connections);
    const auto threads = static_cast<std::size_t>(arguments_.threads);
    std::vector<client::Connection*> own;
    for (std::size_t i = thread; i < count; i += threads) own.push_back(&connections_[i]);
    if (own.empty()) own.push_back(&connections_[thread % count]);
    return own;
  }

  void start_thread(std::size_t thread, const std::string& sql, std::vector<client::Connection*> own) {
    threads_.emplace_back([this, thread, &sql, own = std::move(own)] {
      run_queries(arguments_, sql, own, board_, row_, board_.thread(index_, thread));
    });
  }

  // Until all threads have ended; after the storm's end only for so long.
  bool watch() {
    Clock::time_point stopped{};
    for (int tick = 0;; ++tick) {
      bool all = true;
      for (std::size_t i = 0; i < threads_.size(); ++i) all = all && done(i);
      if (all) break;
      if (board_.stopping() && stopped == Clock::time_point{}) stopped = Clock::now();
      if (stopped != Clock::time_point{} && Clock::now() - stopped > kPatience) return false;
      if (tick % 10 == 0) publish();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    for (std::thread& thread : threads_) thread.join();
    return true;
  }

  [[nodiscard]] bool done(std::size_t thread) const noexcept {
    return board_.thread(index_, thread).doing.load(std::memory_order_relaxed) == Doing::kDone;
  }

  void publish() noexcept {
    using Words = std::array<std::uint64_t, sizeof(client::Statistics) / sizeof(std::uint64_t)>;
    Words sum{};
    for (const client::Connection& connection : connections_) {
      const auto words = std::bit_cast<Words>(connection.statistics());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += words[i];
    }
    for (std::size_t i = 0; i < sum.size(); ++i) row_.statistics[i].store(sum[i], std::memory_order_relaxed);
  }

  const Arguments& arguments_;
  const Board& board_;
  const std::size_t index_;
  WorkerRow& row_;
  std::vector<client::Connection> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace

void run_worker(const Arguments& arguments, const Board& board, std::size_t index, pid_t parent,
                std::shared_ptr<Coordinator> inherited) {
  set_up_signals(parent);
  WorkerRow& row = board.worker(index);
  int status = 0;
  try {
    auto worker = std::make_unique<Worker>(arguments, board, index);
    if (!worker->run()) {
      // A thread is inside a call that does not come back: its memory must stay, so nothing is taken down.
      row.ended_ns.store(now_ns(), std::memory_order_relaxed);
      row.finished.store(1, std::memory_order_release);
      ::_exit(0);
    }
    row.ended_ns.store(now_ns(), std::memory_order_relaxed);
  } catch (const std::exception& error) {
    row.errors.add(error.what());
    row.gave_up.store(GaveUp::kUnusable, std::memory_order_relaxed);
    status = 1;
  }
  inherited.reset();  // the last one of this process: it leaves the host in order
  row.finished.store(1, std::memory_order_release);
  ::_exit(status);
}

}  // namespace e6::storm
