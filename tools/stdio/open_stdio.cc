// What every tool begins with: descriptors 0, 1 and 2 are open.
//
// Who starts a program may have closed some of them, and the next file or socket would get their
// numbers. Here they lead to /dev/null, in the wrong direction: reading stdin and writing stdout or
// stderr still fail with EBADF, so that lost output stays an error.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// System calls alone: nothing of a sanitizer's is there yet.
[[gnu::no_sanitize("address", "thread", "undefined")]] void open_stdio(int, char**, char**) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::syscall(SYS_fcntl, fd, F_GETFD) == -1)
      (void)::syscall(SYS_openat, AT_FDCWD, "/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY,
                      0);
}

// main() would be too late: gRPC opens a descriptor while its library is loaded. This is run before
// any library's constructor.
[[gnu::section(".preinit_array"), gnu::used]] void (*const first)(int, char**, char**) = open_stdio;

}  // namespace
