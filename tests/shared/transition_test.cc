// The transition function over all words and events, over classes that stand for all values of a field:
//   active, pending, refused   every value, nonsense included
//   epoch, pending epoch       0, 1 and the last before the wrap: next() compares them with the event's and adds one, nothing else
//   expiry                     0 and before the wrap: next() takes differences modulo 2^26
//   the event's colour         every value of two bits, and one that only looks like a colour in its two low bits
//   the event's epochs         the word's, the one before it, the one after it, and one that is the same but for bits that a word has no room for
//   the event's expiry, step   kConfirm: the word's and every distance at which a comparison turns (one, the step, half the range), also backwards and with
//                              bits that a word has no room for; the others only copy it
// The rules are checked while this file is compiled, for every word with every event but the last classes of colour, epochs and distance, and with garbage in
// the fields that an event does not use, which must change nothing. The full product, and random words and events, run when the test runs.
#include "layout/transition.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

#include "layout/hot_word.h"

namespace e6::layout {
namespace {

constexpr std::uint32_t kEpochs[] = {0, 1, kEpochMask};
constexpr std::uint32_t kPendingEpochs[] = {0, 1, kPendingEpochMask};
constexpr std::uint32_t kExpiries[] = {0, kExpiryMask - 50};

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

/// What the word must become, said once more and in other words: which events count, and what each of them is for. For legal words.
constexpr bool counts(const HotWord& w, const StrategyEvent& e) {
  const bool current = e.epoch == w.epoch;
  const bool current_pending = e.pending_epoch == w.pending_epoch;
  const std::uint8_t heading = w.pending != 0 ? w.pending : w.active;
  const std::uint32_t ahead = (e.expiry - w.expiry) & kExpiryMask;
  switch (e.change) {
    case Change::kAnnounce:
      return current && current_pending && is_colour(e.colour) && w.active != 0 && e.colour != heading;
    case Change::kConfirm:
      return current && is_colour(e.colour) && e.colour == w.active && ahead >= 1 && ahead >= e.step && ahead < (1U << 25) - 1;
    case Change::kMismatch:
      return current && is_colour(e.colour) && e.colour == w.active;
    case Change::kDetected:
      return current && is_colour(e.colour);
    case Change::kBothRefused:
    case Change::kFence:
      return current;
    case Change::kApply:
      return current && current_pending && w.pending != 0 && w.active != 0;
    case Change::kExpire:
      return w.active != 0;
    case Change::kSet:
      return is_colour(e.colour);
    case Change::kClear:
      return w.active != 0 || w.pending != 0 || w.refused != 0;
    case Change::kRetire:
      break;
  }
  return false;
}

constexpr HotWord meant(const HotWord& w, const StrategyEvent& e) {
  if (!counts(w, e)) return w;
  const std::uint32_t expiry = e.expiry & kExpiryMask;
  HotWord a = w;
  switch (e.change) {
    case Change::kAnnounce:
      a.pending = e.colour == w.active ? std::uint8_t{0} : e.colour;
      break;
    case Change::kConfirm:
      a.expiry = expiry;
      break;
    case Change::kMismatch:
      a = {.active = 0, .pending = w.pending, .refused = e.colour, .expiry = 0, .pending_epoch = w.pending_epoch, .epoch = w.epoch};
      break;
    case Change::kDetected:
      a.active = e.colour;
      a.refused = 0;
      a.expiry = expiry;
      if (w.pending == e.colour || (w.pending & e.refused) != 0) a.pending = 0;
      break;
    case Change::kBothRefused:
      a = {.active = 0, .pending = 0, .refused = 3, .expiry = expiry, .pending_epoch = w.pending_epoch, .epoch = w.epoch};
      break;
    case Change::kApply:
      a = {.active = w.pending, .pending = 0, .refused = 0, .expiry = expiry, .pending_epoch = w.pending_epoch, .epoch = w.epoch};
      break;
    case Change::kExpire:
      a.expiry = expiry;
      break;
    case Change::kSet:
      a = {.active = e.colour, .pending = 0, .refused = 0, .expiry = expiry, .pending_epoch = w.pending_epoch, .epoch = w.epoch};
      break;
    case Change::kClear:
      a = {.active = 0, .pending = 0, .refused = 0, .expiry = 0, .pending_epoch = w.pending_epoch, .epoch = w.epoch};
      break;
    case Change::kFence:
    case Change::kRetire:
      break;
  }
  const bool old_news = a.active != w.active || (fences(e.change));
  if (old_news) a.epoch = (w.epoch + 1) & kEpochMask;
  if (a.pending != w.pending) a.pending_epoch = (w.pending_epoch + 1) & kPendingEpochMask;
  return a;
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
  if (next(after_bits, e) != after_bits && is_news(e.change) && a.epoch != b.epoch) return 15;  // 15 the same news twice is old news
  return a == meant(b, e) ? 0 : 16;                                                   // 16 and it is what it must be
}

template <typename Use>
constexpr int over_words(const Use& use, std::uint8_t first_active = 0, std::uint8_t last_active = 3) {
  for (std::uint8_t active = first_active; active <= last_active; ++active)
    for (std::uint8_t pending = 0; pending < 4; ++pending)
      for (std::uint8_t refused = 0; refused < 4; ++refused)
        for (const std::uint32_t epoch : kEpochs)
          for (const std::uint32_t pending_epoch : kPendingEpochs)
            for (const std::uint32_t expiry : kExpiries)
              if (const int rule = use(HotWord{active, pending, refused, expiry, pending_epoch, epoch})) return rule;
  return 0;
}

constexpr std::uint8_t kLooksBlue = 4 | 1;  // no colour, but blue in its low bits
constexpr std::uint8_t kEventColours[] = {0, 1, 2, 3, kLooksBlue};
constexpr std::uint32_t kHalf = kExpiryMask >> 1;
constexpr std::uint32_t kStep = 200;
constexpr std::uint32_t kDistances[] = {0, 1, kStep - 1, kStep, kHalf - 1, kHalf, kHalf + 1, kExpiryMask, kExpiryMask + 1 + kStep};
constexpr unsigned kDistancesWhenCompiled = 6;

/// The event's epoch: the word's (0), around it (1, 2), or the word's with a bit that no word has (3).
constexpr std::uint32_t event_epoch(std::uint32_t of_word, unsigned which, std::uint32_t mask) {
  return which == 1 ? (of_word - 1) & mask : which == 2 ? (of_word + 1) & mask : which == 3 ? of_word + mask + 1 : of_word;
}

/// Calls `use` with every event of `change`. `all`: with all classes, also of the fields that it does not use.
template <typename Use>
constexpr int over_events(Change change, const HotWord& w, bool all, const Use& use) {
  const bool coloured = all || (change != Change::kBothRefused && change != Change::kFence && change != Change::kApply && change != Change::kExpire &&
                                change != Change::kClear && change != Change::kRetire);
  const bool twice_fenced = all || change == Change::kAnnounce || change == Change::kApply;
  const bool stepped = all || change == Change::kConfirm;
  for (const std::uint8_t colour : kEventColours) {
    if ((!coloured && colour != 0) || (!all && colour > 3)) break;
    for (std::uint8_t refused = 0; refused < (all || change == Change::kDetected ? 4 : 1); ++refused)
      for (unsigned epoch = 0; epoch < (all ? 4U : is_news(change) ? 2U : 1U); ++epoch)
        for (unsigned pending = 0; pending < (all ? 4U : twice_fenced ? 2U : 1U); ++pending)
          for (unsigned distance = 0; distance < (all ? std::size(kDistances) : stepped ? kDistancesWhenCompiled : 1U); ++distance)
            for (std::uint32_t step = 0; step < (stepped ? 2U : 1U); ++step) {
              StrategyEvent e;
              e.change = change;
              e.colour = colour;
              e.refused = refused;
              e.epoch = event_epoch(w.epoch, epoch, kEpochMask);
              e.pending_epoch = event_epoch(w.pending_epoch, pending, kPendingEpochMask);
              e.expiry = stepped ? w.expiry + kDistances[distance] : 8'100;
              e.step = step * kStep;
              if (const int rule = use(e)) return rule;
            }
  }
  return 0;
}

/// Garbage in the fields that an event does not use.
constexpr StrategyEvent with_garbage(StrategyEvent e) {
  const Change c = e.change;
  if (c == Change::kBothRefused || c == Change::kFence || c == Change::kApply || c == Change::kExpire || c == Change::kClear || c == Change::kRetire) e.colour = 2;
  if (c != Change::kDetected) e.refused = 0xff;
  if (!is_news(c)) e.epoch = 12'345;
  if (c != Change::kAnnounce && c != Change::kApply) e.pending_epoch = 12'345;
  if (c == Change::kAnnounce || c == Change::kMismatch || c == Change::kFence || c == Change::kClear || c == Change::kRetire) e.expiry = ~0U;
  if (c != Change::kConfirm) e.step = ~0U;
  return e;
}

/// The first rule that `change` breaks, over all words and all its events; 17: a field that it does not use changes something.
constexpr int first_broken_rule(Change change, std::uint8_t first_active = 0, std::uint8_t last_active = 3) {
  return over_words(
      [change](const HotWord& w) {
        const std::uint64_t bits = pack(w);
        return over_events(change, w, false, [bits](const StrategyEvent& e) {
          if (const int rule = broken_rule(bits, e)) return rule;
          return next(bits, with_garbage(e)) == next(bits, e) ? 0 : 17;
        });
      },
      first_active, last_active);
}

static_assert(first_broken_rule(Change::kAnnounce) == 0);
// a compiler counts the steps of each assertion
static_assert(first_broken_rule(Change::kConfirm, 0, 0) == 0);
static_assert(first_broken_rule(Change::kConfirm, 1, 1) == 0);
static_assert(first_broken_rule(Change::kConfirm, 2, 2) == 0);
static_assert(first_broken_rule(Change::kConfirm, 3, 3) == 0);
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

constexpr Change kAllChanges[] = {Change::kAnnounce, Change::kConfirm, Change::kMismatch, Change::kDetected, Change::kBothRefused, Change::kFence,
                                  Change::kApply,    Change::kExpire,  Change::kSet,      Change::kClear,    Change::kRetire};

TEST(Transition, the_rules_hold_over_the_full_product_of_all_classes) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a pure function in one thread: ThreadSanitizer has nothing to see, and takes minutes";
#endif
  std::uint64_t pairs = 0;
  for (const Change change : kAllChanges)
    EXPECT_EQ(over_words([&](const HotWord& w) {
      const std::uint64_t bits = pack(w);
      return over_events(change, w, true, [&](const StrategyEvent& e) {
        ++pairs;
        return broken_rule(bits, e);
      });
    }), 0) << "change " << static_cast<int>(change);
  RecordProperty("pairs", std::to_string(pairs));
}

TEST(Transition, the_rules_hold_for_random_words_and_events) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 1'000'000; ++i) {
    const std::uint64_t bits = random();
    const HotWord w = unpack(bits);
    StrategyEvent e;
    e.change = kAllChanges[random() % std::size(kAllChanges)];
    e.colour = static_cast<std::uint8_t>(random() % 2 != 0 ? random() % 3 : random());
    e.refused = static_cast<std::uint8_t>(random());
    e.epoch = random() % 4 != 0 ? w.epoch : static_cast<std::uint32_t>(random());
    e.pending_epoch = random() % 4 != 0 ? w.pending_epoch : static_cast<std::uint32_t>(random());
    e.expiry = static_cast<std::uint32_t>(random());
    e.step = static_cast<std::uint32_t>(random() % 1'000);
    ASSERT_EQ(broken_rule(bits, e), 0) << std::hex << "word 0x" << bits << std::dec << ", change " << static_cast<int>(e.change) << ", colour " << int{e.colour}
                                       << ", epoch " << e.epoch << "/" << e.pending_epoch << ", expiry " << e.expiry << ", step " << e.step;
  }
}

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
