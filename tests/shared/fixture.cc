#include "fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "core/host_lock.h"
#include "core/participants.h"
#include "os/clock.h"

extern char** environ;

namespace e6::shared_test {
namespace {

/// The real time, whatever the test has done to the clock.
std::chrono::nanoseconds real_now() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

void pause_a_moment() { std::this_thread::sleep_for(200us); }

int exit_code(int status) noexcept { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

void Child::go_on() const {
  if (pid_ > 0) ::kill(pid_, SIGCONT);
}

bool asleep(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(") ");
  return name_end != std::string::npos && line.compare(name_end + 2, 1, "S") == 0;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds bound) {
  const auto end = real_now() + bound;
  while (!condition()) {
    if (real_now() >= end) return false;
    pause_a_moment();
  }
  return true;
}

bool Signal::wait(int times, std::chrono::milliseconds bound) const {
  return eventually([&] { return raised() >= times; }, bound);
}

Child::Child(const std::function<int()>& body) {
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left behind, however the test ends
    const int code = body();
    std::fflush(nullptr);
    ::_exit(code);
  }
}

Child& Child::operator=(Child&& from) noexcept {
  if (this != &from) {
    kill();
    pid_ = std::exchange(from.pid_, -1);
  }
  return *this;
}

Child::~Child() { kill(); }

int Child::wait(std::chrono::milliseconds bound) {
  if (pid_ <= 0) return -1;
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, bound)) {
    kill();
    return -1;
  }
  pid_ = -1;
  return exit_code(status);
}

void Child::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void Child::stop() {
  if (pid_ <= 0) return;  // kill(-1) would mean everybody
  ::kill(pid_, SIGSTOP);
  int status = 0;
  while (::waitpid(pid_, &status, WUNTRACED) < 0 && errno == EINTR) {
  }
}

int in_child(const std::function<int()>& body, std::chrono::milliseconds bound) { return Child(body).wait(bound); }

Child start_peer(const std::vector<std::string>& arguments) { return start_peer_of("/proc/self/exe", arguments); }

Child start_peer_of(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{program, "peer"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  if (::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return Child();
  return Child(pid);
}

SegmentDirectory::SegmentDirectory(const std::string& parent) : path_(parent + "/e6-shared-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    ADD_FAILURE() << "no directory under " << parent;
    path_.clear();
  }
}

SegmentDirectory::~SegmentDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::size_t SegmentDirectory::entries() const {
  const auto all = std::filesystem::directory_iterator(path_);
  return static_cast<std::size_t>(std::distance(std::filesystem::begin(all), std::filesystem::end(all)));
}

RawSegment::RawSegment(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* at = ::mmap(nullptr, sizeof(layout::Segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED) segment_ = static_cast<layout::Segment*>(at);
}

RawSegment::~RawSegment() {
  if (segment_ != nullptr) ::munmap(static_cast<void*>(segment_), sizeof(layout::Segment));
}

core::Attachment* look_on(const core::Place& place) {
  static auto* const kept = new std::vector<std::unique_ptr<core::Attachment>>;
  core::SegmentRef ref;
  if (const Error e = core::attach_segment(place, ref)) {
    ADD_FAILURE() << e.sentence();
    return nullptr;
  }
  kept->push_back(std::make_unique<core::Attachment>());
  core::Attachment* a = kept->back().get();
  a->process.store(os::process_generation());
  a->pid = static_cast<std::uint32_t>(::getpid());
  a->fd = std::move(ref.fd);
  a->mapping = std::move(ref.mapping);
  a->device = ref.device;
  a->inode = ref.inode;
  a->path = place.path();
  a->segment = static_cast<layout::Segment*>(a->mapping.data());
  (void)os::close_in_children(a->fd.get());
  return a;
}

core::Attachment* take_part(const core::Place& place) {
  core::Attachment* a = look_on(place);
  if (a == nullptr) return nullptr;
  if (const Error e = core::join(*a)) ADD_FAILURE() << e.sentence();
  return a;
}

std::function<int()> keeps_the_lock(const core::Place& place, const Signal& inside) {
  return [&inside, place] {
    core::Attachment* a = take_part(place);
    E6_CHILD_CHECK(a != nullptr);
    const core::HostLock lock(*a);
    E6_CHILD_CHECK(lock.held());
    inside.raise();
    ::pause();
    return 1;
  };
}

void SharedTest::TearDown() { reset_clock(); }

Options SharedTest::options(const std::string& cluster) const {
  Options o;
  o.cluster = cluster;
  o.directory = directory_.path();
  return o;
}

core::Place SharedTest::place(const std::string& cluster) const {
  core::Place p;
  p.directory = directory_.path();
  p.cluster = cluster;
  p.uid = ::geteuid();
  return p;
}

std::shared_ptr<Coordinator> SharedTest::attach(const Options& o) {
  auto result = Coordinator::attach(o);
  EXPECT_TRUE(result.coordinator) << result.error.sentence();
  return result.coordinator;
}

std::shared_ptr<Coordinator> SharedTest::attach_with(Strategy colour, const std::string& cluster) const {
  auto c = attach(cluster);
  EXPECT_TRUE(detect(*c, colour));
  return c;
}

bool detect(Coordinator& c, Strategy colour) {
  const Detection d = c.detect_begin(SteadyClock::now() + 5s);
  return d.outcome == Detection::Outcome::kProbe && c.detect_succeed(d.lease, colour);
}

std::size_t events_of(const Coordinator& c, EventKind kind, EventCause cause) {
  const auto events = c.recent_events(layout::kEventSlots);
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [&](const Event& e) { return e.kind == kind && e.cause == cause; }));
}

std::size_t events_of(const Coordinator& c, EventKind kind) {
  const auto events = c.recent_events(layout::kEventSlots);
  return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const Event& e) { return e.kind == kind; }));
}

}  // namespace e6::shared_test
