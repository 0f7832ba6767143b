// Reports as JSON. The keys are documented in docs/e6-shm.md and do not change.
#pragma once

#include <nlohmann/json.hpp>

#include <vector>

#include "alone.h"
#include "e6/shared/inspect.h"

namespace e6::tool {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Error& error);
[[nodiscard]] Json to_json(const Epoch& epoch);
[[nodiscard]] Json to_json(const Event& event);
[[nodiscard]] Json to_json(const inspect::LeaseInfo& lease);
[[nodiscard]] Json to_json(const inspect::Participant& participant);
[[nodiscard]] Json to_json(const inspect::PinnedQuery& pin, const inspect::Report& report);
[[nodiscard]] Json counters_to_json(const std::vector<std::uint64_t>& counters);
/// What every verb says first: path, cluster, live, condition, problems.
[[nodiscard]] Json head_to_json(const inspect::Report& report,
                                const std::vector<AloneProcess>& alone = {});
/// Everything that `status` shows.
[[nodiscard]] Json status_to_json(const inspect::Report& report,
                                  const std::vector<AloneProcess>& alone = {});
[[nodiscard]] Json to_json(const std::vector<AloneProcess>& alone);

[[nodiscard]] std::string_view to_string(inspect::Alive alive) noexcept;
/// The pid in a slot; 0 when the slot is not in the report.
[[nodiscard]] std::uint32_t pid_of_slot(const inspect::Report& report, std::uint32_t slot) noexcept;

}  // namespace e6::tool
