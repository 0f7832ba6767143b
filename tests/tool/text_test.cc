#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "text/escape.h"
#include "text/human.h"
#include "text/moment.h"
#include "text/table.h"

namespace e6::tool::test {
namespace {

using std::chrono::milliseconds;

TEST(Escape, printable_text_stays_as_it_is) {
  EXPECT_EQ(escape("engine:80/name"), "engine:80/name");
  EXPECT_EQ(escape("gr\u00fcn \u2192 blau"), "gr\u00fcn \u2192 blau");
}

TEST(Escape, what_could_steer_a_terminal_is_spelled_out) {
  EXPECT_EQ(escape("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(escape("a\nb\tc\x7f"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(escape(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(escape("\u202eabc"), "\\u{202e}abc");
  EXPECT_EQ(escape("\u009b31m"), "\\u{009b}31m");
  EXPECT_EQ(escape("back\\slash"), "back\\\\slash");
}

TEST(Escape, bytes_that_are_no_utf8_are_spelled_out) {
  EXPECT_EQ(escape("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escape("\xc3"), "\\xc3");                    // cut short
  EXPECT_EQ(escape("\xc0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(escape("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(escape("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(Human, durations_have_two_parts_at_most) {
  EXPECT_EQ(human_duration(milliseconds{0}), "0 ms");
  EXPECT_EQ(human_duration(milliseconds{850}), "850 ms");
  EXPECT_EQ(human_duration(milliseconds{9'260}), "9.2 s");
  EXPECT_EQ(human_duration(milliseconds{12'900}), "12 s");
  EXPECT_EQ(human_duration(milliseconds{252'000}), "4 min 12 s");
  EXPECT_EQ(human_duration(milliseconds{240'000}), "4 min");
  EXPECT_EQ(human_duration(milliseconds{11'100'000}), "3 h 5 min");
  EXPECT_EQ(human_duration(milliseconds{187'200'000}), "2 d 4 h");
  EXPECT_EQ(human_duration(milliseconds{-1'500}), "-1.5 s");
  EXPECT_FALSE(human_duration(milliseconds{std::numeric_limits<std::int64_t>::min()}).empty());
}

TEST(Human, times_are_iso_8601_in_utc) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(iso_time(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123456Z");
  EXPECT_FALSE(iso_time(std::numeric_limits<std::uint64_t>::max()).empty());
}

TEST(Human, bytes_are_binary_units) {
  EXPECT_EQ(human_bytes(912), "912 B");
  EXPECT_EQ(human_bytes(1'384'448), "1.3 MiB");
}

TEST(Moment, ages_and_times_are_understood) {
  constexpr std::uint64_t kNow = 1'700'000'000'000'000'000;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  EXPECT_EQ(parse_moment("90", kNow), kNow - 90 * kSecond);
  EXPECT_EQ(parse_moment("5m", kNow), kNow - 300 * kSecond);
  EXPECT_EQ(parse_moment("2h", kNow), kNow - 7200 * kSecond);
  EXPECT_EQ(parse_moment("100000d", kNow), 0U);
  EXPECT_EQ(parse_moment("2023-11-14T22:13:20Z", kNow), kNow);
  EXPECT_EQ(parse_moment("2023-11-14T22:13:20.5Z", kNow), kNow + kSecond / 2);
  EXPECT_TRUE(parse_moment("2023-11-14", kNow).has_value());
}

TEST(Moment, what_an_event_printed_is_understood_again) {
  constexpr std::uint64_t kThen = 1'700'000'000'123'000'000;
  EXPECT_EQ(parse_moment(local_time(kThen), kThen), kThen);
  EXPECT_EQ(parse_moment(iso_time(kThen), kThen), kThen);
}

TEST(Moment, nonsense_is_not_understood) {
  for (const char* text : {"", "m", "5 parsecs", "-5m", "tomorrow", "2023-13-01", "2023-11-14T22:13:20Zulu",
                           "99999999999999999999d"}) {
    EXPECT_FALSE(parse_moment(text, 0).has_value()) << text;
  }
}

TEST(Table, columns_line_up_and_numbers_stand_right) {
  Table table({{"NAME"}, {"N", Table::Align::kRight}});
  table.add({"a", "1"});
  table.add({"longer", "100"});
  EXPECT_EQ(table.render({}), "NAME      N\na         1\nlonger  100\n");
}

TEST(Table, a_narrow_terminal_cuts_only_what_may_be_cut) {
  Table table({{"KEEP"}, {"CUT", Table::Align::kLeft, true}});
  table.add({"0123456789", "abcdefghijklmnopqrstuvwxyz"});
  EXPECT_EQ(table.render({.width = 24, .colours = false}), "KEEP        CUT\n0123456789  abcdefghij..\n");
  EXPECT_EQ(table.render({.width = 10, .colours = false}), "KEEP        CUT\n0123456789  abcdef..\n");
}

TEST(Table, colours_take_no_room) {
  const Screen screen{.width = 0, .colours = true};
  EXPECT_EQ(columns_of(screen.paint(Screen::Paint::kGood, "ok")), 2U);
  EXPECT_EQ(columns_of("gr\u00fcn"), 4U);
}

}  // namespace
}  // namespace e6::tool::test
