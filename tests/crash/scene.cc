#include "scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
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
#include "os/segment_file.h"
#include "tracee.h"

namespace e6::crash {
namespace {

constexpr std::size_t kPage = 4096;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "crash_harness: ");
  std::perror(what.c_str());
  std::abort();
}

/// Memory enough for the operation, so that whether it asks the kernel for some does not hang on what the harness did before.
void lay_in_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 25);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 28);
  void* volatile some = std::malloc(1 << 23);  // volatile: the compiler would drop the pair
  std::free(some);
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

Scene::Scene(const Operation& operation) : Scene(operation, Bare{}) {
  if ((operation_.special & kFromNothing) == 0) make_base();
}

Scene::Scene(const Operation& operation, Bare) : operation_(operation) {
  char directory[] = "/dev/shm/e6-crash-XXXXXX";
  if (::mkdtemp(directory) == nullptr) give_up("make a directory in /dev/shm");
  options_.cluster = "crash.example:443";
  options_.directory = directory;
  options_.policy = operation.policy;
  options_.ttl = std::chrono::seconds(1800);  // longer than an enumeration takes: a colour that runs out meanwhile is another way
  options_.drain_timeout = std::chrono::seconds(3600);
  core::Place place;
  place.directory = directory;
  place.cluster = options_.cluster;
  place.uid = ::geteuid();
  path_ = place.path();
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

void Scene::reset() {
  neighbour_.reset();
  dead_.reset();
  followed_.reset();
  followed_file_.reset();
  mapped_.reset();
  file_.reset();
  clean();
}

void Scene::make_file() {
  file_ = os::Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_.valid() || ::ftruncate(file_.get(), sizeof(layout::Segment)) != 0) give_up(path_);
  mapped_ = std::make_unique<Mapped>(file_.get(), true);
}

void Scene::set() {
  reset();
  if ((operation_.special & kFromNothing) != 0) return;
  make_file();
  base_.put(segment());
  neighbour_ = hold_life(path_, kNeighbourSlot);
  if (operation_.dead != nullptr) dead_ = hold_life(path_, kDeadSlot);
}

void Scene::set_to(const Image& image, bool neighbour) {
  struct stat named = {};
  struct stat held = {};
  const bool kept = file_.valid() && ::stat(path_.c_str(), &named) == 0 && ::fstat(file_.get(), &held) == 0 && named.st_ino == held.st_ino;
  if (!kept) {
    reset();
    make_file();
  }
  image.put(segment());
  if (!neighbour)
    neighbour_.reset();
  else if (!neighbour_.valid())
    neighbour_ = hold_life(path_, kNeighbourSlot);
}

bool Scene::follow() {
  os::Fd named(::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat now = {};
  struct stat before = {};
  if (!named.valid() || ::fstat(named.get(), &now) != 0) return false;
  const int known = followed_ != nullptr ? followed_file_.get() : file_.get();
  if (known >= 0 && ::fstat(known, &before) == 0 && before.st_ino == now.st_ino) return false;
  if (now.st_size != static_cast<off_t>(sizeof(layout::Segment))) return false;
  followed_ = std::make_unique<Mapped>(named.get(), true);
  followed_file_ = std::move(named);
  return true;
}

bool Scene::has_neighbour(const layout::Segment& segment) const noexcept {
  return segment.header.instance != 0 && segment.header.instance == base_.segment().header.instance;
}

void Scene::begin() {
  dead_.reset();
  if (operation_.arrange != nullptr) operation_.arrange(segment());
}

std::function<void()> Scene::victim(bool without_tmpfile) const {
  return [this, without_tmpfile] {
    // inherited: they would keep the dead one alive, and a segment whose locks are somebody else's
    for (const os::Fd* fd : {&dead_, &followed_file_})
      if (fd->valid()) ::close(fd->get());
    os::disable_tmpfile_for_test(without_tmpfile);
    lay_in_memory();
    Actor actor;
    actor.options = options_;
    if ((operation_.special & kUnattached) == 0) {
      actor.attach();
      actor.put_check_off();
    }
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
