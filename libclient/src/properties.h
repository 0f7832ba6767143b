// What set_properties was given, so that sessions which the connection gets later have the same.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace e6::client {

/// Thread-safe. Texts are kept whole and given in the order in which they came, so that it does not
/// matter whether the engine replaces settings or merges them. A text goes when everything that it
/// sets has been set again by later ones.
class Properties {
 public:
  static constexpr std::size_t kMostTexts = 256;
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10U;

  /// A text and the names of what it sets.
  struct Text {
    /// A JSON object: the path of each value. A list `name=value`, split at commas, semicolons and
    /// white space: each name. Anything else: the whole text. A name too many is harmless (the text
    /// is kept longer), one that is missing is not.
    explicit Text(std::string_view properties);
    std::uint64_t number = 0;  ///< later texts have higher ones
    std::string text;
    std::vector<std::string> names;  ///< sorted; those that no later text has set
  };
  struct Missing {
    std::vector<Text> texts;  ///< oldest first
    std::uint64_t newest = 0;
  };

  /// The number of the newest text; 0 if there is none. A session with a lower number is behind.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_.load(std::memory_order_acquire); }
  /// Throws UsageError, naming the limit, if there is no room for one more.
  void check_room(const Text& setting) const;
  /// Keeps a text that a session has taken; its number.
  std::uint64_t keep(Text setting);
  /// What a session that has got everything up to `number` lacks.
  [[nodiscard]] Missing after(std::uint64_t number) const;
  /// Later sessions are not given this text.
  void drop(std::uint64_t number);
  /// True if the denial before this one was of the same text, by another session, and none was
  /// taken in between. The session is compared, never used.
  [[nodiscard]] bool denied_by_another(std::uint64_t number,
                                       const std::shared_ptr<const void>& session);
  /// A session took what it was given.
  void forget_denial() noexcept;
  void clear() noexcept;

  /// Counts attempts to set properties, whatever came of them.
  void count_change() noexcept { changes_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t changes() const noexcept {
    return changes_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> newest_{0};
  std::atomic<std::uint64_t> changes_{0};
  mutable std::mutex mutex_;  // guards everything below
  std::vector<Text> texts_;   // ascending numbers
  std::uint64_t denied_ = 0;  // the text of the last denial
  std::weak_ptr<const void> denied_by_;
};

}  // namespace e6::client
