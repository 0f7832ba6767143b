#include "plan.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "fields.h"
#include "layout/hot_word.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

constexpr std::size_t kSize = sizeof(layout::Segment);
constexpr std::size_t kLongestFile = 2 * kSize;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) noexcept : at_(data), end_(data + size) {}
  [[nodiscard]] bool empty() const noexcept { return at_ == end_; }
  std::uint64_t number(int width) noexcept {
    std::uint64_t n = 0;
    for (int i = 0; i < width && at_ != end_; ++i) n |= std::uint64_t{*at_++} << (8 * i);
    return n;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

Change read_change(Change::Kind kind, Bytes& in) {
  Change c;
  c.kind = kind;
  switch (kind) {
    case Change::Kind::kBytes:
      c.offset = in.number(3) % kSize;
      c.length = in.number(1) % 64 + 1;
      for (std::size_t i = 0; i < c.length; ++i) c.bytes.push_back(static_cast<std::uint8_t>(in.number(1)));
      break;
    case Change::Kind::kField:
    case Change::Kind::kSpecial:
    case Change::Kind::kFlip:
      c.field = in.number(1);
      c.element = in.number(2);
      c.value = in.number(kind == Change::Kind::kField ? 8 : 1);
      break;
    case Change::Kind::kRandom:
      c.offset = in.number(3) % kSize;
      c.length = in.number(3);
      if (c.length == 0) c.length = kSize;
      c.value = in.number(4);
      c.gap = in.number(1);
      break;
    case Change::Kind::kSize:
      c.length = in.number(3) % (kLongestFile + 1);
      break;
    case Change::Kind::kCopy:
      c.from = in.number(3) % kSize;
      c.offset = in.number(3) % kSize;
      c.length = in.number(2);
      break;
    case Change::Kind::kRunning:
      break;
  }
  return c;
}

/// Values at which somebody's comparison turns, `was` being what stands there.
std::uint64_t special(std::uint64_t which, std::uint64_t was) noexcept {
  using namespace layout;
  const std::uint64_t now = kStartMonotonicMs;
  const std::uint64_t values[] = {
      0, 1, 2, 3, 4, 7, 8, 16, 64, 127, 128, 255, 256, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, std::uint64_t{1} << 32,
      ~std::uint64_t{0}, ~std::uint64_t{0} >> 1, std::uint64_t{1} << 63, was + 1, was - 1, ~was, was << 1, was >> 1, was << 8, was >> 8,
      kParticipants - 1, kParticipants, kParticipants + 1, kPins - 1, kPins, kEventSlots - 1, kEventSlots, kEventSlots + 1,
      pack_tag(1, Phase::kJoining), pack_tag(2, Phase::kReady), pack_tag(3, Phase::kReaping), pack_tag(4, static_cast<Phase>(99)),
      pack_owner(0, 1), pack_owner(kParticipants - 1, 1), pack_owner(kParticipants, 1), pack_owner(0xfffe, 1),
      pack_pin(1, kBlue, PinPhase::kBound), pack_pin(1, 3, PinPhase::kBound), pack_pin(0xffffffff, kGreen, PinPhase::kInFlight),
      kMaxQueryId | std::uint64_t{kMaxEngine} << 8, 0xff | 0xff00, kRetiredWord, now, now - 1, now + 1, now - 3'600'000, now + 3'600'000, kStartRealtimeNs,
      // the kernel's marks in the mutex: owner died, waiters, an owner that is not there, this very thread's neighbours
      0x40000000, 0x80000000 | 1, 0x40000000 | 0x3fffffff, 0x3fffffff, 0x7ffffffe, 0x7fffffff};
  return values[which % std::size(values)];
}

std::uint64_t load(const std::uint8_t* at, std::size_t width) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, at, width);
  return value;
}

void randomise(std::uint8_t* bytes, const Change& c) {
  std::minstd_rand random(static_cast<std::uint_fast32_t>(c.value));
  const auto word = [&] { return std::uint64_t{random()} << 33 ^ std::uint64_t{random()} << 16 ^ random(); };
  const std::size_t end = std::min(kSize, c.offset + c.length) / 8;
  for (std::size_t i = (c.offset + 7) / 8; i < end; i += 1 + (c.gap == 0 ? 0 : random() % (c.gap + 1))) {
    const std::uint64_t value = random() % 3 == 0 ? random() % 1024 : word();
    std::memcpy(bytes + i * 8, &value, 8);
  }
}

}  // namespace

Plan read_plan(const std::uint8_t* data, std::size_t size) {
  Bytes in(data, size);
  Plan plan;
  const std::uint64_t flags = in.number(1);
  plan.base = static_cast<Base>(flags & 3U);
  plan.policy = (flags >> 2 & 3U) == 3 ? TransitionPolicy::kOnCompletion : static_cast<TransitionPolicy>(flags >> 2 & 3U);
  plan.seal = (flags & 16U) != 0;
  plan.lock_held = (flags & 32U) != 0;
  plan.order = static_cast<std::uint8_t>(in.number(1));
  std::vector<Change>* changes = &plan.before;
  while (!in.empty()) {
    Change c = read_change(static_cast<Change::Kind>(in.number(1) % 8), in);
    if (c.kind == Change::Kind::kRunning)
      changes = &plan.running;
    else if (c.kind == Change::Kind::kSize)
      plan.file_size = c.length;
    else
      changes->push_back(std::move(c));
  }
  return plan;
}

void apply(const std::vector<Change>& changes, layout::Segment& segment) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(&segment);
  for (const Change& c : changes) {
    const Field& f = field(c.field);
    std::uint8_t* at = bytes + f.at(c.element);
    std::uint64_t value = c.value;
    switch (c.kind) {
      case Change::Kind::kBytes:
        std::memcpy(bytes + c.offset, c.bytes.data(), std::min(c.bytes.size(), kSize - c.offset));
        break;
      case Change::Kind::kSpecial:
        value = special(c.value, load(at, f.width));
        std::memcpy(at, &value, f.width);
        break;
      case Change::Kind::kFlip:
        value = load(at, f.width) ^ std::uint64_t{1} << c.value % (8 * f.width);
        std::memcpy(at, &value, f.width);
        break;
      case Change::Kind::kField:
        std::memcpy(at, &value, f.width);
        break;
      case Change::Kind::kRandom:
        randomise(bytes, c);
        break;
      case Change::Kind::kCopy:
        std::memmove(bytes + c.offset, bytes + c.from, std::min({c.length, kSize - c.offset, kSize - c.from}));
        break;
      case Change::Kind::kSize:
      case Change::Kind::kRunning:
        break;
    }
  }
}

}  // namespace e6::fuzz
