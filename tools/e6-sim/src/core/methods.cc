#include "core/methods.h"

#include <array>

namespace e6::sim {
namespace {

struct Row {
  std::string_view name;
  Kind kind;
  Step step;
};

constexpr std::array<Row, kMethods> kTable{{
    {"authenticate", Kind::kOpen, Step::kAuthenticate},
    {"identifyPlanner", Kind::kSession, Step::kOther},
    {"prepareStatement", Kind::kSession, Step::kPrepare},
    {"prepareStatementV2", Kind::kSession, Step::kPrepare},
    {"executeStatement", Kind::kQuery, Step::kExecute},
    {"executeStatementV2", Kind::kQuery, Step::kExecute},
    {"getResultMetadata", Kind::kQuery, Step::kMetadata},
    {"getDynamicParams", Kind::kQuery, Step::kOther},
    {"getNextResultBatch", Kind::kQuery, Step::kFetch},
    {"explainAnalyze", Kind::kQuery, Step::kOther},
    {"clear", Kind::kQuery, Step::kClear},
    {"cancelQuery", Kind::kQuery, Step::kClear},
    {"clearOrCancelQuery", Kind::kQuery, Step::kClear},
    {"syncSchemas", Kind::kOpen, Step::kOther},
    {"healthCheck", Kind::kOpen, Step::kOther},
    {"analyzeQuery", Kind::kOpen, Step::kOther},
    {"explain", Kind::kQuery, Step::kOther},
    {"status", Kind::kQuery, Step::kOther},
    {"addCatalogs", Kind::kSession, Step::kOther},
    {"refreshCatalogs", Kind::kSession, Step::kOther},
    {"getAddCatalogsResponse", Kind::kSession, Step::kOther},
    {"getCataloges", Kind::kOpen, Step::kOther},
    {"getSchemaNames", Kind::kSession, Step::kOther},
    {"getSchemaNamesV2", Kind::kSession, Step::kOther},
    {"getTables", Kind::kSession, Step::kOther},
    {"getTablesV2", Kind::kSession, Step::kOther},
    {"getColumns", Kind::kSession, Step::kOther},
    {"getColumnsV2", Kind::kSession, Step::kOther},
    {"updateUsers", Kind::kOpen, Step::kOther},
    {"setProps", Kind::kSession, Step::kOther},
    {"dryRun", Kind::kSession, Step::kOther},
    {"dryRunV2", Kind::kSession, Step::kOther},
    {"getNextRemoteCachedChunk", Kind::kOpen, Step::kOther},
    {"createDataFrame", Kind::kSession, Step::kPrepare},
    {"projectionOnDataFrame", Kind::kQuery, Step::kOther},
    {"aggregateOnDataFrame", Kind::kQuery, Step::kOther},
    {"filterOnDataFrame", Kind::kQuery, Step::kOther},
    {"orderByOnDataFrame", Kind::kQuery, Step::kOther},
    {"limitOnDataFrame", Kind::kQuery, Step::kOther},
    {"executeDataFrame", Kind::kQuery, Step::kExecute},
    {"dropUserContext", Kind::kSession, Step::kOther},
    {"cluster.resume", Kind::kCluster, Step::kOther},
    {"cluster.suspend", Kind::kCluster, Step::kOther},
    {"cluster.status", Kind::kCluster, Step::kOther},
}};

constexpr std::array<std::string_view, kSteps> kStepNames{"authenticate", "prepare", "execute", "metadata",
                                                          "fetch",        "clear",   "other"};

const Row& row(Method method) {
  return kTable[static_cast<std::size_t>(method)];
}

}  // namespace

std::string_view name(Method method) {
  return row(method).name;
}
std::string_view name(Step step) {
  return kStepNames[static_cast<std::size_t>(step)];
}
Kind kind(Method method) {
  return row(method).kind;
}
Step step(Method method) {
  return row(method).step;
}

std::optional<Step> parse_step(std::string_view text) {
  for (std::size_t i = 0; i < kSteps; ++i) {
    if (kStepNames[i] == text) return static_cast<Step>(i);
  }
  return std::nullopt;
}

bool ends_query(Method method) {
  return method == Method::kClear || method == Method::kCancelQuery || method == Method::kClearOrCancelQuery;
}

std::optional<MethodFilter> MethodFilter::parse(std::string_view text) {
  MethodFilter filter;
  filter.text_ = text;
  if (text == "all") return filter;
  for (std::size_t i = 0; i < kMethods; ++i) {
    if (kTable[i].name != text) continue;
    // `clear` is a call and a step; the step is what people mean, so that it covers clearOrCancelQuery.
    if (text == "clear") break;
    filter.method_ = static_cast<Method>(i);
    return filter;
  }
  filter.step_ = parse_step(text);
  if (!filter.step_) return std::nullopt;
  return filter;
}

bool MethodFilter::matches(Method method) const {
  if (method_) return *method_ == method;
  if (step_) return *step_ == step(method);
  return true;
}

}  // namespace e6::sim
