// Metrics of segments, in Prometheus's terms.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "e6/shared/inspect.h"
#include "json.h"

namespace e6::tool {

struct Sample {
  std::string suffix;  ///< "", "_bucket", "_sum", "_count"
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

struct Metric {
  std::string name;
  std::string type;  ///< "gauge", "counter", "histogram"
  std::string help;
  std::vector<Sample> samples;
};

/// All metrics with the samples of all reports. A report that is not readable contributes e6_shm_healthy 0
/// and nothing else. `alone`: processes without a segment by cluster, as seen with `directory`.
[[nodiscard]] std::vector<Metric> metrics_of(const std::vector<inspect::Report>& reports,
                                             const std::map<std::string, std::size_t>& alone = {},
                                             const std::string& directory = {});

/// The text exposition format, version 0.0.4.
[[nodiscard]] std::string exposition(const std::vector<Metric>& metrics);
[[nodiscard]] Json to_json(const std::vector<Metric>& metrics);

}  // namespace e6::tool
