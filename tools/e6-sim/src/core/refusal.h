// Why a call is not served, and how that is said on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "e6/sim/colour.h"

namespace e6::sim {

// How a call ended, as the counters tell it.
enum class Result : unsigned char { kOk, kWrongColour, kSuspended, kDenied, kError };

inline constexpr std::size_t kResults = 5;

// ok, 456, 503, denied, error.
std::string_view name(Result result);

// A gRPC status to answer with. `code` is gRPC's number.
struct Refusal {
  Result result = Result::kError;
  int code = 2;
  std::string details;
};

// How a refusal of the wrong colour is worded; engines, ingresses and versions of gRPC differ.
enum class RefusalStyle : unsigned char {
  kHttp2,  // UNKNOWN, `Received http2 header with status: 456`: an ingress, as gRPC renders it
  kText,   // INVALID_ARGUMENT, `Wrong strategy. Status: 456 ...`
  kUpper,  // FAILED_PRECONDITION, `HTTP STATUS=456`
  kBare,   // INTERNAL, `upstream answered with status 456`
  kMixed,  // the four above in turn
  kEmpty,  // UNKNOWN without details: nothing tells that it is a refusal of the colour
};

std::optional<RefusalStyle> parse_refusal_style(std::string_view text);

// `turn` chooses the wording of kMixed.
Refusal wrong_colour(RefusalStyle style, Colour active, std::uint64_t turn);
Refusal suspended();
Refusal access_denied();

}  // namespace e6::sim
