// The figures as text for people and as JSON for scripts.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "appointments.h"
#include "arguments.h"
#include "figures.h"

namespace e6::storm {

/// Everything; the keys are described in docs/e6-storm.md.
[[nodiscard]] nlohmann::ordered_json to_json(const Figures& figures, const std::vector<Errand>& errands,
                                             std::uint64_t start_ns);
/// A moment of the storm on one line, for whoever draws it (--stream-ms).
[[nodiscard]] nlohmann::ordered_json moment_json(const Figures& figures, const std::vector<Errand>& news,
                                                 std::uint64_t start_ns);
/// Some lines; the first one answers "did it go well?".
[[nodiscard]] std::string summary(const Figures& figures, const std::vector<Errand>& errands);
/// One line: what happened since `before`.
[[nodiscard]] std::string live_line(const Figures& figures, const Figures& before);

/// Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& value, int indent);

}  // namespace e6::storm
