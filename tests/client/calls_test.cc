// Every call that is not on the usual way of a query, end to end.
#include <algorithm>
#include <functional>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

class CallsTest : public Scene {
 protected:
  ConnectionOptions without_catalog() {
    ConnectionOptions plain = options();
    plain.catalog = "";
    return plain;
  }
};

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST_F(CallsTest, catalogs_schemas_tables_and_columns_are_listed) {
  Connection connection = connect();
  const auto catalogs = connection.catalogs();
  ASSERT_EQ(catalogs.size(), 2U);
  EXPECT_EQ(catalogs[0].name, "demo");
  EXPECT_TRUE(catalogs[0].is_default);
  EXPECT_FALSE(catalogs[1].is_default);
  EXPECT_TRUE(has(connection.schemas(), "served_by_blue"));
  EXPECT_TRUE(has(connection.tables("sales"), "orders"));
  const auto columns = connection.columns("sales", "orders");
  ASSERT_EQ(columns.size(), 4U);
  EXPECT_EQ(columns[2].name, "price");
  EXPECT_EQ(columns[2].type, "DECIMAL128");
  for (const char* call : {"getCataloges", "getSchemaNamesV2", "getTablesV2", "getColumnsV2"})
    EXPECT_EQ(calls(call, "blue", "ok"), 1) << call;
  EXPECT_EQ(calls("authenticate"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(CallsTest, without_a_catalog_the_calls_without_catalog_are_used_unless_one_is_named) {
  Connection connection(without_catalog());
  (void)connection.schemas();
  (void)connection.tables("sales");
  (void)connection.columns("sales", "orders");
  EXPECT_EQ(connection.dry_run("select 1"), "Scan(simulated)\n");
  for (const char* call : {"getSchemaNames", "getTables", "getColumns", "dryRun"})
    EXPECT_EQ(calls(call, "", "ok"), 1) << call;
  (void)connection.schemas("demo");
  (void)connection.tables("sales", "demo");
  (void)connection.columns("sales", "orders", "demo");
  for (const char* call : {"getSchemaNamesV2", "getTablesV2", "getColumnsV2"}) EXPECT_EQ(calls(call, "", "ok"), 1) << call;
}

TEST_F(CallsTest, administration_and_statements_that_are_not_run) {
  Connection connection = connect();
  connection.add_catalogs(R"({"catalogs": []})");
  EXPECT_EQ(connection.add_catalogs_status().status, "SUCCESS");
  connection.refresh_catalogs();
  connection.sync_schema({.catalog = "demo", .database = "sales"});
  EXPECT_EQ(connection.dry_run("select 1"), "Scan(simulated)\n");
  connection.analyze("select 1");
  connection.health_check();
  const PlannerPlace place = connection.identify_planner("select 1");
  EXPECT_EQ(place.queue, PlannerQueue::kGoAhead);
  EXPECT_FALSE(place.planner.empty());
  EXPECT_EQ(connection.identify_planner(place).strategy, Strategy::kBlue);
  Cursor cursor = connection.cursor();
  cursor.execute("select 1", {.planner = place});
  cursor.clear();
  for (const char* call : {"addCatalogs", "getAddCatalogsResponse", "refreshCatalogs", "syncSchemas", "dryRunV2", "analyzeQuery",
                           "healthCheck"})
    EXPECT_EQ(calls(call, "blue", "ok"), 1) << call;
  EXPECT_EQ(calls("identifyPlanner", "", "ok"), 2);
  EXPECT_EQ(calls("", "", "error"), 0);
}

TEST_F(CallsTest, calls_that_need_no_session_make_none_once_the_host_knows_the_colour) {
  Connection first = connect();
  first.connect();
  Connection second = connect();
  second.health_check();
  (void)second.catalogs();
  EXPECT_EQ(calls("authenticate"), 1);
}

TEST_F(CallsTest, a_statement_is_prepared_asked_for_its_parameters_and_executed_with_them) {
  Connection connection(without_catalog());
  Cursor cursor = connection.cursor();
  cursor.prepare("select ? + ? /* rows=2 */;");
  EXPECT_TRUE(cursor.has_query());
  const auto found = cursor.parameters();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].index, 1);
  EXPECT_EQ(found[1].type, "STRING");
  EXPECT_FALSE(cursor.explain().empty());
  EXPECT_EQ(calls("executeStatementV2") + calls("executeStatement"), 0);
  cursor.execute_prepared({.parameters = {{0, "LONG", "1"}, {1, "LONG", "2"}}});
  EXPECT_EQ(drain(cursor), 1);
  EXPECT_THROW(cursor.execute_prepared(), UsageError);
  cursor.discard();
  EXPECT_EQ(calls("prepareStatement", "", "ok"), 1);
  EXPECT_EQ(calls("getDynamicParams", "", "ok"), 1);
  EXPECT_EQ(calls("executeStatementV2", "", "ok"), 1);  // the call without V2 has no place for parameters
  EXPECT_EQ(calls("clear", "", "ok"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(CallsTest, a_prepared_statement_whose_colour_goes_is_prepared_again_and_executed_once) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.prepare("insert into t values (1)");
  command("switch green abrupt");
  cursor.execute_prepared();
  EXPECT_EQ(cursor.strategy(), Strategy::kGreen);
  EXPECT_EQ(calls("executeStatementV2", "", "ok"), 1);
  EXPECT_EQ(calls("prepareStatementV2", "green", "ok"), 1);
}

TEST_F(CallsTest, a_data_frame_is_put_together_executed_and_fetched) {
  Connection connection = connect();
  DataFrame frame = connection.data_frame({.table = "orders"});
  const std::string id = frame.query_id();
  Cursor cursor = frame.project({"price", "customer"})
                      .filter("price > 100")
                      .aggregate({{"price", Aggregate::kSum}}, {"customer"})
                      .order_by({{"customer", SortDirection::kDescending}})
                      .limit(10)
                      .execute();
  EXPECT_EQ(cursor.query_id(), id);
  EXPECT_THROW((void)frame.limit(1), UsageError);
  EXPECT_FALSE(cursor.metadata().empty());
  EXPECT_EQ(drain(cursor), 1);
  cursor.clear();
  for (const char* call : {"createDataFrame", "projectionOnDataFrame", "aggregateOnDataFrame", "filterOnDataFrame", "orderByOnDataFrame",
                           "limitOnDataFrame", "executeDataFrame"})
    EXPECT_EQ(calls(call, "blue", "ok"), 1) << call;
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(CallsTest, a_data_frame_that_is_dropped_is_cleared_and_one_whose_colour_goes_is_lost) {
  Connection connection = connect();
  { DataFrame dropped = connection.data_frame({.parquet_file = "s3://bucket/a.parquet"}); }
  EXPECT_EQ(calls("clearOrCancelQuery", "", "ok"), 1);
  DataFrame lost = connection.data_frame({.table = "orders"});
  command("switch green abrupt");
  EXPECT_THROW((void)lost.filter("a > 1"), QueryLostError);
}

TEST_F(CallsTest, a_session_that_is_dropped_is_replaced_by_the_next_call) {
  Connection connection = connect();
  (void)connection.schemas();
  connection.drop_user_context();
  (void)connection.schemas();
  EXPECT_EQ(calls("dropUserContext", "", "ok"), 1);
  EXPECT_EQ(calls("authenticate"), 2);
  EXPECT_EQ(calls("", "", "denied"), 0);
}

TEST_F(CallsTest, properties_are_given_to_every_later_session_of_either_colour_before_it_is_used) {
  Connection connection = connect();
  connection.set_properties("a=1");
  connection.set_properties("b=2");
  connection.set_properties("a=1");
  (void)connection.schemas();
  EXPECT_EQ(calls("setProps", "blue", "ok"), 3);  // nothing is given twice to the same session
  command("switch green abrupt");
  (void)connection.schemas();
  EXPECT_EQ(calls("setProps", "green", "ok"), 2);  // the same text only once
  command("error --method setProps --code INVALID_ARGUMENT --details bad --count 1");
  EXPECT_THROW(connection.set_properties("nonsense"), QueryError);
  command("revoke-sessions");
  (void)connection.schemas();
  EXPECT_EQ(calls("setProps", "green", "ok"), 4);
}

// One mechanism serves them all, so each of them must survive what any call may meet.
TEST_F(CallsTest, every_call_without_a_query_survives_an_abrupt_switch_a_lost_session_and_a_suspension) {
  Connection connection = connect();
  const std::vector<std::pair<const char*, std::function<void()>>> all{
      {"catalogs", [&] { (void)connection.catalogs(); }},
      {"schemas", [&] { (void)connection.schemas(); }},
      {"tables", [&] { (void)connection.tables("s"); }},
      {"columns", [&] { (void)connection.columns("s", "t"); }},
      {"add_catalogs", [&] { connection.add_catalogs("{}"); }},
      {"add_catalogs_status", [&] { (void)connection.add_catalogs_status(); }},
      {"refresh_catalogs", [&] { connection.refresh_catalogs(); }},
      {"sync_schema", [&] { connection.sync_schema({}); }},
      {"dry_run", [&] { (void)connection.dry_run("select 1"); }},
      {"analyze", [&] { connection.analyze("select 1"); }},
      {"identify_planner", [&] { (void)connection.identify_planner("select 1"); }},
      {"set_properties", [&] { connection.set_properties("a=1"); }},
      {"health_check", [&] { connection.health_check(); }},
      {"data_frame", [&] { (void)connection.data_frame({.table = "t"}); }},
      {"drop_user_context", [&] { connection.drop_user_context(); }},
  };
  for (const auto& [name, make] : all) {
    command("switch other abrupt");
    EXPECT_NO_THROW(make()) << name;
    command("revoke-sessions");
    EXPECT_NO_THROW(make()) << name;
  }
  command("suspend --resume-takes 20ms");
  for (const auto& [name, make] : all) EXPECT_NO_THROW(make()) << name;
  EXPECT_EQ(calls("cluster.resume", "", "ok"), 1);
  EXPECT_EQ(total("statements_executed_again"), 0);
}

TEST_F(CallsTest, a_process_that_only_lists_schemas_follows_a_graceful_switch_without_a_refusal) {
  Connection connection = connect();
  (void)connection.schemas();
  command("switch green graceful --announce 10s --drain 10s");
  (void)connection.schemas();  // hears of it
  EXPECT_TRUE(has(connection.schemas(), "served_by_green"));
  EXPECT_EQ(calls("", "", "456"), 0);
}

TEST_F(CallsTest, what_may_have_been_done_is_not_done_again) {
  Connection connection = connect();
  connection.connect();
  command("error --method addCatalogs --code UNAVAILABLE --details 'Socket closed' --count 1");
  EXPECT_THROW(connection.add_catalogs("{}"), ConnectionError);
  EXPECT_EQ(calls("addCatalogs"), 1);
  command("error --method getTablesV2 --code UNAVAILABLE --details 'Socket closed' --count 1");
  EXPECT_NO_THROW((void)connection.tables("s"));
  DataFrame frame = connection.data_frame({.table = "t"});
  command("error --method limitOnDataFrame --code UNAVAILABLE --details 'Socket closed' --count 1");
  EXPECT_THROW((void)frame.limit(1), ConnectionError);
  EXPECT_THROW((void)frame.limit(1), QueryLostError);  // it may have been done
  EXPECT_EQ(calls("limitOnDataFrame"), 1);
}

}  // namespace
}  // namespace e6::client::test
