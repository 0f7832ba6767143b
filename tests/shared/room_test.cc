// A segment that does not fit: those that nobody uses any more make room for it, and no others.
#include <sys/stat.h>

#include <cstring>
#include <filesystem>

#include "namespaces.h"

namespace e6::shared_test {
namespace {

constexpr const char* kRoomForTwo = "size=3000k";

class RoomTest : public SharedTest {
 protected:
  /// A segment left behind by a process that is gone. Its time is the present one of this process.
  int leave_behind(const std::string& cluster, Strategy colour = Strategy::kBlue) {
    return in_child([&] {
      auto c = Coordinator::attach(options(cluster)).coordinator;
      E6_CHILD_CHECK(c && c->mode() == Mode::kShared);
      E6_CHILD_CHECK(colour == Strategy::kNone || detect(*c, colour));
      return 0;
    });
  }
  [[nodiscard]] bool there(const std::string& cluster) const {
    return std::filesystem::exists(path(cluster));
  }
  /// Attaches where there is room for no more, in a child: is refused, and nothing goes.
  int refused_for_want_of_space() {
    const std::size_t before = directory_.entries();
    return in_child([&] {
      auto c = Coordinator::attach(options("new:1")).coordinator;
      E6_CHILD_CHECK(c && c->mode() == Mode::kFallback);
      E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoSpace);
      E6_CHILD_CHECK(directory_.entries() == before);
      return 0;
    });
  }
  int in_room_for_two(const std::function<int()>& body) {
    return with_tmpfs_at(directory_.path(), kRoomForTwo, false, body);
  }
};

TEST_F(RoomTest,
       the_one_that_has_been_unused_for_longest_makes_room_and_the_new_ones_ring_says_so) {
  E6_NEEDS_MOUNTS();
  for (const Strategy colour : {Strategy::kBlue, Strategy::kNone})
    E6_EXPECT_CHILD(in_room_for_two([&] {
      E6_CHILD_CHECK(leave_behind("old:1", colour) == 0);
      advance_clock(10min);
      E6_CHILD_CHECK(leave_behind("older:1", colour) == 0);  // by its name only
      advance_clock(2h);
      auto c = attach("new:1");
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      E6_CHILD_CHECK(!there("old:1") && there("older:1"));
      E6_CHILD_CHECK(directory_.entries() == 2);
      E6_CHILD_CHECK(events_of(*c, EventKind::kMadeRoom) == 1);
      E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
      E6_CHILD_CHECK(inspect::look(path("new:1")).problems.empty());
      return 0;
    }));
}

TEST_F(RoomTest, observers_hear_of_each_segment_that_made_room) {
  E6_NEEDS_MOUNTS();
  struct Listener : Observer {
    int made = 0;
    void on_event(const Event& e) noexcept override {
      made += e.kind == EventKind::kMadeRoom ? 1 : 0;
    }
  };
  E6_EXPECT_CHILD(in_room_for_two([&] {
    auto listener = std::make_shared<Listener>();
    auto c = attach("new:1");
    c->add_observer(listener);
    E6_CHILD_CHECK(leave_behind("old:1") == 0);
    advance_clock(2h);
    E6_CHILD_CHECK(::unlink(path("new:1").c_str()) ==
                   0);  // its memory stays until everybody has moved
    advance_clock(1100ms);
    (void)c->begin_query();
    E6_CHILD_CHECK(c->mode() == Mode::kShared && there("new:1") && !there("old:1"));
    E6_CHILD_CHECK(listener->made == 1);
    return 0;
  }));
}

TEST_F(RoomTest, one_with_a_living_participant_stays_however_long_its_colour_has_been_expired) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(in_room_for_two([&] {
    const Signal attached;
    std::vector<Child> users;
    for (const char* cluster : {"a:1", "b:1"})
      users.emplace_back([&, cluster] {
        auto c = attach_with(Strategy::kBlue, cluster);
        attached.raise();
        ::pause();
        return 1;
      });
    E6_CHILD_CHECK(attached.wait(2));
    advance_clock(100h);
    E6_CHILD_CHECK(refused_for_want_of_space() == 0);
    users.pop_back();  // b's
    E6_CHILD_CHECK(attach("new:1")->mode() == Mode::kShared);
    E6_CHILD_CHECK(there("a:1") && !there("b:1"));
    return 0;
  }));
}

