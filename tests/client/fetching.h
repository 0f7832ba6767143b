// An application that reads rows, and goes on reading whatever is thrown at it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e6/client/connection.h"

namespace e6::client::test {

enum class Way : std::uint8_t { kFetch, kFetchBatch, kRows };
inline constexpr Way kWays[]{Way::kFetch, Way::kFetchBatch, Way::kRows};

[[nodiscard]] const char* name_of(Way way);

/// What such an application saw.
struct RowsSeen {
  std::vector<std::int64_t> rows;  ///< column `row` of e6-sim: counted from 0 over the whole result
  bool ended = false;              ///< it was told that there are no more
  int errors = 0;
  std::string first_error;

  /// Rows are missing in silence: there is a gap, or the end came before the last of `all` rows.
  [[nodiscard]] bool lost_some(std::int64_t all) const;
  [[nodiscard]] std::string in_words() const;
};

/// Reads until the end, and after an error again, `attempts` times in all.
[[nodiscard]] RowsSeen read_stubbornly(Cursor& cursor, Way way, const CallOptions& options = {},
                                       int attempts = 5);

}  // namespace e6::client::test
