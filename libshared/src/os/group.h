// A group of the system, by its name or its number.
#pragma once

#include <sys/types.h>

#include <string>

#include "e6/shared/error.h"

namespace e6::os {

/// Finds what `group` stands for, as chown(1) does: of a name that consists of digits and a number
/// the name counts; a number needs no entry in the group database. kBadOption otherwise.
Error find_group(const std::string& group, gid_t& gid);

/// Checks `group` without asking whether a name exists: kBadOption about `setting` for a number
/// that no group can have.
Error check_group(const char* setting, const std::string& group);

}  // namespace e6::os
