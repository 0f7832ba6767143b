// A program beside the test: one that forks, or an engine that can be stopped.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace e6::client::test {

/// Runs from its construction; killed at its end if it still runs.
class Program {
 public:
  /// Its standard output can be read; its standard error, too, if `errors` is true.
  explicit Program(std::vector<std::string> words, bool errors = false);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Output until `stop` occurs in it, or to its end.
  std::string read(const std::string& stop = "");
  /// Waits for its end; what waitpid says of it.
  int wait();
  /// Sends it a signal: SIGSTOP, SIGCONT.
  void signal(int number) const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

/// e6-sim as a program of its own.
class EngineProgram {
 public:
  explicit EngineProgram(const std::vector<std::string>& options = {});
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// The process goes on to exist and its kernel goes on to answer TCP, but nothing else answers.
  void stop() const;
  void resume() const;
  void kill() const;

 private:
  Program program_;
  std::string target_;
};

}  // namespace e6::client::test
