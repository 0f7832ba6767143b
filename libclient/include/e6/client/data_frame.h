// A data frame: a query put together step by step instead of written as SQL.
//
//   Cursor cursor = connection.data_frame({.catalog = "sales", .schema = "public", .table = "orders"})
//                       .filter("price > 100")
//                       .aggregate({{"price", Aggregate::kSum}}, {"customer"})
//                       .limit(10)
//                       .execute();
//   while (auto batch = cursor.fetch_batch()) consume(*batch);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "e6/client/cursor.h"

namespace e6::client {

/// Where the rows come from: a table, or a Parquet file.
struct DataFrameSource {
  std::string catalog = {};  ///< empty: the connection's
  std::string schema = {};   ///< empty: the connection's database
  std::string table = {};
  std::string parquet_file = {};  ///< when not empty the frame is made of this file
  std::int32_t number = 0;   ///< which frame of its query it is
};

enum class Aggregate : std::uint8_t { kSum = 0, kCount = 1, kCountStar = 2, kCountDistinct = 3 };
enum class SortDirection : std::uint8_t { kAscending = 0, kDescending = 1 };

/// A query like any other: pinned to the colour that created it, cleared when it goes out of scope.
/// To be used by one thread at a time. Each step is one call; a step that broke off is not repeated
/// (ConnectionError), because the engine may have taken it. A step on a temporary gives the frame
/// by value, so that a chain of steps can be kept.
class DataFrame {
 public:
  DataFrame(DataFrame&&) noexcept;
  DataFrame& operator=(DataFrame&&) noexcept;
  DataFrame(const DataFrame&) = delete;
  DataFrame& operator=(const DataFrame&) = delete;
  ~DataFrame();

  /// Keeps these columns.
  DataFrame& project(const std::vector<std::string>& columns, const CallOptions& options = {}) &;
  DataFrame project(const std::vector<std::string>& columns, const CallOptions& options = {}) && {
    return std::move(project(columns, options));
  }
  /// Keeps the rows for which the SQL condition holds.
  DataFrame& filter(std::string_view condition, const CallOptions& options = {}) &;
  DataFrame filter(std::string_view condition, const CallOptions& options = {}) && {
    return std::move(filter(condition, options));
  }
  DataFrame& aggregate(const std::map<std::string, Aggregate>& functions,
                       const std::vector<std::string>& group_by, const CallOptions& options = {}) &;
  DataFrame aggregate(const std::map<std::string, Aggregate>& functions,
                      const std::vector<std::string>& group_by,
                      const CallOptions& options = {}) && {
    return std::move(aggregate(functions, group_by, options));
  }
  /// Sorts by these columns. The wire carries them as a map: their order among each other is the engine's.
  DataFrame& order_by(const std::map<std::string, SortDirection>& columns,
                      const CallOptions& options = {}) &;
  DataFrame order_by(const std::map<std::string, SortDirection>& columns,
                     const CallOptions& options = {}) && {
    return std::move(order_by(columns, options));
  }
  DataFrame& limit(std::int32_t rows, const CallOptions& options = {}) &;
  DataFrame limit(std::int32_t rows, const CallOptions& options = {}) && {
    return std::move(limit(rows, options));
  }

  /// Executes it; the cursor has the query from here on, and this frame is empty (UsageError).
  [[nodiscard]] Cursor execute(const CallOptions& options = {});

  /// The engine's id of the query; empty after execute.
  [[nodiscard]] const std::string& query_id() const& noexcept;
  [[nodiscard]] std::string query_id() && { return query_id(); }

 private:
  friend class Connection;
  DataFrame(std::unique_ptr<Cursor::Impl> query, std::int32_t number) noexcept;
  Cursor::Impl& live() const;
  std::unique_ptr<Cursor::Impl> query_;  // null after a move or execute
  std::int32_t number_;
};

}  // namespace e6::client
