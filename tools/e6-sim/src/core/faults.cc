#include "core/faults.h"

#include <utility>

namespace e6::sim {

void Faults::set_latency(const MethodFilter& filter, Nanos latency, Nanos jitter) {
  for (std::size_t i = 0; i < kMethods; ++i) {
    if (filter.matches(static_cast<Method>(i))) latency_[i] = Latency{latency, jitter};
  }
}

void Faults::inject_error(const MethodFilter& filter, int code, std::string details,
                          std::optional<std::int64_t> count, double rate, When when) {
  errors_.push_back(Error{filter, code, std::move(details), count, rate, when});
}

Nanos Faults::latency(Method method) {
  const Latency& latency = latency_[static_cast<std::size_t>(method)];
  if (latency.jitter == 0) return latency.fixed;
  return latency.fixed + std::uniform_int_distribution<Nanos>(0, latency.jitter)(random_);
}

std::optional<Refusal> Faults::error(Method method, When when) {
  for (auto error = errors_.begin(); error != errors_.end(); ++error) {
    if (error->when != when || !error->filter.matches(method)) continue;
    if (error->rate < 1.0 && std::uniform_real_distribution<double>(0.0, 1.0)(random_) >= error->rate)
      continue;
    Refusal refusal{Result::kError, error->code, error->details};
    if (error->left && --*error->left == 0) errors_.erase(error);
    return refusal;
  }
  return std::nullopt;
}

void Faults::advance(Nanos now) {
  if (deny_until_ && *deny_until_ <= now) deny_until_.reset();
}

}  // namespace e6::sim
