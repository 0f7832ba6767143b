// FNV-1a (Fowler, Noll, Vo), 64 bits: names, header checksum, query ids. Not for secrets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace e6::core {

constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325U;

constexpr std::uint64_t fnv1a(const char* bytes, std::size_t size, std::uint64_t hash = kFnvBasis) noexcept {
  for (std::size_t i = 0; i < size; ++i) {
    hash ^= static_cast<unsigned char>(bytes[i]);
    hash *= 0x100000001b3U;
  }
  return hash;
}

}  // namespace e6::core
