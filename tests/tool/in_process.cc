#include "in_process.h"

#include <cstdio>
#include <cstdlib>
#include <new>

#include "verbs.h"

namespace e6::tool::test {
namespace {

/// Everything that is written to a stream of the C library while it lives.
class Capture {
 public:
  explicit Capture(FILE*& stream) : stream_(stream), before_(stream) {
    stream_ = ::open_memstream(&bytes_, &size_);
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ~Capture() {
    (void)text();
    std::free(bytes_);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  /// Ends it.
  std::string text() {
    if (stream_ != before_) {
      std::fclose(stream_);
      stream_ = before_;
    }
    return {bytes_, size_};
  }

 private:
  FILE*& stream_;
  FILE* before_;
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

Printed run_here(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "e6-shm");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Printed printed;
  Capture out(stdout);
  Capture err(stderr);
  CommandLine line;
  add_verbs(line);
  printed.status = line.run(static_cast<int>(arguments.size()), argv.data());
  printed.out = out.text();
  printed.err = err.text();
  return printed;
}

}  // namespace e6::tool::test
