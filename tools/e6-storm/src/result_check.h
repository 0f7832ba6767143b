// Whether rows belong to the query and the colour that they were fetched from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "e6/shared/strategy.h"

namespace e6::storm {

struct RowCheck {
  std::uint64_t checked = 0;  // rows that name where they come from
  std::uint64_t wrong = 0;    // of these, rows from elsewhere
  bool malformed = false;     // the batch cannot be read
};

/// Looks at the first column of a batch (PROTOCOL.md, "Batch"). e6-sim fills it with `colour/query id/row`;
/// values of another form, and columns of other types, are not judged, so that any engine will do.
[[nodiscard]] RowCheck check_rows(const std::string& batch, Strategy strategy, std::string_view query_id);

}  // namespace e6::storm
