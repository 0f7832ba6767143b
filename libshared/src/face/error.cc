// The one place where a cause becomes a sentence with a remedy.
#include "e6/shared/error.h"

#include <cstring>

namespace e6 {
namespace {

struct Words {
  const char* wrong;
  const char* remedy;
};

Words words(Cause cause) noexcept {
  switch (cause) {
    case Cause::kOk:
      return {"nothing is wrong", ""};
    case Cause::kBadOption:
      return {"bad setting", "correct it"};
    case Cause::kNoDirectory:
      return {"the segment directory cannot be used", "create it, mount a tmpfs there, or set E6_SHM_DIR to one that exists"};
    case Cause::kNoPermission:
      return {"the system refuses access", "let this user write there, or set E6_SHM_DIR to a directory of its own"};
    case Cause::kReadOnly:
      return {"the file system is read-only", "mount it writable, or set E6_SHM_DIR to a writable tmpfs"};
    case Cause::kNoSpace:
      return {"there is no room for the segment", "free or enlarge the file system (docker: --shm-size), or set E6_SHM_DIR"};
    case Cause::kNoDescriptors:
      return {"no file descriptor is left", "raise the limit (ulimit -n)"};
    case Cause::kNotASegment:
      return {"what stands under the segment's name is no segment", "look what it is and remove it"};
    case Cause::kForeignOwner:
      return {"the segment belongs to another user", "have its owner remove it, or set E6_SHM_DIR, or share it by E6_SHM_GROUP"};
    case Cause::kForeignMode:
      return {"the segment's permissions are not what was asked for", "remove it with 'e6-shm rm', or use the same E6_SHM_GROUP everywhere"};
    case Cause::kForeignLayout:
      return {"the segment has another layout", "remove it with 'e6-shm rm' when nothing uses it"};
    case Cause::kForeignLibc:
      return {"the segment was made with another C library", "give each C library an E6_SHM_DIR of its own"};
    case Cause::kForeignClock:
      return {"the segment's clock is another", "give each time namespace an E6_SHM_DIR of its own"};
    case Cause::kForeignCluster:
      return {"the segment's name is taken by another cluster", "give one of them an explicit cluster id"};
    case Cause::kDamaged:
      return {"the segment is damaged", "keep a copy with 'e6-shm save' for a report, then remove it with 'e6-shm rm'"};
    case Cause::kRetired:
      return {"the segment was given up", "find out what removes it (a tmp cleaner, RemoveIPC), then try again"};
    case Cause::kBusy:
      return {"the segment's lock is busy", "look for a stopped process with 'e6-shm status'; it is tried again by itself"};
    case Cause::kFull:
      return {"no place is left", "end processes that need not be attached"};
    case Cause::kTooLong:
      return {"a text is too long", "shorten it"};
    case Cause::kUnknown:
      return {"there is no such query", ""};
    case Cause::kForked:
      return {"a handle of the parent process was used after a fork", "begin anew in the child"};
    case Cause::kTimeout:
      return {"the deadline passed", ""};
    case Cause::kSystem:
      return {"a system call failed", ""};
  }
  return {"unknown cause", ""};
}

}  // namespace

std::string Error::sentence() const {
  const Words w = words(cause);
  std::string s;
  if (!where.empty()) s += where + ": ";
  s += w.wrong;
  if (!detail.empty()) s += ": " + detail;
  if (sys_errno != 0) {
    char buffer[128];
    s += std::string(" (") + ::strerror_r(sys_errno, buffer, sizeof buffer) + ")";
  }
  if (w.remedy[0] != '\0') s += std::string("; ") + w.remedy;
  return s;
}

}  // namespace e6
