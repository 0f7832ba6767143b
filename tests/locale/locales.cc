#include "locales.h"

#include <stdlib.h>

#include <clocale>
#include <filesystem>
#include <fstream>
#include <locale>
#include <stdexcept>

namespace e6::test {

Locales::Locales() {
  std::string pattern = "/tmp/e6-locales-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory for locales");
  directory_ = pattern;
  ::setenv("LOCPATH", directory_.c_str(), 1);
}

Locales::~Locales() {
  ::unsetenv("LOCPATH");
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Locales::make(const std::string& language, const std::string& encoding) {
  const std::string place = directory_ + "/" + language + "." + encoding;
  if (std::filesystem::exists(place)) return "";
  const std::string said = directory_ + "/said";
  const std::string command =
      "localedef -i " + language + " -f " + encoding + " " + place + " >" + said + " 2>&1";
  if (::system(command.c_str()) == 0) return "";
  std::ifstream file(said);
  std::string reason;
  std::getline(file, reason);
  return "localedef cannot make " + language + "." + encoding + ": " + reason +
         "; install Debian's package locales";
}

InLocale::InLocale(const std::string& name, Way way) {
  if (way == Way::kCxx) {
    std::locale::global(std::locale(name));
  } else if (std::setlocale(LC_ALL, name.c_str()) == nullptr) {
    throw std::runtime_error("the C library knows no locale " + name);
  }
}

InLocale::~InLocale() {
  std::locale::global(std::locale::classic());
  std::setlocale(LC_ALL, "C");
}

}  // namespace e6::test
