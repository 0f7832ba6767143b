#include "e6/client/cursor.h"

namespace e6::client {
namespace {

constexpr std::string_view kMark = "e6q1";
constexpr std::string_view kDigits = "0123456789abcdef";

// Ids are the engine's and may hold any byte; hex keeps the line a line.
std::string hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 0x0fU];
  }
  return text;
}

std::optional<std::string> bytes_of(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kDigits.find(text[i]);
    const std::size_t low = kDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high << 4U | low);
  }
  return bytes;
}

}  // namespace

std::string QueryHandle::serialise() const {
  return std::string(kMark) + ':' + hex(query_id) + ':' + hex(session_id);
}

std::optional<QueryHandle> QueryHandle::parse(std::string_view text) {
  constexpr std::size_t kLongest = 16384;
  const std::size_t first = text.find(':');
  if (text.size() > kLongest || first == std::string_view::npos || text.substr(0, first) != kMark)
    return std::nullopt;
  const std::size_t second = text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto query = bytes_of(text.substr(first + 1, second - first - 1));
  const auto session = bytes_of(text.substr(second + 1));
  if (!query || !session) return std::nullopt;
  return QueryHandle{*query, *session};
}

}  // namespace e6::client
