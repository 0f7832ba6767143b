#include "status_scene.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kStatement = "insert into t values (1) /* rows=2 batches=2 */";

bool ends_query(const std::string& call) {
  return call == "clearOrCancelQuery";
}

bool about_query(const std::string& call) {
  return call == "getResultMetadata" || call == "getNextResultBatch" || call == "status";
}

// A call that may have done something which must not be done twice, or skipped.
bool unsafe(const std::string& call) {
  return call == "executeStatementV2" || call == "getNextResultBatch";
}

std::string first_line(const std::string& text) {
  constexpr std::size_t kShown = 60;
  return text.substr(0, std::min(text.find_first_of("\r\n"), kShown));
}

}  // namespace

StatusScene::Counted StatusScene::count() {
  const auto stats = nlohmann::json::parse(engine().stats_json());
  Counted counted;
  for (const auto& each : stats["calls"])
    counted.calls[each["method"].get<std::string>()] += each["count"].get<int>();
  counted.executed = stats["executions"].value(kStatement, 0);
  counted.executed_again = stats["statements_executed_again"].get<int>();
  counted.open = stats["queries_open"].get<int>();
  return counted;
}

// What an application does with a statement; `kept`: the cursor still has its query where it
// failed.
void StatusScene::use(Connection& connection, const std::string& call, Failure& failure,
                      bool& kept) {
  Cursor cursor = connection.cursor();
  try {
    cursor.execute(kStatement);
    if (call == "getResultMetadata") (void)cursor.metadata();
    if (call == "status") (void)cursor.status();
    while (cursor.fetch_batch()) {
    }
    cursor.clear();
  } catch (const QueryLostError& error) {
    failure = {"QueryLostError", error.what(), error.details(), error.code(),
               error.context().query_id};
  } catch (const QueryError& error) {
    failure = {"QueryError", error.what(), error.details(), error.code(), error.context().query_id};
  } catch (const AuthenticationError& error) {
    failure = {"AuthenticationError", error.what(), error.details(), error.code(),
               error.context().query_id};
  } catch (const ConnectionError& error) {
    failure = {"ConnectionError", error.what(), error.details(), error.code(),
               error.context().query_id};
  } catch (const Error& error) {
    failure = {"another Error", error.what(), error.details(), error.code(),
               error.context().query_id};
  }
  kept = cursor.has_query();
}

void StatusScene::connect_for(const std::string& call, Knowledge knowledge) {
  const bool authenticating = call == "authenticate";
  if (connection_ == nullptr || authenticating || may_have_verified_ ||
      knowledge == Knowledge::kSegment) {
    ConnectionOptions quick = options();
    quick.retry_backoff = milliseconds(1);
    quick.resume_poll = milliseconds(1);
    quick.shared.share = knowledge == Knowledge::kSegment;
    quick.shared.cluster =
        "host-" + std::to_string(knowledge == Knowledge::kSegment ? ++segments_ : 0);
    connection_ = std::make_unique<Connection>(quick);
  }
  if (!authenticating) connection_->connect();
}

