#include "storm_fixture.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace e6::storm_test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kTick{5};

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

[[noreturn]] void become(const Words& command, const std::string& path) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const int out = ::open((path + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int err = ::open((path + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words.front(), words.data());
  ::_exit(127);
}

}  // namespace

void StormTest::SetUp() {
  const char* parent = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string name = std::string(parent) + "/e6-storm-test.XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  directory_ = name;
}

void StormTest::TearDown() {
  if (engine_ > 0) {
    ::kill(engine_, SIGTERM);
    EXPECT_EQ(wait(engine_, std::chrono::seconds(10)), 0) << "the engine did not end in order";
  }
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

void StormTest::start_engine(const Words& arguments) {
  const std::string port_file = directory_ + "/port";
  Words command{E6_SIM_PROGRAM, "--port-file", port_file, "--quiet", "--exit-with-parent"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  engine_ = spawn(command, "engine");
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (!std::filesystem::exists(port_file)) {
    ASSERT_LT(Clock::now(), deadline) << "the engine did not start: " << read("engine.err");
    std::this_thread::sleep_for(kTick);
  }
  target_ = "127.0.0.1:" + std::to_string(std::stoi(slurp(port_file)));
}

std::string StormTest::ctl(const std::string& command) const {
  return std::string(E6_SIM_PROGRAM) + " ctl --target " + target_ + " " + command;
}

nlohmann::json StormTest::engine_statistics() {
  const Outcome said = run({E6_SIM_PROGRAM, "ctl", "--target", target_, "stats", "--json"});
  EXPECT_EQ(said.status, 0) << said.err;
  return nlohmann::json::parse(said.out, nullptr, false);
}

Words StormTest::storm(int workers, const std::string& seconds, const Words& more) const {
  Words command{E6_STORM_PROGRAM, "--target",  target_, "--user",    "demo@e6data.com", "--password", "demo",
                "--workers",      std::to_string(workers), "--seconds", seconds,         "--dir",      directory_,
                "--json"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

nlohmann::json StormTest::run_storm(const Words& command) {
  const Outcome outcome = run(command);
  nlohmann::json figures = nlohmann::json::parse(outcome.out, nullptr, false);
  EXPECT_FALSE(figures.is_discarded()) << "status " << outcome.status << ": " << outcome.err;
  return figures;
}

Outcome StormTest::run(const Words& command, std::chrono::seconds patience) {
  const auto begun = Clock::now();
  Outcome outcome;
  outcome.status = wait(spawn(command, "run"), patience);
  outcome.out = read("run.out");
  outcome.err = read("run.err");
  outcome.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return outcome;
}

pid_t StormTest::spawn(const Words& command, const std::string& name) {
  const std::string path = directory_ + "/" + name;
  const pid_t pid = ::fork();
  if (pid == 0) become(command, path);
  // No test may go on with -1: to kill that is to kill everybody.
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  return pid;
}

int StormTest::wait(pid_t pid, std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) return -1;
    if (Clock::now() > deadline) break;
    std::this_thread::sleep_for(kTick);
  }
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, &status, 0);
  return -1;
}

std::string StormTest::read(const std::string& name) const {
  return slurp(directory_ + "/" + name);
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string task = std::to_string(pid);
  std::istringstream list(slurp("/proc/" + task + "/task/" + task + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

}  // namespace e6::storm_test
