#include "descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace e6::client {
namespace {

constexpr int kFirstFree = 3;
constexpr std::size_t kLongest = std::size_t{16} << 20;

}  // namespace

Descriptor::Descriptor(int fd) noexcept : fd_(fd) {
  if (fd < 0 || fd >= kFirstFree) return;
  fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
  ::close(fd);
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return std::nullopt;
  std::string bytes;
  std::array<char, 8192> chunk{};
  for (;;) {
    const ssize_t count = ::read(file.get(), chunk.data(), chunk.size());
    if (count == 0) return bytes;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || bytes.size() + static_cast<std::size_t>(count) > kLongest) return std::nullopt;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace e6::client
