// A report as `e6-shm status` shows it.
#pragma once

#include <string>
#include <vector>

#include "alone.h"
#include "e6/shared/inspect.h"
#include "text/screen.h"

namespace e6::tool {

/// The one line that answers "is it fine?", without a line end.
[[nodiscard]] std::string headline(const inspect::Report& report, const Screen& screen,
                                   const std::vector<AloneProcess>& alone = {});
/// The headline, the details, and what to do.
[[nodiscard]] std::string status_text(const inspect::Report& report, const Screen& screen,
                                      const std::vector<AloneProcess>& alone = {});

}  // namespace e6::tool
