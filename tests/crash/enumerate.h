// One operation in the chosen modes.
#pragma once

#include <functional>
#include <vector>

#include "operation.h"
#include "report.h"

namespace e6::crash {

struct Choice {
  std::vector<Mode> modes;
  bool all = false;  ///< real kills at every instruction, also of long operations
};

OperationResult enumerate(const Operation& operation, const Choice& choice);

/// Enumerates each operation in a process of its own, `workers` at a time; `done` is called in the order of `operations`.
std::vector<OperationResult> enumerate_all(const std::vector<const Operation*>& operations, const Choice& choice, unsigned workers,
                                           const std::function<void(const OperationResult&)>& done);

}  // namespace e6::crash
