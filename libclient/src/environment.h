// Environment variables, of which an empty one is as if it were not set.
#pragma once

#include <cstdlib>
#include <optional>
#include <string_view>

namespace e6::client {

/// The variable's value. Valid until somebody changes the environment.
[[nodiscard]] inline std::optional<std::string_view> variable(const char* name) noexcept {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace e6::client
