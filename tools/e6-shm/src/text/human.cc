#include "text/human.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace e6::tool {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string calendar(const std::tm& time, char between) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", time.tm_year + 1900, time.tm_mon + 1,
                     time.tm_mday, between, time.tm_hour, time.tm_min, time.tm_sec);
}

}  // namespace

std::string human_duration(std::chrono::milliseconds duration) {
  const bool negative = duration.count() < 0;
  // The unsigned detour keeps the smallest number from overflowing.
  const std::uint64_t ms = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(duration.count())
                                    : static_cast<std::uint64_t>(duration.count());
  const std::string sign = negative ? "-" : "";
  const std::uint64_t s = ms / 1000;
  if (ms < 1000) return fmt::format("{}{} ms", sign, ms);
  if (s < 10) return fmt::format("{}{}.{} s", sign, s, ms % 1000 / 100);
  struct Unit {
    std::uint64_t seconds;
    const char* name;
    std::uint64_t part;
    const char* part_name;
  };
  constexpr std::array<Unit, 3> kUnits{
      {{86400, "d", 3600, "h"}, {3600, "h", 60, "min"}, {60, "min", 1, "s"}}};
  for (const Unit& unit : kUnits) {
    if (s < unit.seconds) continue;
    const std::uint64_t rest = s % unit.seconds / unit.part;
    if (rest == 0) return fmt::format("{}{} {}", sign, s / unit.seconds, unit.name);
    return fmt::format("{}{} {} {} {}", sign, s / unit.seconds, unit.name, rest, unit.part_name);
  }
  return fmt::format("{}{} s", sign, s);
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string counted(std::uint64_t number, std::string_view noun, std::string_view nouns) {
  return fmt::format("{} {}", number, number == 1 ? noun : nouns);
}

std::string local_time(std::uint64_t realtime_ns) {
  const auto seconds = static_cast<std::time_t>(realtime_ns / kSecond);
  std::tm time{};
  if (::localtime_r(&seconds, &time) == nullptr) return "?";
  return fmt::format("{}.{:03}", calendar(time, ' '), realtime_ns % kSecond / 1'000'000);
}

std::string iso_time(std::uint64_t realtime_ns) {
  const auto seconds = static_cast<std::time_t>(realtime_ns / kSecond);
  std::tm time{};
  if (::gmtime_r(&seconds, &time) == nullptr) return "?";
  return fmt::format("{}.{:06}Z", calendar(time, 'T'), realtime_ns % kSecond / 1'000);
}

std::uint64_t realtime_now_ns() {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

std::chrono::milliseconds age_of(std::uint64_t realtime_ns) {
  const std::uint64_t now = realtime_now_ns();
  if (realtime_ns >= now) return std::chrono::milliseconds{0};
  return std::chrono::milliseconds{static_cast<std::int64_t>((now - realtime_ns) / 1'000'000)};
}

}  // namespace e6::tool
