// A duration as people write it, for messages.
#pragma once

#include <chrono>
#include <string>

namespace e6::client {

/// "30 s", or "250 ms" where seconds would not be whole.
[[nodiscard]] inline std::string seconds_text(std::chrono::milliseconds value) {
  const auto count = value.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

}  // namespace e6::client
