// Giving a segment up (the retiring swap of core/commit.cc): a change lands before the mark or its maker sees the mark, and whoever sees the mark sees what
// was made ready before it. How a process then moves is the order of lines in core/host_care.cc and core/host_attach.cc.
#include "core/commit.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

using layout::Change;
using layout::StrategyEvent;

struct Retired : Scenario {
  std::atomic<std::uint64_t> fresh{0};  // stands for what the new segment knows
  std::array<core::Committed, kMaxThreads> made;
  std::array<bool, kMaxThreads> asked{};

  Retired() {
    setup.threads = 4;
    setup.killable = 1;
    setup.kills = 1;
  }
  void prepare() override {
    new_world(4);
    fresh.store(0);
    made.fill({});
    asked.fill(false);
    segment().hot.word.store(layout::pack({.active = 1, .pending = 0, .refused = 0, .expiry = 4000, .pending_epoch = 0, .epoch = 1}));
  }
  void process(int which) override {
    StrategyEvent e;
    if (which == 0 || which == 1) {
      fresh.store(1, std::memory_order_relaxed);
      e.change = Change::kRetire;
      made[static_cast<unsigned>(which)] = core::swap_in(segment().hot.word, e);
      return;
    }
    if (which == 2) {
      e.change = Change::kSet;
      e.colour = layout::kGreen;
      e.expiry = 4000;
      made[2] = core::commit(model::process(2), e, EventKind::kOperatorSet, EventCause::kOperator, nullptr);
      asked[2] = true;
      if (layout::retired(made[2].before)) check(fresh.load(std::memory_order_relaxed) == 1, "the mark was seen before what was made ready for it");
      return;
    }
    if (layout::retired(segment().hot.word.load(std::memory_order_acquire)))
      check(fresh.load(std::memory_order_relaxed) == 1, "the mark was seen before what was made ready for it");
  }
  void verify() override {
    const auto words = history(&segment().hot.word);
    unsigned marks = 0;
    for (std::size_t i = 1; i < words.size(); ++i) {
      check(!layout::retired(words[i - 1].value), "a change landed behind the mark");
      marks += layout::retired(words[i].value) ? 1U : 0U;
    }
    check(marks == 1, "a segment was not given up once");
    unsigned makers = 0;
    for (int t = 0; t < 2; ++t) makers += !was_killed(t) && made[static_cast<unsigned>(t)].changed() ? 1U : 0U;
    check(makers <= 1, "two processes gave one segment up");
    check(!asked[2] || made[2].changed() || layout::retired(made[2].before), "a change was lost and its maker not told");
  }
};
const Register<Retired> retired("Retire", "a_change_lands_before_the_mark_or_its_maker_sees_the_mark", 2, 2);

}  // namespace
}  // namespace e6::model
