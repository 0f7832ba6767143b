// Errors in functions that must not throw: the cause is what counts, the words come along if there is memory for them.
#pragma once

#include <new>

#include "e6/shared/error.h"

namespace e6::core {

/// The error that `make` makes; without memory, its cause alone.
template <typename Make>
Error in_words(Cause cause, int sys_errno, const Make& make) noexcept {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return {cause, sys_errno, {}, {}};
  }
}

/// The same for fixed words.
inline Error in_words(Cause cause, int sys_errno, const char* where, const char* detail) noexcept {
  return in_words(cause, sys_errno, [&] { return Error{cause, sys_errno, where, detail}; });
}

}  // namespace e6::core
