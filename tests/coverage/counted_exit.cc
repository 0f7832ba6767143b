// In a build that counts executed lines: a child that ends by _exit writes its counts down first, as one that returns from main does.
// Linked into every test program with --wrap=_exit. Only a child that is killed takes its counts with it.
#include <sys/resource.h>

extern "C" {
void __gcov_dump();
[[noreturn]] void __real__exit(int status);
[[noreturn]] void __wrap__exit(int status);

void __wrap__exit(int status) {
  rlimit size;
  if (getrlimit(RLIMIT_FSIZE, &size) == 0) {  // a test may have left no room for the counts
    size.rlim_cur = size.rlim_max;
    (void)setrlimit(RLIMIT_FSIZE, &size);
  }
  __gcov_dump();
  __real__exit(status);
}
}
