#include "os/locked_memory.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "os/above_stdio.h"
#include "os/fd.h"

namespace e6::os {
namespace {

/// How much of its memory this process has locked; 0 where /proc does not tell.
std::size_t locked_bytes() {
  const Fd fd = above_stdio([] { return ::open("/proc/self/status", O_RDONLY | O_CLOEXEC); });
  char bytes[4096];
  const ssize_t count = fd.valid() ? ::read(fd.get(), bytes, sizeof bytes) : -1;
  if (count <= 0) return 0;
  const std::string_view text(bytes, static_cast<std::size_t>(count));
  constexpr std::string_view kLabel = "\nVmLck:";
  std::size_t at = text.find(kLabel);
  if (at == std::string_view::npos) return 0;
  at = text.find_first_not_of(" \t", at + kLabel.size());
  std::size_t kilobytes = 0;
  if (at != std::string_view::npos)
    (void)std::from_chars(text.data() + at, text.data() + text.size(), kilobytes);
  return kilobytes * 1024;
}

}  // namespace

std::string locked_memory_limit(int sys_errno, std::size_t size) {
  if (sys_errno != EAGAIN && sys_errno != EPERM && sys_errno != ENOMEM) return {};
  struct rlimit limit;
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  const std::size_t locked = locked_bytes();
  if (locked + size <= limit.rlim_cur) return {};
  if (sys_errno == ENOMEM && locked == 0) return {};  // mostly memory or address space in general
  return "this process locks its memory (mlockall) and may lock " + std::to_string(limit.rlim_cur) +
         " bytes (ulimit -l), " + std::to_string(locked) + " are locked, this takes " +
         std::to_string(size) +
         " bytes more: raise the limit (systemd: LimitMEMLOCK), or call mlockall without "
         "MCL_FUTURE";
}

}  // namespace e6::os
