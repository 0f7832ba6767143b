// e6-shm save: copies a segment into a file, to look at later or elsewhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "choose.h"
#include "failure.h"
#include "json.h"
#include "text/escape.h"
#include "text/human.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

struct Wanted {
  Choice choice;
  std::string target;
  bool force = false;
};

constexpr std::size_t kLargest = std::size_t{256}
                                 << 20;  // no layout comes near it; a damaged or foreign file may

[[noreturn]] void give_up(const std::string& path, int error) {
  throw Failure(kProblem, fmt::format("{}: {}", escape(path), std::generic_category().message(error)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string bytes_of(const std::string& path) {
  // Without O_NONBLOCK the open of a named pipe would wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) give_up(path, errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) give_up(path, errno);
  if (!S_ISREG(facts.st_mode)) throw Failure(kProblem, escape(path) + " is not a regular file");
  std::string bytes;
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t count = ::read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) give_up(path, errno);
    if (count == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > kLargest) throw Failure(kProblem, escape(path) + " is too big for a segment");
  }
}

/// A new file with these bytes, seen by nobody before it is complete.
void write_whole(const std::string& target, const std::string& bytes, bool replace) {
  std::string temporary = target + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (file.get() < 0) give_up(target, errno);
  int error = 0;
  for (std::size_t done = 0; done < bytes.size() && error == 0;) {
    const ssize_t count = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) error = errno;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  if (error == 0) {
    const int result =
        replace ? ::rename(temporary.c_str(), target.c_str())
                : ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE);
    if (result != 0) error = errno;
  }
  if (error == 0) return;
  ::unlink(temporary.c_str());
  if (error == EEXIST) throw Failure(kProblem, escape(target) + " is there already; --force replaces it");
  give_up(target, error);
}

int run(const Wanted& wanted) {
  const std::string source = choose(wanted.choice);
  const std::string bytes = bytes_of(source);
  write_whole(wanted.target, bytes, wanted.force);
  const auto report = inspect::look(wanted.target);
  const auto condition = to_string(judge(report).condition);
  if (wanted.choice.json) {
    print_json({{"saved", wanted.target},
                {"path", source},
                {"cluster", report.cluster},
                {"size", bytes.size()},
                {"condition", condition}});
  } else {
    print(fmt::format("saved {} of {} in {} (it is {})\n", human_bytes(bytes.size()),
                      report.cluster.empty() ? escape(source) : escape(report.cluster), escape(wanted.target),
                      condition));
  }
  return kFine;
}

}  // namespace

void add_save(CommandLine& line) {
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "save", "Copy a segment into a file, for --file later or elsewhere");
  verb.text({"target", "FILE", "The file to make"}, wanted->target, Verb::Need::kRequired);
  add_choice(verb, wanted->choice);
  verb.flag("--force", "Replace FILE if it is there", wanted->force);
  verb.footer(
      "A segment that is being written to is copied as it stands; it holds no credential, session, SQL text "
      "or result.\n"
      "Exit status: 0 saved, 1 not saved, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm save incident.e6shm engine.example.com:80 && e6-shm status --file incident.e6shm");
  verb.runs(wanted->choice.json, [wanted] { return run(*wanted); });
}

}  // namespace e6::tool
