#include "budgets.h"

#include <gnu/libc-version.h>

#include <fstream>

namespace e6::crash {
namespace {

// A path that is longer, a clock that is read once more: less than this. A scan or a system call's preparation more: more than this.
constexpr double kMargin = 0.25;
constexpr std::uint32_t kSlack = 100;

nlohmann::json read(const std::string& path) {
  std::ifstream file(path);
  return file ? nlohmann::json::parse(file, nullptr, false) : nlohmann::json();
}

bool usable(const nlohmann::json& recorded) { return recorded.is_object() && recorded.contains("build") && recorded.contains("steps"); }

}  // namespace

std::string build_of_this() { return std::string(E6_CRASH_BUILD) + ", glibc " + ::gnu_get_libc_version(); }

BudgetVerdict compare_budgets(const std::string& path, const std::vector<OperationResult>& results) {
  BudgetVerdict verdict;
  const nlohmann::json recorded = read(path);
  if (!usable(recorded)) {
    verdict.reason = path + " cannot be read";
    return verdict;
  }
  if (const std::string build = recorded["build"]; build != build_of_this()) {
    verdict.reason = "recorded with " + build + ", this is " + build_of_this();
    return verdict;
  }
  verdict.compared = true;
  for (const OperationResult& r : results) {
    if (r.steps == 0) continue;
    if (!recorded["steps"].contains(r.name)) {
      verdict.over.push_back(r.name + ": " + std::to_string(r.steps) + " steps, nothing recorded");
      continue;
    }
    const std::uint32_t budget = recorded["steps"][r.name];
    // half of them gone: it no longer does what it is there for, or it became that much better
    if (r.steps > budget * (1 + kMargin) + kSlack || 2 * r.steps + kSlack < budget)
      verdict.over.push_back(r.name + ": " + std::to_string(r.steps) + " steps, recorded " + std::to_string(budget));
  }
  return verdict;
}

std::string record_budgets(const std::string& path, const std::vector<OperationResult>& results) {
  nlohmann::json recorded = read(path);
  if (!usable(recorded) || recorded["build"] != build_of_this()) recorded = {{"build", build_of_this()}, {"steps", nlohmann::json::object()}};
  for (const OperationResult& r : results)
    if (r.steps != 0) recorded["steps"][r.name] = r.steps;
  std::ofstream file(path);
  file << recorded.dump(2) << "\n";
  return file ? "" : path + " cannot be written";
}

}  // namespace e6::crash
