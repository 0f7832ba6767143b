#include <gtest/gtest.h>

#include <cstring>

#include "peer.h"

#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer knows pthread_mutex_unlock and not pthread_mutex_clocklock, and lets no thread start in a child of a threaded process.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "report_mutex_bugs=0:die_after_fork=0"; }
#endif

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "peer") == 0) return e6::shared_test::run_peer(argc - 2, argv + 2);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
