// crash_harness: kills, stops and copies processes inside every operation that writes shared memory, and checks what they leave.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "budgets.h"
#include "enumerate.h"
#include "operation.h"
#include "tracee.h"
#include "writers.h"

namespace {

using namespace e6::crash;

constexpr int kViolations = 1;
constexpr int kBadUsage = 2;
constexpr int kNotAllowed = 77;  // what ctest knows as skipped

constexpr const char* kFooter =
    "Status: 0 no violation and no budget exceeded; 1 violations, a budget exceeded, or a function that no operation reaches; 2 bad usage;\n"
    "77 single-stepping is not allowed here.\n\n"
    "Example: crash_harness --operation leave --operation reap --mode kill --all\n";

std::vector<const Operation*> chosen(const std::vector<std::string>& names, bool representative) {
  std::vector<const Operation*> all;
  for (const auto& group : {file_operations(), table_operations(), query_operations(), colour_operations(), lease_operations()})
    for (const Operation& operation : group) {
      if (!names.empty() && std::find(names.begin(), names.end(), operation.name) == names.end()) continue;
      if (representative && (operation.special & kRepresentative) == 0) continue;
      all.push_back(&operation);
    }
  return all;
}

/// Functions that write shared memory and that no operation came by.
std::vector<std::string> missed(const std::vector<OperationResult>& results) {
  std::set<std::string> entered;
  for (const OperationResult& r : results) entered.insert(r.entered.begin(), r.entered.end());
  std::vector<std::string> left;
  for (const std::string& name : all_writers())
    if (!entered.contains(name)) left.push_back(name);
  return left;
}

int expected(const std::vector<OperationResult>& results, const std::string& text) {
  for (const OperationResult& r : results)
    for (std::size_t from = 0, to = 0; (to = r.text.find('\n', from)) != std::string::npos; from = to + 1)
      if (const std::string line = r.text.substr(from, to - from); line.find(text) != std::string::npos) {
        std::printf("caught: %s: %s\n", r.name.c_str(), line.c_str());
        return 0;
      }
  std::printf("not caught: no violation says '%s'\n", text.c_str());
  for (const OperationResult& r : results) std::printf("%s", r.text.c_str());
  return kViolations;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  std::vector<std::string> modes;
  std::string budgets = E6_CRASH_BUDGETS;
  std::string expect;
  bool all = false;
  bool json = false;
  bool list = false;
  bool record = false;
  bool representative = false;
  unsigned workers = 2 * std::max(1U, std::thread::hardware_concurrency());  // in stop mode most of the time is spent waiting
  CLI::App app{"Kills, stops and copies processes inside every operation that writes shared memory, and checks what they leave behind."};
  app.footer(kFooter);
  app.add_option("--operation", names, "only this one; may be given again");
  app.add_option("--mode", modes, "only this one: snapshot, kill, twice, stop or calls; may be given again")
      ->check(CLI::IsMember({"snapshot", "kill", "twice", "stop", "calls"}));
  app.add_flag("--all", all, "kill at every instruction of long operations too: hours instead of minutes");
  app.add_flag("--representative", representative, "only the operations that every test run enumerates");
  app.add_flag("--json", json, "JSON instead of lines");
  app.add_flag("--list", list, "the operations, and nothing else");
  app.add_option("--workers", workers, "operations at a time")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--budgets", budgets, "the file of recorded step counts")->capture_default_str();
  app.add_flag("--record-budgets", record, "write the step counts down instead of comparing them");
  app.add_option("--expect", expect, "for broken variants: succeed if and only if a violation says this");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kBadUsage;
  }
  for (const std::string& name : names)
    if (find_operation(name) == nullptr) {
      std::fprintf(stderr, "there is no operation '%s'; --list tells them\n", name.c_str());
      return kBadUsage;
    }
  const std::vector<const Operation*> operations = chosen(names, representative);
  if (list) {
    for (const Operation* operation : operations) std::printf("%s\n", operation->name);
    return 0;
  }
  if (std::string reason; !Tracee::allowed(reason)) {
    std::printf("skipped: %s\n", reason.c_str());
    return kNotAllowed;
  }

  Choice choice;
  choice.all = all;
  for (const Mode mode : kModes)
    if (modes.empty() || std::find(modes.begin(), modes.end(), to_string(mode)) != modes.end()) choice.modes.push_back(mode);
  if (record && modes.empty()) choice.modes.clear();

  const auto start = std::chrono::steady_clock::now();
  const bool lines = !json && expect.empty();
  if (lines) std::printf("%s", heading().c_str());
  const std::vector<OperationResult> results = enumerate_all(operations, choice, workers, [&](const OperationResult& r) {
    if (!lines) return;
    std::printf("%s%s", line_of(r).c_str(), r.text.c_str());
    std::fflush(stdout);
  });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!expect.empty()) return expected(results, expect);

  bool failed = std::any_of(results.begin(), results.end(), [](const OperationResult& r) { return r.violations != 0; });
  std::vector<std::string> unreached;
  if (names.empty() && !representative) unreached = missed(results);
  failed |= !unreached.empty();
  BudgetVerdict verdict;
  if (record) {
    const std::string problem = record_budgets(budgets, results);
    verdict.reason = problem.empty() ? "recorded anew" : problem;
    failed |= !problem.empty();
  } else {
    verdict = compare_budgets(budgets, results);
  }
  failed |= !verdict.over.empty();
  if (json) {
    nlohmann::json out = json_of(results, seconds, workers);
    out["unreached"] = unreached;
    out["budgets"] = {{"compared", verdict.compared}, {"reason", verdict.reason}, {"exceeded", verdict.over}};
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    std::printf("%s", sums_of(results, seconds, workers).c_str());
    for (const std::string& name : unreached) std::printf("no operation reaches %s, which writes shared memory: add one\n", name.c_str());
    if (!verdict.compared) std::printf("step counts not compared: %s\n", verdict.reason.c_str());
    if (verdict.compared && verdict.over.empty()) std::printf("step counts within their budgets\n");
    for (const std::string& over : verdict.over) std::printf("budget missed: %s\n", over.c_str());
    if (!verdict.over.empty()) std::printf("If that is meant, record anew: ./run crash --record-budgets\n");
  }
  return failed ? kViolations : 0;
}
