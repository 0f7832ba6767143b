// The bytes and headers of every call, decoded by protoc without any .proto, against the field numbers of the
// protocol; and answers written by hand, so that no generated code checks itself. Values begin with letters that
// begin no protobuf message, because protoc --decode_raw guesses at what a string is.
#include <algorithm>
#include <atomic>
#include <functional>

#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

std::string method_of(const RawCall& call) {
  return call.path.substr(call.path.rfind('/') + 1);
}

// What each call answers. `announced`, when not empty, goes into the field that is new_strategy.
std::string response_of(const std::string& method, const std::string& announced) {
  Wire wire;
  const auto news = [&](int field) {
    if (!announced.empty()) wire.text(field, announced);
  };
  if (method == "authenticate") {
    wire.text(1, "ns-1").text(3, "7.7.7.1");
    news(2);
  } else if (method == "prepareStatement" || method == "prepareStatementV2") {
    wire.text(1, "7.7.7.7").text(2, "nq-1").text(3, "ns-1");
    news(4);
  } else if (method == "executeStatement" || method == "executeStatementV2" || method == "clear" || method == "cancelQuery" ||
             method == "clearOrCancelQuery") {
    wire.text(1, "ns-1");
    news(2);
  } else if (method == "getResultMetadata") {
    wire.text(1, "vmeta").text(2, "ns-1");
    news(3);
  } else if (method == "getNextResultBatch") {
    wire.text(2, "vbatch").text(3, "ns-1");
    news(4);
  } else if (method == "explain") {
    wire.text(1, "vplan").text(2, "ns-1");
    news(3);
  } else if (method == "explainAnalyze") {
    wire.text(1, "vplan").number(2, 1).zigzag(3, -5).zigzag(4, 7).text(5, "ns-1");
    news(6);
  } else if (method == "status") {
    wire.number(2, 1).zigzag(3, 1234).text(4, "ns-1");
    news(5);
  } else if (method == "getSchemaNames" || method == "getSchemaNamesV2" || method == "getTables" || method == "getTablesV2") {
    wire.text(1, "vone").text(1, "vtwo").text(2, "ns-1");
    news(3);
  } else if (method == "getColumns" || method == "getColumnsV2") {
    wire.message(1, Wire().text(1, "vcolumn").text(2, "LONG")).text(2, "ns-1");
    news(3);
  } else if (method == "getDynamicParams") {
    wire.message(1, Wire().zigzag(1, 3).text(2, "LONG").text(3, "v3")).text(2, "ns-1");
  } else if (method == "getCataloges") {
    wire.message(1, Wire().text(1, "vcat").number(2, 1));
  } else if (method == "getAddCatalogsResponse") {
    wire.text(1, "vhalf").message(2, Wire().text(1, "vname").text(2, "vtype").text(3, "vwhy")).text(3, "ns-1");
  } else if (method == "identifyPlanner") {
    wire.message(1, Wire().text(1, "nq-9").number(2, 250)).text(2, "7.7.7.9").number(3, 1).text(4, "ns-1");
  } else if (method == "dryRun" || method == "dryRunV2") {
    wire.text(1, "vdry");
  } else if (method == "createDataFrame") {
    wire.text(1, "nq-2");
  }
  return wire;
}

class WireTest : public ::testing::Test {
 protected:
  WireTest()
      : engine_([this](const RawCall& call) {
          if (special_) {
            if (const auto answer = special_(call)) return *answer;
          }
          return RawEngine::Answer{0, "", response_of(method_of(call), announced_)};
        }) {}

  ConnectionOptions options() {
    ConnectionOptions made = options_for(engine_.target(), directory_);
    made.user = "owner";
    made.password = "word";
    made.catalog = "ncat";
    made.database = "ndb";
    made.cluster_name = "Main";
    return made;
  }

  // The last call, as "method: fields" on one line.
  std::string last() {
    const auto calls = engine_.take();
    if (calls.empty()) return "no call";
    last_ = calls.back();
    std::string text = last_.decoded();
    std::string flat;  // one line: fields separated by a space, messages in braces
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        if (i + 1 < text.size()) flat += ' ';
      } else if (text[i] != ' ' || (i > 0 && text[i - 1] != ' ' && text[i - 1] != '\n')) {
        flat += text[i];
      }
    }
    EXPECT_EQ(last_.header("strategy"), "blue") << last_.path;
    EXPECT_EQ(last_.header("cluster-name"), "main") << last_.path;
    return last_.path + (last_.header("plannerip").empty() ? "" : " @" + last_.header("plannerip")) + ": " + flat;
  }
  static std::string engine_call(const std::string& rest) { return "/QueryEngineService/" + rest; }

  SegmentDirectory directory_;
  std::string announced_;
  std::function<std::optional<RawEngine::Answer>(const RawCall&)> special_;
  RawEngine engine_;
  RawCall last_;
};

