#include "search.h"

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>

#include "arena.h"
#include "scenario.h"

namespace e6::model {
namespace {

/// Of the processor, so that the searches do not end earlier on a busy machine.
std::chrono::nanoseconds processor_time() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

struct Choice {
  std::uint32_t tick;
  Ask ask;
  std::uint16_t taken;
  std::uint16_t count;
  std::uint8_t answer;
};

/// What a replay is told: every choice that was not the plain one. Kills are answers of 100 and more.
std::string text_of(const std::vector<Choice>& choices) {
  std::string text;
  for (const Choice& c : choices) {
    if (c.taken == 0) continue;
    const bool kills = c.ask == Ask::kSwitch && c.answer >= 100;
    text += (text.empty() ? "" : " ") + std::to_string(c.tick) + (kills ? static_cast<char>(Ask::kKill) : static_cast<char>(c.ask)) +
            std::to_string(kills ? c.answer - 100 : c.answer);
  }
  return text.empty() ? "-" : text;
}

/// Fingerprints of explored states with the fewest switches they were reached by.
class States {
 public:
  States() : keys_(1U << 16), used_(1U << 16) {}
  bool known(std::uint64_t key, unsigned switches) {
    if (key == 0) key = 1;
    if ((size_ + 1) * 2 > keys_.size()) grow();
    const std::size_t at = find(key);
    const auto now = static_cast<std::uint8_t>(switches > 255 ? 255 : switches);
    if (keys_[at] == key) {
      if (used_[at] <= now) return true;
      used_[at] = now;
      return false;
    }
    keys_[at] = key;
    used_[at] = now;
    ++size_;
    return false;
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  std::size_t find(std::uint64_t key) const {
    std::size_t at = key & (keys_.size() - 1);
    while (keys_[at] != 0 && keys_[at] != key) at = (at + 1) & (keys_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<std::uint64_t> keys(keys_.size() * 2);
    std::vector<std::uint8_t> used(keys.size());
    keys.swap(keys_);
    used.swap(used_);
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys[i] != 0) {
        const std::size_t at = find(keys[i]);
        keys_[at] = keys[i];
        used_[at] = used[i];
      }
  }
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint8_t> used_;
  std::uint64_t size_ = 0;
};

class DepthFirst : public Chooser {
 public:
  explicit DepthFirst(bool bounded) : bounded_(bounded) {}
  unsigned choose(std::uint32_t tick, Ask ask, const std::uint8_t* answers, unsigned count) override {
    if (next_ == choices.size()) choices.push_back({tick, ask, 0, static_cast<std::uint16_t>(count), 0});
    Choice& c = choices[next_++];
    if (c.count != count || c.tick != tick) {
      std::fputs("the scenario is not deterministic\n", stderr);
      std::abort();
    }
    c.answer = answers[c.taken];
    return c.taken;
  }
  bool known(std::uint64_t fingerprint, unsigned switches) override {
    return next_ == choices.size() && states.known(fingerprint, bounded_ ? switches : 0);
  }
  void rewind() noexcept { next_ = 0; }
  /// The next way through; false when there is none.
  bool advance() {
    while (!choices.empty() && choices.back().taken + 1U == choices.back().count) choices.pop_back();
    if (choices.empty()) return false;
    ++choices.back().taken;
    return true;
  }

  std::vector<Choice> choices;
  States states;

 private:
  std::size_t next_ = 0;
  bool bounded_;
};

class AtRandom : public Chooser {
 public:
  explicit AtRandom(std::uint64_t seed) : random_(seed) {}
  unsigned choose(std::uint32_t tick, Ask ask, const std::uint8_t* answers, unsigned count) override {
    // most steps follow the one before; a scenario's own questions have no plain answer
    const bool plain = ask == Ask::kSwitch ? random_() % 6 != 0 : ask == Ask::kValue ? random_() % 2 != 0 : false;
    const auto taken = static_cast<std::uint16_t>(plain ? 0 : random_() % count);
    choices.push_back({tick, ask, taken, static_cast<std::uint16_t>(count), answers[taken]});
    return taken;
  }
  bool known(std::uint64_t, unsigned) override { return false; }
  std::vector<Choice> choices;

