#include "stopwatch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "os/fd.h"

namespace e6::crash {

std::uint64_t Stopwatch::waited_ns() {
  const os::Fd fd(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  if (!fd.valid() || ::read(fd.get(), text, sizeof text - 1) <= 0) return 0;
  return std::sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited : 0;
}

std::chrono::milliseconds Stopwatch::elapsed() const {
  const auto wall = std::chrono::steady_clock::now() - start_;
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall - std::chrono::nanoseconds(waited_ns() - waited_));
}

}  // namespace e6::crash
