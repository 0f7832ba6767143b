#include "rpc/peer_pid.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

TEST(PeerPid, is_read_from_a_user_agent_that_says_it) {
  EXPECT_EQ(pid_in_user_agent("e6-shm/0.1.0 pid=4711 grpc-c++/1.51.1"), 4711);
  EXPECT_EQ(pid_in_user_agent("grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)"), 0);
  EXPECT_EQ(pid_in_user_agent("pid="), 0);
  EXPECT_EQ(pid_in_user_agent("pid=99999999999999"), 0);
  EXPECT_EQ(pid_in_user_agent(""), 0);
}

}  // namespace
}  // namespace e6::sim
