#include "call_texts.h"

#include "e6/client/error.h"
#include "metadata_value.h"
#include "text/utf8.h"

namespace e6::client {

[[gnu::hot]] void check_utf8(std::string_view what, std::string_view text) {
  const std::size_t bad = first_not_utf8(text);
  if (bad == std::string_view::npos) return;
  throw UsageError(std::string(what) + " is not UTF-8: " + byte_at(text, bad) +
                   "; convert it to UTF-8 before it is given to the client");
}

void check_utf8(std::string_view what, const std::vector<std::string>& texts) {
  for (const std::string& each : texts) check_utf8(what, each);
}

[[gnu::hot]] void check_utf8(const ExecuteOptions& how) {
  for (const Parameter& each : how.parameters) {
    check_utf8("a parameter's type", each.type);
    check_utf8("a parameter's value", each.value);
  }
  if (how.planner) check_utf8(*how.planner);
}

void check_utf8(const PlannerPlace& place) {
  check_utf8("the planner's address", place.planner);
  check_utf8("the query id in the planner's place", place.query_id);
}

void check_utf8(const SchemaSync& what) {
  check_utf8("the catalog", what.catalog);
  check_utf8("the database", what.database);
  check_utf8("the query id", what.query_id);
}

void check_utf8(const DataFrameSource& source) {
  check_utf8("the catalog", source.catalog);
  check_utf8("the schema", source.schema);
  check_utf8("the table", source.table);
  check_utf8("the Parquet file", source.parquet_file);
}

}  // namespace e6::client
