#include "properties.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "e6/client/error.h"

namespace e6::client {
namespace {

using nlohmann::json;

using Names = std::vector<std::string>;

// The path of each value, without recursion: a text decides how deep it goes. Nothing for a text
// whose paths would take more memory than it is worth. The lengths tell {"a/b"} from {"a":{"b"}}.
Names paths_of(const json& object) {
  constexpr std::size_t kDeepest = 16;
  constexpr std::size_t kMost = std::size_t{1} << 20U;
  struct Open {
    const json* object;
    std::string path;
    std::size_t depth;
  };
  Names names;
  std::size_t bytes = 0;
  std::vector<Open> open{{&object, "{", 1}};
  while (!open.empty()) {
    const Open inner = std::move(open.back());
    open.pop_back();
    if (inner.depth > kDeepest) return {};
    for (const auto& [key, value] : inner.object->items()) {
      std::string path = inner.path + std::to_string(key.size()) + ":" + key + "/";
      bytes += path.size();
      if (bytes > kMost) return {};
      if (value.is_object() && !value.empty()) {
        open.push_back(Open{&value, std::move(path), inner.depth + 1});
      } else {
        names.push_back(std::move(path));
      }
    }
  }
  return names;
}

// The word before each '='. A value that holds one adds a name too many.
Names words_of(std::string_view list) {
  constexpr std::string_view kSpace = " \t\r\n";
  constexpr std::string_view kBetween = ",; \t\r\n";
  Names names;
  for (std::size_t equals = list.find('='); equals != std::string_view::npos;
       equals = list.find('=', equals + 1)) {
    std::string_view name = list.substr(0, equals);
    name = name.substr(0, name.find_last_not_of(kSpace) + 1);
    const std::size_t before = name.find_last_of(kBetween);
    if (before != std::string_view::npos) name.remove_prefix(before + 1);
    if (!name.empty()) names.push_back("=" + std::string(name));
  }
  return names;
}

// The first character of a name says of which kind it is, so that no two kinds meet.
Names names_of(const std::string& text) {
  Names names;
  if (text.size() <= Properties::kMostBytes) {
    const json parsed = json::parse(text, nullptr, false);
    names = parsed.is_object() ? paths_of(parsed) : words_of(text);
  }
  if (names.empty()) names.push_back("*" + text);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool has_all(const std::vector<std::string>& sorted, const std::vector<std::string>& wanted) {
  return std::includes(sorted.begin(), sorted.end(), wanted.begin(), wanted.end());
}

void check(const char* unit, std::size_t most, std::size_t wanted) {
  if (wanted <= most) return;
  throw UsageError("a connection keeps at most " + std::to_string(most) + " " + unit +
                   " of session properties for its later sessions, and would have to keep " +
                   std::to_string(wanted) + "; set less, or call reset_properties first");
}

}  // namespace

Properties::Text::Text(std::string_view properties) : text(properties), names(names_of(text)) {}

void Properties::check_room(const Text& setting) const {
  std::size_t count = 1;
  std::size_t bytes = setting.text.size();
  {
    const std::lock_guard guard(mutex_);
    for (const Text& each : texts_) {
      if (has_all(setting.names, each.names)) continue;  // it goes
      ++count;
      bytes += each.text.size();
    }
  }
  check("bytes", kMostBytes, bytes);
  check("texts", kMostTexts, count);
}

std::uint64_t Properties::keep(Text setting) {
  const std::lock_guard guard(mutex_);
  std::erase_if(texts_, [&](Text& each) {
    std::vector<std::string> rest;
    std::set_difference(each.names.begin(), each.names.end(), setting.names.begin(),
                        setting.names.end(), std::back_inserter(rest));
    each.names = std::move(rest);
    return each.names.empty();
  });
  const std::uint64_t number = newest_.load(std::memory_order_relaxed) + 1;
  setting.number = number;
  texts_.push_back(std::move(setting));
  newest_.store(number, std::memory_order_release);  // pairs with the acquire in newest
  return number;
}

Properties::Missing Properties::after(std::uint64_t number) const {
  const std::lock_guard guard(mutex_);
  Missing missing{.texts = {}, .newest = newest_.load(std::memory_order_relaxed)};
  std::copy_if(texts_.begin(), texts_.end(), std::back_inserter(missing.texts),
               [&](const Text& each) { return each.number > number; });
  return missing;
}

void Properties::drop(std::uint64_t number) {
  const std::lock_guard guard(mutex_);
  std::erase_if(texts_, [&](const Text& each) { return each.number == number; });
}

bool Properties::denied_by_another(std::uint64_t number,
                                   const std::shared_ptr<const void>& session) {
  const std::lock_guard guard(mutex_);
  const std::weak_ptr<const void> by = session;
  const bool same_session = !by.owner_before(denied_by_) && !denied_by_.owner_before(by);
  const bool again = denied_ == number && !same_session;
  denied_ = number;
  denied_by_ = by;
  return again;
}

void Properties::forget_denial() noexcept {
  const std::lock_guard guard(mutex_);
  denied_ = 0;
}

void Properties::clear() noexcept {
  const std::lock_guard guard(mutex_);
  texts_.clear();
  denied_ = 0;
}

}  // namespace e6::client
