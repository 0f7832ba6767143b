#include "tool_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace e6::tool::test {
namespace {

using Clock = std::chrono::steady_clock;

/// Appends what can be read now; false at the end of the stream.
bool drain(int fd, std::string& text) {
  std::array<char, 65536> chunk{};
  const ssize_t count = ::read(fd, chunk.data(), chunk.size());
  if (count > 0) text.append(chunk.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

}  // namespace

Running::Running(const std::vector<std::string>& arguments) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe2");
  std::vector<char*> argv{const_cast<char*>("e6-shm")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    ::execv(E6_SHM_PROGRAM, argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Running::~Running() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

bool Running::read_some(int milliseconds) {
  std::array<pollfd, 2> both{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (::poll(both.data(), both.size(), milliseconds) <= 0) return out_ >= 0 || err_ >= 0;
  if (both[0].revents != 0 && !drain(out_, outcome_.out)) {
    ::close(out_);
    out_ = -1;
  }
  if (both[1].revents != 0 && !drain(err_, outcome_.err)) {
    ::close(err_);
    err_ = -1;
  }
  return out_ >= 0 || err_ >= 0;
}

bool Running::wait_for(const std::string& text) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (outcome_.out.find(text) == std::string::npos) {
    if (Clock::now() > deadline || !read_some(50)) return false;
  }
  return true;
}

void Running::interrupt() const {
  ::kill(pid_, SIGINT);
}

Outcome Running::finish() {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (read_some(50)) {
    if (Clock::now() > deadline) ::kill(pid_, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  outcome_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome_;
}

ToolTest::ToolTest() {
  std::string name = (std::filesystem::temp_directory_path() / "e6-shm-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  root_ = name;
  segments_ = root_ / "segments";
  std::filesystem::create_directory(segments_);
  std::filesystem::permissions(segments_, std::filesystem::perms::owner_all);
  ::setenv("E6_SHM_DIR", segments_.c_str(), 1);
}

ToolTest::~ToolTest() {
  ::unsetenv("E6_SHM_DIR");
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Outcome ToolTest::run(const std::vector<std::string>& arguments) {
  return Running(arguments).finish();
}

std::shared_ptr<Coordinator> ToolTest::attach(const std::string& cluster) const {
  Options options;
  options.cluster = cluster;
  options.directory = segments_.string();
  options.required = true;
  auto attached = Coordinator::attach(options);
  if (!attached.coordinator) throw std::runtime_error(attached.error.sentence());
  return attached.coordinator;
}

std::shared_ptr<Coordinator> ToolTest::attach_on(Strategy strategy, const std::string& cluster) const {
  auto coordinator = attach(cluster);
  const auto detection = coordinator->detect_begin(Clock::now() + std::chrono::seconds(5));
  if (detection.outcome != Detection::Outcome::kProbe) throw std::runtime_error("no lease");
  if (!coordinator->detect_succeed(detection.lease, strategy))
    throw std::runtime_error("the detection was ignored");
  return coordinator;
}

std::string ToolTest::file_with(const std::string& name, const std::string& bytes) const {
  const std::string path = (root_ / name).string();
  write_file(path, bytes);
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace e6::tool::test
