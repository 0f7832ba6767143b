#include "core/strategy_machine.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

constexpr Colour kBlue = Colour::kBlue;
constexpr Colour kGreen = Colour::kGreen;
constexpr Admission kAll = Admission::kEverything;
constexpr Admission kKnown = Admission::kKnownQueries;
constexpr Admission kNone = Admission::kNothing;

#define EXPECT_ADMITS(machine, blue, green)      \
  EXPECT_EQ((machine).admission(kBlue), (blue)); \
  EXPECT_EQ((machine).admission(kGreen), (green))

#define EXPECT_ANNOUNCES(machine, blue, green)                    \
  EXPECT_EQ((machine).announcement(kBlue).value_or("-"), (blue)); \
  EXPECT_EQ((machine).announcement(kGreen).value_or("-"), (green))

TEST(StrategyMachine, at_first_one_colour_serves) {
  const StrategyMachine machine(kGreen);
  EXPECT_EQ(machine.active(), kGreen);
  EXPECT_ADMITS(machine, kNone, kAll);
  EXPECT_ANNOUNCES(machine, "-", "-");
  EXPECT_FALSE(machine.next_due().has_value());
}

TEST(StrategyMachine, an_abrupt_switch_refuses_and_forgets_the_old_colour_at_once) {
  StrategyMachine machine(kBlue);
  const auto blue = machine.generation(kBlue);
  const auto green = machine.generation(kGreen);
  EXPECT_FALSE(machine.switch_abruptly(kGreen));
  EXPECT_ADMITS(machine, kNone, kAll);
  EXPECT_NE(machine.generation(kBlue), blue);
  EXPECT_EQ(machine.generation(kGreen), green);
  EXPECT_TRUE(machine.switch_abruptly(kGreen)) << "green is active already";
}

TEST(StrategyMachine, a_graceful_switch_announces_drains_and_closes_at_exactly_its_times) {
  StrategyMachine machine(kBlue);
  const auto blue = machine.generation(kBlue);
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 20, 50, 100));
  EXPECT_ADMITS(machine, kAll, kAll);
  EXPECT_ANNOUNCES(machine, "green", "-");
  EXPECT_EQ(machine.active(), kBlue);
  EXPECT_EQ(machine.next_due(), 120);
  machine.advance(119);
  EXPECT_EQ(machine.phase(), Phase::kAnnouncing);
  machine.advance(120);
  EXPECT_EQ(machine.phase(), Phase::kDraining);
  EXPECT_EQ(machine.active(), kGreen);
  EXPECT_ADMITS(machine, kKnown, kAll);
  EXPECT_ANNOUNCES(machine, "green", "-");
  machine.advance(169);
  EXPECT_ADMITS(machine, kKnown, kAll);
  EXPECT_EQ(machine.generation(kBlue), blue);
  machine.advance(170);
  EXPECT_ADMITS(machine, kNone, kAll);
  EXPECT_NE(machine.generation(kBlue), blue);
  EXPECT_ANNOUNCES(machine, "-", "-");
  EXPECT_FALSE(machine.next_due().has_value());
}

TEST(StrategyMachine, a_late_look_finds_every_step_done_in_its_time) {
  StrategyMachine machine(kBlue);
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 20, 50, 100));
  machine.advance(10'000);
  EXPECT_EQ(machine.phase(), Phase::kSteady);
  EXPECT_ADMITS(machine, kNone, kAll);
}

TEST(StrategyMachine, without_announcement_and_drain_a_graceful_switch_is_over_at_once) {
  StrategyMachine machine(kBlue);
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 0, 0, 100));
  EXPECT_EQ(machine.phase(), Phase::kSteady);
  EXPECT_EQ(machine.active(), kGreen);
}

TEST(StrategyMachine,
     a_rollback_of_an_announcement_announces_the_old_colour_to_both_then_drains_the_new_one) {
  StrategyMachine machine(kBlue);
  const auto blue = machine.generation(kBlue);
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 20, 50, 100));
  machine.advance(110);
  EXPECT_FALSE(machine.roll_back(30, 40, 110));
  EXPECT_EQ(machine.active(), kBlue);
  EXPECT_ADMITS(machine, kAll, kAll);
  EXPECT_ANNOUNCES(machine, "blue", "blue");
  EXPECT_TRUE(machine.roll_back(30, 40, 110)) << "one at a time";
  machine.advance(140);
  EXPECT_ADMITS(machine, kAll, kKnown);
  EXPECT_ANNOUNCES(machine, "-", "blue");
  machine.advance(180);
  EXPECT_ADMITS(machine, kAll, kNone);
  EXPECT_EQ(machine.generation(kBlue), blue) << "blue never lost anything";
  EXPECT_TRUE(machine.roll_back(30, 40, 180)) << "nothing is left to roll back";
}

