// What a test of arbitrary bytes does with them.
#pragma once

#include <cstddef>
#include <string>

namespace e6::client {

struct Tried {
  bool decoded = false;  ///< as a batch
  bool refused = false;  ///< as a batch, by a DecodeError
  std::size_t read = 0;  ///< characters that its values came to
};

/// Decodes the bytes as a batch and as metadata. Reads every value, in every way, of the first rows of a batch and
/// of the last. Anything but a batch, an end or a DecodeError gets out.
[[nodiscard]] Tried try_to_decode(const std::string& bytes);

}  // namespace e6::client
