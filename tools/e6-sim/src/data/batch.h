// Result batches as engines send them: one Thrift `Chunk` in the binary protocol.
#pragma once

#include <cstdint>
#include <string>

#include "core/registry.h"

namespace e6::sim {

// The rows from `first` on, `rows` of them. Reads the query's id, colour and hints only.
std::string encode_batch(const Query& query, std::int64_t first, std::int64_t rows);

// The end of a result: an empty string or a chunk of no rows, as the query asked.
std::string encode_end(const Query& query);

}  // namespace e6::sim
