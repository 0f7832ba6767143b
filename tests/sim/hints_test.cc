#include "text/hints.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

QueryHints good(std::string_view sql) {
  const auto parsed = parse_hints(sql);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) {
    ADD_FAILURE() << *wrong;
    return {};
  }
  return std::get<QueryHints>(parsed);
}

std::string wrong(std::string_view sql) {
  const auto parsed = parse_hints(sql);
  const auto* text = std::get_if<std::string>(&parsed);
  return text == nullptr ? "" : *text;
}

TEST(Hints, a_statement_without_hints_has_one_row_one_column_and_one_batch) {
  const QueryHints hints = good("SELECT 1");
  EXPECT_EQ(hints.rows, 1);
  EXPECT_EQ(hints.columns, 1);
  EXPECT_EQ(hints.batches, 1);
  EXPECT_FALSE(hints.fail_step.has_value());
}

TEST(Hints, every_hint_is_read) {
  const QueryHints hints = good(
      "SELECT 1 /* rows=1000 cols=3 batches=4 prepare_ms=0 execute_ms=5 fetch_ms=7 end=chunk "
      "fail=fetch:UNAVAILABLE fail_batch=2 */ FROM t");
  EXPECT_EQ(hints.rows, 1000);
  EXPECT_EQ(hints.columns, 3);
  EXPECT_EQ(hints.batches, 4);
  EXPECT_TRUE(hints.end_as_chunk);
  EXPECT_EQ(hints.latency[static_cast<std::size_t>(Step::kPrepare)], 0);
  EXPECT_EQ(hints.latency[static_cast<std::size_t>(Step::kExecute)], 5 * kMillisecond);
  EXPECT_EQ(hints.latency[static_cast<std::size_t>(Step::kFetch)], 7 * kMillisecond);
  EXPECT_FALSE(hints.latency[static_cast<std::size_t>(Step::kClear)].has_value());
  EXPECT_EQ(hints.fail_step, Step::kFetch);
  EXPECT_EQ(hints.fail_code, 14);
  EXPECT_EQ(hints.fail_batch, 2);
}

TEST(Hints, comments_that_do_not_begin_with_a_hint_are_left_alone) {
  EXPECT_EQ(good("SELECT /* about rows=5 */ 1").rows, 1);
  EXPECT_EQ(good("/*+ BROADCAST(t) */ SELECT /* x=1 */ 1").rows, 1);
  EXPECT_EQ(good("SELECT 1 /**/ /* */").rows, 1);
}

TEST(Hints, several_comments_add_up_and_an_open_comment_ends_with_the_text) {
  const QueryHints hints = good("/* rows=6 */ SELECT 1 /* other */ /* batches=2 cols=2");
  EXPECT_EQ(hints.rows, 6);
  EXPECT_EQ(hints.batches, 2);
  EXPECT_EQ(hints.columns, 2);
}

TEST(Hints, no_rows_means_no_batches) {
  EXPECT_EQ(good("SELECT 1 /* rows=0 */").batches, 0);
}

TEST(Hints, a_mistake_is_named_with_its_remedy) {
  EXPECT_NE(wrong("SELECT 1 /* rows=5 colls=2 */").find("unknown hint 'colls=2'; known hints are"),
            std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* rows=-1 */").find("'rows=-1'"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* rows=1x */").find("a number from"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* rows=2 batches=3 */").find("fewer batches"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* rows=100000000 cols=256 */").find("more batches"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* fail=lunch */").find("fail=STEP"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* fail=fetch:OK */").find("status code"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* execute_ms=soon */").find("'execute_ms=soon'"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 /* end=never */").find("end=empty or end=chunk"), std::string::npos);
}

TEST(Hints, statements_that_change_data_are_known_by_their_first_word) {
  EXPECT_TRUE(changes_data("INSERT INTO t VALUES (1)"));
  EXPECT_TRUE(changes_data(" /* rows=1 */ -- note\n\tupdate t set x=1"));
  EXPECT_TRUE(changes_data("MERGE into t"));
  EXPECT_FALSE(changes_data("SELECT 'INSERT'"));
  EXPECT_FALSE(changes_data("INSERTED"));
  EXPECT_FALSE(changes_data("/* open"));
  EXPECT_FALSE(changes_data(""));
}

}  // namespace
}  // namespace e6::sim
