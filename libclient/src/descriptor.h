// A file or socket that libclient itself opens. It lies above 2, so that a process that has closed
// 0, 1 or 2 does not write its next log line into it.
#pragma once

#include <optional>
#include <string>

namespace e6::client {

class Descriptor {
 public:
  /// Takes over what open() or socket() has returned; moves it above 2. Invalid if that was -1, or
  /// cannot be moved.
  explicit Descriptor(int fd) noexcept;
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// All bytes of the file, at most 16 MiB; nothing if it is longer, or cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

}  // namespace e6::client
