// e6-sim: the simulated engine as a program, and `e6-sim ctl` to control one that runs.
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "cli/ctl.h"
#include "e6/sim/engine.h"
#include "text/duration.h"

namespace {

using e6::sim::Engine;
using e6::sim::EngineOptions;

struct Program {
  EngineOptions engine;
  std::string active = "blue";
  std::string plan;
  std::string port_file;
  bool exit_with_parent = false;
  bool quiet = false;
};

CLI::Validator duration_into(std::chrono::nanoseconds& into) {
  return CLI::Validator(
      [&into](std::string& text) {
        const auto parsed = e6::sim::parse_duration(text);
        if (const auto* wrong = std::get_if<std::string>(&parsed)) return *wrong;
        into = std::chrono::nanoseconds(std::get<e6::sim::Nanos>(parsed));
        return std::string();
      },
      "DURATION");
}

int fail(int status, const std::string& text) {
  std::fprintf(stderr, "e6-sim: %s\n", text.c_str());
  return status;
}

// A file of that name, or the text itself. Returns what is wrong.
std::string read_plan(const std::string& plan, std::string& text) {
  std::error_code failure;
  if (std::filesystem::is_regular_file(plan, failure)) {
    std::ifstream file(plan);
    if (!file)
      return "cannot read the plan '" + plan + "': " + std::strerror(errno) + "; check its permissions";
    std::ostringstream content;
    content << file.rdbuf();
    text = content.str();
    return {};
  }
  if (plan.find_first_of(" \t\n") == std::string::npos && !plan.empty()) {
    return "the plan '" + plan +
           "' is neither a file nor a text such as 'at 3s switch green abrupt'; check the path";
  }
  text = plan;
  return {};
}

// Complete or absent, never half written: whoever waits for the file reads the port at once.
std::string write_port_file(const std::string& path, int port) {
  if (path.empty()) return {};
  const std::string half = path + ".part";
  std::ofstream file(half, std::ios::trunc);
  file << port << '\n';
  file.close();
  if (!file || std::rename(half.c_str(), path.c_str()) != 0) {
    return "cannot write the port file '" + path + "': " + std::strerror(errno) + "; choose a writable place";
  }
  return {};
}

// Whether a line can be printed without waiting: nobody may be reading any more, and that must not stop the
// program.
bool can_print() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

int serve(const Program& program) {
  // Blocked here, so that every thread of gRPC has them blocked, and one thread waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::string error;
  const std::unique_ptr<Engine> engine = Engine::start(program.engine, error);
  if (engine == nullptr) return fail(2, error);
  if (error = write_port_file(program.port_file, engine->port()); !error.empty()) return fail(2, error);
  std::printf("e6-sim listening on %s\n", engine->target().c_str());
  std::fflush(stdout);

  std::thread signal_thread([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    engine->request_stop();
  });
  for (bool stop = false; !stop;) {
    const Engine::Waited waited = engine->wait(std::chrono::hours(1));
    for (const Engine::Event& event : waited.events) {
      if (program.quiet || !can_print()) continue;
      std::printf("[%9.3fs] %s\n", std::chrono::duration<double>(event.since_start).count(),
                  event.text.c_str());
      std::fflush(stdout);
    }
    stop = waited.stop;
  }
  pthread_kill(signal_thread.native_handle(),
               SIGTERM);  // when the end came from `ctl stop` and not from a signal
  signal_thread.join();
  if (!program.port_file.empty()) std::remove(program.port_file.c_str());
  return 0;
}

void add_options(CLI::App& app, Program& program) {
  EngineOptions& engine = program.engine;
  app.add_option("--listen", engine.listen, "IPv4 address and port; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--port-file", program.port_file, "Write the port into this file once it listens");
  app.add_option("--active", program.active, "The colour that is active at the start")
      ->check(CLI::IsMember({"blue", "green"}))
      ->capture_default_str();
  app.add_option("--user", engine.user, "The one user")->capture_default_str();
  app.add_option("--password", engine.password, "The user's password")->capture_default_str();
  app.add_option("--refusal-style", engine.refusal_style,
                 "How 456 is worded: http2, text, upper, bare, mixed, empty")
      ->check(CLI::IsMember({"http2", "text", "upper", "bare", "mixed", "empty"}))
      ->capture_default_str();
  app.add_option("--plan", program.plan, "A file, or lines such as 'at 3s switch green graceful --drain 5s'");
  app.add_option("--engines", engine.engines_per_colour, "Engine addresses per colour")
      ->check(CLI::Range(1, 250))
      ->capture_default_str();
  const auto takes = [&app](const char* flag, std::chrono::nanoseconds& into, const char* what) {
    app.add_option_function<std::string>(
           flag, [](const std::string&) {}, what)
        ->check(duration_into(into));
  };
  takes("--authenticate-takes", engine.authenticate_takes, "What authenticate takes");
  takes("--prepare-takes", engine.prepare_takes, "What prepare takes");
  takes("--execute-takes", engine.execute_takes, "What execute takes");
  takes("--metadata-takes", engine.metadata_takes, "What getResultMetadata takes");
  takes("--fetch-takes", engine.fetch_takes, "What a fetch takes");
  takes("--clear-takes", engine.clear_takes, "What clear and cancel take");
  takes("--other-takes", engine.other_takes, "What every other call takes");
  takes("--resume-takes", engine.resume_takes, "How long a suspended cluster resumes (2s)");
  takes("--min-ping-interval", engine.min_ping_interval,
        "HTTP/2 pings that come sooner, with nothing sent between them, are strikes (5m)");
  app.add_option("--max-ping-strikes", engine.max_ping_strikes,
                 "One more ends the connection with too_many_pings; 0: none does")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_flag("--allow-idle-pings", engine.allow_idle_pings,
               "Count pings without a call like others, and not those that come within two hours");
  app.add_flag("--exit-with-parent", program.exit_with_parent, "End when the thread that started it ends");
  app.add_flag("--quiet", program.quiet, "Print the first line only");
}

}  // namespace

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);  // what goes wrong is said once, in our own words
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string(argv[1]) == "ctl") return e6::sim::run_ctl(argc - 2, argv + 2);

  Program program;
  CLI::App app("A query engine with two colours to develop against.", "e6-sim");
  add_options(app, program);
  app.footer(
      "Examples:\n"
      "  e6-sim --listen 127.0.0.1:50051 --execute-takes 5ms --fetch-takes 5ms\n"
      "  e6-sim --plan 'at 3s switch green graceful --announce 2s --drain 5s; at 20s stop'\n"
      "  e6-sim ctl --target 127.0.0.1:50051 switch green abrupt\n"
      "  e6-sim ctl --help");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return fail(2, std::string(error.what()) + " (see 'e6-sim --help')");
  }
  if (program.exit_with_parent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return fail(1, "the parent has ended already");
  }
  program.engine.active = *e6::sim::parse_colour(program.active);
  if (const std::string wrong = read_plan(program.plan, program.engine.plan); !wrong.empty())
    return fail(2, wrong);
  return serve(program);
}
