// crash_harness: kills, stops and copies processes inside every operation that writes shared memory, and checks what they leave.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "modes.h"
#include "operation.h"
#include "tracee.h"

int main(int argc, char** argv) {
  using namespace e6::crash;
  std::string only;
  bool all = false;
  CLI::App app{"enumerates crashes"};
  app.add_option("--operation", only);
  app.add_flag("--all", all);
  CLI11_PARSE(app, argc, argv);
  for (const auto& group : {file_operations(), table_operations(), query_operations(), colour_operations(), lease_operations()})
    for (const Operation& operation : group) {
      if (!only.empty() && only != operation.name) continue;
      Scene scene(operation);
      Problems problems;
      const Recording r = record(scene, problems, nullptr);
      std::printf("%-22s steps %u changes %u syscalls %u points %zu\n", operation.name, r.steps, r.changes, r.system_calls, r.points.size());
      std::fflush(stdout);
      const Tally t = kill(scene, r, all, problems);
      std::printf("%-22s kills %u violations %u\n%s", operation.name, t.points, problems.count(), problems.text().c_str());
      std::fflush(stdout);
    }
}
