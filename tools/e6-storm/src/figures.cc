#include "figures.h"

#include <algorithm>
#include <bit>

namespace e6::storm {
namespace {

// Events are stamped with the coarse clock; a query that began within its resolution began before the switch.
constexpr std::uint64_t kClockResolution = 12'000'000;

using Words = std::array<std::uint64_t, sizeof(client::Statistics) / sizeof(std::uint64_t)>;

double ms(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds / 1000) / 1000.0;
}

void add_texts(const TextCounts& from, std::map<std::string, std::uint64_t>& to) {
  for (const TextCounts::Entry& entry : from.entries) {
    const std::uint64_t count = entry.count.load(std::memory_order_acquire);  // pairs with TextCounts::add
    if (count > 0) to[entry.text.data()] += count;
  }
  if (const std::uint64_t others = from.others.load(std::memory_order_relaxed); others > 0)
    to["(further texts)"] += others;
}

struct LastQuery {
  std::uint64_t begun_ns = 0;
  Strategy strategy = Strategy::kNone;
};

LastQuery last_query(const ThreadRow& row) {
  const std::uint64_t word = row.last_begun.load(std::memory_order_relaxed);
  return {word >> 2U, static_cast<Strategy>(word & 3U)};
}

class Gatherer {
 public:
  Gatherer(const Board& board, const Crew& crew, bool final)
      : board_(board), crew_(crew), final_(final), start_(board.start_ns()), now_(now_ns()) {}

  Figures gather(const HostView& host) {
    figures_.host = host.look();
    for (std::size_t i = 0; i < crew_.members().size(); ++i) add_worker(i);
    figures_.calls = std::bit_cast<client::Statistics>(calls_);
    figures_.p50_ms = static_cast<double>(latency_.quantile(0.50)) / 1000;
    figures_.p99_ms = static_cast<double>(latency_.quantile(0.99)) / 1000;
    figures_.max_ms = static_cast<double>(latency_.quantile(1.0)) / 1000;
    if (start_ != 0) figures_.seconds = ms((ended_ != 0 && final_ ? ended_ : now_) - start_) / 1000;
    figures_.unreachable = figures_.queries == 0 && !figures_.workers.empty() && unreachable_ == figures_.workers.size();
    find_left_behind();
    return std::move(figures_);
  }

 private:
  void add_worker(std::size_t index) {
    const Crew::Member& member = crew_.members()[index];
    const WorkerRow& row = board_.worker(index);
    WorkerFigures worker;
    worker.pid = member.pid;
    worker.crash = member.crash;
    worker.shared = row.shared.load(std::memory_order_relaxed) != 0;
    LastQuery latest;
    const std::uint64_t worker_ended = row.ended_ns.load(std::memory_order_relaxed);
    ended_ = std::max(ended_, worker_ended);
    for (std::size_t i = 0; i < board_.threads(); ++i) {
      const ThreadRow& thread = board_.thread(index, i);
      add_thread(thread, worker, worker_ended);
      const LastQuery last = last_query(thread);
      if (last.begun_ns > latest.begun_ns) latest = last;
    }
    worker.strategy = latest.strategy;
    add_texts(row.errors, figures_.errors);
    if (!worker.crash.empty()) {
      ++worker.failed;
      ++figures_.errors["a worker " + worker.crash];
    }
    if (row.gave_up.load(std::memory_order_relaxed) == GaveUp::kUnreachable) ++unreachable_;
    for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i] += row.statistics[i].load(std::memory_order_relaxed);
    figures_.queries += worker.queries;
    figures_.failed += worker.failed;
    figures_.lost += worker.lost;
    figures_.longest_gap_ms = std::max(figures_.longest_gap_ms, worker.longest_gap_ms);
    figures_.workers.push_back(std::move(worker));
  }

