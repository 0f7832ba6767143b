// The health check.
#include <string>

#include "scene.h"

namespace e6::client::test {
namespace {

using HealthTest = Scene;

TEST_F(HealthTest, a_suspended_cluster_is_reported_and_not_woken) {
  Connection connection = connect();
  connection.health_check();
  command("suspend --resume-takes 10ms");
  try {
    connection.health_check();
    FAIL() << "no error";
  } catch (const ClusterSuspendedError& error) {
    EXPECT_NE(std::string(error.what()).find("a health check does not wake it"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(calls("cluster.resume") + calls("cluster.status"), 0);
  (void)run(connection);  // a query does
  EXPECT_EQ(calls("cluster.resume"), 1);
  EXPECT_NO_THROW(connection.health_check());
}

TEST_F(HealthTest, a_suspended_cluster_is_not_woken_where_the_colour_has_to_be_found_first) {
  command("suspend --resume-takes 10ms");
  Connection connection = connect();
  EXPECT_THROW(connection.health_check(), ClusterSuspendedError);
  EXPECT_EQ(calls("cluster.resume") + calls("cluster.status"), 0);
}

}  // namespace
}  // namespace e6::client::test
