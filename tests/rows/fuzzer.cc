// rows_fuzzer: the decoder under libFuzzer (clang, E6_FUZZ).
#include <cstddef>
#include <cstdint>
#include <string>

#include "try_to_decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(e6::client::try_to_decode(std::string(reinterpret_cast<const char*>(data), size)));
  return 0;
}
