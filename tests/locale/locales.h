// Locales as an application would set them, compiled on the spot, since a host has those that its
// users speak.
#pragma once

#include <string>

namespace e6::test {

/// Compiles locales with localedef (Debian: locales, libc-bin) into a directory of its own and lets
/// the C library look there (LOCPATH) as long as it lives.
class Locales {
 public:
  Locales();
  ~Locales();
  Locales(const Locales&) = delete;
  Locales& operator=(const Locales&) = delete;

  /// Compiles one: "tr_TR", "ISO-8859-9". Empty, or why it could not be done.
  [[nodiscard]] std::string make(const std::string& language, const std::string& encoding);

 private:
  std::string directory_;
};

/// The two ways in which an application says what its locale is.
enum class Way { kC, kCxx };

/// The process's locale, until it ends; then "C".
class InLocale {
 public:
  /// `name` was compiled. Throws std::runtime_error if the C library does not take it.
  InLocale(const std::string& name, Way way);
  ~InLocale();
  InLocale(const InLocale&) = delete;
  InLocale& operator=(const InLocale&) = delete;
};

}  // namespace e6::test
