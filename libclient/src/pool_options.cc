// The ranges of a pool's options.
#include <string>

#include "e6/client/error.h"
#include "e6/client/pool.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kMinute{60'000};
constexpr milliseconds kDay{86'400'000};

std::string text(milliseconds value) {
  return value.count() % 1000 == 0 ? std::to_string(value.count() / 1000) + " s"
                                   : std::to_string(value.count()) + " ms";
}
std::string text(int value) {
  return std::to_string(value);
}

template <class Value>
void check(const char* name, Value value, Value least, Value most) {
  if (value >= least && value <= most) return;
  throw OptionError(std::string("pool option ") + name + " is " + text(value) +
                    "; it must be from " + text(least) + " to " + text(most));
}

}  // namespace

void PoolOptions::validate() const {
  check("max_size", max_size, 1, 1000);
  check("max_overflow", max_overflow, 0, 1000);
  if (min_size < 0 || min_size > max_size) {
    throw OptionError("pool option min_size is " + text(min_size) +
                      "; it must be from 0 to max_size, which is " + text(max_size));
  }
  check("checkout_timeout", checkout_timeout, milliseconds(0), 60 * kMinute);
  check("recycle_after", recycle_after, milliseconds(0), 7 * kDay);
  check("pre_ping_after", pre_ping_after, milliseconds(0), kDay);
  check("pre_ping_timeout", pre_ping_timeout, milliseconds(1), kMinute);
  check("overflow_idle_timeout", overflow_idle_timeout, milliseconds(0), kDay);
  check("idle_timeout", idle_timeout, milliseconds(0), kDay);
  check("reset_timeout", reset_timeout, milliseconds(1), kMinute);
}

}  // namespace e6::client
