// What every function of the C interface does around its work: nothing thrown, errno and cancellation as they
// were, an error with a sentence.
#pragma once

#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string_view>

#include "e6/shared/error.h"
#include "e6shm.h"

namespace e6::c {

/// One call of one function; every way to fail ends here. Writes the thread's last error.
class Call {
 public:
  explicit Call(const char* function) noexcept : function_(function), errno_(errno) {
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
                             &cancel_);  // a cancellation unwinds, which nothing below may
  }
  ~Call() {
    ::pthread_setcancelstate(cancel_, nullptr);
    errno = errno_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// "<function>: <sentence>"
  [[gnu::format(printf, 3, 4)]] std::int32_t fail(std::int32_t status, const char* format,
                                                  ...) const noexcept;
  std::int32_t fail(const Error& error) const;
  std::int32_t null(const char* argument) const noexcept {
    return fail(E6SHM_ERR_BAD_ARGUMENT, "`%s` is null", argument);
  }
  std::int32_t undefined(const char* argument, std::int64_t value, const char* allowed) const noexcept {
    return fail(E6SHM_ERR_BAD_ARGUMENT, "`%s` is %lld; use %s", argument, static_cast<long long>(value),
                allowed);
  }

 private:
  const char* function_;
  int errno_;
  int cancel_ = 0;
};

const char* last_error() noexcept;
std::int32_t last_errno() noexcept;

/// Runs `body(call)`; what it throws becomes a status.
template <class Body>
std::int32_t guarded(const char* function, Body&& body) noexcept {
  const Call call(function);
  try {
    return body(call);
  } catch (const std::bad_alloc&) {
    return call.fail(E6SHM_ERR_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return call.fail(E6SHM_ERR_SYSTEM, "%s", e.what());
  } catch (...) {
    return call.fail(E6SHM_ERR_SYSTEM, "an error of an unknown kind");
  }
}

/// The longest text that is looked at; longer than any place for one.
inline constexpr std::size_t kLongestText = 4096;

/// Takes a text that the caller passed with its length. E6SHM_OK or the status of the failure.
std::int32_t text_in(const Call& call, const char* argument, const char* text, std::size_t length,
                     std::string_view& out) noexcept;

/// Whether a buffer may be written to; before anything is done for it.
std::int32_t check_buffer(const Call& call, const char* argument, const char* buffer,
                          std::size_t size) noexcept;
/// Hands a text to a buffer that was checked.
std::int32_t text_out(const Call& call, std::string_view text, char* buffer, std::size_t size,
                      std::size_t* length) noexcept;
/// An output's state on an error.
inline void clear_text(char* buffer, std::size_t size, std::size_t* length) noexcept {
  if (buffer != nullptr && size != 0) *buffer = '\0';
  if (length != nullptr) *length = 0;
}

/// Zeroes an output that may be null.
template <class T>
void zero(T* output) noexcept {
  if (output != nullptr) *output = T{};
}

}  // namespace e6::c
