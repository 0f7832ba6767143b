#include <algorithm>
#include <array>
#include <initializer_list>
#include <ostream>

#include "status_table.h"

namespace e6::client::test {
namespace {

constexpr std::array<std::string_view, kLastCode + 1> kCodes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
}

// Trimmed of white space, and then of one full stop.
std::string_view bare(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(kWhite) - first + 1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return has(text, part); });
}

// "status: 456", "Status code 456", "status=456", but not "status: 4560".
bool says_status(std::string_view text, std::string_view number) {
  for (std::size_t at = text.find("status"); at != std::string_view::npos;
       at = text.find("status", at + 1)) {
    std::string_view rest = text.substr(at + 6);
    const auto skip = [&] {
      while (!rest.empty() && !letter_or_digit(rest.front())) rest.remove_prefix(1);
    };
    skip();
    if (rest.starts_with("code")) {
      rest.remove_prefix(4);
      skip();
    }
    if (!rest.starts_with(number)) continue;
    rest.remove_prefix(number.size());
    if (rest.empty() || !letter_or_digit(rest.front())) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of_code(int code) {
  return kCodes.at(static_cast<std::size_t>(code));
}

Reading read_status(int code, std::string_view text) {
  const std::string lower = lowered(text);
  const std::string_view whole = bare(lower);
  Reading reading;
  const auto be = [&](Grade grade, About about) {
    reading.grade = grade;
    reading.about = about;
    return reading;
  };
  reading.transport_words =
      has_any(lower, {"rst_stream", "goaway", "socket closed", "connection reset", "stream removed",
                      "broken pipe", "cancelled", "keepalive", "eof", "closed",
                      "connection refused", "connect error", "io exception", "no healthy upstream",
                      "shutdown", "timed out", "unexpected http status"});
  if (whole == "status: 456") return be(Grade::kCertain, About::kColour);
  const bool http2_456 = whole == "received http2 header with status: 456";
  if (http2_456 && code == kUnknown) return be(Grade::kCertain, About::kColour);
  if (code == kUnauthenticated) return be(Grade::kCertain, About::kSession);
  if (whole == "access denied" && code == kInternal) return be(Grade::kCertain, About::kSession);
  const bool whole_503 =
      whole == "status: 503" || whole == "received http2 header with status: 503";
  if (whole_503 && code == kUnavailable) return be(Grade::kCertain, About::kSleep);

  if (says_status(lower, "456")) return be(Grade::kDoubtful, About::kColour);
  if (code == kUnknown && whole.empty()) {
    reading.may_be_verified = true;
    return be(text.empty() ? Grade::kDoubtful : Grade::kStatement, About::kColour);
  }
  if (code == kUnavailable && says_status(lower, "503")) return be(Grade::kDoubtful, About::kSleep);
  if (code == kInternal && has(lower, "access denied"))
    return be(Grade::kDoubtful, About::kSession);

  reading.may_be_verified = has(lower, "456") || (code == kUnavailable && has(lower, "503")) ||
                            (code == kInternal && has_any(lower, {"access", "denied"}));
  reading.unsent =
      code == kUnavailable &&
      (whole.starts_with("failed to connect to all addresses") ||
       whole.starts_with("dns resolution failed") || whole.starts_with("empty address list"));
  const bool ends_a_call = code == kUnavailable || code == kDeadlineExceeded || code == kCancelled;
  return be(ends_a_call || reading.transport_words ? Grade::kTransport : Grade::kStatement,
            About::kNothing);
}

void PrintTo(const StatusText& row, std::ostream* out) {
  *out << row.name << ": " << name_of_code(row.code) << " '" << row.text.substr(0, 120) << '\'';
}

}  // namespace e6::client::test
