// "Is it fine?", answered from a report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alone.h"
#include "e6/shared/inspect.h"
#include "text/screen.h"

namespace e6::tool {

enum class Condition {
  kOk,
  kDegraded,    ///< works, but something wants attention
  kRetired,     ///< given up; processes have moved to another segment
  kStale,       ///< survived a reboot; replaced at the next attach
  kForeign,     ///< another running kernel's; the processes of this one refuse it
  kUnreadable,  ///< it may be fine, but this tool cannot or must not look into it
  kDamaged,     ///< its bytes make no sense
};
[[nodiscard]] std::string_view to_string(Condition condition) noexcept;

struct Verdict {
  Condition condition = Condition::kOk;
  std::vector<std::string> reasons;  ///< a sentence each, with what to do; escaped; empty when ok
  [[nodiscard]] int exit_status() const noexcept;
  [[nodiscard]] std::string painted(const Screen& screen) const;
};
/// `alone`: processes that work without this segment.
[[nodiscard]] Verdict judge(const inspect::Report& report,
                            const std::vector<AloneProcess>& alone = {});
/// "segment", "segment of an earlier boot", "segment of another kernel" or "copy".
[[nodiscard]] std::string_view what_it_is(const inspect::Report& report);
/// Failure with the worst reason when nothing in the segment can be shown.
void require_readable(const inspect::Report& report);

struct Census {
  std::uint32_t alive = 0;
  std::uint32_t dead = 0;
  std::uint32_t unknown = 0;
  [[nodiscard]] std::uint32_t present() const noexcept { return alive + unknown; }
};
[[nodiscard]] Census census(const inspect::Report& report);

/// Queries in flight on the host. By colour as far as they are pinned; `unpinned` found no free pin.
struct InFlight {
  std::uint64_t blue = 0;
  std::uint64_t green = 0;
  std::uint64_t unpinned = 0;
  [[nodiscard]] std::uint64_t total() const noexcept { return blue + green + unpinned; }
};
[[nodiscard]] InFlight in_flight(const inspect::Report& report);

/// The host's state. Whether a colour has expired is not asked of a copy: its clock stood still when it was
/// made.
[[nodiscard]] State state_of(const inspect::Report& report) noexcept;

/// A total over the host; 0 when the report has none.
[[nodiscard]] std::uint64_t total(const inspect::Report& report, Counter which) noexcept;

}  // namespace e6::tool
