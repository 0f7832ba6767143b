#include "command_line.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include "failure.h"

namespace e6::tool {

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>(
          "Looks into the shared-memory segments that hold a cluster's blue/green strategy for this host",
          "e6-shm")) {
  app_->set_version_flag("--version", "e6-shm " E6_SHM_VERSION);
  app_->require_subcommand(1);
  app_->footer(
      "Without CLUSTER or --file a verb takes the only segment of this user.\n"
      "status, events, ls, participants, queries, metrics and save change nothing.\n"
      "Exit status: 0 fine, 1 a problem was found, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm status\n"
      "  e6-shm VERB --help");
}

CommandLine::~CommandLine() = default;

int CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? kFine : kBadUsage;
  }
  try {
    return chosen_();
  } catch (const Failure& failure) {
    return fail(failure.status(), failure.what());
  } catch (const std::exception& error) {
    return fail(kProblem, error.what());
  }
}

int CommandLine::fail(int status, const char* sentence) const {
  std::fprintf(stderr, "e6-shm: %s\n", sentence);
  if (json_ != nullptr && *json_) {
    try {
      print_failure_as_json(status, sentence);
    } catch (const Failure&) {  // stdout is what failed
    }
  }
  return status;
}

Verb::Verb(CommandLine& line, const char* name, const char* description)
    : line_(&line), app_(line.app_->add_subcommand(name, description)) {}

void Verb::text(const Words& words, std::string& into, Need need) {
  auto* option = app_->add_option(words.name, into, words.help);
  option->type_name(words.type)->required(need == Need::kRequired);
  if (!into.empty()) option->capture_default_str();  // the help names the default
}

void Verb::number(const Words& words, std::optional<std::size_t>& into) {
  app_->add_option(words.name, into, words.help)->type_name(words.type);
}

void Verb::flag(const char* name, const char* help, bool& into) {
  app_->add_flag(name, into, help);
}

void Verb::one_of(const char* name, std::initializer_list<std::string> values) {
  app_->get_option(name)->check(CLI::IsMember(std::vector<std::string>(values), CLI::ignore_case));
}

void Verb::environment(const char* name, const char* variable) {
  app_->get_option(name)->envname(variable);
}

void Verb::excludes(const char* name, const char* other) {
  app_->get_option(name)->excludes(app_->get_option(other));
}

void Verb::footer(const char* text) {
  app_->footer(text);
}

void Verb::runs(const bool& json, std::function<int()> action) {
  app_->callback([line = line_, json = &json, action = std::move(action)] {
    line->json_ = json;
    line->chosen_ = action;
  });
}

}  // namespace e6::tool
