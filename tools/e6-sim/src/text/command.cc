#include "text/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "text/hints.h"

namespace e6::sim {
namespace {

// Everything the parser writes to before it becomes a Command.
struct Words {
  std::string colour;
  std::string kind = "graceful";
  std::string announce = "2s";
  std::string drain = "5s";
  std::string period;
  std::string duration;
  std::string takes;
  std::string method = "all";
  std::int64_t ms = 0;
  std::int64_t jitter = 0;
  std::string code = "UNAVAILABLE";
  std::string details = "injected by e6-sim";
  std::int64_t count = 0;
  double rate = 1.0;
  std::string text;
  bool fails = false;
  bool late = false;
  bool clear = false;
  bool json = false;
};

CLI::Validator duration_validator() {
  return CLI::Validator(
      [](std::string& text) {
        const auto parsed = parse_duration(text);
        const auto* wrong = std::get_if<std::string>(&parsed);
        return wrong != nullptr ? *wrong : std::string();
      },
      "DURATION");
}

CLI::Validator method_validator() {
  return CLI::Validator(
      [](std::string& text) {
        if (MethodFilter::parse(text)) return std::string();
        return "'" + text +
               "' is not a method; use all, a step (authenticate, prepare, execute, metadata, fetch, clear, "
               "other) or a call such as getNextResultBatch";
      },
      "METHOD");
}

CLI::Validator code_validator() {
  return CLI::Validator(
      [](std::string& text) {
        const std::optional<int> code = parse_status_code(text);
        if (code && *code != 0) return std::string();
        return "'" + text + "' is not a gRPC error code; use one such as UNAVAILABLE, INTERNAL or UNKNOWN";
      },
      "CODE");
}

struct VerbText {
  Verb verb;
  const char* name;
  const char* does;
  const char* example;
};

constexpr VerbText kVerbs[] = {
    {Verb::kSwitch, "switch", "Make a colour active, gracefully or abruptly",
     "switch green graceful --announce 2s --drain 5s"},
    {Verb::kRollback, "rollback", "Take an announcement back, or switch back if the switch has happened",
     "rollback --announce 1s"},
    {Verb::kFlap, "flap", "Switch abruptly to and fro", "flap --period 50ms --for 5s"},
    {Verb::kRefuseBoth, "refuse-both", "Refuse both colours with 456 for a while", "refuse-both --for 3s"},
    {Verb::kSuspend, "suspend", "Put the cluster to sleep: 503, sessions and queries are gone",
     "suspend --resume-takes 2s"},
    {Verb::kResume, "resume", "Wake the cluster up, as ClusterService.resume does", "resume --takes 0s"},
    {Verb::kDeny, "deny", "Answer every call with Access denied for a while", "deny --for 2s"},
    {Verb::kRevokeSessions, "revoke-sessions",
     "Make all sessions invalid; their queries may be taken over by the user's next session",
     "revoke-sessions"},
    {Verb::kLatency, "latency", "Add latency to a method (0 takes it away)",
     "latency --method fetch --ms 20 --jitter 5"},
    {Verb::kError, "error", "Make a method fail",
     "error --method execute --code UNAVAILABLE --details 'try later' --count 3"},
    {Verb::kAnnounce, "announce", "Put any text into new_strategy of every response",
     "announce purple --for 2s"},
    {Verb::kResetStats, "reset-stats", "Set all counters to zero; open sessions and queries stay",
     "reset-stats"},
    {Verb::kStats, "stats", "Print the state and the counters", "stats --json"},
    {Verb::kStop, "stop", "End the simulator", "stop"},
};

void add_options(CLI::App& sub, Verb verb, Words& words) {
  const CLI::Validator duration = duration_validator();
  switch (verb) {
    case Verb::kSwitch:
      sub.add_option("colour", words.colour, "blue, green, or other: the one that is not active")
          ->required()
          ->check(CLI::IsMember({"blue", "green", "other"}));
      sub.add_option(
             "kind", words.kind,
             "abrupt: the old colour is refused and forgotten from now on; graceful: announce, drain, refuse")
          ->check(CLI::IsMember({"abrupt", "graceful"}))
          ->capture_default_str();
      [[fallthrough]];
    case Verb::kRollback:
      sub.add_option("--announce", words.announce,
                     "How long both serve while responses announce the new colour")
          ->check(duration)
          ->capture_default_str();
      sub.add_option("--drain", words.drain, "How long the old colour then still serves the queries it has")
          ->check(duration)
          ->capture_default_str();
      break;
    case Verb::kFlap:
      sub.add_option("--period", words.period, "Time between two switches, 1ms or more")
          ->required()
          ->check(duration);
      [[fallthrough]];
    case Verb::kRefuseBoth:
    case Verb::kDeny:
      sub.add_option("--for", words.duration, "How long")->required()->check(duration);
      break;
    case Verb::kSuspend:
      sub.add_option("--resume-takes", words.takes, "How long the next resume will take")->check(duration);
      sub.add_flag("--resume-fails", words.fails, "The next resume ends in the state failed");
      break;
    case Verb::kResume:
      sub.add_option("--takes", words.takes, "How long it takes")->check(duration);
      break;
    case Verb::kLatency:
      sub.add_option("--method", words.method, "all, a step or a call")
          ->check(method_validator())
          ->capture_default_str();
      sub.add_option("--ms", words.ms, "Milliseconds to add")->required()->check(CLI::Range(0, 3'600'000));
      sub.add_option("--jitter", words.jitter, "Up to so many milliseconds more, at random")
          ->check(CLI::Range(0, 3'600'000));
      break;
    case Verb::kError: {
      sub.add_option("--method", words.method, "all, a step or a call")
          ->check(method_validator())
          ->capture_default_str();
      sub.add_option("--code", words.code, "gRPC status code")
          ->check(code_validator())
          ->capture_default_str();
      sub.add_option("--details", words.details, "The error's text")->capture_default_str();
      auto* count = sub.add_option("--count", words.count, "Fail so many calls, then no more")
                        ->check(CLI::Range(1, 1'000'000'000));
      sub.add_option("--rate", words.rate, "Fail this share of the calls, 0 to 1")
          ->check(CLI::Range(0.0, 1.0))
          ->excludes(count);
      sub.add_flag("--late", words.late,
                   "The call does its work first, then fails: its answer is lost");
      sub.add_flag("--clear", words.clear, "Take all injected errors away");
      break;
    }
    case Verb::kAnnounce: {
      auto* text = sub.add_option("text", words.text, "The value, also an empty or a senseless one");
      sub.add_option("--for", words.duration, "How long; without it until --off")->check(duration);
      sub.add_flag("--off", words.clear, "Stop announcing it")->excludes(text);
      break;
    }
    case Verb::kRevokeSessions:
    case Verb::kResetStats:
    case Verb::kStats:
    case Verb::kStop:
      break;
  }
  sub.add_flag("--json", words.json, "Print JSON");
}

std::optional<Nanos> optional_duration(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::get<Nanos>(parse_duration(text));
}

Command to_command(Verb verb, const Words& words, const CLI::App& sub) {
  Command command;
  command.verb = verb;
  command.json = words.json;
  command.to = parse_colour(words.colour);
  command.abrupt = words.kind == "abrupt";
  command.announce = *optional_duration(words.announce);
  command.drain = *optional_duration(words.drain);
  command.period = optional_duration(words.period).value_or(0);
  command.duration = optional_duration(words.duration);
  command.resume_takes = optional_duration(words.takes);
  command.resume_fails = words.fails;
  command.method = MethodFilter::parse(words.method);
  command.latency = words.ms * kMillisecond;
  command.jitter = words.jitter * kMillisecond;
  command.code = parse_status_code(words.code).value_or(14);
  command.details = words.details;
  if (verb == Verb::kError && sub.count("--count") > 0) command.count = words.count;
  command.rate = words.rate;
  command.late = words.late;
  command.clear = words.clear;
  command.text = words.text;
  return command;
}

// What CLI11 cannot see: conditions between options.
std::string check(const Command& command, const CLI::App& sub) {
  if (command.verb == Verb::kFlap) {
    if (command.period < kMillisecond)
      return "--period is " + format_duration(command.period) + "; use 1ms or more";
    if (*command.duration < command.period) return "--for is shorter than --period; use a longer time";
  }
  if (command.verb == Verb::kSwitch && command.abrupt && sub.count("--announce") + sub.count("--drain") > 0) {
    return "an abrupt switch has no --announce and no --drain; leave them out or switch gracefully";
  }
  if (command.verb == Verb::kAnnounce && !command.clear && sub.count("text") == 0) {
    return "the text to announce is missing; add it, or --off to stop announcing";
  }
  return {};
}

}  // namespace

std::variant<Command, CommandProblem> parse_command(const std::vector<std::string>& words,
                                                    const std::string& program) {
  Words parsed;
  CLI::App app("Commands", program);
  app.require_subcommand(1);
  for (const VerbText& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.does);
    sub->footer("Example:\n  " + program + " " + verb.example);
    add_options(*sub, verb.verb, parsed);
  }
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const auto subs = app.get_subcommands();
    std::string help = subs.empty() ? app.help() : subs.front()->help(program);
    while (!help.empty() && help.back() == '\n') help.pop_back();
    return CommandProblem{true, help};
  } catch (const CLI::ParseError& error) {
    const auto subs = app.get_subcommands();
    const std::string verb = subs.empty() ? "" : " " + subs.front()->get_name();
    if (subs.empty() && !words.empty() && !words.front().starts_with("-")) {
      return CommandProblem{
          false, "unknown command '" + words.front() + "'; '" + program + " --help' lists them all"};
    }
    return CommandProblem{false, std::string(error.what()) + " (see '" + program + verb + " --help')"};
  }
  const CLI::App* chosen = app.get_subcommands().front();
  const auto* verb = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                  [&](const VerbText& each) { return each.name == chosen->get_name(); });
  Command command = to_command(verb->verb, parsed, *chosen);
  if (const std::string wrong = check(command, *chosen); !wrong.empty()) {
    return CommandProblem{false, std::string(verb->name) + ": " + wrong};
  }
  return command;
}

std::variant<std::vector<std::string>, CommandProblem> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word.push_back(c);
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word.push_back(c);
      in_word = true;
    }
  }
  if (quote != 0)
    return CommandProblem{false, std::string("a quote is not closed; add the missing ") + quote};
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace e6::sim
