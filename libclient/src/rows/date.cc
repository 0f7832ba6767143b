#include "e6/client/date.h"

#include <string_view>

#include "rows/civil.h"
#include "rows/zone.h"

namespace e6::client {
namespace {

// Text that fits into a fixed place; printf takes ten times as long.
class Text {
 public:
  void character(char c) noexcept { text_[length_++] = c; }
  // At least `width` digits.
  void number(std::int64_t value, int width) noexcept {
    char digits[20];
    int count = 0;
    for (; value > 0 || count < width; value /= 10) digits[count++] = static_cast<char>('0' + static_cast<int>(value % 10));
    while (count > 0) character(digits[--count]);
  }
  void date(std::int64_t days) noexcept {
    const civil::Day day = civil::from_days(days);
    if (day.year < 0) character('-');
    if (day.year > 9999) character('+');
    number(day.year < 0 ? -day.year : day.year, 4);
    character('-');
    number(day.month, 2);
    character('-');
    number(day.day, 2);
  }
  // HH:MM, and :SS when asked for.
  void clock(std::int64_t seconds, bool with_seconds) noexcept {
    number(seconds / 3600, 2);
    character(':');
    number(seconds / 60 % 60, 2);
    if (!with_seconds) return;
    character(':');
    number(seconds % 60, 2);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_, length_}; }

 private:
  char text_[64];  // the longest, "-290308-12-21T01:59:05.224192-18:00:00", takes 38
  std::size_t length_ = 0;
};

}  // namespace

Date Date::of_micros(std::int64_t since_epoch) noexcept {
  return Date(std::chrono::sys_days(
      std::chrono::days(static_cast<std::int32_t>(civil::floor_div(since_epoch, civil::kMicrosOfDay)))));
}

std::int32_t Date::year() const noexcept {
  return static_cast<std::int32_t>(civil::from_days(days_).year);
}

unsigned Date::month() const noexcept {
  return civil::from_days(days_).month;
}

unsigned Date::day() const noexcept {
  return civil::from_days(days_).day;
}

std::string Date::to_string() const {
  Text text;
  text.date(days_);
  return std::string(text.view());
}

std::optional<std::chrono::seconds> Timestamp::offset() const {
  return zone_offset(zone_, micros_);
}

std::string Timestamp::to_string() const {
  const std::optional<std::chrono::seconds> known = offset();
  const std::chrono::seconds shift = known.value_or(std::chrono::seconds(0));
  // In seconds, where adding the offset cannot overflow.
  const std::int64_t utc_seconds = civil::floor_div(micros_, civil::kMicrosOfSecond);
  const std::int64_t fraction = civil::floor_mod(micros_, civil::kMicrosOfSecond);
  const std::int64_t seconds = utc_seconds + shift.count();
  const std::int64_t days = civil::floor_div(seconds, civil::kSecondsOfDay);
  Text text;
  text.date(days);
  text.character('T');
  text.clock(seconds - days * civil::kSecondsOfDay, true);
  if (fraction != 0) {
    text.character('.');
    if (fraction % 1000 == 0) {
      text.number(fraction / 1000, 3);
    } else {
      text.number(fraction, 6);
    }
  }
  const std::int64_t distance = shift.count() < 0 ? -shift.count() : shift.count();
  text.character(shift.count() < 0 ? '-' : '+');
  text.clock(distance, distance % 60 != 0);  // local mean times of long ago have seconds
  std::string whole(text.view());
  if (!known) whole += "[" + zone_ + "]";
  return whole;
}

}  // namespace e6::client
