#include "e6/shared/options.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "os/group.h"
#include "os/segment_file.h"

namespace e6 {
namespace {

using std::chrono::milliseconds;

struct Range {
  milliseconds least;
  milliseconds most;
};
constexpr Range kTtl{milliseconds(60'000), milliseconds(1'800'000)};
constexpr Range kNegativeTtl{milliseconds(100), milliseconds(60'000)};
constexpr Range kDetection{milliseconds(1'000), milliseconds(600'000)};
constexpr Range kDrain{milliseconds(1'000), milliseconds(3'600'000)};
constexpr std::size_t kLongestCluster = 200;

std::string seconds(milliseconds span) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, static_cast<double>(span.count()) / 1000.0);
  return {text, result.ptr};
}

Error out_of_range(const std::string& name, const std::string& value, const Range& range) {
  return {Cause::kBadOption, 0, name, "'" + value + "' is not between " + seconds(range.least) + " and " + seconds(range.most) + " seconds"};
}

Error check(const char* name, milliseconds value, const Range& range) {
  if (value >= range.least && value <= range.most) return {};
  return out_of_range(name, seconds(value), range);
}

/// The variable's value; nothing when unset or empty.
std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, when options are made
  return value == nullptr ? std::string_view() : std::string_view(value);
}

Error read_seconds(const char* name, const Range& range, milliseconds& out) {
  const std::string_view text = variable(name);
  if (text.empty()) return {};
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return {Cause::kBadOption, 0, name, "'" + std::string(text) + "' is not a number of seconds"};
  if (value * 1000 < static_cast<double>(range.least.count()) || value * 1000 > static_cast<double>(range.most.count()))
    return out_of_range(name, std::string(text), range);
  out = milliseconds(static_cast<std::int64_t>(std::llround(value * 1000)));
  return {};
}

Error read_switch(const char* name, bool& out) {
  const std::string_view text = variable(name);
  if (text.empty()) return {};
  if (text != "0" && text != "1") return {Cause::kBadOption, 0, name, "'" + std::string(text) + "' is neither 0 nor 1"};
  out = text == "1";
  return {};
}

Error read_policy(const char* name, TransitionPolicy& out) {
  const std::string_view text = variable(name);
  if (text.empty()) return {};
  const auto policy = parse_transition_policy(text);
  if (!policy) return {Cause::kBadOption, 0, name, "'" + std::string(text) + "' is none of on-completion, next-query, when-idle"};
  out = *policy;
  return {};
}

}  // namespace

Options Options::from_environment(Error* error) {
  Options o;
  Error problem;
  const auto note = [&](Error e) {
    if (!problem) problem = std::move(e);
  };
  if (const auto directory = variable("E6_SHM_DIR"); !directory.empty()) o.directory = directory;
  if (const auto group = variable("E6_SHM_GROUP"); !group.empty()) o.group = group;
  note(read_seconds("E6DATA_STRATEGY_CACHE_TIMEOUT", kTtl, o.ttl));
  note(read_seconds("E6_SHM_NEGATIVE_TTL", kNegativeTtl, o.negative_ttl));
  note(read_seconds("E6DATA_STRATEGY_DETECTION_TIMEOUT", kDetection, o.detection_timeout));
  note(read_seconds("E6_SHM_DRAIN_TIMEOUT", kDrain, o.drain_timeout));
  note(read_policy("E6_SHM_POLICY", o.policy));
  note(read_switch("E6_SHM_REQUIRED", o.required));
  note(read_switch("E6_SHM_SHARE", o.share));
  note(read_switch("E6_SHM_FALLBACK_WARNING", o.fallback_warning));
  note(read_switch("E6_SHM_SIGBUS_GUARD", o.sigbus_guard));
  if (!problem && o.directory[0] != '/')
    problem = {Cause::kBadOption, 0, "E6_SHM_DIR", "'" + o.directory + "' is not an absolute path"};
  if (!problem) problem = os::check_group("E6_SHM_GROUP", o.group);
  if (error != nullptr) *error = problem;
  return o;
}

Error Options::validate() {
  for (char& c : cluster)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (cluster.empty() || cluster.size() > kLongestCluster)
    return {Cause::kBadOption, 0, "cluster", "it has " + std::to_string(cluster.size()) + " characters, 1 to 200 are allowed"};
  for (const char c : cluster)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return {Cause::kBadOption, 0, "cluster", "it contains a control character"};
  if (directory.empty() || directory[0] != '/') return {Cause::kBadOption, 0, "directory", "'" + directory + "' is not an absolute path"};
  directory = os::plain_path(directory);
  if (Error e = os::check_group("group", group)) return e;
  if (Error e = check("ttl", ttl, kTtl)) return e;
  if (Error e = check("negative_ttl", negative_ttl, kNegativeTtl)) return e;
  if (Error e = check("detection_timeout", detection_timeout, kDetection)) return e;
  return check("drain_timeout", drain_timeout, kDrain);
}

}  // namespace e6
