// TCP connections between a client and an engine, on which a test can let the engine vanish.
#pragma once

#include <memory>
#include <string>

namespace e6::client::test {

/// Listens on the loopback device and carries bytes to `target` and back, until its end.
class Relay {
 public:
  explicit Relay(const std::string& target);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// From now on the connections that there are carry nothing more. TCP goes on to confirm what a
  /// client sends. Later connections are carried.
  void hold();
  /// The same, and TCP confirms nothing more either: what a client sends vanishes, as if a cable
  /// were cut.
  void swallow();
  /// How many connections clients have made.
  [[nodiscard]] int connections() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
  std::string target_;
};

}  // namespace e6::client::test
