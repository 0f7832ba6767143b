#include "os/named_memfd.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "os/above_stdio.h"

namespace e6::os {
namespace {

constexpr std::size_t kLongestName = 240;
constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL of Linux 6.3; hardened systems demand it

}  // namespace

Fd named_memfd(std::string_view name, std::string_view contents) noexcept {
  char text[kLongestName + 1] = {};
  std::copy_n(name.data(), std::min(name.size(), kLongestName), text);
  Fd fd = above_stdio([&] { return ::memfd_create(text, MFD_CLOEXEC | kNoExecSeal); });
  if (!fd.valid() && errno == EINVAL)
    fd = above_stdio([&] { return ::memfd_create(text, MFD_CLOEXEC); });
  if (fd.valid()) (void)!::pwrite(fd.get(), contents.data(), contents.size(), 0);
  return fd;
}

}  // namespace e6::os
