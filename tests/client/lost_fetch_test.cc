// After a fetch whose answer may be lost, rows are not handed out as if nothing had happened.
#include <chrono>
#include <functional>
#include <ostream>
#include <thread>

#include "cutting_proxy.h"
#include "fetching.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kStatement = "select 1 /* rows=6 cols=2 batches=3 */";

class LostFetchTest;

/// What breaks a fetch off.
struct Breaker {
  const char* name;
  std::function<void(LostFetchTest&, Cursor&)> begin;
};

void PrintTo(const Breaker& breaker, std::ostream* out) { *out << breaker.name; }

class LostFetchTest : public Scene, public ::testing::WithParamInterface<Breaker> {
 public:
  using Scene::command;
  CuttingProxy& proxy() {
    if (proxy_ == nullptr) proxy_ = std::make_unique<CuttingProxy>(engine().target());
    return *proxy_;
  }
  /// Requests a stop when the engine has let the fetch in.
  void stop_soon(Cursor& cursor) {
    cursor.set_stop_token(stop_.get_token());
    stopper_ = std::jthread([this] {
      std::this_thread::sleep_for(milliseconds(20));
      stop_.request_stop();
    });
  }

 protected:
  Connection connect_through() {
    ConnectionOptions made = options_for(proxy().target(), directory_);
    made.retry_backoff = milliseconds(1);
    return Connection(made);
  }
  void repair(Cursor& cursor) {
    if (stopper_.joinable()) stopper_.join();
    proxy().pass();
    command("error --clear");
    command("latency --method getNextResultBatch --ms 0");
    cursor.set_timeout(std::chrono::seconds(20));
    cursor.set_stop_token({});
  }
  static void fetch_once(Cursor& cursor, Way way) {
    switch (way) {
      case Way::kFetch:
        (void)cursor.fetch();
        return;
      case Way::kFetchBatch:
        (void)cursor.fetch_batch();
        return;
      case Way::kRows:
        (void)cursor.rows().begin();
    }
  }
  /// A cursor whose second fetch broke off.
  Cursor broken(Connection& connection) {
    Cursor cursor = connection.cursor();
    cursor.execute(kStatement);
    EXPECT_TRUE(cursor.fetch());
    GetParam().begin(*this, cursor);
    EXPECT_THROW((void)cursor.fetch(), Error);
    repair(cursor);
    return cursor;
  }

 private:
  std::unique_ptr<CuttingProxy> proxy_;
  std::stop_source stop_;
  std::jthread stopper_;
};

TEST_P(LostFetchTest, every_further_fetch_is_refused_and_none_is_sent) {
  Connection connection = connect_through();
  Cursor cursor = broken(connection);
  const int sent = calls("getNextResultBatch");
  for (const Way way : {Way::kFetch, Way::kFetchBatch, Way::kRows, Way::kFetch}) {
    try {
      fetch_once(cursor, way);
      ADD_FAILURE() << name_of(way) << ": no error";
    } catch (const QueryLostError& error) {
      EXPECT_EQ(error.context().query_id, cursor.query_id());
    } catch (const Error& error) {
      ADD_FAILURE() << name_of(way) << ": " << error.what();
    }
  }
  EXPECT_EQ(calls("getNextResultBatch"), sent);
  EXPECT_TRUE(cursor.has_query());
  EXPECT_EQ(cursor.status().row_count, 6);
  EXPECT_EQ(cursor.columns().size(), 2U);
}

TEST_P(LostFetchTest, a_cursor_that_was_moved_knows_it_too) {
  Connection connection = connect_through();
  Cursor cursor = broken(connection);
  Cursor moved = std::move(cursor);
  EXPECT_THROW((void)moved.fetch(), QueryLostError);
  cursor = std::move(moved);
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
}

TEST_P(LostFetchTest, the_query_can_be_ended_and_the_cursor_goes_on) {
  Connection connection = connect_through();
  for (const int how : {0, 1, 2, 3}) {
    Cursor cursor = broken(connection);
    if (how == 0) cursor.clear();
    if (how == 1) cursor.cancel();
    if (how == 2) cursor.discard();
    EXPECT_EQ(cursor.has_query(), how == 3);
    if (how < 3) {
      EXPECT_THROW((void)cursor.fetch(), UsageError);
    }
    cursor.execute(kStatement);
    const RowsSeen seen = read_stubbornly(cursor, Way::kRows);
    EXPECT_EQ(seen.rows.size(), 6U) << seen.in_words();
    EXPECT_EQ(seen.errors, 0) << seen.first_error;
  }
  EXPECT_TRUE(open_queries_come_down_to(0));
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

const Breaker kBreakers[]{
    {"time_out",
     [](LostFetchTest& test, Cursor& cursor) {
       test.command("latency --method getNextResultBatch --ms 300");
       cursor.set_timeout(milliseconds(30));
     }},
    {"stop",
     [](LostFetchTest& test, Cursor& cursor) {
       test.command("latency --method getNextResultBatch --ms 300");
       test.stop_soon(cursor);
     }},
    {"cut_connection",
     [](LostFetchTest& test, Cursor&) { test.proxy().cut_after(CuttingProxy::From::kEngine, 40); }},
    {"swallowed_answer",
     [](LostFetchTest& test, Cursor& cursor) {
       test.proxy().cut_after(CuttingProxy::From::kEngine, 40, CuttingProxy::How::kSwallow);
       cursor.set_timeout(milliseconds(50));
     }},
    {"reset_stream", [](LostFetchTest& test, Cursor&) { test.proxy().reset_streams(1, 2); }},
    {"unavailable_after_the_work",
     [](LostFetchTest& test, Cursor&) {
       test.command(
           "error --method getNextResultBatch --late --code UNAVAILABLE --details 'try later' "
           "--count 1");
     }},
    {"error_after_the_work",
     [](LostFetchTest& test, Cursor&) {
       test.command(
           "error --method getNextResultBatch --late --code INTERNAL --details 'disk full' --count "
           "1");
     }},
    {"doubtful_after_the_work",
     [](LostFetchTest& test, Cursor&) {
       test.command(
           "error --method getNextResultBatch --late --code INTERNAL --details 's3://t/status=456' "
           "--count 1");
     }},
};

INSTANTIATE_TEST_SUITE_P(After, LostFetchTest, ::testing::ValuesIn(kBreakers),
                         [](const auto& breaker) { return std::string(breaker.param.name); });

// The rows have left the engine, and nobody has them.
TEST(UndecodableBatchTest, is_not_skipped_in_silence) {
  int fetched = 0;
  RawEngine engine([&](const RawCall& call) {
    const std::string method = call.path.substr(call.path.rfind('/') + 1);
    Wire wire;
    if (method == "authenticate") wire.text(1, "session-17");
    if (method == "prepareStatementV2")
      wire.text(1, "7.7.7.7").text(2, "query-9").text(3, "session-17");
    if (method == "getResultMetadata") wire.text(1, std::string(12, '\0'));  // no rows, no columns
    if (method == "getNextResultBatch" && fetched++ == 0) wire.text(2, std::string(300, '\xff'));
    return RawEngine::Answer{0, "", wire};
  });
  const SegmentDirectory directory;
  Connection connection(options_for(engine.target(), directory));
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  EXPECT_THROW((void)cursor.fetch(), DecodeError);
  EXPECT_THROW((void)cursor.fetch(), Error);
  EXPECT_THROW((void)cursor.fetch_batch(), Error);
}

}  // namespace
}  // namespace e6::client::test
