// host_bench: how fast a host's processes learn from each other, measured with real processes and no engine.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "crew.h"

int main(int argc, char** argv) {
  using namespace e6::host_bench;
  unsigned workers = 64;
  unsigned kills = 500;
  CLI::App app{"How fast the processes of a host learn from each other.\nExample: host_bench --workers 16 --kills 100"};
  app.add_option("--workers", workers, "Processes that send requests while the colour changes")->check(CLI::Range(1, 256));
  app.add_option("--kills", kills, "Probers killed")->check(CLI::Range(1, 100000));
  std::vector<std::string> only{"propagation", "take-over", "stopped", "outage"};
  app.add_option("--only", only, "What to measure; all of them if not given")->check(CLI::IsMember({"propagation", "take-over", "stopped", "outage"}));
  bool strict = false;
  app.add_flag("--strict", strict, "Fail when a bar is missed (on a busy machine one may be)");
  app.allow_extras();  // `./run bench` hands every program the same arguments
  CLI11_PARSE(app, argc, argv);
  for (const std::string& rest : app.remaining()) {
    if (rest.starts_with("--benchmark")) continue;
    std::fprintf(stderr, "host_bench: '%s' is no option of it; see --help\n", rest.c_str());
    return 2;
  }
  const auto wanted = [&only](const char* part) { return std::find(only.begin(), only.end(), part) != only.end(); };
  bool well = true;
  Bars bars;
  if (wanted("propagation")) well &= propagation(workers, 200, bars);
  if (wanted("take-over")) well &= take_over(8, kills, bars);
  if (wanted("stopped")) well &= stopped_prober(8, 20, bars);
  if (wanted("outage"))
    for (const unsigned crowd : {16U, 64U, 256U}) well &= outage(crowd, std::chrono::seconds(5), bars);
  if (!well) std::puts("FAILED: a wait did not end as it should");
  bool kept = true;
  for (const Bar& bar : bars) {
    if (bar.measured <= bar.most) continue;
    kept = false;
    std::printf("bar missed: %s: %.2f, at most %.0f\n", bar.what.c_str(), bar.measured, bar.most);
  }
  if (kept) std::printf("all %zu bars kept\n", bars.size());
  return well && (kept || !strict) ? 0 : 1;
}
