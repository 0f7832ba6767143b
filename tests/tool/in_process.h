// e6-shm without a process of its own: a thousand command lines a second.
#pragma once

#include <string>
#include <vector>

namespace e6::tool::test {

struct Printed {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs `e6-shm arguments...` on the calling thread. What it prints to the C library's streams is caught.
[[nodiscard]] Printed run_here(std::vector<std::string> arguments);

}  // namespace e6::tool::test
