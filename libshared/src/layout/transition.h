// The strategy's state machine: a pure function from a word and an event to the next word.
//
// It is the commit point of every strategy operation: callers load the word, compute the next one and swap it in by
// compare-and-swap, with or without the lock. An event that has no effect returns the word it was given.
#pragma once

#include <cstdint>

#include "layout/hot_word.h"

namespace e6::layout {

enum class Change : std::uint8_t {
  kAnnounce,   ///< a response carried a colour
  kConfirm,    ///< a request succeeded: extend the expiry
  kMismatch,   ///< a 456
  kDetected,   ///< a probe found the active colour
  kBothRefused,///< a probe found that no colour is accepted
  kFence,      ///< a lease was taken from a holder that may come back: its news must be old
  kApply,      ///< pending becomes active
  kExpire,     ///< operator: not usable from now on
  kSet,        ///< operator, or knowledge carried over from a retired segment
  kClear,      ///< operator
  kRetire,     ///< the segment is given up
};

struct StrategyEvent {
  Change change = Change::kConfirm;
  std::uint8_t colour = 0;
  std::uint8_t refused = 0;         ///< kDetected: colours that this probe found refused
  std::uint32_t epoch = 0;          ///< of the request or probe that the event stems from
  std::uint32_t pending_epoch = 0;  ///< likewise; kAnnounce and kApply only
  std::uint32_t expiry = 0;         ///< the new expiry, in its unit
  std::uint32_t step = 0;           ///< kConfirm: extend only by at least this many units
};

namespace transition_detail {

constexpr std::uint32_t following_epoch(std::uint32_t epoch) noexcept { return (epoch + 1) & kEpochMask; }

constexpr void change_active(HotWord& w, std::uint8_t colour) noexcept {
  w.active = colour;
  w.epoch = following_epoch(w.epoch);
}

constexpr void change_pending(HotWord& w, std::uint8_t colour) noexcept {
  if (w.pending == colour) return;
  w.pending = colour;
  w.pending_epoch = (w.pending_epoch + 1) & kPendingEpochMask;
}

}  // namespace transition_detail

/// The word after `event`. Total: defined for all words (also nonsense ones) and all events; a retired word stays retired.
constexpr std::uint64_t next(std::uint64_t bits, const StrategyEvent& event) noexcept {
  using transition_detail::change_active;
  using transition_detail::change_pending;
  using transition_detail::following_epoch;

  if (retired(bits)) return bits;
  if (event.change == Change::kRetire) return kRetiredWord;

  HotWord w = unpack(bits);
  if (w.pending == 3) w.pending = 0;  // no writer makes it; garbage must not become a colour
  const bool current = event.epoch == w.epoch;

  switch (event.change) {
    case Change::kAnnounce:
      if (!current || event.pending_epoch != w.pending_epoch) return bits;
      if (!is_colour(event.colour) || !is_colour(w.active)) return bits;
      if ((event.colour == w.active && w.pending == kNone) || event.colour == w.pending) return bits;
      change_pending(w, event.colour == w.active ? std::uint8_t{0} : event.colour);
      return pack(w);

    case Change::kConfirm: {
      if (!current || !is_colour(event.colour) || event.colour != w.active) return bits;
      const std::uint32_t gained = (event.expiry - w.expiry) & kExpiryMask;
      const bool forward = gained != 0 && gained < (kExpiryMask >> 1);
      if (!forward || gained < event.step) return bits;
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);
    }

    case Change::kMismatch:
      if (!current || !is_colour(event.colour) || event.colour != w.active) return bits;
      w.refused = refused_bit(event.colour);
      w.expiry = 0;
      change_active(w, 0);
      return pack(w);

    case Change::kDetected:
      if (!current || !is_colour(event.colour)) return bits;
      if (w.active != event.colour) change_active(w, event.colour);
      if (w.pending == event.colour || (refused_bit(w.pending) & event.refused) != 0) change_pending(w, 0);
      w.refused = 0;
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);

    case Change::kBothRefused:
      if (!current) return bits;
      change_active(w, 0);
      change_pending(w, 0);
      w.refused = 3;
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);

    case Change::kFence:
      if (!current) return bits;
      w.epoch = following_epoch(w.epoch);
      return pack(w);

    case Change::kApply:
      if (!current || event.pending_epoch != w.pending_epoch) return bits;
      if (!is_colour(w.active) || !is_colour(w.pending)) return bits;
      change_active(w, w.pending);
      change_pending(w, 0);
      w.refused = 0;
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);

    case Change::kExpire:
      if (!is_colour(w.active)) return bits;
      w.epoch = following_epoch(w.epoch);
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);

    case Change::kSet:
      if (!is_colour(event.colour)) return bits;
      change_active(w, event.colour);
      change_pending(w, 0);
      w.refused = 0;
      w.expiry = event.expiry & kExpiryMask;
      return pack(w);

    case Change::kClear:
      if (w.active == 0 && w.pending == 0 && w.refused == 0) return bits;
      change_active(w, 0);
      change_pending(w, 0);
      w.refused = 0;
      w.expiry = 0;
      return pack(w);

    case Change::kRetire:
      break;
  }
  return bits;
}

}  // namespace e6::layout
