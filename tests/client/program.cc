#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

extern char** environ;

namespace e6::client::test {

Program::Program(std::vector<std::string> words, bool errors) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  output_ = ends[0];
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (errors) ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) throw std::runtime_error("cannot start " + words[0]);
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(output_);
}

std::string Program::read(const std::string& stop) {
  std::string text;
  char bytes[4096];
  while (stop.empty() || text.find(stop) == std::string::npos) {
    pollfd ready{output_, POLLIN, 0};
    if (::poll(&ready, 1, 40000) <= 0) break;
    const auto count = ::read(output_, bytes, sizeof(bytes));
    if (count <= 0) break;
    text.append(bytes, static_cast<std::size_t>(count));
  }
  return text;
}

int Program::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

void Program::signal(int number) const {
  if (pid_ <= 0 || ::kill(pid_, number) != 0) throw std::runtime_error("the program has ended");
}

namespace {

std::vector<std::string> engine_words(const std::vector<std::string>& options) {
  std::vector<std::string> words{E6_SIM_PROGRAM, "--listen", "127.0.0.1:0"};
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

}  // namespace

EngineProgram::EngineProgram(const std::vector<std::string>& options)
    : program_(engine_words(options)) {
  const std::string greeting = program_.read("\n");
  const std::size_t at = greeting.find("127.0.0.1:");
  if (at == std::string::npos) throw std::runtime_error("e6-sim does not start: " + greeting);
  target_ = greeting.substr(at, greeting.find_first_of(" \n", at) - at);
}

void EngineProgram::stop() const {
  program_.signal(SIGSTOP);
}

void EngineProgram::resume() const {
  program_.signal(SIGCONT);
}

void EngineProgram::kill() const {
  program_.signal(SIGKILL);
}

}  // namespace e6::client::test
