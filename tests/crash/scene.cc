#include "scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/segment.h"
#include "os/ofd_lock.h"
#include "tracee.h"

namespace e6::crash {
namespace {

constexpr std::size_t kPage = 4096;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "crash_harness: ");
  std::perror(what.c_str());
  std::abort();
}

/// A process that has done its part and waits to be killed.
class Standing {
 public:
  explicit Standing(const std::function<void()>& part) {
    int ends[2];
    if (::pipe(ends) != 0) give_up("pipe");
    pid_ = ::fork();
    if (pid_ < 0) give_up("fork");
    if (pid_ == 0) {
      part();
      (void)!::write(ends[1], "", 1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char ready = 0;
    if (::read(ends[0], &ready, 1) != 1) give_up("the stage could not be set");
    ::close(ends[0]);
  }
  ~Standing() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

os::Fd hold_life(const std::string& path, std::uint32_t slot) {
  os::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (os::try_lock_byte(fd.get(), os::kFirstSlotByte + slot) != os::Locked::kYes) give_up("hold a slot's byte");
  return fd;
}

}  // namespace

Mapped::Mapped(int fd, bool writable) {
  constexpr std::size_t size = sizeof(layout::Segment);
  reserved_ = ::mmap(nullptr, size + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved_ == MAP_FAILED) give_up("reserve memory");
  void* at = static_cast<char*>(reserved_) + kPage;
  if (::mmap(at, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
    give_up("map a segment");
  segment_ = static_cast<layout::Segment*>(at);
}
Mapped::~Mapped() { ::munmap(reserved_, sizeof(layout::Segment) + 2 * kPage); }

Scene::Scene(const Operation& operation) : operation_(operation) {
  char directory[] = "/dev/shm/e6-crash-XXXXXX";
  if (::mkdtemp(directory) == nullptr) give_up("make a directory in /dev/shm");
  options_.cluster = "crash.example:443";
  options_.directory = directory;
  options_.policy = operation.policy;
  options_.drain_timeout = std::chrono::seconds(3600);
  core::Place place;
  place.directory = directory;
  place.cluster = options_.cluster;
  place.uid = ::geteuid();
  path_ = place.path();
  if ((operation_.special & kFromNothing) == 0) make_base();
}

Scene::~Scene() {
  clean();
  ::rmdir(directory().c_str());
}

void Scene::make_base() {
  Actor actor;
  actor.options = options_;
  const Standing neighbour([&] {
    actor.attach();
    if (operation_.neighbour != nullptr) operation_.neighbour(actor);
  });
  std::unique_ptr<Standing> dead;
  if (operation_.dead != nullptr)
    dead = std::make_unique<Standing>([&] {
      actor.attach();
      operation_.dead(actor);
    });
  const os::Fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) give_up(path_);
  const Mapped look(fd.get(), false);
  base_.take(look.segment());
}

void Scene::clean() const {
  for (const std::string& name : entries()) ::unlink((directory() + "/" + name).c_str());
}

void Scene::set() {
  neighbour_.reset();
  dead_.reset();
  mapped_.reset();
  file_.reset();
  clean();
  if ((operation_.special & kFromNothing) != 0) return;
  file_ = os::Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_.valid() || ::ftruncate(file_.get(), sizeof(layout::Segment)) != 0) give_up(path_);
  mapped_ = std::make_unique<Mapped>(file_.get(), true);
  base_.put(segment());
  neighbour_ = hold_life(path_, kNeighbourSlot);
  if (operation_.dead != nullptr) dead_ = hold_life(path_, kDeadSlot);
}

void Scene::begin() {
  dead_.reset();
  if (operation_.arrange != nullptr) operation_.arrange(segment());
}

std::function<void()> Scene::victim() const {
  return [this] {
    ::close(dead_.get());  // inherited: it would keep the dead one alive
    Actor actor;
    actor.options = options_;
    if ((operation_.special & kUnattached) == 0) actor.attach();
    if (operation_.prepare != nullptr) operation_.prepare(actor);
    mark();
    operation_.run(actor);
    mark();
    ::_exit(0);  // as a crash: nothing is given back
  };
}

std::vector<std::string> Scene::entries() const {
  std::vector<std::string> names;
  DIR* listing = ::opendir(directory().c_str());
  if (listing == nullptr) return names;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(listing);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace e6::crash