TEST_F(RoomTest, one_that_was_in_use_until_a_moment_ago_stays) {
  E6_NEEDS_MOUNTS();
  for (const Strategy colour : {Strategy::kBlue, Strategy::kNone})
    E6_EXPECT_CHILD(in_room_for_two([&] {
      E6_CHILD_CHECK(leave_behind("a:1", colour) == 0);
      E6_CHILD_CHECK(leave_behind("b:1", colour) == 0);
      E6_CHILD_CHECK(refused_for_want_of_space() == 0);
      advance_clock(20min);  // expired, but not for long
      E6_CHILD_CHECK(refused_for_want_of_space() == 0);
      return 0;
    }));
}

TEST_F(RoomTest, what_is_not_certainly_an_unused_segment_of_this_user_stays) {
  E6_NEEDS_MOUNTS();
  const auto change_header = [&](const std::string& cluster,
                                 const std::function<void(layout::Header&)>& change) {
    const RawSegment raw(path(cluster));
    change(raw->header);
    raw->header.checksum = core::header_checksum(raw->header);
  };
  const std::pair<const char*, std::function<void()>> kept[] = {
      {"another user's",
       [&] {
         const std::string theirs =
             directory_.path() + "/" + core::segment_name("a:1", 12'345, std::nullopt);
         std::filesystem::rename(path("a:1"), theirs);
         (void)!::chown(theirs.c_str(), 12'345, 12'345);
       }},
      {"a copy", [&] { std::filesystem::rename(path("a:1"), path("a:1") + "-copy"); }},
      {"one with two names",
       [&] { std::filesystem::create_hard_link(path("a:1"), directory_.path() + "/second"); }},
      {"another kernel's",
       [&] { change_header("a:1", [](layout::Header& h) { h.boot_id[0] ^= 1; }); }},
      {"another layout's",
       [&] { change_header("a:1", [](layout::Header& h) { h.layout_version = 77; }); }},
      {"a damaged one", [&] { RawSegment(path("a:1"))->header.checksum ^= 1; }},
      {"one cut off", [&] { (void)!::truncate(path("a:1").c_str(), 1'300'000); }},
  };
  for (const auto& [what, keep] : kept)
    E6_EXPECT_CHILD(in_room_for_two([&, make = keep] {
      E6_CHILD_CHECK(leave_behind("a:1") == 0);
      E6_CHILD_CHECK(leave_behind("b:1") == 0);
      RawSegment(path("b:1"))->header.checksum ^= 1;
      make();
      advance_clock(100h);
      E6_CHILD_CHECK(refused_for_want_of_space() == 0);
      return 0;
    })) << what;
}

TEST_F(RoomTest, a_retired_one_and_one_from_before_a_reboot_make_room_at_once) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(in_room_for_two([&] {
    E6_CHILD_CHECK(leave_behind("a:1") == 0);
    E6_CHILD_CHECK(leave_behind("b:1") == 0);
    RawSegment(path("a:1"))->hot.word.store(layout::kRetiredWord);
    E6_CHILD_CHECK(in_child([&] { return attach("new:1")->mode() == Mode::kShared ? 0 : 1; }) == 0);
    E6_CHILD_CHECK(!there("a:1") && there("b:1"));
    {
      const RawSegment raw(path("b:1"));
      raw->header.boot_id[0] = raw->header.boot_id[0] == '0' ? '1' : '0';
      raw->header.created_realtime_ns = 1;
      raw->header.checksum = core::header_checksum(raw->header);
    }
    E6_CHILD_CHECK(in_child([&] { return attach("newer:1")->mode() == Mode::kShared ? 0 : 1; }) ==
                   0);
    E6_CHILD_CHECK(!there("b:1"));
    return 0;
  }));
}

