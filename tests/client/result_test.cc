// Rows through a cursor, against the simulated engine.
#include <string>
#include <utility>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using ResultTest = Scene;

TEST_F(ResultTest, a_loop_goes_through_all_rows_of_all_batches_in_order) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=25 cols=2 batches=4 */");
  const std::string source = "blue/" + cursor.query_id() + "/";
  std::int64_t expected = 0;
  for (const Row row : cursor.rows()) {
    EXPECT_EQ(row.get<std::int64_t>("row"), expected);
    EXPECT_EQ(row.value<std::string>(0), source + std::to_string(expected));
    ++expected;
  }
  EXPECT_EQ(expected, 25);
  EXPECT_EQ(calls("getNextResultBatch"), 5);
  EXPECT_EQ(calls("getResultMetadata"), 1);
}

TEST_F(ResultTest, a_batch_is_fetched_only_when_the_loop_comes_to_it) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=20 cols=2 batches=2 */");
  Rows rows = cursor.rows();
  EXPECT_EQ(calls("getNextResultBatch"), 0);
  auto at = rows.begin();
  for (int i = 0; i < 9; ++i) ++at;
  EXPECT_EQ(calls("getNextResultBatch"), 1);
  ++at;
  EXPECT_EQ(calls("getNextResultBatch"), 2);
  EXPECT_EQ((*at).value<int>("row"), 10);
}

TEST_F(ResultTest, a_result_without_rows_is_an_empty_loop_and_still_has_columns) {
  for (const std::string end : {"empty", "chunk"}) {
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=0 cols=3 end=" + end + " */");
    for (const Row row : cursor.rows()) ADD_FAILURE() << row.index();
    EXPECT_FALSE(cursor.fetch());
    EXPECT_EQ(cursor.result().row_count(), 0);
    ASSERT_EQ(cursor.columns().size(), 3U);
    EXPECT_EQ(cursor.columns()[1], (ResultColumn{"row", "LONG", "", ""}));
  }
}

TEST_F(ResultTest, batches_outlive_their_cursor_and_their_connection) {
  std::vector<ResultBatch> kept;
  {
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=10 cols=18 batches=2 */");
    while (auto batch = cursor.fetch()) kept.push_back(std::move(*batch));
  }
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[1].column("row").int64s()[4], 9);
  EXPECT_EQ(kept[1][4].value<std::string_view>("source").substr(0, 5), "blue/");
  EXPECT_EQ(kept[1].metadata().columns().size(), 18U);
}

TEST_F(ResultTest, columns_are_asked_for_again_with_every_statement) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=1 cols=2 */");
  EXPECT_EQ(cursor.columns().size(), 2U);
  EXPECT_EQ(cursor.columns().size(), 2U);
  EXPECT_EQ(calls("getResultMetadata"), 1);
  cursor.execute("select 1 /* rows=1 cols=5 */");
  EXPECT_EQ(cursor.columns().size(), 5U);
  EXPECT_EQ(calls("getResultMetadata"), 2);
  cursor.clear();
  EXPECT_THROW(static_cast<void>(cursor.columns()), UsageError);
}

TEST_F(ResultTest, raw_and_decoded_batches_come_from_the_same_result) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=6 cols=2 batches=3 */");
  const auto first_row_of = [](const ResultBatch& batch) {
    return batch.column("row").int64s()[0];
  };
  EXPECT_EQ(first_row_of(*cursor.fetch()), 0);
  const std::optional<std::string> raw = cursor.fetch_batch();
  EXPECT_EQ(first_row_of(*decode_batch(*raw, cursor.result())), 2);
  EXPECT_EQ(first_row_of(*cursor.fetch()), 4);
  EXPECT_FALSE(cursor.fetch());
}

TEST_F(ResultTest, rows_of_a_query_that_lost_its_colour_end_with_query_lost) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=20 cols=2 batches=2 */");
  std::int64_t seen = 0;
  EXPECT_THROW(
      {
        for (const Row row : cursor.rows()) {
          EXPECT_EQ(row.value<std::int64_t>("row"), seen++);
          if (seen == 10) command("switch green abrupt");
        }
      },
      QueryLostError);
  EXPECT_EQ(seen, 10);
}

}  // namespace
}  // namespace e6::client::test
