// Owns a file descriptor.
#pragma once

#include <unistd.h>

#include <atomic>
#include <utility>

namespace e6::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  Fd& operator=(Fd&& from) noexcept {
    if (this != &from) {
      reset();
      fd_ = std::exchange(from.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

/// One that threads use while another gives it back: they see its number or -1. A number that was read before may lead to another file when it is used:
/// users look (Attachment::descriptor_intact).
class SharedFd {
 public:
  SharedFd() = default;
  SharedFd& operator=(Fd&& from) noexcept {
    if (const int old = fd_.exchange(from.release(), std::memory_order_relaxed); old >= 0) ::close(old);
    return *this;
  }
  SharedFd(const SharedFd&) = delete;
  SharedFd& operator=(const SharedFd&) = delete;
  ~SharedFd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool valid() const noexcept { return get() >= 0; }
  int release() noexcept { return fd_.exchange(-1, std::memory_order_relaxed); }
  void reset() noexcept { Fd(release()).reset(); }

 private:
  std::atomic<int> fd_{-1};
};

}  // namespace e6::os
