#include "stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "../access/coordinator_access.h"
#include "finding.h"
#include "hosts.h"
#include "os/ofd_lock.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

constexpr std::size_t kSize = sizeof(layout::Segment);

bool lock_range(int fd, short type, off_t first, off_t length) noexcept {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = length;
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

}  // namespace

Stage::Stage() {
  if (const char* given = std::getenv("E6_FUZZ_DIR"); given != nullptr && *given != '\0') {
    place_.directory = given;
  } else {
    char made[] = "/dev/shm/e6-fuzz-XXXXXX";
    if (::mkdtemp(made) == nullptr) give_up("make a directory in /dev/shm");
    place_.directory = made;
    own_directory_ = true;
  }
  place_.cluster = "fuzz.example:443";
  place_.uid = ::geteuid();
  path_ = place_.path();
  remove_others();
  ::unlink(path_.c_str());
  images_ = make_images(place_);
  know_hosts();
  make_file();
}

Stage::~Stage() {
  ::unlink(path_.c_str());
  remove_others();
  if (own_directory_) ::rmdir(place_.directory.c_str());
}

Options Stage::options(TransitionPolicy policy) const {
  Options o;
  o.cluster = place_.cluster;
  o.directory = place_.directory;
  o.policy = policy;
  return o;
}

void Stage::know_hosts() {
  const VirtualTime time;
  std::vector<Options> all;
  for (const auto policy : {TransitionPolicy::kOnCompletion, TransitionPolicy::kNextQuery, TransitionPolicy::kWhenIdle}) all.push_back(options(policy));
  // a header may say that its segment is a group's; the verbs that act attach with the default settings
  if (const group* own = ::getgrgid(::getegid())) {
    all.push_back(options(TransitionPolicy::kOnCompletion));
    all.back().group = own->gr_name;
  }
  for (const Options& o : all)
    if (const auto made = Coordinator::attach(o).coordinator) hosts_.push_back(&access::host_of(*made));
  for (core::Host* host : hosts_) forget(*host);
  remove_others();
  ::unlink(path_.c_str());
}

void Stage::make_file() {
  if (mapped_ != nullptr) ::munmap(static_cast<void*>(mapped_), kSize);
  ::unlink(path_.c_str());
  file_ = os::Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_.valid() || ::ftruncate(file_.get(), kSize) != 0) give_up(path_);
  void* at = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file_.get(), 0);
  if (at == MAP_FAILED) give_up("map " + path_);
  mapped_ = static_cast<layout::Segment*>(at);
  held_ = 0;
  lock_held_ = false;
  whole_ = true;
}

// Whoever retires a segment makes another one; verbs save copies.
void Stage::remove_others() const {
  DIR* listing = ::opendir(place_.directory.c_str());
  if (listing == nullptr) give_up(place_.directory);
  while (const dirent* entry = ::readdir(listing)) {
    const std::string path = place_.directory + "/" + entry->d_name;
    if (entry->d_name[0] != '.' && path != path_) ::unlink(path.c_str());
  }
  ::closedir(listing);
}

void Stage::hold(Base base, bool lock) {
  const std::uint32_t alive = images_[static_cast<std::size_t>(base)].alive;
  if (alive != held_) {
    lock_range(file_.get(), F_UNLCK, os::kFirstSlotByte, layout::kParticipants);
    if (alive != 0 && !lock_range(file_.get(), F_WRLCK, os::kFirstSlotByte, alive)) give_up("hold the living processes' bytes");
    held_ = alive;
  }
  if (lock != lock_held_ && !lock_range(file_.get(), lock ? F_WRLCK : F_UNLCK, os::kLockByte, layout::kTurnBytes)) give_up("hold the lock");
  lock_held_ = lock;
}

void Stage::set(const Plan& plan) {
  struct stat named;
  struct stat held;
  for (core::Host* host : hosts_) forget(*host);
  remove_others();
  const bool same = ::lstat(path_.c_str(), &named) == 0 && ::fstat(file_.get(), &held) == 0 && named.st_ino == held.st_ino;
  if (!same) make_file();
  if (!whole_ && ::ftruncate(file_.get(), kSize) != 0) give_up(path_);
  hold(plan.base, plan.lock_held);
  std::memcpy(static_cast<void*>(mapped_), static_cast<const void*>(images_[static_cast<std::size_t>(plan.base)].segment.get()), kSize);
  apply(plan.before, *mapped_);
  if (plan.seal) mapped_->header.checksum = core::header_checksum(mapped_->header);
  const std::size_t size = plan.file_size.value_or(kSize);
  whole_ = size == kSize;
  if (!whole_ && ::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) give_up(path_);
}

void Stage::change(const std::vector<Change>& changes) {
  if (whole_) apply(changes, *mapped_);
}

}  // namespace e6::fuzz
