// The one place where a cause becomes a sentence with a remedy.
#include "e6/shared/error.h"

#include <cstring>
#include <string_view>
#include <system_error>

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
    case Cause::kForeignKernel:
      return {"another kernel uses this directory",
              "give each kernel (host or virtual machine) an E6_SHM_DIR of its own; if no other "
              "one is at work, set this machine's clock or remove the segment with 'e6-shm rm'"};
  }
  return {"unknown cause", ""};
}

// In English, as everything else here: strerror_r answers in the language and encoding of the
// application's locale.
std::string system_words(int sys_errno) {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 32)
  if (const char* words = ::strerrordesc_np(sys_errno); words != nullptr) return words;
#endif
#endif
  return std::generic_category().message(sys_errno);
}

// Paths, variables and the clusters of other processes' segments hold any byte; a sentence is one
// line, and steers no terminal.
std::string without_controls(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string clean;
  clean.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      clean += c;
    } else {
      clean += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
    }
  }
  return clean;
}

}  // namespace

std::string Error::sentence() const {
  const Words w = words(cause);
  std::string s;
  if (!where.empty()) s += where + ": ";
  s += w.wrong;
  if (!detail.empty()) s += ": " + detail;
  if (sys_errno != 0) s += " (" + system_words(sys_errno) + ")";
  if (w.remedy[0] != '\0') s += std::string("; ") + w.remedy;
  return without_controls(s);
}

}  // namespace e6
