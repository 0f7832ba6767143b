// A segment's file is cut off while processes have it mapped.
#pragma once

#include <unistd.h>

#include "fixture.h"
#include "layout/segment_layout.h"
#include "os/sigbus_guard.h"

namespace e6::shared_test {

inline constexpr os::StandIn kStandIn{sizeof(layout::Segment), offsetof(layout::Segment, hot), layout::kRetiredWord};

class CutOffTest : public SharedTest {
 protected:
  void cut(std::size_t size) const { ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(size)), 0); }
  /// Calls until this process is on a segment of the right size and shares it.
  static bool moved(Coordinator& c) {
    return eventually([&] {
      (void)c.begin_query();
      return c.mode() == Mode::kShared && inspect::look(c.path()).problems.empty();
    });
  }
  /// Everything that a process does with a segment.
  static void use(Coordinator& c) {
    (void)c.snapshot();
    auto q = c.begin_query();
    if (q) (void)c.bind(*q, "query", "engine");
    (void)c.find_query("query");
    (void)c.in_flight();
    (void)c.announce(Strategy::kGreen, c.snapshot().epoch);
    c.confirm(c.snapshot().active, c.snapshot().epoch);
    (void)c.recent_events(100);
    const Detection d = c.detect_try();
    if (d.outcome == Detection::Outcome::kProbe) (void)c.detect_succeed(d.lease, Strategy::kBlue);
  }
};

}  // namespace e6::shared_test
