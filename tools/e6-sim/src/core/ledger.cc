#include "core/ledger.h"

namespace e6::sim {
namespace {

constexpr std::size_t kMostTexts = 5000;
constexpr std::size_t kMostPids = 4096;

}  // namespace

void Ledger::count_call(Method method, std::optional<Colour> colour, Result result, int pid) {
  // Beyond so many clients a new one is counted as unknown; the memory of a long run stays bounded.
  if (by_pid_.size() >= kMostPids && !by_pid_.contains(pid)) pid = 0;
  Counters& counters = by_pid_[pid];
  const std::size_t colour_index = colour ? index(*colour) : kColours;
  ++counters[static_cast<std::size_t>(method)][colour_index][static_cast<std::size_t>(result)];
}

void Ledger::count_execution(const std::string& sql) {
  if (executions_.size() >= kMostTexts && !executions_.contains(sql)) {
    ++executions_["(other texts)"];
    return;
  }
  ++executions_[sql];
}

void Ledger::reset() {
  by_pid_.clear();
  executions_.clear();
  totals = Totals{};
}

void Ledger::for_each_call(const Visit& visit) const {
  for (const auto& [pid, counters] : by_pid_) {
    for (std::size_t m = 0; m < kMethods; ++m) {
      for (std::size_t c = 0; c <= kColours; ++c) {
        for (std::size_t r = 0; r < kResults; ++r) {
          const std::uint64_t count = counters[m][c][r];
          if (count == 0) continue;
          const std::string_view colour = c == kColours ? "none" : name(static_cast<Colour>(c));
          visit(static_cast<Method>(m), colour, static_cast<Result>(r), pid, count);
        }
      }
    }
  }
}

}  // namespace e6::sim
