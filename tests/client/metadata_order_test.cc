// Our metadata as they stand on the wire, byte for byte: each once, and in one order.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cutting_proxy.h"
#include "http2_frames.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

class MetadataOrderTest : public Scene {
 protected:
  /// The calls that `work` makes on one connection, each as the fields that are ours.
  template <class Work>
  std::vector<Fields> calls_of(const std::string& cluster_name, Work&& work) {
    CuttingProxy proxy(engine().target());
    {
      ConnectionOptions through = options_for(proxy.target(), directory_);
      through.cluster_name = cluster_name;
      through.end_sessions = false;  // the calls of `work` and no other
      Connection connection(through);
      work(connection);
    }
    std::vector<Fields> calls;
    for (const Frame& frame : FrameSplitter(true).feed(proxy.sent_by_clients())) {
      if (frame.type != Frame::kHeaders) continue;
      Fields ours;
      for (const auto& field : fields_of(frame)) {
        const std::string& name = field.first;
        if (name == "plannerip" || name == "cluster-name" || name == "strategy")
          ours.push_back(field);
      }
      calls.push_back(ours);
    }
    return calls;
  }
  static std::vector<std::string> names(const Fields& fields) {
    std::vector<std::string> all;
    for (const auto& [name, value] : fields) all.push_back(name);
    return all;
  }
};

using Names = std::vector<std::string>;

// Engines know these in the order plannerip, cluster-name, strategy. gRPC C++ sends metadata in the
// order of their names, whatever the order in which they were added; HTTP gives the order of
// different fields no meaning. A change of either is to be noticed here.
TEST_F(MetadataOrderTest, stand_once_in_each_call_in_the_order_of_their_names) {
  const auto calls = calls_of("Main", [](Connection& connection) {
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    (void)cursor.metadata();
    (void)cursor.fetch_batch();
    (void)cursor.status();
    cursor.clear();
    (void)connection.schemas();
  });
  ASSERT_EQ(calls.size(),
            8U);  // authenticate, prepare, then about the query until clear, then schemas
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool about_query = i >= 2 && i <= 6;
    EXPECT_EQ(names(calls[i]), about_query ? Names({"cluster-name", "plannerip", "strategy"})
                                           : Names({"cluster-name", "strategy"}))
        << "call " << i;
    for (const auto& [name, value] : calls[i]) {
      if (name == "cluster-name") {
        EXPECT_EQ(value, "main");
      }
      if (name == "strategy") {
        EXPECT_EQ(value, "blue");
      }
      if (name == "plannerip") {
        EXPECT_EQ(value.substr(0, 7), "10.1.0.");
      }
    }
  }
}

TEST_F(MetadataOrderTest, are_left_out_where_they_are_empty) {
  const auto calls = calls_of("", [](Connection& connection) { run(connection); });
  ASSERT_GE(calls.size(), 5U);
  EXPECT_EQ(names(calls[0]), Names({"strategy"}));
  EXPECT_EQ(names(calls[1]), Names({"strategy"}));
  for (std::size_t i = 2; i < calls.size(); ++i)
    EXPECT_EQ(names(calls[i]), Names({"plannerip", "strategy"})) << "call " << i;
}

}  // namespace
}  // namespace e6::client::test
