// The verbs of e6-shm, one file each. add_<verb> makes the subcommand; when it is on the command line,
// `chosen` becomes what to run.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace e6::tool {

/// Runs the chosen verb and returns its exit status; may throw Failure.
struct Chosen {
  std::function<int()> run;
  const bool* json = nullptr;  ///< whether the verb was asked for JSON: a Failure is told in the same form
};

// Looking.
void add_status(CLI::App& app, Chosen& chosen);
void add_events(CLI::App& app, Chosen& chosen);
void add_ls(CLI::App& app, Chosen& chosen);
void add_participants(CLI::App& app, Chosen& chosen);
void add_queries(CLI::App& app, Chosen& chosen);
void add_metrics(CLI::App& app, Chosen& chosen);
void add_save(CLI::App& app, Chosen& chosen);

// Acting.
void add_set(CLI::App& app, Chosen& chosen);
void add_clear(CLI::App& app, Chosen& chosen);
void add_apply(CLI::App& app, Chosen& chosen);
void add_expire(CLI::App& app, Chosen& chosen);
void add_rm(CLI::App& app, Chosen& chosen);

}  // namespace e6::tool
