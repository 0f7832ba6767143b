// The health check.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "e6/client/call_observer.h"
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

/// Does something when a call has failed, before anybody judges it.
class AfterFailure final : public CallObserver {
 public:
  void on_call(const CallRecord& call) noexcept override {
    if (call.code != 0 && act) std::exchange(act, nullptr)();
  }
  std::function<void()> act;
};

class DoubtTest : public Scene {
 protected:
  /// A doubtful answer to the next call of `method`. Then the cluster falls asleep, and the host
  /// does not know its colour any more.
  void doubt(Connection& connection, const std::string& method) {
    command("error --method " + method +
            " --code UNAVAILABLE --details \"the storage said 'status: 503'\" --count 1");
    observer_->act = [&, this] {
      command("suspend --resume-takes 10ms");
      connection.coordinator().expire();
    };
  }
  ConnectionOptions observed() {
    ConnectionOptions made = options();
    made.observer = observer_;
    return made;
  }
  std::shared_ptr<AfterFailure> observer_ = std::make_shared<AfterFailure>();
};

TEST_F(DoubtTest, a_health_check_wakes_no_cluster_to_settle_a_doubt) {
  Connection connection(observed());
  connection.connect();
  doubt(connection, "healthCheck");
  EXPECT_THROW(connection.health_check(), ClusterSuspendedError);
  EXPECT_EQ(calls("cluster.resume") + calls("cluster.status"), 0);
}

TEST_F(DoubtTest, a_clear_wakes_no_cluster_to_settle_a_doubt) {
  Connection connection(observed());
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  doubt(connection, "clearOrCancelQuery");
  EXPECT_NO_THROW(cursor.clear());
  EXPECT_EQ(calls("cluster.resume") + calls("cluster.status"), 0);
}

TEST_F(DoubtTest, a_cluster_that_a_statement_needs_is_woken_after_a_doubt_was_settled) {
  Connection connection(observed());
  connection.connect();
  doubt(connection, "prepare");
  EXPECT_NO_THROW((void)run(connection));
  EXPECT_EQ(calls("cluster.resume"), 1);
}

}  // namespace
}  // namespace e6::client::test
