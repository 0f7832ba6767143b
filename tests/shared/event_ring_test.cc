// The event ring: it wraps, it survives every writer, and readers see whole events only.
#include "core/event_ring.h"

#include <thread>

#include "core/participants.h"
#include "fixture.h"

namespace e6::shared_test {
namespace {

class EventRing : public SharedTest {
 protected:
  void SetUp() override {
    c_ = attach();
    raw_ = std::make_unique<RawSegment>(c_->path());
    ASSERT_TRUE(raw_->valid());
  }
  layout::Segment& segment() const { return **raw_; }
  static Event numbered(std::uint32_t n) {
    Event e;
    e.kind = EventKind::kDetected;
    e.cause = EventCause::kOther;
    e.pid = n;
    e.about_pid = ~n;
    e.realtime_ns = std::uint64_t{n} << 32 | n;
    e.monotonic_ms = e.realtime_ns;
    e.epoch = {n & 0xfffffU, n & 0xfffU};
    e.to = n % 2 == 0 ? Strategy::kBlue : Strategy::kGreen;
    return e;
  }
  static bool whole(const Event& e) {
    const Event expected = numbered(e.pid);
    return e.about_pid == expected.about_pid && e.realtime_ns == expected.realtime_ns && e.monotonic_ms == expected.monotonic_ms &&
           e.epoch == expected.epoch && e.to == expected.to;
  }
  /// Where the next event will go.
  layout::EventSlot& next_slot() const {
    return segment().events[segment().event_head.written.load() % layout::kEventSlots];
  }
  std::shared_ptr<Coordinator> c_;
  std::unique_ptr<RawSegment> raw_;
};

TEST_F(EventRing, events_come_back_in_order_and_no_more_than_asked_for) {
  for (std::uint32_t i = 0; i < 50; ++i) EXPECT_TRUE(core::push_event(segment(), {5, 1, 1}, numbered(i), 0));
  const auto last = c_->recent_events(10);
  ASSERT_EQ(last.size(), 10U);
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(last[i].pid, 40 + i);
    EXPECT_TRUE(whole(last[i]));
    if (i > 0) {
      EXPECT_EQ(last[i].sequence, last[i - 1].sequence + 1);
    }
  }
  EXPECT_TRUE(c_->recent_events(0).empty());
}

TEST_F(EventRing, the_ring_wraps_and_keeps_the_latest) {
  for (std::uint32_t i = 0; i < 5 * layout::kEventSlots + 17; ++i) EXPECT_TRUE(core::push_event(segment(), {5, 1, 1}, numbered(i), 0));
  const auto all = c_->recent_events(100'000);
  ASSERT_EQ(all.size(), layout::kEventSlots);
  EXPECT_EQ(all.front().pid, 4 * layout::kEventSlots + 17);
  EXPECT_EQ(all.back().pid, 5 * layout::kEventSlots + 16);
  for (const Event& e : all) EXPECT_TRUE(whole(e));
}

TEST_F(EventRing, a_slot_whose_writer_is_still_at_it_is_skipped_by_readers_and_left_alone_by_writers) {
  layout::EventSlot& held = next_slot();
  const std::uint64_t position = segment().event_head.written.fetch_add(1);
  const std::uint64_t claim = (position + 1) << 16 | 8U << 1 | 1U;  // slot 7, writing
  held.claim.store(claim);
  const std::size_t before = c_->recent_events(10'000).size();
  for (std::uint32_t i = 0; i < 2 * layout::kEventSlots; ++i) EXPECT_TRUE(core::push_event(segment(), {5, 1, 1}, numbered(i), 0));
  EXPECT_EQ(held.claim.load(), claim);
  const auto all = c_->recent_events(10'000);
  EXPECT_GT(all.size(), before);
  EXPECT_EQ(all.size(), layout::kEventSlots - 1);
  for (const Event& e : all) EXPECT_TRUE(whole(e));
}

TEST_F(EventRing, more_slow_writers_than_tries_drop_an_event_and_count_it) {
  for (int i = 0; i < 4; ++i) {
    layout::EventSlot& held = next_slot();
    held.claim.store((segment().event_head.written.fetch_add(1) + 1) << 16 | 8U << 1 | 1U);
  }
  segment().event_head.written.fetch_sub(4);
  const std::uint64_t dropped = segment().event_head.dropped.load();
  EXPECT_FALSE(core::push_event(segment(), {5, 1, 1}, numbered(1), 0));
  EXPECT_EQ(segment().event_head.dropped.load(), dropped + 1);
  EXPECT_TRUE(core::push_event(segment(), {5, 1, 1}, numbered(2), 0));
}

TEST_F(EventRing, the_slot_of_a_dead_writer_is_freed_when_it_is_reaped) {
  const Signal ready;
  Child child([&] {
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr);
    const std::uint64_t position = a->segment->event_head.written.fetch_add(1);
    a->segment->events[position % layout::kEventSlots].claim.store((position + 1) << 16 | (a->slot.load() + 1) << 1 | 1U);
    ready.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(ready.wait());
  const auto stuck = [&] {
    std::size_t n = 0;
    for (const layout::EventSlot& s : segment().events) n += s.claim.load() & 1U;
    return n;
  };
  EXPECT_EQ(stuck(), 1U);
  child.kill();
  core::Attachment* mine = take_part(place());  // reaps on the way
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(stuck(), 0U);
}

TEST_F(EventRing, readers_never_see_half_an_event_while_four_threads_write) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (std::uint32_t w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      for (std::uint32_t i = w; !stop; i += 4) (void)core::push_event(segment(), {10 + w, 1, 1}, numbered(i | 0x100000U), 0);
    });
  std::size_t seen = 0;
  std::size_t torn = 0;
  for (int i = 0; i < 200 || (seen <= 1000 && i < 100'000); ++i)  // on a busy machine the writers start late
    for (const Event& e : core::read_events(segment(), layout::kEventSlots)) {
      if (e.kind != EventKind::kDetected) continue;
      ++seen;
      if (!whole(e)) ++torn;
    }
  stop = true;
  for (std::thread& t : writers) t.join();
  EXPECT_GT(seen, 1000U);
  EXPECT_EQ(torn, 0U);
}

TEST_F(EventRing, a_position_near_the_end_of_its_range_does_no_harm) {
  segment().event_head.written.store((std::uint64_t{1} << 48) - 3);
  for (std::uint32_t i = 0; i < 6; ++i) (void)core::push_event(segment(), {5, 1, 1}, numbered(i), 0);
  (void)c_->recent_events(10'000);
}

TEST_F(EventRing, whatever_stands_in_it_it_is_read_in_bounded_time) {
  for (layout::EventSlot& s : segment().events) {
    s.claim.store(0xfedcba9876543210U & ~std::uint64_t{1});
    s.what.store(~std::uint64_t{0});
    s.epochs.store(~std::uint64_t{0});
  }
  segment().event_head.written.store(~std::uint64_t{0});
  const auto all = c_->recent_events(100'000);
  EXPECT_LE(all.size(), layout::kEventSlots);
  for (const Event& e : all) {
    EXPECT_FALSE(to_string(e.kind).empty());
    EXPECT_FALSE(to_string(e.cause).empty());
    EXPECT_FALSE(to_string(e.from).empty());
  }
  EXPECT_TRUE(c_->set(Strategy::kBlue));
}

}  // namespace
}  // namespace e6::shared_test
