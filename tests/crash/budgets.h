// How many instructions each operation may take: a budget on what runs on a query's path and under the lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report.h"

namespace e6::crash {

/// What step counts depend on: compiler, flags, C library.
std::string build_of_this();

struct BudgetVerdict {
  bool compared = false;
  std::string reason;                  ///< why not
  std::vector<std::string> over;       ///< an operation and its counts each
};
/// Compares with what is recorded in `path`. Not compared where the build is another one.
BudgetVerdict compare_budgets(const std::string& path, const std::vector<OperationResult>& results);
/// Writes the counts down; operations that were not run keep theirs if the build is the same. Empty, or what went wrong.
std::string record_budgets(const std::string& path, const std::vector<OperationResult>& results);

}  // namespace e6::crash
