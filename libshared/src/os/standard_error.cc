#include "os/standard_error.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace e6::os {
namespace {

constexpr int kPatienceMs = 100;

bool is_standard_error(int fd) noexcept {
  struct stat st;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || ::fstat(fd, &st) != 0) return false;
  if (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)) return true;
  if (S_ISREG(st.st_mode)) return (flags & O_ACCMODE) == O_WRONLY || (flags & O_APPEND) != 0;
  int domain = 0;
  socklen_t size = sizeof domain;
  return S_ISSOCK(st.st_mode) &&
         ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

/// Keeps a SIGPIPE that is raised while it lives from this thread.
class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigemptyset(&pending);
    was_pending_ = ::sigpending(&pending) != 0 || ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    constexpr timespec kAtOnce{};
    if (!was_pending_)
      while (::sigtimedwait(&pipe_, nullptr, &kAtOnce) < 0 && errno == EINTR) {
      }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

}  // namespace

bool write_to_standard_error(std::string_view line) noexcept {
  if (!is_standard_error(STDERR_FILENO)) return false;
  struct pollfd room = {STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, kPatienceMs) <= 0 || (room.revents & POLLOUT) == 0) return false;
  const NoSigpipe guard;
  return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace e6::os
