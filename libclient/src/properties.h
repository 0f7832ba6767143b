// What set_properties was given, so that sessions which the connection gets later have the same.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace e6::client {

/// Thread-safe. Each text has a number, later ones higher ones; a session remembers the highest that it has got.
class Properties {
 public:
  struct Entry {
    std::uint64_t number = 0;
    std::string text;
  };

  /// The number of the newest text; 0 if there is none. A session with a lower number is behind.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_.load(std::memory_order_acquire); }

  /// Keeps a text that a session has taken; its number. An equal one from before goes: whether the engine
  /// replaces properties or merges them, the order of the last mentions gives the same result.
  std::uint64_t keep(std::string_view text) {
    constexpr std::size_t kMost = 64;
    const std::lock_guard guard(mutex_);
    std::erase_if(entries_, [&](const Entry& each) { return each.text == text; });
    if (entries_.size() == kMost) entries_.erase(entries_.begin());
    const std::uint64_t number = newest_.load(std::memory_order_relaxed) + 1;
    entries_.push_back(Entry{number, std::string(text)});
    newest_.store(number, std::memory_order_release);  // pairs with the acquire in newest
    return number;
  }

  /// What a session that has got everything up to `number` lacks, oldest first.
  [[nodiscard]] std::vector<Entry> after(std::uint64_t number) const {
    const std::lock_guard guard(mutex_);
    std::vector<Entry> missing;
    std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(missing),
                 [&](const Entry& each) { return each.number > number; });
    return missing;
  }

 private:
  std::atomic<std::uint64_t> newest_{0};
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // ascending numbers
};

}  // namespace e6::client
