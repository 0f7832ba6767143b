// A host process that has closed some of its descriptors 0, 1 and 2, as daemons do.
#include <fcntl.h>

#include <cstdio>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

TEST_F(CAbi, no_descriptor_of_the_library_takes_the_place_of_a_closed_one_in_parents_and_children) {
  const auto life_without = [&](int subset) {
    const int words = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    for (int fd = 0; fd < 3; ++fd)
      if ((subset >> fd & 1) != 0) ::close(fd);
    const auto closed = [&](const char* after) {
      for (int fd = 0; fd < 3; ++fd)
        if ((subset >> fd & 1) != 0 && ::write(fd, "a log line\n", 11) != -1) {
          ::dprintf(words, "subset %d: descriptor %d is in use after %s\n", subset, fd, after);
          return false;
        }
      return true;
    };
    e6shm_t* h = nullptr;
    const e6shm_options_t o = options();
    E6_CHILD_CHECK(e6shm_attach(&o, &h) == E6SHM_OK);
    E6_CHILD_CHECK(closed("attaching"));
    E6_CHILD_CHECK(e6shm_set(h, E6SHM_BLUE, nullptr) == E6SHM_OK);
    e6shm_ticket_t ticket = begin(h);
    E6_CHILD_CHECK(e6shm_bind(h, &ticket, "q", 1, nullptr, 0) == E6SHM_OK);
    E6_CHILD_CHECK(closed("a query"));
    const auto childs_life = [&] {
      E6_CHILD_CHECK(closed("a fork"));
      e6shm_ticket_t own;
      E6_CHILD_CHECK(e6shm_begin_query(h, &own, nullptr, nullptr) == E6SHM_OK);
      E6_CHILD_CHECK(closed("a child's query"));
      return e6shm_end_query(h, &own) == E6SHM_OK ? 0 : 1;
    };
    E6_CHILD_CHECK(in_child(childs_life) == 0);
    E6_CHILD_CHECK(e6shm_end_query(h, &ticket) == E6SHM_OK);
    E6_CHILD_CHECK(e6shm_detach(h) == E6SHM_OK);
    E6_CHILD_CHECK(closed("detaching"));
    E6_CHILD_CHECK(e6shm_attach(&o, &h) == E6SHM_OK);  // refuses a segment that was written to
    return e6shm_word_active(e6shm_snapshot_word(h)) == E6SHM_BLUE ? 0 : 1;
  };
  for (int subset = 0; subset < 8; ++subset)
    EXPECT_EQ(0, in_child([&] { return life_without(subset); })) << subset;
}

}  // namespace
}  // namespace e6::c_abi_test
