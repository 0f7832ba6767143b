// What it takes to decode results, in bytes and rows per second, and beside it the Python connector on the same bytes.
//
// decode:  columns are there, as spans.
// read:    and every cell was read through Row::get as the type it has.
// print:   and every cell was made into text, dates by ISO 8601; the connector does that for dates and times.
// Each takes in a copy of the batch's bytes, which a cursor is spared.
// Rates are by processor time, on both sides.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "data/result_metadata.h"
#include "e6/client/result.h"

namespace {

using e6::client::Row;
using e6::client::Type;

constexpr std::int64_t kRows = 10'000;
constexpr double kBar = 50;  // times the connector's rows per second

struct Case {
  std::string name;
  std::string batch;
  std::string metadata_bytes;
  e6::client::ResultMetadata metadata;
};

Case make_case(const std::string& name, std::int64_t columns) {
  e6::sim::Query query;
  query.id = "bench";
  query.colour = e6::sim::Colour::kBlue;
  query.hints.rows = kRows;
  query.hints.columns = columns;
  const std::string metadata = e6::sim::encode_metadata(query);
  return {name, e6::sim::encode_batch(query, 0, kRows), metadata, e6::client::decode_metadata(metadata)};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{make_case("2_columns", 2), make_case("18_columns", 18)};
  return all;
}

template <class T>
void look(const Row& row, std::size_t column) {
  benchmark::DoNotOptimize(row.get<T>(column));
}

void look_at(const Row& row, std::size_t column, Type type) {
  switch (type) {
    case Type::kBoolean:
      return look<bool>(row, column);
    case Type::kInteger:
    case Type::kLong:
    case Type::kNull:
      return look<std::int64_t>(row, column);
    case Type::kDouble:
    case Type::kFloat:
      return look<double>(row, column);
    case Type::kDate:
      return look<e6::client::Date>(row, column);
    case Type::kDatetime:
    case Type::kTimestamp:
    case Type::kTimestampTz:
    case Type::kInt96:
      return look<e6::client::Timestamp>(row, column);
    case Type::kDecimal128:
      return look<e6::client::Decimal>(row, column);
    default:
      return look<std::string_view>(row, column);
  }
}

enum class Depth { kDecode, kRead, kPrint };

void decode(benchmark::State& state, const Case& what, Depth depth) {
  for (auto _ : state) {
    const auto batch = e6::client::decode_batch(what.batch, what.metadata);
    benchmark::DoNotOptimize(batch->columns().data());
    if (depth == Depth::kDecode) continue;
    std::vector<Type> types;
    for (const auto& column : batch->columns()) types.push_back(column.type());
    for (const Row row : *batch) {
      for (std::size_t i = 0; i < types.size(); ++i) {
        if (depth == Depth::kRead) {
          look_at(row, i, types[i]);
        } else {
          benchmark::DoNotOptimize(row[i].to_string());
        }
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(what.batch.size()));
}

// Prints as ever, and keeps rows per second for the comparison: the median when there are repetitions.
class Reporter : public benchmark::ConsoleReporter {
 public:
  explicit Reporter(OutputOptions options) : ConsoleReporter(options) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const bool median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
      const auto rows = run.counters.find("items_per_second");
      if (rows != run.counters.end() && (run.run_type == Run::RT_Iteration || median))
        rows_per_second[run.run_name.function_name] = rows->second;
    }
    ConsoleReporter::ReportRuns(runs);
  }
  std::map<std::string, double> rows_per_second;
};

// What the script printed, or nothing; it explains itself on stderr.
std::vector<nlohmann::json> ask_connector(const std::string& python, const std::filesystem::path& directory) {
  for (const Case& what : cases()) {
    std::ofstream(directory / (what.name + ".batch"), std::ios::binary) << what.batch;
    std::ofstream(directory / (what.name + ".metadata"), std::ios::binary) << what.metadata_bytes;
  }
  std::vector<nlohmann::json> answers;
  const std::string command = "'" + python + "' '" E6_CONNECTOR_SCRIPT "' '" + directory.string() + "' 2";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return answers;
  char line[4096];
  while (std::fgets(line, sizeof line, pipe) != nullptr) answers.push_back(nlohmann::json::parse(line));
  if (::pclose(pipe) != 0) answers.clear();
  return answers;
}

// False when the bar is missed.
bool compare(const std::map<std::string, double>& rows_per_second) {
  const char* chosen = std::getenv("E6_CONNECTOR_PYTHON");
  const std::string python = chosen != nullptr && *chosen != '\0' ? chosen : E6_CONNECTOR_PYTHON;
  if (!std::filesystem::exists(python)) {
    std::printf("\nNo comparison with the Python connector: there is no %s; bench/client/install-connector makes it.\n",
                python.c_str());
    return true;
  }
  char name[] = "/tmp/e6-decode-XXXXXX";
  if (::mkdtemp(name) == nullptr) {
    std::printf("\nNo comparison with the Python connector: no directory in /tmp.\n");
    return true;
  }
  const std::vector<nlohmann::json> answers = ask_connector(python, name);
  std::filesystem::remove_all(name);
  if (answers.empty()) {
    std::printf("\nNo comparison with the Python connector: %s failed, see above.\n", python.c_str());
    return true;
  }
  bool good = true;
  std::printf("\ne6data-python-connector %s, Python %s, %s thrift's C extension, on the same bytes:\n",
              answers[0]["connector"].get<std::string>().c_str(), answers[0]["python"].get<std::string>().c_str(),
              answers[0]["fastbinary"].get<bool>() ? "with" : "without");
  for (const auto& answer : answers) {
    const std::string which = answer["name"];
    const double rows = answer["batches_per_second"].get<double>() * answer["rows"].get<double>();
    double bytes = 0;
    for (const Case& what : cases())
      if (what.name == which) bytes = answer["batches_per_second"].get<double>() * static_cast<double>(what.batch.size());
    std::printf("%-12s connector  %10.0f rows/s  %7.4f GB/s", which.c_str(), rows, bytes / 1e9);
    for (const char* depth : {"decode", "read", "print"}) {
      const auto ours = rows_per_second.find(std::string(depth) + "/" + which);
      if (ours == rows_per_second.end()) continue;
      std::printf("   %s %.0f times", depth, ours->second / rows);
      if (std::string(depth) == "read" && ours->second < kBar * rows) good = false;
    }
    std::printf("\n");
    if (answer["failed"].get<int>() > 0)
      std::printf("%-12s of its values, %d are 'Failed to parse.'\n", "", answer["failed"].get<int>());
  }
  std::printf("Bar: read at least %.0f times the connector's rows/s: %s\n", kBar, good ? "kept" : "MISSED");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const Case& what : cases()) {
    for (const auto& [depth, name] :
         {std::pair{Depth::kDecode, "decode"}, {Depth::kRead, "read"}, {Depth::kPrint, "print"}}) {
      benchmark::RegisterBenchmark((std::string(name) + "/" + what.name).c_str(),
                                   [&what, depth = depth](benchmark::State& state) { decode(state, what, depth); })
          ->Unit(benchmark::kMicrosecond);
    }
  }
  Reporter reporter(benchmark::ConsoleReporter::OO_Tabular);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return compare(reporter.rows_per_second) ? 0 : 1;
}
