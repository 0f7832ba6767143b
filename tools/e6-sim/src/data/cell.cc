#include "data/cell.h"

#include <array>

namespace e6::sim {
namespace {

struct Cycle {
  const char* suffix;
  std::string_view type_name;
  VectorType type;
  bool constant;
  bool nullable;
};

constexpr std::array<Cycle, 16> kCycle{{
    {"integer", "INTEGER", VectorType::kInteger, false, false},
    {"double", "DOUBLE", VectorType::kDouble, false, false},
    {"boolean", "BOOLEAN", VectorType::kBoolean, false, false},
    {"date", "DATE", VectorType::kDate, false, false},
    {"datetime", "DATETIME", VectorType::kDatetime, false, false},
    {"timestamp_tz", "TIMESTAMP_TZ", VectorType::kTimestampTz, false, false},
    {"decimal128", "DECIMAL128", VectorType::kDecimal128, false, false},
    {"float", "FLOAT", VectorType::kFloat, false, false},
    {"binary", "BINARY", VectorType::kBinary, false, false},
    {"nullable_long", "LONG", VectorType::kLong, false, true},
    {"constant_long", "LONG", VectorType::kLong, true, false},
    {"constant_string", "STRING", VectorType::kString, true, false},
    {"array", "ARRAY", VectorType::kArray, false, false},
    {"map", "MAP", VectorType::kMap, false, false},
    {"struct", "STRUCT", VectorType::kStruct, false, false},
    {"null", "STRING", VectorType::kNull, false, false},
}};

}  // namespace

Column column(std::int64_t index) {
  if (index == 0) return {"source", "STRING", VectorType::kString, false, false};
  if (index == 1) return {"row", "LONG", VectorType::kLong, false, false};
  const Cycle& cycle = kCycle[static_cast<std::size_t>(index - 2) % kCycle.size()];
  return {"c" + std::to_string(index) + "_" + cycle.suffix, cycle.type_name, cycle.type, cycle.constant,
          cycle.nullable};
}

std::uint64_t seed(Colour colour, std::string_view query_id) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  };
  add(name(colour));
  add("/");
  add(query_id);
  return hash;
}

// The finaliser of splitmix64 over seed, row and column.
std::uint64_t cell(std::uint64_t seed, std::int64_t row, std::int64_t column) {
  std::uint64_t x = seed + static_cast<std::uint64_t>(row) * 0x9e3779b97f4a7c15ULL +
                    static_cast<std::uint64_t>(column) * 0xd1b54a32d192ed03ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace e6::sim
