// The one way in which decoding fails. It becomes a DecodeError at the face, with the place in the bytes.
#pragma once

#include <stdexcept>
#include <string>

namespace e6::client {

class Malformed : public std::runtime_error {
 public:
  explicit Malformed(const std::string& what) : std::runtime_error(what) {}
};

}  // namespace e6::client
