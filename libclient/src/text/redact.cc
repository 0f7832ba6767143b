#include "text/redact.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text/ascii.h"

namespace e6::client {
namespace {

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

int hex_digit(char c) noexcept {
  if (ascii::is_digit(c)) return c - '0';
  const char low = ascii::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// The length of `secret` where `text` begins with it, as it is; 0 if it does not.
std::size_t plain_length(std::string_view text, std::string_view secret) noexcept {
  if (text.size() < secret.size()) return 0;
  return ascii::equal_ignoring_case(text.substr(0, secret.size()), secret) ? secret.size() : 0;
}

// The same with each character as it is or percent-encoded.
std::size_t encoded_length(std::string_view text, std::string_view secret) noexcept {
  std::size_t at = 0;
  for (const char wanted : secret) {
    if (at >= text.size()) return 0;
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low >= 0 && ascii::lower(static_cast<char>(high * 16 + low)) == ascii::lower(wanted)) {
      at += 3;
    } else if (ascii::lower(text[at]) == ascii::lower(wanted) ||
               (wanted == ' ' && text[at] == '+')) {
      ++at;
    } else {
      return 0;
    }
  }
  return at;
}

void find_all(std::string_view text, std::string_view secret, std::vector<Range>& found) {
  constexpr std::size_t kShort = 4;
  if (secret.empty()) return;
  const char first = ascii::lower(secret.front());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool candidate =
        ascii::lower(text[at]) == first || text[at] == '%' || (first == ' ' && text[at] == '+');
    if (!candidate) continue;
    const std::string_view here = text.substr(at);
    const std::size_t length = std::max(plain_length(here, secret), encoded_length(here, secret));
    if (length == 0) continue;
    const std::size_t end = at + length;
    const bool alone = (at == 0 || !ascii::is_letter_or_digit(text[at - 1])) &&
                       (end == text.size() || !ascii::is_letter_or_digit(text[end]));
    if (secret.size() >= kShort || alone) found.push_back({at, end});
  }
}

}  // namespace

std::string redact(std::string_view text, const std::vector<std::string_view>& secrets) {
  constexpr std::string_view kBlot = "***";
  std::vector<Range> found;
  for (const std::string_view secret : secrets) find_all(text, secret, found);
  if (found.empty()) return std::string(text);
  std::sort(found.begin(), found.end(), [](Range a, Range b) { return a.begin < b.begin; });
  std::string clean;
  std::size_t done = 0;
  for (std::size_t i = 0; i < found.size();) {
    Range whole = found[i];
    for (++i; i < found.size() && found[i].begin < whole.end; ++i)
      whole.end = std::max(whole.end, found[i].end);
    clean += text.substr(done, whole.begin - done);
    clean += kBlot;
    done = whole.end;
  }
  clean += text.substr(done);
  return clean;
}

}  // namespace e6::client
