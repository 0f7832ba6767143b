// Fetches that break off, at every byte and at random: rows are handed out, or an error says that
// they are not. E6_TEST_BREAKS says how many random ones, E6_TEST_SEED which.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "cutting_proxy.h"
#include "fetching.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using From = CuttingProxy::From;
using How = CuttingProxy::How;

class BrokenFetchTest : public Scene {
 protected:
  ConnectionOptions through_proxy() {
    ConnectionOptions made = options_for(proxy().target(), directory_);
    made.retry_backoff = milliseconds(1);
    return made;
  }
  CuttingProxy& proxy() {
    if (proxy_ == nullptr) proxy_ = std::make_unique<CuttingProxy>(engine().target());
    return *proxy_;
  }
  static std::size_t number(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  }

  /// Reads six rows in three batches on a connection of its own, which is cut after `bytes` of one
  /// side.
  RowsSeen read_cut(Way way, From from, std::size_t bytes, How how) {
    Connection connection(through_proxy());
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=6 cols=2 batches=3 */");
    (void)cursor.result();
    proxy().cut_after(from, bytes, how);
    RowsSeen seen = read_stubbornly(cursor, way);
    proxy().pass();
    if (cursor.has_query()) {
      EXPECT_NO_THROW((void)cursor.status());
      EXPECT_NO_THROW(cursor.clear());
    }
    return seen;
  }

  void expect_no_row_lost_wherever_it_is_cut(From from, How how) {
    int broken = 0;
    for (std::size_t offset = 0;; ++offset) {
      const Way way = kWays[offset % std::size(kWays)];
      const int cuts = proxy().cuts();
      const RowsSeen seen = read_cut(way, from, offset, how);
      EXPECT_FALSE(seen.lost_some(6))
          << name_of(way) << ", cut after " << offset << " bytes: " << seen.in_words();
      if (proxy().cuts() == cuts) {  // past the last byte
        EXPECT_EQ(seen.errors, 0) << seen.first_error;
        EXPECT_EQ(seen.rows.size(), 6U);
        break;
      }
      ++broken;
      ASSERT_LT(offset, 20'000U);
    }
    EXPECT_GE(broken, 300) << "three batches take more bytes than that";
    EXPECT_TRUE(open_queries_come_down_to(0));
  }

 private:
  std::unique_ptr<CuttingProxy> proxy_;
};

TEST_F(BrokenFetchTest, no_row_is_lost_in_silence_wherever_the_answers_are_cut) {
  expect_no_row_lost_wherever_it_is_cut(From::kEngine, How::kClose);
}

TEST_F(BrokenFetchTest, no_row_is_lost_in_silence_wherever_the_requests_are_cut) {
  expect_no_row_lost_wherever_it_is_cut(From::kClient, How::kReset);
}

TEST_F(BrokenFetchTest, no_row_is_lost_in_silence_whatever_breaks_a_fetch_off) {
  constexpr std::int64_t kRowsInAll = 40;
  const std::size_t breaks = number("E6_TEST_BREAKS", 1'000);
  const std::size_t seed = number("E6_TEST_SEED", 1);
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(random()) % most; };
  std::size_t broken = 0;
  std::size_t rounds = 0;
  for (; broken < breaks; ++rounds) {
    ASSERT_LT(rounds, 4 * breaks) << "too few of them break anything";
    const Way way = kWays[below(std::size(kWays))];
    Connection connection(through_proxy());
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=40 cols=3 batches=8 */");
    (void)cursor.result();
    std::stop_source stop;
    std::jthread stopper;
    const How how = below(2) == 0 ? How::kClose : How::kReset;
    const std::size_t cause = below(10);
    if (cause < 4) {
      proxy().cut_after(From::kEngine, below(4'000), how);
    } else if (cause < 6) {
      proxy().cut_after(From::kClient, below(1'000), how);
    } else if (cause == 6) {  // the time-out is what ends it
      proxy().cut_after(From::kEngine, below(4'000), How::kSwallow);
      cursor.set_timeout(milliseconds(20));
    } else if (cause == 7) {
      command("latency --method getNextResultBatch --ms 0 --jitter 12");
      cursor.set_timeout(milliseconds(8));
    } else if (cause == 8) {
      cursor.set_stop_token(stop.get_token());
      stopper = std::jthread([&stop, after = std::chrono::microseconds(below(3'000))] {
        std::this_thread::sleep_for(after);
        stop.request_stop();
      });
    } else {
      const char* code =
          below(2) == 0 ? "UNAVAILABLE --details 'Socket closed'" : "INTERNAL --details broken";
      command(std::string("error --method getNextResultBatch --rate 0.2 --late --code ") + code);
    }
    const RowsSeen seen = read_stubbornly(cursor, way);
    if (stopper.joinable()) stopper.join();
    EXPECT_FALSE(seen.lost_some(kRowsInAll))
        << "round " << rounds << " of seed " << seed << ", cause " << cause << ", " << name_of(way)
        << ": " << seen.in_words();
    if (seen.errors > 0) ++broken;
    proxy().pass();
    command("latency --method getNextResultBatch --ms 0");
    command("error --clear");
    cursor.set_timeout(std::chrono::seconds(20));
    cursor.set_stop_token({});
    EXPECT_NO_THROW(cursor.clear());
  }
  EXPECT_TRUE(open_queries_come_down_to(0));
}

}  // namespace
}  // namespace e6::client::test
