// Foreign text on its way into a sentence or a log line.
#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "metadata_value.h"
#include "text/one_line.h"
#include "text/redact.h"
#include "text/utf8.h"

namespace e6::client {
namespace {

using namespace std::string_view_literals;
constexpr auto npos = std::string_view::npos;

TEST(Utf8, the_first_bad_byte_is_found_wherever_it_stands) {
  EXPECT_EQ(first_not_utf8(""), npos);
  EXPECT_EQ(
      first_not_utf8("select 'K\u00f6ln', '\u20ac', '\U0001f600' -- and much more that is ASCII"),
      npos);
  EXPECT_EQ(first_not_utf8("a\0b"sv), npos);  // a NUL is a character
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\xe9';  // ISO 8859-1
    EXPECT_EQ(first_not_utf8(text), at);
  }
}

TEST(Utf8, what_only_looks_like_it_is_not) {
  for (const std::string_view text :
       {"ab\xc0\x80"sv, "ab\xc1\xbf"sv, "ab\xe0\x80\x80"sv, "ab\xf0\x80\x80\x80"sv,  // overlong
        "ab\xed\xa0\x80"sv, "ab\xed\xbf\xbf"sv,                                      // surrogates
        "ab\xf4\x90\x80\x80"sv, "ab\xf5\x80\x80\x80"sv, "ab\xff"sv,  // beyond U+10FFFF
        "ab\x80"sv, "ab\xc3"sv, "ab\xe2\x82"sv, "ab\xf0\x9f\x98"sv, "ab\xc3x"sv}) {
    EXPECT_EQ(first_not_utf8(text), 2U) << one_line(text);
  }
}

TEST(MetadataValue, carries_printable_ascii_and_nothing_else) {
  EXPECT_EQ(first_not_metadata("10.0.0.7:8080 ~!"), npos);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string value{'a', static_cast<char>(byte)};
    EXPECT_EQ(first_not_metadata(value), byte >= 0x20 && byte <= 0x7e ? npos : 1U) << byte;
  }
  EXPECT_EQ(byte_at("ab\xff", 2), "byte 2 (counted from 0) is 0xff");
}

TEST(OneLine, escapes_what_breaks_a_line_or_misleads_a_terminal) {
  EXPECT_EQ(one_line("plain \u00e9 text"), "plain \u00e9 text");
  EXPECT_EQ(one_line("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(one_line("\x1b[2J\x7f\0"sv), "\\x1b[2J\\x7f\\x00");
  EXPECT_EQ(one_line("\xff\xc3("), "\\xff\\xc3(");
  EXPECT_EQ(one_line("\u0085\u2028\u202e"), "\\u{0085}\\u{2028}\\u{202e}");
  EXPECT_EQ(one_line(one_line("a\n\xff")), one_line("a\n\xff"));
}

TEST(OneLine, is_one_line_of_utf8_whatever_the_bytes) {
  std::mt19937_64 random(11);  // NOLINT: the same bytes each time
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string line = one_line(bytes);
    EXPECT_EQ(first_not_utf8(line), npos);
    for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  }
}

TEST(Cut, says_that_it_cut_and_cuts_no_character_in_two) {
  EXPECT_EQ(cut("abc", 3, "..."), "abc");
  EXPECT_EQ(cut("abcd", 3, "..."), "abc...");
  EXPECT_EQ(cut("ab\u20ac", 5, "..."), "ab\u20ac");
  for (const std::size_t most : {2U, 3U, 4U}) EXPECT_EQ(cut("ab\u20ac", most, "..."), "ab...");
  EXPECT_EQ(cut("a\x80\x80\x80\x80\x80", 5, "..."), "a\x80\x80\x80\x80...");
}

TEST(Redact, takes_a_secret_out_however_often_and_wherever_it_stands) {
  EXPECT_EQ(redact("secret a secretsecret secret", {"secret"}), "*** a ****** ***");
  EXPECT_EQ(redact("nothing of that kind", {"secret", ""}), "nothing of that kind");
}

TEST(Redact, finds_a_secret_in_another_case_and_percent_encoded) {
  EXPECT_EQ(redact("user DEMO@E6data.COM is unknown", {"demo@e6data.com"}), "user *** is unknown");
  EXPECT_EQ(redact("e6data://demo%40e6data.com@host", {"demo@e6data.com"}), "e6data://***@host");
  EXPECT_EQ(redact("token=p%2fq%2Br%25s%C3%A9", {"p/q+r%s\u00e9"}), "token=***");
  EXPECT_EQ(redact("%70%71%72%73 pq%72s", {"pqrs"}), "*** ***");
  EXPECT_EQ(redact("q=open+sesame, open%20sesame", {"open sesame"}), "q=***, ***");
  EXPECT_EQ(redact("100%25x and %25", {"%25x"}), "100*** and %25");
}

TEST(Redact, leaves_a_short_secret_inside_a_word) {
  EXPECT_EQ(redact("me: some time, me", {"me"}), "***: some time, ***");
}

TEST(Redact, leaves_no_part_of_secrets_that_overlap) {
  EXPECT_EQ(redact("<abcdefgh>", {"abcdef", "cdefgh"}), "<***>");
  EXPECT_EQ(redact("<abcdefgh>", {"abcdefgh", "cdef"}), "<***>");
  EXPECT_EQ(redact("<aaaaaaa>", {"aaaa"}), "<***>");
}

TEST(Redact, takes_no_longer_for_a_text_that_is_made_of_secrets) {
  std::string text;
  while (text.size() < 1'000'000) text += "pass";
  const std::string clean = redact(text, {"pass", "assp", "sspa"});
  EXPECT_EQ(clean, "***");
}

}  // namespace
}  // namespace e6::client
