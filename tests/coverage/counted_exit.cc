// In a build that counts executed lines: a child that ends by _exit writes its counts down first, as one that returns from main does.
// Linked into every test program with --wrap=_exit. Only a child that is killed takes its counts with it.
extern "C" {
void __gcov_dump();
[[noreturn]] void __real__exit(int status);
[[noreturn]] void __wrap__exit(int status);

void __wrap__exit(int status) {
  __gcov_dump();
  __real__exit(status);
}
}
