#include "cli/ctl.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim_control.grpc.pb.h"
#include "text/command.h"

namespace e6::sim {
namespace {

constexpr const char* kUsage =
    "Usage: e6-sim ctl [--target HOST:PORT] [--timeout DURATION] COMMAND ...\n"
    "\n"
    "Sends a command to a running e6-sim. The target is the address that it printed at its start; without "
    "--target\n"
    "it is taken from the environment variable E6_SIM_TARGET. `e6-sim ctl COMMAND --help` explains a "
    "command.\n";

struct Arguments {
  std::string target;
  Nanos timeout = 10 * kSecond;
  std::vector<std::string> words;
  bool help = false;
  std::string wrong;
};

// Everything up to the first word that is not ours belongs to ctl, the rest is the command.
Arguments read(int argc, char** argv) {
  Arguments arguments;
  if (const char* target = std::getenv("E6_SIM_TARGET")) arguments.target = target;
  int i = 0;
  for (; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      arguments.help = true;
    } else if (word == "--target" || word == "--timeout") {
      if (++i == argc) {
        arguments.wrong = word + " has no value; add one";
        return arguments;
      }
      if (word == "--target") {
        arguments.target = argv[i];
        continue;
      }
      const auto timeout = parse_duration(argv[i]);
      if (const auto* wrong = std::get_if<std::string>(&timeout)) {
        arguments.wrong = "--timeout: " + *wrong;
        return arguments;
      }
      arguments.timeout = std::get<Nanos>(timeout);
    } else {
      break;
    }
  }
  arguments.words.assign(argv + i, argv + argc);
  return arguments;
}

int fail(int status, const std::string& text) {
  std::fprintf(stderr, "e6-sim ctl: %s\n", text.c_str());
  return status;
}

}  // namespace

int run_ctl(int argc, char** argv) {
  Arguments arguments = read(argc, argv);
  if (!arguments.wrong.empty()) return fail(2, arguments.wrong);
  if (arguments.help || arguments.words.empty()) {
    const auto help = parse_command({"--help"});
    std::fprintf(arguments.help ? stdout : stderr, "%s\n%s\n", kUsage,
                 std::get<CommandProblem>(help).text.c_str());
    return arguments.help ? 0 : 2;
  }
  const auto command = parse_command(arguments.words);
  if (const auto* problem = std::get_if<CommandProblem>(&command)) {
    if (!problem->is_help) return fail(2, problem->text);
    std::puts(problem->text.c_str());
    return 0;
  }
  if (arguments.target.empty()) {
    return fail(2, "there is no target; add --target 127.0.0.1:PORT or set E6_SIM_TARGET");
  }

  const auto stub =
      SimControl::NewStub(grpc::CreateChannel(arguments.target, grpc::InsecureChannelCredentials()));
  CommandRequest request;
  for (const std::string& word : arguments.words) request.add_words(word);
  CommandResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(arguments.timeout));
  const grpc::Status status = stub->Run(&context, request, &response);
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return fail(
        1, arguments.target + " is not an e6-sim; look for the address in the first line that it printed");
  }
  if (!status.ok()) {
    return fail(1, "cannot reach an e6-sim at '" + arguments.target + "' (" + status.error_message() +
                       "); is it running, and is this the address that it printed?");
  }
  const bool json = std::get<Command>(command).json;
  if (!response.ok() && !json) return fail(1, response.text());
  std::puts((json ? response.json() : response.text()).c_str());
  return response.ok() ? 0 : 1;
}

}  // namespace e6::sim
