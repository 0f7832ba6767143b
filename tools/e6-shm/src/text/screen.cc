#include "text/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace e6::tool {

Screen Screen::of_stdout() {
  Screen screen;
  if (::isatty(STDOUT_FILENO) == 0) return screen;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const auto set = [](const char* variable) { return variable != nullptr && *variable != '\0'; };
  screen.colours = !set(no_colour) && set(terminal) && std::string_view(terminal) != "dumb";
  return screen;
}

std::string Screen::paint(Paint paint, std::string_view text) const {
  if (!colours || text.empty()) return std::string(text);
  std::string_view code;
  switch (paint) {
    case Paint::kGood:
      code = "1;32";
      break;
    case Paint::kWarning:
      code = "1;33";
      break;
    case Paint::kBad:
      code = "1;31";
      break;
    case Paint::kBlue:
      code = "94";
      break;
    case Paint::kGreen:
      code = "32";
      break;
    case Paint::kFaint:
      code = "2";
      break;
    case Paint::kStrong:
      code = "1";
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string Screen::strategy(Strategy strategy) const {
  switch (strategy) {
    case Strategy::kBlue:
      return paint(Paint::kBlue, to_string(strategy));
    case Strategy::kGreen:
      return paint(Paint::kGreen, to_string(strategy));
    case Strategy::kNone:
      break;
  }
  return "none";
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  bool in_sequence = false;
  for (const char c : text) {
    if (in_sequence) {
      in_sequence = c != 'm';
    } else if (c == '\x1b') {
      in_sequence = true;
    } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) {
      ++columns;
    }
  }
  return columns;
}

}  // namespace e6::tool