void StatusScene::expect_no_harm(const std::string& call, int code, const std::string& text,
                                 Work work, Knowledge knowledge) {
  SCOPED_TRACE(call + " answers " + std::string(name_of_code(code)) + " '" + text.substr(0, 100) +
               "'" + (work == Work::kDone ? " after its work" : ""));
  const bool authenticating = call == "authenticate";
  const Reading reading = read_status(code, text);
  connect_for(call, knowledge);
  may_have_verified_ = reading.grade == Grade::kDoubtful || reading.may_be_verified;
  const Coordinator& host = connection_->coordinator();
  const Epoch epoch = host.snapshot().epoch;
  const std::uint64_t host_mismatches = host.counter(Counter::kMismatches);
  const Statistics before = connection_->statistics();
  const Counted first = count();
  fail_calls(call, code, text, 1, work);

  Failure failure;
  bool kept = false;
  use(*connection_, call, failure, kept);
  const Counted last = count();
  const int tries = last.of(call) - first.of(call);
  const int authentications = last.of("authenticate") - first.of("authenticate");
  const int executed = last.executed - first.executed;
  if (tries == 0) command("error --clear");

  // What holds whatever the status says.
  EXPECT_LE(executed, 1);
  EXPECT_EQ(last.executed_again, 0);
  EXPECT_NE(host.snapshot().active, Strategy::kGreen);
  if (failure.type.empty()) {
    EXPECT_EQ(executed, 1);
    const bool refused_at_the_end = ends_query(call) && reading.grade == Grade::kCertain;
    EXPECT_TRUE(host.snapshot().active == Strategy::kBlue || refused_at_the_end);
  }
  if (authenticating) return;  // believed in either grade: it carries no statement

  // Another query's clear, which its statement had left to the background, may have met the error.
  if (ends_query(call) && failure.type.empty() && tries > 1) return;
  expect_like(reading, call, text, failure, tries, authentications);
  if (reading.grade == Grade::kCertain) return;
  if (!ends_query(call)) {
    EXPECT_TRUE(open_queries_come_down_to(first.open)) << "queries are left at the engine";
  }
  const Statistics after = connection_->statistics();
  EXPECT_EQ(host.snapshot().epoch, epoch) << "the host's colour was wiped";
  EXPECT_EQ(host.counter(Counter::kMismatches), host_mismatches);
  EXPECT_EQ(after.mismatches, before.mismatches);
  EXPECT_EQ(after.access_denied, before.access_denied);
  EXPECT_EQ(after.suspensions, before.suspensions);
  EXPECT_EQ(after.lost_queries, before.lost_queries);
  if (about_query(call) && !failure.type.empty()) {
    EXPECT_TRUE(kept) << "a query that is not lost was forgotten";
  }
  // The session is still the one that was there.
  EXPECT_NO_THROW(run(*connection_));
  EXPECT_EQ(count().of("authenticate"), last.of("authenticate")) << "the session was dropped";
}

void StatusScene::expect_like(const Reading& reading, const std::string& call,
                              const std::string& text, const Failure& failure, int tries,
                              int authentications) {
  if (ends_query(call)) tries = std::min(tries, 1);
  switch (reading.grade) {
    case Grade::kCertain:
      if (reading.about != About::kSession || !ends_query(call)) {
        const bool lost_with_its_session =
            reading.about == About::kSession && failure.type == "QueryLostError";
        EXPECT_TRUE(failure.type.empty() || lost_with_its_session)
            << failure.type << ": " << failure.what;
      }
      return;
    case Grade::kDoubtful:
      EXPECT_LE(authentications, 1) << "more than one verification";
      EXPECT_EQ(tries, 1) << "repeated";
      if (!ends_query(call)) {
        const bool ended = failure.code == kCancelled || failure.code == kDeadlineExceeded;
        EXPECT_TRUE(failure.type == "QueryError" || (ended && !failure.type.empty()))
            << failure.type << ": " << failure.what;
        EXPECT_NE(failure.details.find(first_line(text)), std::string::npos) << failure.details;
      }
      return;
    case Grade::kStatement:
      EXPECT_LE(authentications, reading.may_be_verified ? 1 : 0);
      EXPECT_EQ(tries, 1) << "repeated";
      EXPECT_EQ(failure.type, "QueryError") << failure.what;
      EXPECT_NE(failure.details.find(first_line(text)), std::string::npos) << failure.details;
      return;
    case Grade::kTransport:
      EXPECT_LE(authentications, reading.may_be_verified ? 1 : 0);
      if (unsafe(call) && !reading.unsent) {
        EXPECT_EQ(tries, 1) << "sent again, although the engine may have done it";
        EXPECT_NE(failure.type, "") << "no error";
      }
      return;
  }
}

}  // namespace e6::client::test
