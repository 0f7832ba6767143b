#include "text/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace e6::tool {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeast = 8;  // a cut column keeps at least this much

/// The first `columns` columns of the text, ending in ".." when something is missing. Escape sequences are
/// kept whole.
std::string cut(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::string out;
  std::size_t shown = 0;
  bool in_sequence = false;
  bool marked = false;
  for (const char c : text) {
    if (in_sequence || c == '\x1b') {
      in_sequence = c != 'm';
      out += c;
      continue;
    }
    const bool starts = (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
    if (starts) ++shown;
    if (shown <= columns - 2) {
      out += c;
    } else if (!std::exchange(marked, true)) {
      out += "..";
    }
  }
  return out;
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t limit) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, columns_of(row[i]));
    widths.push_back(width);
  }
  if (limit == 0 || widths.empty()) return widths;
  auto total = std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
  while (total > limit) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].may_be_cut || widths[i] <= std::max(kLeast, columns_of(columns_[i].title))) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) break;  // nothing left to cut: the terminal wraps
    --widths[widest];
    --total;
  }
  return widths;
}

std::string Table::render(const Screen& screen) const {
  const auto width = widths(screen.width);
  std::string out;
  const auto line = [&](auto cell) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string value = cut(cell(i), width[i]);
      const std::string space(width[i] - std::min(width[i], columns_of(value)), ' ');
      if (i > 0) text.append(kGap, ' ');
      text += columns_[i].align == Align::kRight ? space + value : value + space;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) { return screen.paint(Screen::Paint::kFaint, columns_[i].title); });
  for (const auto& row : rows_) {
    line([&](std::size_t i) { return row[i]; });
  }
  return out;
}

}  // namespace e6::tool
