// A statically linked program cannot look up groups (glibc loads a shared library for it); no operation here asks for one.
#include <grp.h>

#include <cerrno>

extern "C" int getgrnam_r(const char*, struct group*, char*, size_t, struct group** result) {
  *result = nullptr;
  return ENOENT;
}
