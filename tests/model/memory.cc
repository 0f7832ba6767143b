#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace e6::model {
namespace {

// Between two neighbours in a modification order: room for stores that turn out to come between them.
constexpr std::uint32_t kGap = 1U << 12;

constexpr bool acquires(std::memory_order o) noexcept {
  return o == std::memory_order_acquire || o == std::memory_order_consume || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}
constexpr bool releases(std::memory_order o) noexcept {
  return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

}  // namespace

void Memory::begin_run(unsigned spurious) noexcept {
  ++run_;
  chains_ = 0;
  views_used_ = 0;
  clear(total_);
  for (unsigned i = 0; i < kMaxThreads; ++i) {
    ThreadView& t = threads_[i];
    clear(t.current);
    clear(t.acquirable);
    clear(t.released);
    t.past = i + 1;
    t.spurious = spurious;
  }
}

void Memory::forget_sharing() noexcept {
  known_ = 0;
  index_.fill(0);
}

unsigned Memory::locate(const void* at, std::uint64_t initial) {
  std::size_t slot = reinterpret_cast<std::uintptr_t>(at) / 4 * 0x9e3779b97f4a7c15U >> 52;
  while (index_[slot] != 0 && locations_[index_[slot] - 1U].at != at) slot = (slot + 1) % index_.size();
  if (index_[slot] == 0) {
    if (known_ == kMaxLocations) {
      std::fputs("the model has too few locations\n", stderr);
      std::abort();
    }
    Location& fresh = locations_[known_];
    fresh.at = at;
    fresh.readers = fresh.writers = 0;
    fresh.run = 0;
    index_[slot] = static_cast<std::uint16_t>(++known_);
    for (View& view : views_) view.at[known_ - 1] = 0;  // views are kept up for known locations only
    for (ThreadView& t : threads_) t.current.at[known_ - 1] = t.acquirable.at[known_ - 1] = t.released.at[known_ - 1] = 0;
    total_.at[known_ - 1] = 0;
  }
  const unsigned index = index_[slot] - 1U;
  Location& l = locations_[index];
  if (l.run != run_) {
    l.run = run_;
    l.chain = 0;
    l.order.clear();
    Message first;
    first.value = initial;
    first.id = mix(index, initial);
    first.time = kGap;
    first.view = new_view();
    clear(views_[first.view]);
    l.order.push_back(first);
  }
  return index;
}

bool Memory::touch(unsigned location, int thread, bool writes) noexcept {
  Location& l = locations_[location];
  const bool before = shared(location);
  l.readers |= 1U << thread;
  if (writes) l.writers |= 1U << thread;
  return !before && shared(location);
}

bool Memory::shared(unsigned location) const noexcept {
  const Location& l = locations_[location];
  return l.writers != 0 && (l.readers & (l.readers - 1)) != 0;
}

void Memory::clear(View& view) const noexcept { std::fill_n(view.at.begin(), known_, 0U); }

void Memory::join(View& into, const View& from) const noexcept {
  for (unsigned i = 0; i < known_; ++i) into.at[i] = std::max(into.at[i], from.at[i]);
}

std::uint32_t Memory::new_view() {
  if (views_used_ == views_.size()) views_.resize(views_.size() + 256);
  return views_used_++;
}

void Memory::read(Location& l, unsigned index, ThreadView& t, const Message& m, std::memory_order order) {
  last_ = index;
  stale_ = &m != &l.order.back();
  t.current.at[index] = std::max(t.current.at[index], m.time);
  t.acquirable.at[index] = std::max(t.acquirable.at[index], m.time);
  const View& view = views_[m.view];
  join(t.acquirable, view);
  if (acquires(order)) join(t.current, view);
  t.past = mix(mix(t.past, index), m.id);
}

void Memory::insert(Location& l, unsigned index, std::size_t after, int thread, std::uint64_t value, std::memory_order order, const Message* read_from) {
  ThreadView& t = of(thread);
  Message m;
  m.value = value;
  m.thread = thread;
  m.attached = read_from != nullptr;
  const bool last = after + 1 == l.order.size();
  m.time = last ? l.order[after].time + kGap : l.order[after].time + (l.order[after + 1].time - l.order[after].time) / 2;
  if (m.time == l.order[after].time) {
    std::fputs("the model has no room between two stores\n", stderr);
    std::abort();
  }
  t.past = mix(mix(mix(t.past, index + 0x10000), value), l.order[after].id);
  m.id = t.past;
  t.current.at[index] = m.time;
  t.acquirable.at[index] = std::max(t.acquirable.at[index], m.time);
  m.view = new_view();
  View& view = views_[m.view];
  const View& published = releases(order) ? t.current : t.released;
  std::copy_n(published.at.begin(), known_, view.at.begin());
  view.at[index] = std::max(view.at[index], m.time);
  if (read_from != nullptr) join(view, views_[read_from->view]);  // a release sequence goes on through read-modify-writes (and nothing else, since C++20)
  chains_ -= mix(index, l.chain);
  l.order.insert(l.order.begin() + static_cast<std::ptrdiff_t>(after) + 1, m);
  if (last) {
    l.chain = mix(l.chain, m.id);
  } else {
    l.chain = 0;
    for (std::size_t i = 1; i < l.order.size(); ++i) l.chain = mix(l.chain, l.order[i].id);
  }
  chains_ += mix(index, l.chain);
}

// A load may return every store that is not older than what the thread has seen of this location (coherence, happens-before).
std::uint64_t Memory::load(unsigned location, int thread, std::memory_order order, Choose choose) {
  Location& l = locations_[location];
  ThreadView& t = of(thread);
  const std::size_t oldest = static_cast<std::size_t>(
      std::lower_bound(l.order.begin(), l.order.end(), t.current.at[location], [](const Message& m, std::uint32_t time) { return m.time < time; }) - l.order.begin());
  const auto count = static_cast<unsigned>(l.order.size() - oldest);
  const unsigned back = count > 1 ? choose(count) : 0;
  const Message& m = l.order[l.order.size() - 1 - back];
  read(l, location, t, m, order);
  return m.value;
}

// A store goes behind everything that the thread has seen there, but not necessarily behind stores it has not seen.
void Memory::store(unsigned location, int thread, std::uint64_t value, std::memory_order order, Choose choose) {
  Location& l = locations_[location];
  const std::uint32_t seen = of(thread).current.at[location];
  std::array<std::uint16_t, 64> places;
  unsigned count = 0;
  for (std::size_t i = l.order.size(); i-- > 0 && count < places.size();) {
    if (i + 1 == l.order.size() || !l.order[i + 1].attached) places[count++] = static_cast<std::uint16_t>(i);
    if (l.order[i].time <= seen) break;
  }
  const unsigned taken = count > 1 ? choose(count) : 0;
  insert(l, location, places[taken], thread, value, order, nullptr);
}

// A read-modify-write takes its place right behind the store that it read.
std::uint64_t Memory::modify(unsigned location, int thread, Rmw how, std::uint64_t operand, std::uint64_t mask, std::memory_order order, Choose choose) {
  Location& l = locations_[location];
  ThreadView& t = of(thread);
  std::array<std::uint16_t, 64> places;
  unsigned count = 0;
  for (std::size_t i = l.order.size(); i-- > 0 && count < places.size();) {
    if (l.order[i].time < t.current.at[location]) break;
    if (i + 1 == l.order.size() || !l.order[i + 1].attached) places[count++] = static_cast<std::uint16_t>(i);
  }
  const std::uint16_t place = places[count > 1 ? choose(count) : 0];
  const Message from = l.order[place];
  read(l, location, t, from, order);
  stale_ = place + 1U != l.order.size();
  const std::uint64_t v = from.value;
  const std::uint64_t value = how == Rmw::kExchange ? operand : how == Rmw::kAdd ? v + operand : how == Rmw::kSub ? v - operand : how == Rmw::kOr ? v | operand : v & operand;
  insert(l, location, place, thread, value & mask, order, &from);
  return v;
}

bool Memory::exchange_if(unsigned location, int thread, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                         std::memory_order failure, bool weak, Choose choose) {
  Location& l = locations_[location];
  ThreadView& t = of(thread);
  struct Way {
    std::uint16_t message;
    bool swaps;
  };
  std::array<Way, 128> ways;
  unsigned count = 0;
  bool spurious_possible = false;
  for (std::size_t i = l.order.size(); i-- > 0 && count + 1 < ways.size();) {
    const Message& m = l.order[i];
    if (m.time < t.current.at[location]) break;
    if (m.value != expected) {
      ways[count++] = {static_cast<std::uint16_t>(i), false};
    } else {
      if (i + 1 == l.order.size() || !l.order[i + 1].attached) ways[count++] = {static_cast<std::uint16_t>(i), true};
      spurious_possible = weak && t.spurious != 0;
    }
  }
  if (spurious_possible)  // one that fails without reason returns what was expected
    for (std::size_t i = l.order.size(); i-- > 0 && count < ways.size();) {
      if (l.order[i].time < t.current.at[location]) break;
      if (l.order[i].value == expected) ways[count++] = {static_cast<std::uint16_t>(i), false};
    }
  const Way way = ways[count > 1 ? choose(count) : 0];
  const Message from = l.order[way.message];
  if (!way.swaps) {
    if (from.value == expected) --t.spurious;
    read(l, location, t, from, failure);
    stale_ = way.message + 1U != l.order.size();
    t.past = mix(t.past, 2);
    expected = from.value;
    return false;
  }
  read(l, location, t, from, success);
  stale_ = way.message + 1U != l.order.size();
  insert(l, location, way.message, thread, desired, success, &from);
  return true;
}

void Memory::fence(int thread, std::memory_order order) {
  ThreadView& t = of(thread);
  if (acquires(order)) join(t.current, t.acquirable);
  if (order == std::memory_order_seq_cst) {
    join(t.current, total_);
    join(t.acquirable, t.current);
    join(total_, t.current);
    t.past = mix(t.past, chains_);  // their total order is part of the state
    chains_ += mix(0x5ec, t.past);
  }
  if (releases(order)) join(t.released, t.current);  // what it has seen only grows
  t.past = mix(t.past, 0x20000U + static_cast<unsigned>(order));
}

}  // namespace e6::model
