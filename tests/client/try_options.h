// What a test of arbitrary bytes does with them: options are made of them in every way that there
// is.
#pragma once

#include <string_view>

namespace e6::client::test {

enum class Tried { kTaken, kRefused };

/// Makes options of the bytes, by a URL, by the environment or in code, and validates them.
/// Anything but an OptionError of one line gets out, and so does std::logic_error when options were
/// taken that gRPC or Protobuf cannot carry.
[[nodiscard]] Tried try_options(std::string_view bytes);

}  // namespace e6::client::test
