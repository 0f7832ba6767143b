#include "os/group.h"

#include <grp.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "os/above_stdio.h"

namespace e6::os {
namespace {

constexpr gid_t kLargest = static_cast<gid_t>(-2);  // -1 means "no change" to chown(2)
constexpr std::size_t kFirstBuffer = 4'096;
constexpr std::size_t kLargestBuffer = 4'194'304;  // of an entry with all its members

enum class Form : std::uint8_t { kName, kNumber, kOutOfRange };

Form form_of(const std::string& group, gid_t& number) noexcept {
  const bool negative = group.starts_with('-');
  const std::string_view digits = std::string_view(group).substr(negative ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return Form::kName;
  const char* const end = digits.data() + digits.size();
  const bool fits = std::from_chars(digits.data(), end, number).ec == std::errc();
  return !negative && fits && number <= kLargest ? Form::kNumber : Form::kOutOfRange;
}

/// False, with an errno or 0, when there is no group of this name.
bool find_name(const std::string& name, gid_t& gid, int& sys_errno) {
  for (std::size_t size = kFirstBuffer; size <= kLargestBuffer; size *= 4) {
    std::vector<char> buffer(size);
    struct group found;
    struct group* result = nullptr;
    {
      const StdioReservation above;  // of the files and sockets that the C library opens for it
      sys_errno = ::getgrnam_r(name.c_str(), &found, buffer.data(), buffer.size(), &result);
    }
    if (sys_errno == ERANGE) continue;
    if (result == nullptr) return false;
    gid = result->gr_gid;
    return true;
  }
  return false;
}

Error out_of_range(const char* setting, const std::string& group) {
  return {Cause::kBadOption, 0, setting,
          "'" + group + "' is not between 0 and " + std::to_string(kLargest)};
}

}  // namespace

Error find_group(const std::string& group, gid_t& gid) {
  int sys_errno = 0;
  if (find_name(group, gid, sys_errno)) return {};
  switch (form_of(group, gid)) {
    case Form::kNumber:
      return {};
    case Form::kOutOfRange:
      return out_of_range("group", group);
    case Form::kName:
      break;
  }
  return {Cause::kBadOption, sys_errno, "group",
          "there is no group '" + group + "' (E6_SHM_GROUP takes a name or number)"};
}

Error check_group(const char* setting, const std::string& group) {
  gid_t gid = 0;
  int sys_errno = 0;
  if (form_of(group, gid) != Form::kOutOfRange || find_name(group, gid, sys_errno)) return {};
  return out_of_range(setting, group);
}

}  // namespace e6::os
