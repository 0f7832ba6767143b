// The transition function over all words and events. The whole of it is checked while this file is compiled, over an abstraction that is
// small and complete: every value of active, pending and refused, nonsense included; epochs at zero, in the middle and before the wrap;
// events of the same and of another epoch.
#include "layout/transition.h"

#include <gtest/gtest.h>

#include "layout/hot_word.h"

namespace e6::layout {
namespace {

constexpr std::uint32_t kEpochs[] = {0, 1, kEpochMask};
constexpr std::uint32_t kPendingEpochs[] = {0, 1, kPendingEpochMask};
constexpr std::uint32_t kExpiries[] = {0, 8'000};

/// Was it made by writers that follow the rules?
constexpr bool legal(const HotWord& w) { return w.active <= 2 && w.pending <= 2 && (w.pending == 0 || w.pending != w.active) && (w.active == 0 || w.refused == 0); }

constexpr bool moved_by_at_most_one(std::uint32_t before, std::uint32_t after, std::uint32_t mask) {
  return ((after - before) & mask) <= 1;
}

/// May the epoch move although the active colour stays the same? All of these make what is under way old news.
constexpr bool fences(Change c) {
  return c == Change::kFence || c == Change::kExpire || c == Change::kSet || c == Change::kBothRefused || c == Change::kClear;
}

/// Does this change ask for the epoch of the request it stems from?
constexpr bool is_news(Change c) {
  return c == Change::kAnnounce || c == Change::kConfirm || c == Change::kMismatch || c == Change::kDetected ||
         c == Change::kBothRefused || c == Change::kFence || c == Change::kApply;
}

/// 0 when all is as it must be, else the number of the rule that is broken.
constexpr int broken_rule(std::uint64_t bits, const StrategyEvent& e) {
  const std::uint64_t after_bits = next(bits, e);
  const HotWord b = unpack(bits);
  const HotWord a = unpack(after_bits);
  if (retired(bits)) return after_bits == bits ? 0 : 1;                               // 1  retired is absorbing
  if (e.change == Change::kRetire) return after_bits == kRetiredWord ? 0 : 2;          // 2  and reached at once
  if (retired(after_bits)) return 3;                                                  // 3  by nothing else
  if (!moved_by_at_most_one(b.epoch, a.epoch, kEpochMask)) return 4;                  // 4  epochs stand or go one on
  if (!moved_by_at_most_one(b.pending_epoch, a.pending_epoch, kPendingEpochMask)) return 5;
  if (a.active != b.active && a.epoch == b.epoch) return 6;                           // 6  another colour is another epoch
  if (a.epoch != b.epoch && a.active == b.active && legal(b) && !fences(e.change)) return 7;  // 7  and the reverse
  if (is_news(e.change) && e.epoch != b.epoch && after_bits != bits) return 8;         // 8  old news does nothing
  if ((e.change == Change::kAnnounce || e.change == Change::kApply) && e.pending_epoch != b.pending_epoch && after_bits != bits)
    return 9;                                                                         // 9  announcements are fenced twice
  if (after_bits != bits && a.pending == 3) return 10;                                // 10 nonsense is never written
  if (!legal(b)) return 0;
  if (!legal(a)) return 11;                                                           // 11 a legal word is followed by a legal one
  if ((a.pending != b.pending) != (a.pending_epoch != b.pending_epoch)) return 12;    // 12 pending and its epoch change together
  if (e.change == Change::kConfirm && (a.active != b.active || a.pending != b.pending || a.epoch != b.epoch)) return 13;  // 13 confirming extends only
  if (e.change == Change::kFence && (a.active != b.active || a.pending != b.pending || a.expiry != b.expiry)) return 14;  // 14 a fence moves the epoch only
  return next(after_bits, e) != after_bits && is_news(e.change) && a.epoch != b.epoch ? 15 : 0;  // 15 the same news twice is old news
}

template <typename Use>
constexpr int over_words(const Use& use) {
  for (std::uint8_t active = 0; active < 4; ++active)
    for (std::uint8_t pending = 0; pending < 4; ++pending)
      for (std::uint8_t refused = 0; refused < 4; ++refused)
        for (const std::uint32_t epoch : kEpochs)
          for (const std::uint32_t pending_epoch : kPendingEpochs)
            for (const std::uint32_t expiry : kExpiries)
              if (const int rule = use(HotWord{active, pending, refused, expiry, pending_epoch, epoch})) return rule;
  return 0;
}

/// The first rule that `change` breaks, over all words and all its events.
constexpr int first_broken_rule(Change change) {
  return over_words([change](const HotWord& w) {
    const std::uint64_t bits = pack(w);
    const bool coloured = change != Change::kBothRefused && change != Change::kFence && change != Change::kApply &&
                          change != Change::kExpire && change != Change::kClear && change != Change::kRetire;
    const bool twice_fenced = change == Change::kAnnounce || change == Change::kApply;
    for (std::uint8_t colour = 0; colour < (coloured ? 4 : 1); ++colour)
      for (std::uint8_t refused = 0; refused < (change == Change::kDetected ? 4 : 1); ++refused)
        for (std::uint32_t other_epoch = 0; other_epoch < (is_news(change) ? 2U : 1U); ++other_epoch)
          for (std::uint32_t other_pending = 0; other_pending < (twice_fenced ? 2U : 1U); ++other_pending)
            for (std::uint32_t step = 0; step < (change == Change::kConfirm ? 2U : 1U); ++step) {
              StrategyEvent e;
              e.change = change;
              e.colour = colour;
              e.refused = refused;
              e.epoch = (w.epoch + other_epoch) & kEpochMask;
              e.pending_epoch = (w.pending_epoch + other_pending) & kPendingEpochMask;
              e.expiry = 8'100;
              e.step = step * 200;
              if (const int rule = broken_rule(bits, e)) return rule;
            }
    return 0;
  });
}

static_assert(first_broken_rule(Change::kAnnounce) == 0);
static_assert(first_broken_rule(Change::kConfirm) == 0);
static_assert(first_broken_rule(Change::kMismatch) == 0);
static_assert(first_broken_rule(Change::kDetected) == 0);
static_assert(first_broken_rule(Change::kBothRefused) == 0);
static_assert(first_broken_rule(Change::kFence) == 0);
static_assert(first_broken_rule(Change::kApply) == 0);
static_assert(first_broken_rule(Change::kExpire) == 0);
static_assert(first_broken_rule(Change::kSet) == 0);
static_assert(first_broken_rule(Change::kClear) == 0);
static_assert(first_broken_rule(Change::kRetire) == 0);

static_assert(over_words([](const HotWord& w) { return unpack(pack(w)) == w ? 0 : 1; }) == 0, "packing loses something");

StrategyEvent news(Change change, std::uint64_t colour, const HotWord& w) {
  StrategyEvent e;
  e.change = change;
  e.colour = static_cast<std::uint8_t>(colour);
  e.epoch = w.epoch;
  e.pending_epoch = w.pending_epoch;
  e.expiry = 9'000;
  return e;
}

constexpr HotWord kOnBlue{.active = 1, .pending = 0, .refused = 0, .expiry = 8'000, .pending_epoch = 5, .epoch = 7};
constexpr HotWord kToGreen{.active = 1, .pending = 2, .refused = 0, .expiry = 8'000, .pending_epoch = 6, .epoch = 7};

TEST(Transition, an_announcement_of_the_other_colour_becomes_pending) {
  EXPECT_EQ(unpack(next(pack(kOnBlue), news(Change::kAnnounce, kGreen, kOnBlue))), kToGreen);
}

TEST(Transition, an_announcement_of_the_active_colour_cancels_the_pending_one) {
  const HotWord back = unpack(next(pack(kToGreen), news(Change::kAnnounce, kBlue, kToGreen)));
  EXPECT_EQ(back.pending, 0);
  EXPECT_EQ(back.active, 1);
  EXPECT_EQ(back.pending_epoch, 7U);
  EXPECT_EQ(back.epoch, 7U);
}

TEST(Transition, an_announcement_sent_before_a_rollback_does_not_bring_the_colour_back) {
  const std::uint64_t rolled_back = next(pack(kToGreen), news(Change::kAnnounce, kBlue, kToGreen));
  EXPECT_EQ(next(rolled_back, news(Change::kAnnounce, kGreen, kOnBlue)), rolled_back);
  EXPECT_EQ(next(rolled_back, news(Change::kAnnounce, kGreen, kToGreen)), rolled_back);
}

TEST(Transition, applying_makes_the_pending_colour_active_and_both_epochs_move) {
  const HotWord applied = unpack(next(pack(kToGreen), news(Change::kApply, kNone, kToGreen)));
  EXPECT_EQ(applied, (HotWord{.active = 2, .pending = 0, .refused = 0, .expiry = 9'000, .pending_epoch = 7, .epoch = 8}));
}

TEST(Transition, a_thousand_late_refusals_change_nothing) {
  std::uint64_t word = next(pack(kOnBlue), news(Change::kMismatch, kBlue, kOnBlue));
  EXPECT_EQ(unpack(word).active, 0);
  EXPECT_EQ(unpack(word).refused, 1);
  const HotWord unknown = unpack(word);
  word = next(word, news(Change::kDetected, kGreen, unknown));
  const std::uint64_t detected = word;
  EXPECT_EQ(unpack(detected).active, 2);
  EXPECT_EQ(unpack(detected).refused, 0);
  for (int i = 0; i < 1000; ++i) word = next(word, news(Change::kMismatch, kBlue, kOnBlue));
  EXPECT_EQ(word, detected);
}

TEST(Transition, a_mismatch_of_a_colour_that_is_not_active_is_no_news) {
  EXPECT_EQ(next(pack(kOnBlue), news(Change::kMismatch, kGreen, kOnBlue)), pack(kOnBlue));
}

TEST(Transition, confirming_extends_only_by_at_least_a_step_and_never_backwards) {
  StrategyEvent e = news(Change::kConfirm, kBlue, kOnBlue);
  e.step = 100;
  e.expiry = 8'099;
  EXPECT_EQ(next(pack(kOnBlue), e), pack(kOnBlue));
  e.expiry = 8'100;
  EXPECT_EQ(unpack(next(pack(kOnBlue), e)).expiry, 8'100U);
  e.expiry = 7'000;
  EXPECT_EQ(next(pack(kOnBlue), e), pack(kOnBlue));
}

TEST(Transition, confirming_extends_across_the_wrap_of_the_expiry) {
  HotWord w = kOnBlue;
  w.expiry = kExpiryMask - 10;
  StrategyEvent e = news(Change::kConfirm, kBlue, w);
  e.step = 100;
  e.expiry = 200;
  EXPECT_EQ(unpack(next(pack(w), e)).expiry, 200U);
  EXPECT_EQ(units_left(200, kExpiryMask - 10), 211U);
}

TEST(Transition, a_probe_that_found_the_pending_colour_refused_cancels_it) {
  StrategyEvent e = news(Change::kDetected, kBlue, kToGreen);
  e.refused = 2;
  const HotWord w = unpack(next(pack(kToGreen), e));
  EXPECT_EQ(w.active, 1);
  EXPECT_EQ(w.pending, 0);
  EXPECT_EQ(w.epoch, kToGreen.epoch);
}

TEST(Transition, a_probe_that_found_blue_without_trying_the_pending_green_leaves_it_pending) {
  const HotWord w = unpack(next(pack(kToGreen), news(Change::kDetected, kBlue, kToGreen)));
  EXPECT_EQ(w.pending, 2);
}

TEST(Transition, epochs_wrap_to_zero) {
  HotWord w = kToGreen;
  w.epoch = kEpochMask;
  w.pending_epoch = kPendingEpochMask;
  const HotWord applied = unpack(next(pack(w), news(Change::kApply, kNone, w)));
  EXPECT_EQ(applied.epoch, 0U);
  EXPECT_EQ(applied.pending_epoch, 0U);
}

TEST(HotWord, an_expiry_further_away_than_any_ttl_counts_as_passed) {
  EXPECT_EQ(units_left(1'000, 1'000), 0U);
  EXPECT_EQ(units_left(1'001, 1'000), 1U);
  EXPECT_EQ(units_left(1'000 + kFurthestExpiry, 1'000), kFurthestExpiry);
  EXPECT_EQ(units_left(1'001 + kFurthestExpiry, 1'000), 0U);
  EXPECT_EQ(units_left(999, 1'000), 0U);
}

}  // namespace
}  // namespace e6::layout
