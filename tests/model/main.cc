// protocol_check: every scenario as a test; and for long searches
//   --long[=SECONDS]   each scenario without a bound on switches, for at most that time (60)
//   --seed=N           at random from this seed for that time instead
//   --replay='CHOICES' repeats the run that a failure printed (with --gtest_filter for its scenario)
// For programs with a mutated source (mutants.cmake):
//   --mutant=NAME --scenario=SENTENCE --violates=TEXT   succeeds if that scenario finds that violation
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "scenario.h"
#include "search.h"

namespace e6::model {
namespace {

struct Wish {
  bool full = false;
  std::chrono::milliseconds time{20'000};
  std::uint64_t seed = 0;
  std::string replay;
  std::string mutant;
  std::string scenario;
  std::string violates;
} wish;

std::string story(const Findings& f) {
  std::string text = f.violation + "\n";
  for (const std::string& line : f.trace) text += line + "\n";
  return text + "again: --replay='" + f.replay + "'";
}

void print(const Known& k, const Findings& f) {
  std::printf("%-8s %9" PRIu64 " runs %9" PRIu64 " states %6.2f s  %s  %s\n", k.protocol.c_str(), f.runs, f.states, f.seconds,
              f.exhausted ? wish.full ? "all" : "all within the bound" : "a part", k.sentence.c_str());
  std::fflush(stdout);
}

class Check : public testing::Test {
 public:
  explicit Check(const Known& known) : known_(known) {}
  void TestBody() override {
    const auto scenario = known_.make();
    if (!wish.replay.empty()) {
      const Findings f = replay(*scenario, wish.replay);
      std::puts(story(f).c_str());
      EXPECT_EQ(f.violation, "");
      return;
    }
    Limits limits;
    limits.max_switches = wish.full ? ~0U : known_.switches;
    limits.max_oddities = wish.full ? ~0U : known_.oddities;
    limits.time = wish.time;
    limits.seed = wish.seed;
    const Findings f = explore(*scenario, limits);
    print(known_, f);
    if (!wish.mutant.empty()) {
      EXPECT_EQ(f.violation, wish.violates) << story(f);
      std::puts(story(f).c_str());
      return;
    }
    EXPECT_EQ(f.violation, "") << story(f);
    if (wish.seed == 0 && !wish.full) {
      EXPECT_TRUE(f.exhausted) << "the search did not come to its end in time";
    }
  }

 private:
  const Known& known_;
};

void register_all() {
  for (const Known& k : scenarios()) {
    if (!wish.scenario.empty() && k.sentence != wish.scenario) continue;
    testing::RegisterTest(k.protocol.c_str(), k.sentence.c_str(), nullptr, nullptr, __FILE__, __LINE__, [&k]() -> testing::Test* { return new Check(k); });
  }
}

}  // namespace
}  // namespace e6::model

int main(int argc, char** argv) {
  using e6::model::wish;
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const char* a = argv[i];
    const char* value = std::strchr(a, '=');
    if (std::strncmp(a, "--long", 6) == 0) {
      wish.full = true;
      wish.time = std::chrono::seconds(value != nullptr ? std::atoi(value + 1) : 60);
    } else if (std::strncmp(a, "--seed=", 7) == 0) {
      wish.seed = std::strtoull(value + 1, nullptr, 0);
    } else if (std::strncmp(a, "--replay=", 9) == 0) {
      wish.replay = value + 1;
    } else if (std::strncmp(a, "--mutant=", 9) == 0) {
      wish.mutant = value + 1;
    } else if (std::strncmp(a, "--scenario=", 11) == 0) {
      wish.scenario = value + 1;
    } else if (std::strncmp(a, "--violates=", 11) == 0) {
      wish.violates = value + 1;
    } else {
      std::fprintf(stderr, "unknown argument %s\n", a);
      return 2;
    }
  }
  e6::model::register_all();
  return RUN_ALL_TESTS();
}
