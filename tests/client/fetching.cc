#include "fetching.h"

#include <stdexcept>

namespace e6::client::test {
namespace {

void take(const ResultBatch& batch, RowsSeen& seen) {
  for (const Row row : batch) seen.rows.push_back(row.value<std::int64_t>("row"));
}

void read_once(Cursor& cursor, Way way, const CallOptions& options, RowsSeen& seen) {
  switch (way) {
    case Way::kFetch:
      while (const auto batch = cursor.fetch(options)) take(*batch, seen);
      return;
    case Way::kFetchBatch: {
      const ResultMetadata metadata = cursor.result(options);
      while (const auto bytes = cursor.fetch_batch(options))
        take(decode_batch(*bytes, metadata).value(), seen);
      return;
    }
    case Way::kRows:
      for (const Row row : cursor.rows()) seen.rows.push_back(row.value<std::int64_t>("row"));
      return;
  }
}

}  // namespace

const char* name_of(Way way) {
  switch (way) {
    case Way::kFetch:
      return "fetch";
    case Way::kFetchBatch:
      return "fetch_batch";
    case Way::kRows:
      return "rows";
  }
  return "";
}

bool RowsSeen::lost_some(std::int64_t all) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<std::int64_t>(i)) return true;
  }
  return ended && static_cast<std::int64_t>(rows.size()) != all;
}

std::string RowsSeen::in_words() const {
  std::string text = std::to_string(rows.size()) + " rows:";
  for (const std::int64_t row : rows) text += ' ' + std::to_string(row);
  text += ended ? ", then the end; " : ", no end; ";
  return text + std::to_string(errors) + " errors" +
         (errors > 0 ? ", the first: " + first_error : "");
}

RowsSeen read_stubbornly(Cursor& cursor, Way way, const CallOptions& options, int attempts) {
  RowsSeen seen;
  for (int i = 0; i < attempts && !seen.ended; ++i) {
    try {
      read_once(cursor, way, options, seen);
      seen.ended = true;
    } catch (const Error& error) {
      if (seen.errors++ == 0) seen.first_error = error.what();
    }
  }
  return seen;
}

}  // namespace e6::client::test