TEST_F(RoomTest, memory_that_this_process_itself_had_left_mapped_is_given_back) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(in_room_for_two([&] {
    for (const char* cluster : {"a:1", "b:1", "c:1", "d:1", "a:1"}) {
      auto c = attach_with(Strategy::kBlue, cluster);
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      auto q = c->begin_query();
      E6_CHILD_CHECK(q && c->bind(*q, "query", "engine").ok() && c->find_query("query"));
      c->end_query(std::move(*q));
      c.reset();
      advance_clock(2h);
    }
    E6_CHILD_CHECK(directory_.entries() == 2);
    return 0;
  }));
}

TEST_F(RoomTest, where_one_is_not_enough_because_somebody_still_has_it_mapped_the_next_one_goes) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(in_room_for_two([&] {
    const Signal left;
    const Child keeps([&] {
      attach_with(Strategy::kBlue, "mapped:1").reset();
      left.raise();
      ::pause();
      return 1;
    });
    E6_CHILD_CHECK(left.wait());
    advance_clock(1min);
    E6_CHILD_CHECK(leave_behind("other:1") == 0);
    advance_clock(2h);
    auto c = attach("new:1");
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(directory_.entries() == 1);
    E6_CHILD_CHECK(events_of(*c, EventKind::kMadeRoom) == 2);
    return 0;
  }));
}

TEST_F(RoomTest, one_that_found_too_little_room_says_what_it_took_away) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_tmpfs_at(directory_.path(), "size=1500k", false, [&] {
    const Signal left;
    const Child keeps([&] {
      attach_with(Strategy::kBlue, "mapped:1").reset();
      left.raise();
      ::pause();
      return 1;
    });
    E6_CHILD_CHECK(left.wait());
    advance_clock(2h);
    auto c = attach("new:1");
    E6_CHILD_CHECK(c->mode() == Mode::kFallback && c->degraded_by().cause == Cause::kNoSpace);
    E6_CHILD_CHECK(says(c->degraded_by(), "1 unused segment"));
    return 0;
  }));
}

TEST_F(RoomTest, many_that_need_room_at_once_all_get_it) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_tmpfs_at(directory_.path(), "size=11m", false, [&] {
    for (int i = 0; i < 8; ++i) E6_CHILD_CHECK(leave_behind("old:" + std::to_string(i + 1)) == 0);
    advance_clock(2h);
    const Signal start;
    const Signal attached;
    const Signal done;
    std::vector<Child> children;
    for (int i = 0; i < 4; ++i)
      children.emplace_back([&, i] {
        E6_CHILD_CHECK(start.wait());
        auto c = Coordinator::attach(options("new:" + std::to_string(i + 1))).coordinator;
        E6_CHILD_CHECK(c && c->mode() == Mode::kShared);
        attached.raise();
        return done.wait() ? 0 : 1;
      });
    start.raise();
    E6_CHILD_CHECK(attached.wait(4));
    done.raise();
    for (Child& c : children) E6_CHILD_CHECK(c.wait() == 0);
    return 0;
  }));
}

TEST_F(RoomTest, removing_by_hand_refuses_what_is_used_and_takes_what_is_not) {
  EXPECT_EQ(inspect::remove_unused(path()).cause, Cause::kUnknown);
  auto c = attach_with(Strategy::kBlue);
  EXPECT_EQ(inspect::remove_unused(path()).cause, Cause::kBusy);
  E6_EXPECT_CHILD(
      in_child([&] { return inspect::remove_unused(path()).cause == Cause::kBusy ? 0 : 1; }));
  EXPECT_TRUE(there("db.example:9000"));
  c.reset();
  EXPECT_TRUE(inspect::remove_unused(path()).ok());
  EXPECT_FALSE(there("db.example:9000"));
  c = attach_with(Strategy::kGreen);
  EXPECT_EQ(c->mode(), Mode::kShared);
}

}  // namespace
}  // namespace e6::shared_test
