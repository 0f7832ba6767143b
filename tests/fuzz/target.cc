// What libFuzzer calls, a million times in one process.
#include "execute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static e6::fuzz::Stage stage;
  e6::fuzz::execute(stage, data, size, false);
  return 0;
}