 private:
  std::mt19937_64 random_;
};

class Repeat : public Chooser {
 public:
  explicit Repeat(const std::string& text) {
    std::istringstream in(text);
    for (std::string word; in >> word;) {
      const std::size_t at = word.find_first_of(">=!?");
      if (at == std::string::npos) continue;
      wanted_.push_back({static_cast<std::uint32_t>(std::stoul(word)), word[at], static_cast<unsigned>(std::stoul(word.substr(at + 1)))});
    }
  }
  unsigned choose(std::uint32_t tick, Ask ask, const std::uint8_t* answers, unsigned count) override {
    for (const Wanted& w : wanted_) {
      if (w.tick != tick) continue;
      const bool kills = w.ask == static_cast<char>(Ask::kKill);
      for (unsigned i = 0; i < count; ++i)
        if ((kills ? ask == Ask::kSwitch : w.ask == static_cast<char>(ask)) && answers[i] == w.answer + (kills ? 100U : 0U)) return i;
    }
    return 0;
  }
  bool known(std::uint64_t, unsigned) override { return false; }

 private:
  struct Wanted {
    std::uint32_t tick;
    char ask;
    unsigned answer;
  };
  std::vector<Wanted> wanted_;
};

End once(Scenario& scenario, const Setup& setup, Chooser& chooser, std::string& violation) {
  take_back_arena();
  scenario.prepare();
  return run(setup, chooser, [&](int t) { scenario.process(t); }, [&] { scenario.verify(); }, violation);
}

void explain(Scenario& scenario, Findings& f) {
  Setup setup = scenario.setup;
  setup.all_points = true;
  setup.trace = true;
  Repeat again(f.replay);
  std::string violation;
  (void)once(scenario, setup, again, violation);
  f.trace = trace_lines();
  if (violation != f.violation) f.trace.push_back("the replay ends differently: " + (violation.empty() ? std::string("no violation") : violation));
}

}  // namespace

std::vector<Known>& scenarios() {
  static std::vector<Known> all;
  return all;
}

Findings replay(Scenario& scenario, const std::string& choices) {
  Findings f;
  Setup setup = scenario.setup;
  setup.all_points = true;
  setup.trace = true;
  Repeat again(choices);
  (void)once(scenario, setup, again, f.violation);
  f.runs = 1;
  f.replay = choices;
  f.trace = trace_lines();
  return f;
}

Findings explore(Scenario& scenario, const Limits& limits) {
  const auto start = processor_time();
  Findings f;
  forget_sharing();
  Setup setup = scenario.setup;
  setup.max_switches = limits.max_switches;
  setup.max_oddities = limits.max_oddities;
  DepthFirst all(limits.max_switches != ~0U);
  AtRandom random(limits.seed);
  const bool at_random = limits.seed != 0;
  std::vector<Choice>& choices = at_random ? random.choices : all.choices;
  for (;;) {
    if (at_random)
      random.choices.clear();
    else
      all.rewind();
    const End end = once(scenario, setup, at_random ? static_cast<Chooser&>(random) : all, f.violation);
    ++f.runs;
    f.complete += end == End::kComplete ? 1U : 0U;
    if (end == End::kViolated) {
      f.replay = text_of(choices);
      explain(scenario, f);
      break;
    }
    if (!at_random && end == End::kNewlyShared) {  // what was explored did not switch there
      all = DepthFirst(limits.max_switches != ~0U);
      continue;
    }
    if (!at_random && !all.advance()) {
      f.exhausted = true;
      break;
    }
    if (f.runs % 256 == 0 && processor_time() - start >= limits.time) break;
  }
  f.states = all.states.size();
  f.seconds = std::chrono::duration<double>(processor_time() - start).count();
  return f;
}

}  // namespace e6::model
