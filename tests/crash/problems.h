// What was found wrong, and where.
#pragma once

#include <cstdint>
#include <string>

namespace e6::crash {

class Problems {
 public:
  void add(const std::string& what) {
    ++count_;
    if (text_.size() < kKept) text_ += where_ + ": " + what + "\n";
  }
  /// Where the checks that follow stand: "killed before step 17".
  void at(std::string where) { where_ = std::move(where); }
  void merge(std::uint32_t count, const std::string& text) {
    count_ += count;
    if (text_.size() < kKept) text_ += text;
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }

 private:
  static constexpr std::size_t kKept = 1500;
  std::uint32_t count_ = 0;
  std::string where_;
  std::string text_;
};

}  // namespace e6::crash
