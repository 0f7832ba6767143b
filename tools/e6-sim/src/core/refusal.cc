#include "core/refusal.h"

#include <array>

namespace e6::sim {
namespace {

constexpr int kUnknown = 2;
constexpr int kInvalidArgument = 3;
constexpr int kFailedPrecondition = 9;
constexpr int kInternal = 13;
constexpr int kUnavailable = 14;

}  // namespace

std::string_view name(Result result) {
  constexpr std::array<std::string_view, kResults> names{"ok", "456", "503", "denied", "error"};
  return names[static_cast<std::size_t>(result)];
}

std::optional<RefusalStyle> parse_refusal_style(std::string_view text) {
  if (text == "http2") return RefusalStyle::kHttp2;
  if (text == "text") return RefusalStyle::kText;
  if (text == "upper") return RefusalStyle::kUpper;
  if (text == "bare") return RefusalStyle::kBare;
  if (text == "mixed") return RefusalStyle::kMixed;
  if (text == "empty") return RefusalStyle::kEmpty;
  return std::nullopt;
}

Refusal wrong_colour(RefusalStyle style, Colour active, std::uint64_t turn) {
  switch (style) {
    case RefusalStyle::kHttp2:
      return {Result::kWrongColour, kUnknown, "Received http2 header with status: 456"};
    case RefusalStyle::kText:
      return {Result::kWrongColour, kInvalidArgument,
              "Wrong strategy. Status: 456, the active one is " + std::string(name(active))};
    case RefusalStyle::kUpper:
      return {Result::kWrongColour, kFailedPrecondition, "HTTP STATUS=456"};
    case RefusalStyle::kBare:
      return {Result::kWrongColour, kInternal, "upstream answered with status 456"};
    case RefusalStyle::kMixed: {
      constexpr std::array<RefusalStyle, 4> turns{RefusalStyle::kHttp2, RefusalStyle::kText,
                                                  RefusalStyle::kUpper, RefusalStyle::kBare};
      return wrong_colour(turns[turn % turns.size()], active, 0);
    }
    case RefusalStyle::kEmpty:
      break;
  }
  return {Result::kWrongColour, kUnknown, ""};
}

Refusal suspended() {
  return {Result::kSuspended, kUnavailable, "Received http2 header with status: 503"};
}

Refusal access_denied() {
  return {Result::kDenied, kInternal, "Access denied"};
}

}  // namespace e6::sim
