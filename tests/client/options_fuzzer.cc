// options_fuzzer: URLs, variables and options in code under libFuzzer (clang, E6_FUZZ).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "try_options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(
      e6::client::test::try_options(std::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
