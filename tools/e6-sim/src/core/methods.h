// The calls the simulator answers, and what each is as far as the colour is concerned.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace e6::sim {

enum class Method : unsigned char {
  kAuthenticate,
  kIdentifyPlanner,
  kPrepareStatement,
  kPrepareStatementV2,
  kExecuteStatement,
  kExecuteStatementV2,
  kGetResultMetadata,
  kGetDynamicParams,
  kGetNextResultBatch,
  kExplainAnalyze,
  kClear,
  kCancelQuery,
  kClearOrCancelQuery,
  kSyncSchemas,
  kHealthCheck,
  kAnalyzeQuery,
  kExplain,
  kStatus,
  kAddCatalogs,
  kRefreshCatalogs,
  kGetAddCatalogsResponse,
  kGetCataloges,
  kGetSchemaNames,
  kGetSchemaNamesV2,
  kGetTables,
  kGetTablesV2,
  kGetColumns,
  kGetColumnsV2,
  kUpdateUsers,
  kSetProps,
  kDryRun,
  kDryRunV2,
  kGetNextRemoteCachedChunk,
  kCreateDataFrame,
  kProjectionOnDataFrame,
  kAggregateOnDataFrame,
  kFilterOnDataFrame,
  kOrderByOnDataFrame,
  kLimitOnDataFrame,
  kExecuteDataFrame,
  kDropUserContext,
  kClusterResume,
  kClusterSuspend,
  kClusterStatus,
};

inline constexpr std::size_t kMethods = 44;

enum class Kind : unsigned char {
  kOpen,     // new work without a session: header only
  kSession,  // new work within a session
  kQuery,    // about one query: session, engine address and colour must be those that prepared it
  kCluster,  // ClusterService: answered while suspended too
};

// What a latency or a failure is set for.
enum class Step : unsigned char { kAuthenticate, kPrepare, kExecute, kMetadata, kFetch, kClear, kOther };

inline constexpr std::size_t kSteps = 7;

// As on the wire; the calls of ClusterService have the prefix `cluster.`.
std::string_view name(Method method);
std::string_view name(Step step);
std::optional<Step> parse_step(std::string_view text);
Kind kind(Method method);
Step step(Method method);

// Whether the call ends a query.
bool ends_query(Method method);

// Which methods a text chooses: `all`, a name of a call, or the name of a step (`execute` is both of its
// calls).
class MethodFilter {
 public:
  static std::optional<MethodFilter> parse(std::string_view text);
  bool matches(Method method) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::optional<Method> method_;
  std::optional<Step> step_;
};

}  // namespace e6::sim
