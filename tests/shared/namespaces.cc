#include "namespaces.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace e6::shared_test {

std::string why_not() {
  if (::geteuid() != 0) return "needs root: namespaces, mounts and other users";
  const int result = in_child([] { return ::unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 ? 0 : errno; });
  return result == 0 ? "" : std::string("this machine does not allow namespaces: ") + std::strerror(result);
}

std::string why_no_mounts() {
  if (const std::string reason = why_not(); !reason.empty()) return reason;
  const int result = in_child([] { return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : errno; });
  return result == 0 ? "" : std::string("this process cannot have mounts of its own (its root directory is no mount point?): ") + std::strerror(result);
}

Child in_pid_namespace(const std::function<int()>& body) {
  const int own = ::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (own < 0 || ::unshare(CLONE_NEWPID) != 0) {
    ADD_FAILURE() << "unshare: " << std::strerror(errno);
    return Child();
  }
  Child child(body);
  if (::setns(own, CLONE_NEWPID) != 0) ADD_FAILURE() << "setns: " << std::strerror(errno);
  ::close(own);
  return child;
}

int in_time_namespace(std::chrono::seconds ahead, const std::function<int()>& body) {
  return in_child([&] {
    if (::unshare(CLONE_NEWTIME) != 0) return -2 & 0xff;
    const int fd = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    const std::string offset = "monotonic " + std::to_string(ahead.count()) + " 0\n";
    const bool written = fd >= 0 && ::write(fd, offset.data(), offset.size()) == static_cast<ssize_t>(offset.size());
    ::close(fd);
    E6_CHILD_CHECK(written);
    return in_child(body);
  });
}

int in_user_namespace(unsigned outside, unsigned inside, const std::function<int()>& body) {
  return as_user(outside, 0, [&] {
    const auto write = [](const char* file, const std::string& text) {
      const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
      const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
      ::close(fd);
      return written;
    };
    ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/self belongs to root after the change of user
    if (::unshare(CLONE_NEWUSER) != 0) return -2 & 0xff;
    const std::string map = std::to_string(inside) + " " + std::to_string(outside) + " 1\n";
    E6_CHILD_CHECK(write("/proc/self/setgroups", "deny"));
    E6_CHILD_CHECK(write("/proc/self/uid_map", map) && write("/proc/self/gid_map", map));
    E6_CHILD_CHECK(::geteuid() == inside);
    return body();
  });
}

int with_tmpfs_at(const std::string& directory, const std::string& options, bool read_only, const std::function<int()>& body) {
  return in_child([&] {
    E6_CHILD_CHECK(::unshare(CLONE_NEWNS) == 0);
    E6_CHILD_CHECK(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    E6_CHILD_CHECK(::mount("tmpfs", directory.c_str(), "tmpfs", 0, options.c_str()) == 0);
    if (read_only) E6_CHILD_CHECK(::mount(nullptr, directory.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    return body();
  });
}

int as_user(unsigned uid, unsigned group, const std::function<int()>& body) {
  return in_child([&] {
    const gid_t groups[] = {group};
    E6_CHILD_CHECK(::setgroups(group != 0 ? 1 : 0, groups) == 0);
    E6_CHILD_CHECK(::setresgid(uid, uid, uid) == 0);
    E6_CHILD_CHECK(::setresuid(uid, uid, uid) == 0);
    return body();
  });
}

}  // namespace e6::shared_test
