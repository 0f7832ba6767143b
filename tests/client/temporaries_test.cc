// What would dangle does not compile: views into a temporary that is gone at the end of the
// statement. And what should compile does.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "e6/client/pool.h"
#include "scene.h"

namespace e6::client::test {
namespace {

template <class T>
concept HasRows = requires(T&& it) {
  std::forward<T>(it).rows();
};
template <class T>
concept HasColumn = requires(T&& it) {
  std::forward<T>(it).column("a");
};
template <class T>
concept HasColumns = requires(T&& it) {
  std::forward<T>(it).columns();
};
template <class T>
concept HasMetadata = requires(T&& it) {
  std::forward<T>(it).metadata();
};
template <class T>
concept HasBytes = requires(T&& it) {
  std::forward<T>(it).bytes();
};
template <class T>
concept HasBegin = requires(T&& it) {
  std::forward<T>(it).begin();
};
template <class T>
concept HasIndex = requires(T&& it) {
  std::forward<T>(it)[0U];
};

template <class T>
concept RowsOfATemporaryCursor = requires(T connection) {
  connection.cursor().rows();
};
template <class T>
concept ColumnOfAFetchedTemporary = requires(T cursor) {
  cursor.fetch()->column("a");
};
template <class T>
concept ColumnOfADecodedTemporary = requires(T bytes) {
  decode_batch(bytes)->column("a");
};

template <class T>
concept CursorOfATemporaryLoan = requires(T pool) {
  pool.checkout()->cursor();
};
template <class T>
concept ReferenceOfATemporaryLoan = requires(T pool) {
  *pool.checkout();
};
template <class T>
concept CursorOfAKeptLoan = requires(T kept) {
  kept->cursor();
  (*kept).cursor();
};

TEST(Temporaries, a_connection_that_was_given_back_gives_nothing) {
  EXPECT_FALSE(CursorOfATemporaryLoan<ConnectionPool&>);
  EXPECT_FALSE(ReferenceOfATemporaryLoan<ConnectionPool&>);
  EXPECT_TRUE(CursorOfAKeptLoan<PooledConnection&>);
  EXPECT_TRUE(CursorOfAKeptLoan<const PooledConnection&>);
}

TEST(Temporaries, a_cursor_that_is_gone_gives_no_rows) {
  EXPECT_TRUE(HasRows<Cursor&>);
  EXPECT_FALSE(HasRows<Cursor>);
  EXPECT_FALSE(RowsOfATemporaryCursor<Connection&>);
}

TEST(Temporaries, a_batch_that_is_gone_gives_nothing_that_points_into_it) {
  EXPECT_FALSE(ColumnOfAFetchedTemporary<Cursor&>);
  EXPECT_FALSE(ColumnOfADecodedTemporary<std::string>);
  EXPECT_TRUE(HasColumn<ResultBatch&> && HasColumn<const ResultBatch&>);
  EXPECT_TRUE(HasColumns<ResultBatch&> && HasMetadata<ResultBatch&> && HasBytes<ResultBatch&>);
  EXPECT_TRUE(HasBegin<const ResultBatch&> && HasIndex<const ResultBatch&>);
  EXPECT_FALSE(HasColumn<ResultBatch>);
  EXPECT_FALSE(HasColumns<ResultBatch>);
  EXPECT_FALSE(HasMetadata<ResultBatch>);
  EXPECT_FALSE(HasBytes<ResultBatch>);
  EXPECT_FALSE(HasBegin<ResultBatch>);
  EXPECT_FALSE(HasIndex<ResultBatch>);
}

TEST(Temporaries, what_a_temporary_gives_by_value_is_kept) {
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<Cursor>().query_id()), std::string>));
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<Cursor>().result()), ResultMetadata>));
  EXPECT_TRUE(
      (std::is_same_v<decltype(std::declval<Cursor>().columns()), std::vector<ResultColumn>>));
  EXPECT_TRUE((std::is_same_v<decltype(decode_metadata("").columns()), std::vector<ResultColumn>>));
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<DataFrame>().limit(1)), DataFrame>));
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<DataFrame&>().limit(1)), DataFrame&>));
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<DataFrame>().query_id()), std::string>));
}

template <class T>
concept ExecutesWithEmptyBraces = requires(T cursor) {
  cursor.execute("select 1", {});
};
template <class T>
concept ExecutesWithATimeout = requires(T cursor) {
  cursor.execute("select 1", {.timeout = std::chrono::seconds(1)});
};
template <class T>
concept ExecutesWithoutCache = requires(T cursor) {
  cursor.execute("select 1", {.no_cache = true});
};
template <class T>
concept ExecutesWithBoth = requires(T cursor) {
  cursor.execute("select 1", {.no_cache = true}, {.timeout = std::chrono::seconds(1)});
  cursor.execute("select 1", {}, {});
};

TEST(Temporaries, execute_knows_its_options_by_what_stands_in_the_braces) {
  EXPECT_TRUE(ExecutesWithEmptyBraces<Cursor&>);
  EXPECT_TRUE(ExecutesWithATimeout<Cursor&>);
  EXPECT_TRUE(ExecutesWithoutCache<Cursor&>);
  EXPECT_TRUE(ExecutesWithBoth<Cursor&>);
}

using KeptTest = Scene;

TEST_F(KeptTest, a_loop_over_a_fetched_batch_keeps_the_batch) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=10 cols=2 batches=2 */", {});
  std::int64_t rows = 0;
  for (const Row row : *cursor.fetch()) EXPECT_EQ(row.value<std::int64_t>("row"), rows++);
  for (const Row row : cursor.fetch().value()) EXPECT_EQ(row.value<std::int64_t>("row"), rows++);
  EXPECT_EQ(rows, 10);
  EXPECT_FALSE(cursor.fetch());
}

TEST_F(KeptTest, a_data_frame_of_a_chain_can_be_kept) {
  Connection connection = connect();
  auto&& frame = connection.data_frame({.table = "t"}).filter("a > 1").limit(5);
  EXPECT_FALSE(frame.query_id().empty());
  EXPECT_NO_THROW((void)frame.execute());
}

}  // namespace
}  // namespace e6::client::test
