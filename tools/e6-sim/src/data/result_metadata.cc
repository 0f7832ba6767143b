#include "data/result_metadata.h"

#include "data/cell.h"

namespace e6::sim {
namespace {

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> shift) & 0xff));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size(), 2);
  out += text;
}

}  // namespace

std::string encode_metadata(const Query& query) {
  std::string out;
  append_number(out, static_cast<std::uint64_t>(query.hints.rows), 8);
  append_number(out, static_cast<std::uint64_t>(query.hints.columns), 4);
  for (std::int64_t i = 0; i < query.hints.columns; ++i) {
    const Column what = column(i);
    append_text(out, what.name);
    append_text(out, what.type_name);
    append_text(out, what.type == VectorType::kTimestampTz ? "+05:30" : "");
    append_text(out, "");
  }
  return out;
}

}  // namespace e6::sim
