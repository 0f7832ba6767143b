// e6-shm: looks into the segments of this host, and acts on them where a verb's name says so.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

#include "failure.h"
#include "verbs.h"

namespace {

int fail(const e6::tool::Chosen& chosen, int status, const char* sentence) {
  std::fprintf(stderr, "e6-shm: %s\n", sentence);
  if (chosen.json != nullptr && *chosen.json) {
    try {
      e6::tool::print_json({{"error", sentence}, {"exit_status", status}});
    } catch (const e6::tool::Failure&) {  // stdout is what failed
    }
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace e6::tool;
  CLI::App app(
      "Looks into the shared-memory segments that hold a cluster's blue/green strategy for this host",
      "e6-shm");
  app.set_version_flag("--version", "e6-shm " E6_SHM_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Without CLUSTER or --file a verb takes the only segment of this user.\n"
      "status, events, ls, participants, queries, metrics and save change nothing.\n"
      "Exit status: 0 fine, 1 a problem was found, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm status\n"
      "  e6-shm VERB --help");

  Chosen chosen;
  add_status(app, chosen);
  add_events(app, chosen);
  add_ls(app, chosen);
  add_participants(app, chosen);
  add_queries(app, chosen);
  add_metrics(app, chosen);
  add_save(app, chosen);
  add_set(app, chosen);
  add_clear(app, chosen);
  add_apply(app, chosen);
  add_expire(app, chosen);
  add_rm(app, chosen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kBadUsage;
  }
  try {
    return chosen.run();
  } catch (const Failure& failure) {
    return fail(chosen, failure.status(), failure.what());
  } catch (const std::exception& error) {
    return fail(chosen, kProblem, error.what());
  }
}
