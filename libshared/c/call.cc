#include "call.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace e6::c {
namespace {

struct LastError {
  char text[1024];
  std::int32_t sys_errno;
};
thread_local LastError last{};  // plain bytes: usable until the thread's very end, and in a child

}  // namespace

const char* last_error() noexcept {
  return last.text;
}
std::int32_t last_errno() noexcept {
  return last.sys_errno;
}

std::int32_t Call::fail(std::int32_t status, const char* format, ...) const noexcept {
  const int prefix = std::snprintf(last.text, sizeof last.text, "%s: ", function_);
  const auto start = prefix > 0 ? static_cast<std::size_t>(prefix) : 0;
  va_list arguments;
  va_start(arguments, format);
  (void)std::vsnprintf(last.text + start, sizeof last.text - start, format, arguments);
  va_end(arguments);
  last.sys_errno = 0;
  return status;
}

std::int32_t Call::fail(const Error& error) const {
  const bool no_memory = error.cause == Cause::kSystem && error.sys_errno == ENOMEM && error.where.empty();
  if (no_memory) return fail(E6SHM_ERR_NO_MEMORY, "out of memory");
  const std::int32_t status = fail(-static_cast<std::int32_t>(error.cause), "%s", error.sentence().c_str());
  last.sys_errno = error.sys_errno;
  return status;
}

std::int32_t text_in(const Call& call, const char* argument, const char* text, std::size_t length,
                     std::string_view& out) noexcept {
  out = {};
  if (text == nullptr) return length == 0 ? E6SHM_OK : call.null(argument);
  if (length == E6SHM_ZERO_TERMINATED) {
    length = ::strnlen(text, kLongestText + 1);
  } else if (length <= kLongestText && std::memchr(text, '\0', length) != nullptr) {
    return call.fail(E6SHM_ERR_BAD_ARGUMENT, "`%s` contains a zero byte", argument);
  }
  if (length > kLongestText)
    return call.fail(E6SHM_ERR_TOO_LONG, "`%s` is longer than %zu bytes", argument, kLongestText);
  out = {text, length};
  return E6SHM_OK;
}

std::int32_t check_buffer(const Call& call, const char* argument, const char* buffer,
                          std::size_t size) noexcept {
  return buffer == nullptr && size != 0 ? call.null(argument) : E6SHM_OK;
}

std::int32_t text_out(const Call& call, std::string_view text, char* buffer, std::size_t size,
                      std::size_t* length) noexcept {
  if (length != nullptr) *length = text.size();
  if (buffer == nullptr) return E6SHM_OK;
  if (size <= text.size())
    return call.fail(E6SHM_ERR_TOO_LONG,
                     "the text has %zu bytes and the buffer %zu; it takes one more than the text",
                     text.size(), size);
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  return E6SHM_OK;
}

}  // namespace e6::c