TEST_F(WireTest, a_query_from_authenticate_to_clear) {
  Connection connection(options());
  connection.connect();
  EXPECT_EQ(last(), engine_call(R"(authenticate: 1: "owner" 2: "word")"));
  Cursor cursor = connection.cursor();
  cursor.prepare("n1;");
  EXPECT_EQ(last(), engine_call(R"(prepareStatementV2: 1: "ns-1" 2: "ndb" 3: "ncat" 4: "n1")"));
  EXPECT_EQ(cursor.query_id(), "nq-1");
  const auto parameters = cursor.parameters();
  EXPECT_EQ(last(), engine_call(R"(getDynamicParams @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  ASSERT_EQ(parameters.size(), 1U);
  EXPECT_EQ(parameters[0].index, 3);
  EXPECT_EQ(parameters[0].value, "v3");
  cursor.execute_prepared({.parameters = {{-1, "vtype", "value"}}, .no_cache = true});
  EXPECT_EQ(last(), engine_call(R"(executeStatementV2 @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1" 4: 1 5 { 1: 1 2: "vtype" 3: "value" })"));
  EXPECT_EQ(cursor.metadata(), "vmeta");
  EXPECT_EQ(last(), engine_call(R"(getResultMetadata @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  EXPECT_EQ(cursor.fetch_batch(), "vbatch");
  EXPECT_EQ(last(), engine_call(R"(getNextResultBatch @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  EXPECT_EQ(cursor.status().row_count, 1234);
  EXPECT_EQ(last(), engine_call(R"(status @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  EXPECT_EQ(cursor.explain(), "vplan");
  EXPECT_EQ(last(), engine_call(R"(explain @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  const QueryAnalysis analysis = cursor.explain_analyze();
  EXPECT_EQ(last(), engine_call(R"(explainAnalyze @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  EXPECT_TRUE(analysis.cached);
  EXPECT_EQ(analysis.parsing_time, -5);
  EXPECT_EQ(analysis.queueing_time, 7);
  cursor.clear();
  EXPECT_EQ(last(), engine_call(R"(clearOrCancelQuery @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  cursor.execute("n2");
  EXPECT_EQ(last(), engine_call(R"(executeStatementV2 @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  cursor.cancel();
  EXPECT_EQ(last(), engine_call(R"(cancelQuery @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
  cursor.execute("n3");
  (void)engine_.take();
  cursor.discard();
  EXPECT_EQ(last(), engine_call(R"(clear @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1")"));
}

TEST_F(WireTest, without_a_catalog_the_first_versions_of_the_calls) {
  ConnectionOptions plain = options();
  plain.catalog = "";
  plain.impersonated_user = "guest";
  Connection connection(plain);
  connection.connect();
  EXPECT_EQ(last(), engine_call(R"(authenticate: 1: "owner" 2: "word" 3: "guest")"));
  Cursor cursor = connection.cursor();
  cursor.prepare("n1");
  EXPECT_EQ(last(), engine_call(R"(prepareStatement: 1: "ns-1" 2: "ndb" 3: "n1")"));
  cursor.execute_prepared({.no_cache = true});
  EXPECT_EQ(last(), engine_call(R"(executeStatement @7.7.7.7: 1: "7.7.7.7" 2: "ns-1" 3: "nq-1" 4: 1)"));
  EXPECT_EQ(connection.schemas(), (std::vector<std::string>{"vone", "vtwo"}));
  EXPECT_EQ(last(), engine_call(R"(getSchemaNames: 1: "ns-1")"));
  (void)connection.tables("nsch");
  EXPECT_EQ(last(), engine_call(R"(getTables: 1: "ns-1" 2: "nsch")"));
  (void)connection.columns("nsch", "ntab");
  EXPECT_EQ(last(), engine_call(R"(getColumns: 1: "ns-1" 2: "nsch" 3: "ntab")"));
  EXPECT_EQ(connection.dry_run("n1"), "vdry");
  EXPECT_EQ(last(), engine_call(R"(dryRun: 1: "7.7.7.1" 2: "ns-1" 3: "ndb" 4: "n1")"));
}

TEST_F(WireTest, catalogs_and_administration) {
  Connection connection(options());
  EXPECT_EQ(connection.schemas(), (std::vector<std::string>{"vone", "vtwo"}));
  EXPECT_EQ(last(), engine_call(R"(getSchemaNamesV2: 1: "ns-1" 2: "ncat")"));
  EXPECT_EQ(connection.tables("nsch", "nother"), (std::vector<std::string>{"vone", "vtwo"}));
  EXPECT_EQ(last(), engine_call(R"(getTablesV2: 1: "ns-1" 2: "nsch" 3: "nother")"));
  const auto columns = connection.columns("nsch", "ntab");
  EXPECT_EQ(last(), engine_call(R"(getColumnsV2: 1: "ns-1" 2: "nsch" 3: "ntab" 4: "ncat")"));
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns[0].name + ":" + columns[0].type, "vcolumn:LONG");
  const auto catalogs = connection.catalogs();
  EXPECT_EQ(last(), engine_call("getCataloges: "));
  ASSERT_EQ(catalogs.size(), 1U);
  EXPECT_TRUE(catalogs[0].is_default);
  connection.add_catalogs("njson");
  EXPECT_EQ(last(), engine_call(R"(addCatalogs: 1: "ns-1" 2: "njson")"));
  const auto added = connection.add_catalogs_status();
  EXPECT_EQ(last(), engine_call(R"(getAddCatalogsResponse: 1: "ns-1")"));
  EXPECT_EQ(added.status, "vhalf");
  ASSERT_EQ(added.failures.size(), 1U);
  EXPECT_EQ(added.failures[0].name + added.failures[0].type + added.failures[0].reason, "vnamevtypevwhy");
  connection.refresh_catalogs();
  EXPECT_EQ(last(), engine_call(R"(refreshCatalogs: 1: "ns-1")"));
  connection.sync_schema({"ncat", "ndb", "nq-5", true});
  EXPECT_EQ(last(), engine_call(R"(syncSchemas: 1: "ncat" 2: "ndb" 3: "nq-5" 4: 1)"));
  connection.set_properties("nprops");
  EXPECT_EQ(last(), engine_call(R"(setProps: 1: "ns-1" 2: "nprops")"));
  connection.health_check();
  EXPECT_EQ(last(), engine_call("healthCheck: "));
  connection.drop_user_context();
  EXPECT_EQ(last(), engine_call(R"(dropUserContext: 1: "ns-1" 2: "7.7.7.1")"));
}

TEST_F(WireTest, statements_that_are_not_run_and_planners) {
  Connection connection(options());
  EXPECT_EQ(connection.dry_run("n1"), "vdry");
  EXPECT_EQ(last(), engine_call(R"(dryRunV2: 1: "7.7.7.1" 2: "ns-1" 3: "ndb" 4: "n1" 5: "ncat")"));
  connection.analyze("n1");
  EXPECT_EQ(last(), engine_call(R"(analyzeQuery: 1: "n1" 2: "ncat" 3: "ndb")"));
  const PlannerPlace place = connection.identify_planner("n1");
  EXPECT_EQ(last(), engine_call(R"(identifyPlanner: 1: "ns-1" 2 { 1: "ndb" 2: "ncat" 3: "n1" })"));
  EXPECT_EQ(place.queue, PlannerQueue::kWaitingForScaleUp);
  EXPECT_EQ(place.planner, "7.7.7.9");
  (void)connection.identify_planner(place);
  EXPECT_EQ(last(), engine_call(R"(identifyPlanner: 1: "ns-1" 3 { 1: "nq-9" 2: 250 })"));
  Cursor cursor = connection.cursor();
  cursor.execute("n1", {.planner = place});
  const auto calls = engine_.take();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].decoded(), "1: \"ns-1\"\n2: \"ndb\"\n3: \"ncat\"\n4: \"n1\"\n6: \"7.7.7.9\"\n7 {\n  1: \"nq-9\"\n  2: 250\n}\n");
  EXPECT_EQ(calls[0].header("plannerip"), "");
}

TEST_F(WireTest, data_frames) {
  Connection connection(options());
  DataFrame frame = connection.data_frame({.table = "ntab", .number = 4});
  EXPECT_EQ(last(), engine_call(R"(createDataFrame: 2: "ncat" 3: "ndb" 4: "ntab" 5: "ns-1" 6: "7.7.7.1" 7: 4)"));
  (void)frame.project({"na", "nb"});
  EXPECT_EQ(last(), engine_call(R"(projectionOnDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1" 5: "na" 5: "nb")"));
  (void)frame.filter("nb > 1");
  EXPECT_EQ(last(), engine_call(R"(filterOnDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1" 5: "nb > 1")"));
  (void)frame.aggregate({{"na", Aggregate::kCountDistinct}}, {"nb"});
  EXPECT_EQ(last(),
            engine_call(R"(aggregateOnDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1" 5 { 1: "na" 2: 3 } 6: "nb")"));
  (void)frame.order_by({{"nb", SortDirection::kDescending}});
  EXPECT_EQ(last(), engine_call(R"(orderByOnDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1" 5 { 1: "nb" 2: 1 })"));
  (void)frame.limit(10);
  EXPECT_EQ(last(), engine_call(R"(limitOnDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1" 5: 10)"));
  Cursor cursor = frame.execute();
  EXPECT_EQ(last(), engine_call(R"(executeDataFrame @7.7.7.1: 1: "nq-2" 2: 4 3: "ns-1" 4: "7.7.7.1")"));
  DataFrame file = connection.data_frame({.catalog = "nc2", .schema = "ns2", .parquet_file = "nfile"});
  EXPECT_EQ(last(), engine_call(R"(createDataFrame: 1: "nfile" 2: "nc2" 3: "ns2" 5: "ns-1" 6: "7.7.7.1" 8: 1)"));
}

TEST_F(WireTest, a_sleeping_cluster_is_asked_and_woken) {
  std::atomic<int> asked{0};
  special_ = [&](const RawCall& call) -> std::optional<RawEngine::Answer> {
    if (call.path == "/ClusterService/status") return RawEngine::Answer{0, "", Wire().text(1, asked++ == 0 ? "suspended" : "active")};
    if (call.path == "/ClusterService/resume") return RawEngine::Answer{0, "", Wire().text(1, "resuming")};
    if (asked == 0) return RawEngine::Answer{14, "Received http2 header with status: 503", ""};
    return std::nullopt;
  };
  Connection connection(options());
  connection.connect();
  std::vector<std::string> paths;
  for (const RawCall& call : engine_.take()) {
    paths.push_back(call.path);
    EXPECT_EQ(call.header("strategy"), "blue") << call.path;
    if (call.path.starts_with("/ClusterService")) {
      EXPECT_EQ(call.decoded(), "1: \"owner\"\n2: \"word\"\n") << call.path;
    }
  }
  EXPECT_EQ(paths, (std::vector<std::string>{"/QueryEngineService/authenticate", "/ClusterService/status", "/ClusterService/resume",
                                             "/ClusterService/status", "/QueryEngineService/authenticate"}));
}

TEST_F(WireTest, an_announcement_is_read_from_each_of_the_responses_that_carry_one) {
  ConnectionOptions plain = options();
  plain.catalog = "";
  Connection connection(plain);
  Connection with_catalog(options());
  announced_ = "BLUE";  // the colour that is active: it counts, and changes nothing
  std::uint64_t before = 0;
  const auto expect_one = [&](Connection& on, const char* what) {
    EXPECT_EQ(on.statistics().announcements - std::exchange(before, on.statistics().announcements), 1U) << what;
  };
  connection.connect();
  expect_one(connection, "authenticate");
  Cursor cursor = connection.cursor();
  cursor.prepare("n1");
  expect_one(connection, "prepareStatement");
  cursor.execute_prepared();
  expect_one(connection, "executeStatement");
  (void)cursor.metadata();
  expect_one(connection, "getResultMetadata");
  (void)cursor.fetch_batch();
  expect_one(connection, "getNextResultBatch");
  (void)cursor.status();
  expect_one(connection, "status");
  (void)cursor.explain();
  expect_one(connection, "explain");
  (void)cursor.explain_analyze();
  expect_one(connection, "explainAnalyze");
  cursor.clear();
  expect_one(connection, "clearOrCancelQuery");
  for (const bool cancel : {true, false}) {
    cursor.execute("n1");
    before = connection.statistics().announcements;
    cancel ? cursor.cancel() : cursor.discard();
    expect_one(connection, cancel ? "cancelQuery" : "clear");
  }
  (void)connection.schemas();
  expect_one(connection, "getSchemaNames");
  (void)connection.tables("nsch");
  expect_one(connection, "getTables");
  (void)connection.columns("nsch", "ntab");
  expect_one(connection, "getColumns");
  with_catalog.connect();
  before = with_catalog.statistics().announcements;
  (void)with_catalog.schemas();
  expect_one(with_catalog, "getSchemaNamesV2");
  (void)with_catalog.tables("nsch");
  expect_one(with_catalog, "getTablesV2");
  (void)with_catalog.columns("nsch", "ntab");
  expect_one(with_catalog, "getColumnsV2");
  Cursor second = with_catalog.cursor();
  second.prepare("n1");
  expect_one(with_catalog, "prepareStatementV2");
  second.execute_prepared();
  expect_one(with_catalog, "executeStatementV2");
}

}  // namespace
}  // namespace e6::client::test
