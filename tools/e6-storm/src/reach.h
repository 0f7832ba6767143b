// Whether anybody listens at the target, found out without gRPC: the parent must not touch it before it forks.
#pragma once

#include <chrono>
#include <string>

namespace e6::storm {

/// Connects by TCP and closes. Returns what is wrong and what to do; empty when somebody listens. Waits no
/// longer than `patience` for an answer (the system's resolver has time-outs of its own).
[[nodiscard]] std::string try_to_reach(const std::string& host, int port, std::chrono::milliseconds patience);

}  // namespace e6::storm
