// A scene in which chosen calls fail with chosen statuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scene.h"

namespace e6::client::test {

class FaultScene : public Scene {
 protected:
  /// Whether the engine has done the call's work when it fails.
  enum class Work : std::uint8_t { kNotDone, kDone };

  /// Makes the next calls of `method` fail; without a count all of them. `text` arrives as it is.
  void fail_calls(const std::string& method, int code, const std::string& text,
                  std::optional<int> count, Work work = Work::kNotDone);
};

}  // namespace e6::client::test
