#include "arguments.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <utility>

#include "duration.h"
#include "e6/client/error.h"

namespace e6::storm {
namespace {

constexpr const char* kFooter =
    "Exit status: 0 no query failed, 1 queries failed, 2 bad usage, 3 the engine cannot be reached.\n"
    "Results that went with their colour at an abrupt switch are counted as lost_results, not as failed.\n\n"
    "Examples:\n"
    "  e6-storm --target 127.0.0.1:50051 --user demo@e6data.com --password demo --workers 16 --seconds 10\n"
    "  e6-storm --target 127.0.0.1:50051 --user demo@e6data.com --password demo --seconds 8 --json \\\n"
    "      --at 3s 'e6-sim ctl --target 127.0.0.1:50051 switch other graceful --announce 1s --drain 2s'";

// What stands on the command line, before it is looked at.
struct Words {
  std::string target;
  std::string seconds = "10s";
  std::string timeout = "30s";
  std::string policy;
  std::string directory;
  std::vector<std::pair<std::string, std::string>> at;
  long think_ms = 0;
  long stream_ms = 0;
  bool no_share = false;
};

CLI::Validator duration_validator() {
  return CLI::Validator(
      [](std::string& text) {
        if (parse_duration(text)) return std::string();
        return "'" + text + "' is not a time; write 500ms, 3s or 2m, at most one day";
      },
      "TIME");
}

// host:port, [v6]:port. Returns what is wrong.
std::string read_target(const std::string& target, client::ConnectionOptions& options) {
  const std::string wrong = "--target is '" + target + "'; it must be host:port with a port from 1 to 65535";
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  options.host = target.substr(0, colon);
  if (options.host.size() > 2 && options.host.front() == '[' && options.host.back() == ']')
    options.host = options.host.substr(1, options.host.size() - 2);
  const char* first = target.data() + colon + 1;
  const char* last = target.data() + target.size();
  const auto [rest, failure] = std::from_chars(first, last, options.port);
  if (failure != std::errc() || rest != last || options.port < 1 || options.port > 65535) return wrong;
  return {};
}

std::string check(const Words& words, Arguments& arguments) {
  using std::chrono::milliseconds;
  client::ConnectionOptions& options = arguments.connection;
  if (std::string wrong = read_target(words.target, options); !wrong.empty()) return wrong;
  arguments.seconds = *parse_duration(words.seconds);
  if (arguments.seconds < milliseconds(100))
    return "--seconds is " + words.seconds + "; it must be from 0.1 to 86400";
  options.operation_timeout = std::chrono::duration_cast<milliseconds>(*parse_duration(words.timeout));
  if (options.operation_timeout < milliseconds(10))
    return "--timeout is " + words.timeout + "; it must be from 10ms to one day";
  options.connect_timeout = std::min(options.connect_timeout, options.operation_timeout);
  options.connect_timeout = std::max(options.connect_timeout, milliseconds(100));
  arguments.think = milliseconds(words.think_ms);
  arguments.stream = milliseconds(words.stream_ms);
  if (!words.policy.empty()) options.shared.policy = *parse_transition_policy(words.policy);
  if (!words.directory.empty()) options.shared.directory = words.directory;
  if (words.no_share) options.shared.share = false;
  for (const auto& [when, command] : words.at) {
    const auto at = parse_duration(when);
    if (!at) return "--at has the time '" + when + "'; write 500ms, 3s or 2m, at most one day";
    if (*at > arguments.seconds) {
      return "--at " + when + " is after the storm's end; it must be from 0s to the value of --seconds (" +
             words.seconds + ")";
    }
    arguments.appointments.push_back({*at, command});
  }
  std::stable_sort(arguments.appointments.begin(), arguments.appointments.end(),
                   [](const Appointment& a, const Appointment& b) { return a.at < b.at; });
  return {};
}

void add_options(CLI::App& app, Words& words, Arguments& arguments) {
  client::ConnectionOptions& options = arguments.connection;
  app.add_option("--target", words.target, "The engine, host:port")->required();
  app.add_option("--user", options.user, "The engine's user")->required();
  app.add_option("--password", options.password,
                 "The user's password; other users see it in the process list, the environment is safer")
      ->required()
      ->envname("E6_STORM_PASSWORD");
  app.add_option("--workers", arguments.workers, "Processes")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "Threads per worker")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--connections", arguments.connections, "Connections per worker, shared by its threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--seconds", words.seconds, "How long: 10, 2.5s, 500ms, 2m")
      ->check(duration_validator())
      ->capture_default_str();
  app.add_option("--sql", arguments.sql, "The statement that every thread runs")->capture_default_str();
  app.add_option("--long-query", arguments.long_query,
                 "One more statement, which one worker runs in a thread of its own until the end");
  app.add_option("--think-ms", words.think_ms, "Pause of a thread between two queries")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  app.add_option("--timeout", words.timeout, "The longest that one execute, fetch or clear may take")
      ->check(duration_validator())
      ->capture_default_str();
  app.add_option("--at", words.at, "TIME COMMAND: the shell runs COMMAND so long after the start (repeatable)")
      ->type_name("TIME COMMAND");
  app.add_option("--catalog", options.catalog, "Catalog of the statements; the calls with catalog are used");
  app.add_option("--cluster-name", options.cluster_name, "Sent as cluster-name");
  app.add_option("--dir", words.directory, "Where segments live (/dev/shm)");
  app.add_option("--policy", words.policy, "When an announced colour is taken: on-completion, next-query, when-idle")
      ->check(CLI::IsMember({"on-completion", "next-query", "when-idle"}));
  app.add_flag("--no-share", words.no_share, "Without a segment: every thread finds the colour by itself");
  app.add_flag("--reexecute-lost", options.reexecute_lost_queries,
               "Run a query again whose result went with its colour before a row was fetched");
  app.add_flag("--json", arguments.json, "Print the summary as JSON, and nothing else on stdout");
  app.add_option("--stream-ms", words.stream_ms,
                 "Print a line of JSON with every worker's state so often; the last one is the summary")
      ->check(CLI::Range(20, 60'000));
  app.footer(kFooter);
}

}  // namespace

std::variant<Arguments, Ending> parse_arguments(int argc, const char* const* argv) {
  Arguments arguments;
  arguments.sql = "SELECT 1 /* rows=20 batches=2 */";
  Words words;
  CLI::App app("Runs queries from many processes at once and counts what fails.", "e6-storm");
  try {
    arguments.connection = client::ConnectionOptions::from_environment();
    add_options(app, words, arguments);
    app.parse(argc, argv);
    std::string wrong = check(words, arguments);
    if (wrong.empty()) arguments.connection.validate();
    if (!wrong.empty()) return Ending{2, "e6-storm: " + wrong};
  } catch (const CLI::CallForHelp&) {
    return Ending{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return Ending{2, "e6-storm: " + std::string(error.what()) + " (see 'e6-storm --help')"};
  } catch (const client::OptionError& error) {
    return Ending{2, "e6-storm: " + std::string(error.what())};
  }
  return arguments;
}

}  // namespace e6::storm
