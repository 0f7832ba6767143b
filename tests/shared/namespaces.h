// Children in namespaces and with identities of their own. Where the machine does not allow it, `why_not` says so and the test is skipped.
#pragma once

#include <functional>
#include <string>

#include "fixture.h"

namespace e6::shared_test {

/// Empty if this process may make namespaces, mount and change its identity; else the reason.
std::string why_not();

/// The same for with_tmpfs_at.
std::string why_no_mounts();

/// A child that is process 1 of a PID namespace of its own. `pid()` is its number out here.
Child in_pid_namespace(const std::function<int()>& body);

/// Runs `body` in a child whose monotonic clock is `ahead` of this one. -2: the kernel has no time namespaces.
int in_time_namespace(std::chrono::seconds ahead, const std::function<int()>& body);

/// Runs `body` in a child for whom `directory` is a tmpfs of `options`.
int with_tmpfs_at(const std::string& directory, const std::string& options, bool read_only, const std::function<int()>& body);

/// Runs `body` in a child of another user, with one further group when `group` is not 0.
int as_user(unsigned uid, unsigned group, const std::function<int()>& body);

/// Runs `body` in a child that is user `inside` of a user namespace of its own and user `outside` for the rest of the machine; nobody else
/// is known there. -2: the machine allows no user namespaces.
int in_user_namespace(unsigned outside, unsigned inside, const std::function<int()>& body);

#define E6_SKIP_WITH(why)                        \
  do {                                           \
    const std::string reason = why;              \
    if (!reason.empty()) GTEST_SKIP() << reason; \
  } while (false)
#define E6_NEEDS_ROOT() E6_SKIP_WITH(why_not())
#define E6_NEEDS_MOUNTS() E6_SKIP_WITH(why_no_mounts())

}  // namespace e6::shared_test
