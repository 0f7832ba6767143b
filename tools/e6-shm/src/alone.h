// Processes that work without a segment, found from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace e6::tool {

struct AloneProcess {
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::string program;  ///< the first 15 bytes of its name
  std::string cluster;
};

/// Those that this user may look into (root: all), by cluster and process id. Such a process holds
/// a memfd named e6shm-alone:CLUSTER; a descriptor that it has inherited does not count.
[[nodiscard]] std::vector<AloneProcess> alone_processes();
/// Those of one cluster.
[[nodiscard]] std::vector<AloneProcess> alone_processes(const std::string& cluster);

/// "2 processes work without the segment: pid 17 (gunicorn), pid 18 (gunicorn)"; escaped. Empty if
/// there is none. The first ten have names.
[[nodiscard]] std::string sentence_of(const std::vector<AloneProcess>& alone);

}  // namespace e6::tool
