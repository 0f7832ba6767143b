#include "os/host_identity.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "os/above_stdio.h"
#include "os/clock.h"
#include "os/fd.h"

namespace e6::os {
namespace {

/// Its length.
std::size_t first_line(const char* path, char (&bytes)[64]) noexcept {
  const Fd fd = above_stdio([&] { return ::open(path, O_RDONLY | O_CLOEXEC); });
  if (!fd.valid()) return 0;
  const ssize_t n = ::read(fd.get(), bytes, sizeof bytes);
  return static_cast<std::size_t>(std::find(bytes, bytes + std::max<ssize_t>(n, 0), '\n') - bytes);
}

std::string first_line(const char* path) {
  char bytes[64];
  return {bytes, first_line(path, bytes)};
}

}  // namespace

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

std::uint64_t time_namespace() {
  struct stat st;
  return ::stat("/proc/self/ns/time", &st) == 0 ? st.st_ino : 0;
}

std::uint32_t overflow_uid() {
  std::uint32_t uid = 65534;
  const std::string text = first_line("/proc/sys/kernel/overflowuid");
  (void)std::from_chars(text.data(), text.data() + text.size(), uid);
  return uid;
}

std::array<char, 16> program_name() noexcept {
  char bytes[64];
  std::array<char, 16> name{};
  std::copy_n(bytes, std::min(first_line("/proc/self/comm", bytes), name.size() - 1), name.begin());
  return name;
}

std::uint64_t random_bits() noexcept {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits;
  return realtime_ns() * 0x9E3779B97F4A7C15U ^ static_cast<std::uint64_t>(::getpid());
}

}  // namespace e6::os
