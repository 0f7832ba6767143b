// What many connections and many switches leave behind: nothing. Under AddressSanitizer the end of the program also looks for memory.
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "e6/shared/inspect.h"
#include "channels_scene.h"

namespace e6::client::test {
namespace {

constexpr std::size_t kConnections = 1000;
constexpr std::size_t kSwitches = 100;
constexpr std::size_t kThreads = 4;

// Each connection has a channel for each colour, and the engine's end of both is in this process.
bool enough_descriptors() {
  constexpr rlim_t kNeeded = kConnections * 2 * 2 + 200;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= kNeeded) return true;
  if (limit.rlim_max < kNeeded) return false;
  limit.rlim_cur = kNeeded;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

std::ptrdiff_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

bool comes_down_to(std::ptrdiff_t wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (descriptors() > wanted) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

using LeakTest = ChannelsScene;

// After each switch a part of the connections runs a query, another part each time, and leaves it to be ended after the next switch. The part is a
// tenth, so that each connection meets every tenth switch with what it kept from the one ten before; E6_TEST_LEAK_PART=1 makes it all of them.
TEST_F(LeakTest, a_thousand_connections_and_a_hundred_switches_leave_nothing_behind) {
  if (!enough_descriptors()) GTEST_SKIP() << "this process may not open enough files";
  const char* wanted = std::getenv("E6_TEST_LEAK_PART");
  const std::size_t part = wanted != nullptr && std::atoi(wanted) > 0 ? static_cast<std::size_t>(std::atoi(wanted)) : 10;
  {
    Connection first = connect();
    run(first);
  }
  ASSERT_TRUE(comes_to(0));
  const std::ptrdiff_t before = descriptors();
  std::string segment;
  {
    std::vector<std::unique_ptr<Connection>> connections_of;
    for (std::size_t i = 0; i < kConnections; ++i) connections_of.push_back(std::make_unique<Connection>(options()));
    segment = connections_of.front()->coordinator().path();
    ASSERT_FALSE(segment.empty());

    std::array<std::vector<Cursor>, kThreads> left;  // from the round before
    for (std::size_t round = 0; round < kSwitches; ++round) {
      command(round % 2 == 0 ? "switch green abrupt" : "switch blue abrupt");
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          left[t].clear();
          for (std::size_t i = t; i < kConnections; i += kThreads) {
            if ((i / kThreads + round) % part != 0) continue;
            Cursor cursor = connections_of[i]->cursor();
            cursor.execute("select 1");
            EXPECT_EQ(cursor.strategy(), round % 2 == 0 ? Strategy::kGreen : Strategy::kBlue);
            EXPECT_TRUE(cursor.fetch_batch());
            left[t].push_back(std::move(cursor));
          }
        });
      }
      threads.clear();
      ASSERT_FALSE(HasFailure()) << "in round " << round;
      ASSERT_EQ(connections_of.front()->coordinator().in_flight(), kConnections / part) << "in round " << round;
    }
    for (auto& cursors : left) cursors.clear();
    EXPECT_EQ(connections_of.front()->coordinator().in_flight(), 0U);
    const inspect::Report report = inspect::look(segment);
    EXPECT_TRUE(report.pins.empty());
    EXPECT_EQ(report.participants.size(), 1U);
    EXPECT_EQ(total("statements_executed_again"), 0);
  }
  EXPECT_TRUE(comes_to(0)) << "channels are still open";
  EXPECT_TRUE(comes_down_to(before)) << descriptors() << " descriptors are open, before there were " << before;
  const inspect::Report report = inspect::look(segment);
  EXPECT_TRUE(report.participants.empty());
  EXPECT_TRUE(report.pins.empty());
}

}  // namespace
}  // namespace e6::client::test
