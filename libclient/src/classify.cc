#include "classify.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace e6::client {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool word(char c) noexcept {
  return digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

bool starts_with(std::string_view text, std::string_view lower_case_prefix) noexcept {
  if (text.size() < lower_case_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_case_prefix.size(); ++i) {
    if (lower(text[i]) != lower_case_prefix[i]) return false;
  }
  return true;
}

bool is(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() == lower_case.size() && starts_with(text, lower_case);
}

// Without white space around it and one full stop at the end.
constexpr std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto trim_end = [&] { text = text.substr(0, text.find_last_not_of(kSpace) + 1); };
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  trim_end();
  if (text.ends_with('.')) text.remove_suffix(1);
  trim_end();
  return text;
}

bool contains(std::string_view text, std::string_view lower_case_part) noexcept {
  for (std::size_t at = 0; at + lower_case_part.size() <= text.size(); ++at) {
    if (starts_with(text.substr(at), lower_case_part)) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 17> kNames{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace

std::string_view code_name(int code) noexcept {
  if (code < 0 || static_cast<std::size_t>(code) >= kNames.size()) return "UNKNOWN";
  return kNames[static_cast<std::size_t>(code)];
}

bool has_status(std::string_view details, int status) noexcept {
  constexpr std::string_view kWord = "status";
  for (std::size_t at = 0; at + kWord.size() < details.size(); ++at) {
    if (!starts_with(details.substr(at), kWord)) continue;
    std::size_t here = at + kWord.size();
    while (here < details.size() && !word(details[here])) ++here;
    if (starts_with(details.substr(here), "code")) {
      here += 4;
      while (here < details.size() && !word(details[here])) ++here;
    }
    int number = 0;
    std::size_t digits = 0;
    while (here < details.size() && digit(details[here]) && digits < 4) {
      number = number * 10 + (details[here] - '0');
      ++digits;
      ++here;
    }
    const bool ends_here = here == details.size() || !word(details[here]);
    if (digits == 3 && ends_here && number == status) return true;
  }
  return false;
}

[[gnu::hot]] Classification classify(int code, std::string_view details) noexcept {
  if (code == code::kOk) return {Meaning::kOk};
  const std::string_view text = trimmed(details);
  if (is(text, "status: 456") ||
      (code == code::kUnknown && is(text, "received http2 header with status: 456")))
    return {Meaning::kWrongStrategy};
  if (code == code::kUnauthenticated) return {Meaning::kAccessDenied};
  if (has_status(details, 456) || (code == code::kUnknown && text.empty()))
    return {Meaning::kWrongStrategy, true};
  switch (code) {
    case code::kUnavailable:
      if (is(text, "status: 503") || is(text, "received http2 header with status: 503"))
        return {Meaning::kSuspended};
      if (has_status(details, 503)) return {Meaning::kSuspended, true};
      return {Meaning::kUnavailable};
    case code::kInternal:
      if (is(text, "access denied")) return {Meaning::kAccessDenied};
      if (contains(details, "access denied")) return {Meaning::kAccessDenied, true};
      return {Meaning::kOther};
    case code::kDeadlineExceeded:
      return {Meaning::kTimedOut};
    case code::kCancelled:
      return {Meaning::kCancelled};
    default:
      return {Meaning::kOther};
  }
}

Meaning classify_believed(int code, std::string_view details) noexcept {
  if (code != code::kOk && has_status(details, 456)) return Meaning::kWrongStrategy;
  return classify(code, details).meaning;
}

// What gRPC 1.51 and later write where a stream or its connection ends. They hand it to the call as
// if the engine had sent it, so that only the words tell. An engine that begins a text of its own
// with them is taken for a broken connection, which sends nothing a second time either.
bool transport_broke(int code, std::string_view details) noexcept {
  constexpr std::array<std::string_view, 4> kStream{"received rst_stream", "rst_stream",
                                                    "stream removed", "stream closed"};
  constexpr std::array<std::string_view, 13> kConnection{
      "broken pipe",       "connection abort", "connection reset",           "connection timed out",
      "end of tcp stream", "goaway",           "keepalive watchdog timeout", "endpoint read failed",
      "recvmsg",           "sendmsg",          "socket closed",              "too many pings",
      "transport closed"};
  const std::string_view text = trimmed(details);
  const auto begins = [text](const auto& forms) {
    return std::any_of(forms.begin(), forms.end(),
                       [text](std::string_view form) { return starts_with(text, form); });
  };
  switch (code) {
    case code::kCancelled:
    case code::kUnavailable:
      return text.empty() || is(text, "cancelled") || begins(kStream) || begins(kConnection);
    case code::kInternal:
    case code::kUnknown:
    case code::kResourceExhausted:  // RST_STREAM with ENHANCE_YOUR_CALM
    case code::kPermissionDenied:   // RST_STREAM with INADEQUATE_SECURITY
      return begins(kStream);
    default:
      return false;
  }
}

bool worth_another_try(int code, std::string_view details) noexcept {
  return code == code::kCancelled || code == code::kResourceExhausted || code == code::kAborted ||
         ((code == code::kInternal || code == code::kUnknown) &&
          (contains(details, "rst_stream") || contains(details, "stream removed") ||
           contains(details, "stream closed") || contains(details, "goaway")));
}

bool surely_unsent(int code, std::string_view details) noexcept {
  // The words of gRPC 1.51 (and later) for a channel that never became ready; everything else may have
  // reached the engine.
  return code == code::kUnavailable &&
         (starts_with(details, "failed to connect to all addresses") ||
          starts_with(details, "dns resolution failed") || starts_with(details, "empty address list"));
}

}  // namespace e6::client
