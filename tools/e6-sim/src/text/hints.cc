#include "text/hints.h"

#include <algorithm>
#include <charconv>

#include "text/ascii.h"

namespace e6::sim {
namespace {

constexpr std::string_view kRemedy =
    "; known hints are rows, cols, batches, end, authenticate_ms, prepare_ms, execute_ms, metadata_ms, "
    "fetch_ms, "
    "clear_ms, other_ms, fail and fail_batch";
constexpr std::int64_t kMostRows = 100'000'000;
constexpr std::int64_t kMostColumns = 256;
constexpr std::int64_t kMostCellsInBatch = 4'000'000;
constexpr std::int64_t kMostMilliseconds = 3'600'000;

constexpr std::array<std::string_view, 17> kCodes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || rest != end || value < least || value > most) return std::nullopt;
  return value;
}

std::string wrong_value(std::string_view word, const std::string& expected) {
  return "hint '" + std::string(word) + "' is wrong: expected " + expected;
}

// The step of `fetch_ms` and its like.
std::optional<Step> latency_hint(std::string_view key) {
  if (!key.ends_with("_ms")) return std::nullopt;
  return parse_step(key.substr(0, key.size() - 3));
}

bool known(std::string_view key) {
  return key == "rows" || key == "cols" || key == "batches" || key == "end" || key == "fail" ||
         key == "fail_batch" || latency_hint(key).has_value();
}

std::string parse_failure(std::string_view word, std::string_view value, QueryHints& hints) {
  const std::size_t colon = value.find(':');
  hints.fail_step = parse_step(value.substr(0, colon));
  if (!hints.fail_step || *hints.fail_step == Step::kAuthenticate) {
    return wrong_value(word,
                       "fail=STEP[:CODE] with a step of prepare, execute, metadata, fetch, clear, other");
  }
  if (colon == std::string_view::npos) return {};
  const std::optional<int> code = parse_status_code(value.substr(colon + 1));
  if (!code || *code == 0) return wrong_value(word, "a gRPC status code such as UNAVAILABLE after the colon");
  hints.fail_code = *code;
  return {};
}

// One `key=value`; returns what is wrong with it, or nothing.
std::string apply(std::string_view word, QueryHints& hints) {
  const std::size_t equals = word.find('=');
  const std::string_view key = word.substr(0, equals);
  if (equals == std::string_view::npos || !known(key)) {
    return "unknown hint '" + std::string(word) + "'" + std::string(kRemedy);
  }
  const std::string_view value = word.substr(equals + 1);
  if (key == "fail") return parse_failure(word, value, hints);
  if (key == "end") {
    if (value != "empty" && value != "chunk") return wrong_value(word, "end=empty or end=chunk");
    hints.end_as_chunk = value == "chunk";
    return {};
  }
  const auto number = [&](std::int64_t least, std::int64_t most, std::int64_t& into) -> std::string {
    const std::optional<std::int64_t> parsed = parse_number(value, least, most);
    if (!parsed) {
      return wrong_value(word, "a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    into = *parsed;
    return {};
  };
  if (key == "rows") return number(0, kMostRows, hints.rows);
  if (key == "cols") return number(1, kMostColumns, hints.columns);
  if (key == "batches") return number(1, kMostRows, hints.batches);
  if (key == "fail_batch") return number(1, kMostRows, hints.fail_batch);
  std::int64_t milliseconds = 0;
  std::string wrong = number(0, kMostMilliseconds, milliseconds);
  if (wrong.empty())
    hints.latency[static_cast<std::size_t>(*latency_hint(key))] = milliseconds * kMillisecond;
  return wrong;
}

// Contradictions between hints that are fine one by one.
std::string check(QueryHints& hints) {
  if (hints.rows == 0) {
    hints.batches = 0;
    return {};
  }
  if (hints.batches > hints.rows) {
    return "hints ask for batches=" + std::to_string(hints.batches) +
           " of rows=" + std::to_string(hints.rows) +
           "; a batch has at least one row, so ask for fewer batches or more rows";
  }
  if ((hints.rows / hints.batches + 1) * hints.columns > kMostCellsInBatch) {
    return "hints ask for more than " + std::to_string(kMostCellsInBatch) +
           " values in one batch; ask for more batches";
  }
  return {};
}

// Takes the first word off the text; empty when there is none.
std::string_view next_word(std::string_view& text) {
  while (!text.empty() && ascii::is_space(text.front())) text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && !ascii::is_space(text[length])) ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

std::string parse_comment(std::string_view comment, QueryHints& hints) {
  bool first = true;
  for (std::string_view word = next_word(comment); !word.empty(); word = next_word(comment)) {
    const std::size_t equals = word.find('=');
    if (first && (equals == std::string::npos || !known(word.substr(0, equals)))) return {};
    first = false;
    if (std::string wrong = apply(word, hints); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

std::optional<int> parse_status_code(std::string_view name) {
  const auto found = std::find(kCodes.begin(), kCodes.end(), name);
  if (found == kCodes.end()) return std::nullopt;
  return static_cast<int>(found - kCodes.begin());
}

std::variant<QueryHints, std::string> parse_hints(std::string_view sql) {
  QueryHints hints;
  for (std::size_t at = sql.find("/*"); at != std::string_view::npos; at = sql.find("/*", at)) {
    const std::size_t end = sql.find("*/", at + 2);
    const std::string_view comment = sql.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
    if (std::string wrong = parse_comment(comment, hints); !wrong.empty()) return wrong;
    if (end == std::string_view::npos) break;
    at = end + 2;
  }
  if (std::string wrong = check(hints); !wrong.empty()) return wrong;
  return hints;
}

bool changes_data(std::string_view sql) {
  while (!sql.empty()) {
    if (ascii::is_space(sql.front())) {
      sql.remove_prefix(1);
    } else if (sql.starts_with("/*")) {
      const std::size_t end = sql.find("*/", 2);
      if (end == std::string_view::npos) return false;
      sql.remove_prefix(end + 2);
    } else if (sql.starts_with("--")) {
      const std::size_t end = sql.find('\n');
      if (end == std::string_view::npos) return false;
      sql.remove_prefix(end + 1);
    } else {
      break;
    }
  }
  std::string word;
  for (const char c : sql) {
    if (!ascii::is_letter(c)) break;
    word.push_back(ascii::upper(c));
  }
  return word == "INSERT" || word == "UPDATE" || word == "DELETE" || word == "MERGE";
}

}  // namespace e6::sim
