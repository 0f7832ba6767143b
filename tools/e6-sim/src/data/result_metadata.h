// Result metadata as engines send it.
#pragma once

#include <string>

#include "core/registry.h"

namespace e6::sim {

// Big-endian: i64 rows, i32 fields, then name, type, zone and format of each. Reads the query's hints only.
std::string encode_metadata(const Query& query);

}  // namespace e6::sim
