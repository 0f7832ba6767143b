// The events of a segment as they come, across its replacement by another one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e6/shared/inspect.h"

namespace e6::tool {

/// Tells new events from those already seen. Feed it one report after the other of the same path.
class Follower {
 public:
  struct News {
    bool other_segment = false;  ///< the path leads to another segment than before; its events begin anew
    std::uint64_t missed = 0;    ///< events overwritten before they could be read
    std::vector<Event> events;   ///< oldest first
  };
  /// Nothing is new in a report that is not readable.
  [[nodiscard]] News take(const inspect::Report& report);

 private:
  bool started_ = false;
  std::uint64_t created_ = 0;
  std::uint32_t creator_ = 0;
  std::uint64_t next_ = 0;  ///< sequence of the first event not yet seen
};

/// Calls `show` with all that is new, several times a second, until SIGINT or SIGTERM.
template <typename Show>
void follow(const std::string& path, Show show);

/// Sleeps for `milliseconds` or until asked to stop; false when asked to stop. The first call installs the
/// signal handlers.
bool wait_unless_stopped(int milliseconds);

template <typename Show>
void follow(const std::string& path, Show show) {
  Follower follower;
  do {
    show(follower.take(inspect::look(path)));
  } while (wait_unless_stopped(200));
}

}  // namespace e6::tool
