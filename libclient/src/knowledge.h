// The host's knowledge of one cluster as this process's connections share it.
#pragma once

#include <memory>
#include <string_view>

#include "e6/shared/coordinator.h"

namespace e6::client {

/// One per cluster and process, shared by its connections: the coordinator, and the observer that logs its
/// events once.
class Knowledge {
 public:
  /// The process's knowledge of `options.cluster`, made if there is none. Throws OptionError or
  /// SharedStateError.
  [[nodiscard]] static std::shared_ptr<Knowledge> of(const e6::Options& options);
  ~Knowledge();
  Knowledge(const Knowledge&) = delete;
  Knowledge& operator=(const Knowledge&) = delete;

  [[nodiscard]] Coordinator& host() const noexcept { return *coordinator_; }
  /// Warns about a `new_strategy` that is no colour: once per value in a process, and for at most 16 values.
  static void warn_of(std::string_view new_strategy);

 private:
  explicit Knowledge(std::shared_ptr<Coordinator> coordinator);
  std::shared_ptr<Coordinator> coordinator_;
  std::shared_ptr<Observer> observer_;
};

}  // namespace e6::client
