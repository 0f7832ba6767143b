// The C interface (e6shm.h): options. A field that is zero is not set.
#include <cstring>
#include <string>

#include "convert.h"

namespace e6::c {
namespace {

constexpr std::size_t kLargestStruct = 4096;  // of any later version

static_assert(sizeof(e6shm_options_t) == 128 && offsetof(e6shm_options_t, ttl_ms) == 32 &&
              offsetof(e6shm_options_t, policy) == 64 && offsetof(e6shm_options_t, reserved) == 80);

/// Copies the caller's struct, whichever version of the header it was compiled with.
std::int32_t copy_in(const Call& call, const e6shm_options_t* options, e6shm_options_t& copy) noexcept {
  if (options == nullptr) return call.null("options");
  const std::size_t size = options->struct_size;
  if (size < sizeof copy || size > kLargestStruct)
    return call.fail(E6SHM_ERR_BAD_ARGUMENT,
                     "`options.struct_size` is %zu; use sizeof(e6shm_options_t), which is %zu here", size,
                     sizeof copy);
  std::memcpy(&copy, options, sizeof copy);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(options);
  for (std::size_t i = sizeof copy; i < size; ++i)
    if (bytes[i] != 0)
      return call.fail(E6SHM_ERR_BAD_ARGUMENT,
                       "`options` sets a field that this library (%s) does not know; use a newer one",
                       E6SHM_VERSION_TEXT);
  std::uint64_t reserved = copy.reserved0;
  for (const std::uint64_t word : copy.reserved) reserved |= word;
  if (reserved != 0)
    return call.fail(E6SHM_ERR_BAD_ARGUMENT,
                     "a reserved field of `options` is not zero; start from E6SHM_OPTIONS_INIT");
  return E6SHM_OK;
}

std::int32_t flag(const Call& call, const char* name, std::int32_t value, bool& setting) noexcept {
  if (value == E6SHM_UNSET) return E6SHM_OK;
  if (value != E6SHM_YES && value != E6SHM_NO)
    return call.fail(E6SHM_ERR_BAD_OPTION,
                     "option %s is %d; use E6SHM_UNSET (0), E6SHM_YES (1) or E6SHM_NO (2)", name, value);
  setting = value == E6SHM_YES;
  return E6SHM_OK;
}

std::int32_t text(const Call& call, const char* name, const char* value, std::string& setting) {
  if (value == nullptr) return E6SHM_OK;
  const std::size_t length = ::strnlen(value, kLongestText + 1);
  if (length > kLongestText)
    return call.fail(E6SHM_ERR_BAD_OPTION, "option %s is longer than %zu bytes", name, kLongestText);
  setting.assign(value, length);
  return E6SHM_OK;
}

void milliseconds(std::int64_t value, std::chrono::milliseconds& setting) noexcept {
  if (value != 0) setting = std::chrono::milliseconds(value);
}

std::int32_t overlay(const Call& call, const e6shm_options_t& o, Options& settings) {
  if (o.policy < E6SHM_POLICY_UNSET || o.policy > E6SHM_POLICY_WHEN_IDLE)
    return call.fail(E6SHM_ERR_BAD_OPTION,
                     "option policy is %d; use E6SHM_POLICY_UNSET (0) to E6SHM_POLICY_WHEN_IDLE (3)",
                     o.policy);
  if (o.policy != E6SHM_POLICY_UNSET)
    settings.policy = static_cast<TransitionPolicy>(o.policy - E6SHM_POLICY_ON_COMPLETION);
  milliseconds(o.ttl_ms, settings.ttl);
  milliseconds(o.negative_ttl_ms, settings.negative_ttl);
  milliseconds(o.detection_timeout_ms, settings.detection_timeout);
  milliseconds(o.drain_timeout_ms, settings.drain_timeout);
  std::int32_t status = text(call, "cluster", o.cluster, settings.cluster);
  if (status == E6SHM_OK) status = text(call, "directory", o.directory, settings.directory);
  if (status == E6SHM_OK) status = text(call, "group", o.group, settings.group);
  if (status == E6SHM_OK) status = flag(call, "required", o.required, settings.required);
  if (status == E6SHM_OK) status = flag(call, "share", o.share, settings.share);
  return status;
}

/// Without the check of what comes out of it: `cluster` may be missing.
std::int32_t merge(const Call& call, const e6shm_options_t* options, Options& settings) {
  e6shm_options_t copy;
  if (const std::int32_t status = copy_in(call, options, copy); status != E6SHM_OK) return status;
  Error error;
  settings = Options::from_environment(&error);
  if (!error.ok()) return call.fail(error);
  return overlay(call, copy, settings);
}

static_assert(same(E6SHM_POLICY_ON_COMPLETION - 1, TransitionPolicy::kOnCompletion) &&
              same(E6SHM_POLICY_NEXT_QUERY - 1, TransitionPolicy::kNextQuery) &&
              same(E6SHM_POLICY_WHEN_IDLE - 1, TransitionPolicy::kWhenIdle));

}  // namespace

std::int32_t options_in(const Call& call, const e6shm_options_t* options, Options& settings) {
  if (const std::int32_t status = merge(call, options, settings); status != E6SHM_OK) return status;
  if (const Error error = settings.validate(); !error.ok()) return call.fail(error);
  return E6SHM_OK;
}

std::int32_t options_out(const Call& call, const Options& settings, e6shm_options_t* options) noexcept {
  if (options == nullptr) return call.null("options");
  const std::size_t size = options->struct_size;
  if (size < sizeof *options || size > kLargestStruct)
    return call.fail(E6SHM_ERR_BAD_ARGUMENT,
                     "`options.struct_size` is %zu; use sizeof(e6shm_options_t), which is %zu here", size,
                     sizeof *options);
  e6shm_options_t o = E6SHM_OPTIONS_INIT;
  o.struct_size = size;
  o.cluster = settings.cluster.c_str();
  o.directory = settings.directory.c_str();
  o.group = settings.group.c_str();
  o.ttl_ms = settings.ttl.count();
  o.negative_ttl_ms = settings.negative_ttl.count();
  o.detection_timeout_ms = settings.detection_timeout.count();
  o.drain_timeout_ms = settings.drain_timeout.count();
  o.policy = out(settings.policy);
  o.required = settings.required ? E6SHM_YES : E6SHM_NO;
  o.share = settings.share ? E6SHM_YES : E6SHM_NO;
  std::memset(static_cast<void*>(options), 0, size);
  std::memcpy(options, &o, sizeof o);
  return E6SHM_OK;
}

}  // namespace e6::c

using namespace e6::c;  // NOLINT(google-build-using-namespace): this is the implementation of one interface

std::int32_t e6shm_options_from_environment(e6shm_options_t* options) noexcept {
  return guarded("e6shm_options_from_environment", [&](const Call& call) -> std::int32_t {
    thread_local e6::Options filled;  // owns the texts until the thread's next call
    e6::Options settings;
    if (const std::int32_t status = merge(call, options, settings); status != E6SHM_OK) return status;
    const char* const cluster = options->cluster;  // the caller's own stays what it was
    filled = std::move(settings);
    if (const std::int32_t status = options_out(call, filled, options); status != E6SHM_OK) return status;
    options->cluster = cluster;
    return E6SHM_OK;
  });
}

std::int32_t e6shm_options_check(const e6shm_options_t* options) noexcept {
  return guarded("e6shm_options_check", [&](const Call& call) -> std::int32_t {
    e6::Options settings;
    return options_in(call, options, settings);
  });
}