  void add_thread(const ThreadRow& thread, WorkerFigures& worker, std::uint64_t worker_ended) {
    worker.queries += thread.queries.load(std::memory_order_relaxed);
    worker.failed += thread.failed.load(std::memory_order_relaxed);
    worker.lost += thread.lost.load(std::memory_order_relaxed);
    figures_.wrong_colour += thread.wrong_colour.load(std::memory_order_relaxed);
    figures_.checked_rows += thread.checked_rows.load(std::memory_order_relaxed);
    figures_.batches += thread.batches.load(std::memory_order_relaxed);
    add_texts(thread.errors, figures_.errors);
    add_texts(thread.losses, figures_.losses);
    latency_.add(thread.latency);
    const Doing doing = thread.doing.load(std::memory_order_relaxed);
    const bool stuck = final_ && doing != Doing::kDone && doing != Doing::kNothing && worker.crash.empty();
    if (thread.is_long.load(std::memory_order_relaxed) != 0) {
      figures_.long_queries += thread.queries.load(std::memory_order_relaxed);
      figures_.long_batches += thread.batches.load(std::memory_order_relaxed);
      figures_.long_running = stuck;
    } else {
      add_gap(thread, worker, worker_ended);
      if (stuck) {
        ++worker.failed;
        ++figures_.errors["a query had not ended seconds after the storm's end"];
      }
    }
    for (std::size_t colour = 1; colour < worker.first_query_ms.size(); ++colour) {
      const std::uint64_t first = thread.first_ns[colour].load(std::memory_order_relaxed);
      if (first == 0) continue;
      auto& known = worker.first_query_ms[colour];
      known = known ? std::min(*known, ms(first - start_)) : ms(first - start_);
    }
  }

  // The time since the last query counts too: who never completes one has the longest gap of all.
  void add_gap(const ThreadRow& thread, WorkerFigures& worker, std::uint64_t worker_ended) {
    std::uint64_t gap = thread.longest_gap_ns.load(std::memory_order_relaxed);
    if (final_ && start_ != 0 && thread.doing.load(std::memory_order_relaxed) != Doing::kNothing) {
      const std::uint64_t last = thread.last_done_ns.load(std::memory_order_relaxed);
      const std::uint64_t since = last == 0 ? start_ : last;
      if (worker_ended > since) gap = std::max(gap, worker_ended - since);
    }
    worker.longest_gap_ms = std::max(worker.longest_gap_ms, ms(gap));
  }

  // A worker is left behind when a thread's latest query began after the host's last switch, on another colour.
  void find_left_behind() {
    std::uint64_t changed = figures_.host.changed_ns;
    Strategy strategy = figures_.host.active;
    if (!figures_.host.shared) {
      // Nobody knows for the host: the colour of the very latest query, since its first one.
      LastQuery latest;
      each_thread([&](std::size_t, const ThreadRow& thread) {
        const LastQuery last = last_query(thread);
        if (last.begun_ns > latest.begun_ns) latest = last;
      });
      strategy = latest.strategy;
      each_thread([&](std::size_t, const ThreadRow& thread) {
        const std::uint64_t first = thread.first_ns[static_cast<std::size_t>(strategy)].load(std::memory_order_relaxed);
        if (first != 0) changed = changed == 0 ? first : std::min(changed, first);
      });
    }
    figures_.final_strategy = strategy;
    if (strategy == Strategy::kNone) return;
    each_thread([&](std::size_t worker, const ThreadRow& thread) {
      const LastQuery last = last_query(thread);
      if (last.begun_ns > changed + kClockResolution && last.strategy != strategy)
        figures_.workers[worker].left_behind = true;
    });
    for (const WorkerFigures& worker : figures_.workers) figures_.left_behind += worker.left_behind ? 1 : 0;
  }

  template <class Visit>
  void each_thread(Visit visit) const {
    for (std::size_t i = 0; i < figures_.workers.size(); ++i)
      for (std::size_t j = 0; j < board_.threads(); ++j) visit(i, board_.thread(i, j));
  }

  const Board& board_;
  const Crew& crew_;
  const bool final_;
  const std::uint64_t start_;
  const std::uint64_t now_;
  std::uint64_t ended_ = 0;
  std::size_t unreachable_ = 0;
  Words calls_{};
  Histogram latency_;
  Figures figures_;
};

}  // namespace

Figures gather(const Board& board, const Crew& crew, const HostView& host, bool final) {
  return Gatherer(board, crew, final).gather(host);
}

}  // namespace e6::storm