TEST(StrategyMachine, a_rollback_while_draining_switches_back_gracefully_and_loses_nothing) {
  StrategyMachine machine(kBlue);
  const auto blue = machine.generation(kBlue);
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 20, 50, 100));
  machine.advance(130);
  EXPECT_ADMITS(machine, kKnown, kAll);
  EXPECT_FALSE(machine.roll_back(20, 50, 130));
  EXPECT_EQ(machine.active(), kGreen);
  EXPECT_ADMITS(machine, kAll, kAll);
  EXPECT_ANNOUNCES(machine, "-", "blue");
  machine.advance(150);
  EXPECT_EQ(machine.active(), kBlue);
  EXPECT_ADMITS(machine, kAll, kKnown);
  machine.advance(200);
  EXPECT_ADMITS(machine, kAll, kNone);
  EXPECT_EQ(machine.generation(kBlue), blue);
}

TEST(StrategyMachine, a_rollback_after_a_switch_is_a_graceful_switch_back) {
  StrategyMachine machine(kBlue);
  EXPECT_TRUE(machine.roll_back(1, 1, 0)) << "there was no switch";
  EXPECT_FALSE(machine.switch_abruptly(kGreen));
  EXPECT_FALSE(machine.roll_back(10, 10, 0));
  EXPECT_ANNOUNCES(machine, "-", "blue");
  machine.advance(20);
  EXPECT_EQ(machine.active(), kBlue);
}

TEST(StrategyMachine, only_one_graceful_switch_at_a_time_but_an_abrupt_one_at_any) {
  StrategyMachine machine(kBlue);
  EXPECT_TRUE(machine.switch_gracefully(kBlue, 1, 1, 0)) << "active already";
  EXPECT_FALSE(machine.switch_gracefully(kGreen, 20, 50, 100));
  EXPECT_TRUE(machine.switch_gracefully(kGreen, 20, 50, 100));
  EXPECT_TRUE(machine.flap(10, 100, 100));
  EXPECT_FALSE(machine.switch_abruptly(kBlue)) << "ends the announcement on the spot";
  EXPECT_ADMITS(machine, kAll, kNone);
  EXPECT_EQ(machine.phase(), Phase::kSteady);
}

TEST(StrategyMachine, flapping_switches_abruptly_every_period_and_ends) {
  StrategyMachine machine(kBlue);
  EXPECT_FALSE(machine.flap(10, 35, 100));
  EXPECT_ADMITS(machine, kAll, kNone);
  machine.advance(110);
  EXPECT_ADMITS(machine, kNone, kAll);
  machine.advance(120);
  EXPECT_ADMITS(machine, kAll, kNone);
  EXPECT_TRUE(machine.switch_gracefully(kGreen, 1, 1, 120));
  machine.advance(10'000);
  EXPECT_FALSE(machine.flapping());
  EXPECT_ADMITS(machine, kNone, kAll);
  EXPECT_FALSE(machine.next_due().has_value());
}

TEST(StrategyMachine, refusing_both_ends_by_itself_and_forgets_nothing) {
  StrategyMachine machine(kBlue);
  const auto blue = machine.generation(kBlue);
  machine.refuse_both(30, 100);
  EXPECT_ADMITS(machine, kNone, kNone);
  machine.advance(129);
  EXPECT_ADMITS(machine, kNone, kNone);
  machine.advance(130);
  EXPECT_ADMITS(machine, kAll, kNone);
  EXPECT_EQ(machine.generation(kBlue), blue);
}

TEST(StrategyMachine, a_raw_announcement_is_on_every_response_until_its_end) {
  StrategyMachine machine(kBlue);
  machine.announce_raw("purple", 10, 100);
  EXPECT_ANNOUNCES(machine, "purple", "purple");
  machine.advance(110);
  EXPECT_ANNOUNCES(machine, "-", "-");
  machine.announce_raw("", std::nullopt, 110);
  machine.advance(1'000'000);
  EXPECT_ANNOUNCES(machine, "", "");
  machine.stop_raw_announcement();
  EXPECT_ANNOUNCES(machine, "-", "-");
}

}  // namespace
}  // namespace e6::sim
