// Descriptors that were closed, replaced or used up behind libshared's back.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fixture.h"

namespace e6::shared_test {
namespace {

class DescriptorsTest : public SharedTest {
 protected:
  /// The number of this process's descriptor that leads to the segment.
  int segment_descriptor() const {
    struct stat segment;
    struct stat st;
    if (::stat(path().c_str(), &segment) != 0) return -1;
    for (int fd = 3; fd < 1024; ++fd)
      if (::fstat(fd, &st) == 0 && st.st_dev == segment.st_dev && st.st_ino == segment.st_ino) return fd;
    return -1;
  }
};

TEST_F(DescriptorsTest, a_process_whose_descriptors_were_all_closed_becomes_a_participant_again) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    auto q = c->begin_query();
    E6_CHILD_CHECK(c->bind(*q, "query-1", "").ok());
    ::closefrom(3);
    E6_CHILD_CHECK(c->begin_query());  // not noticed yet, and harmless
    advance_clock(1100ms);
    auto after = c->begin_query();
    E6_CHILD_CHECK(after && c->bind(*after, "query-2", "").ok());
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(c->in_flight() >= 1);
    const auto report = inspect::look(path());
    int alive = 0;
    for (const auto& p : report.participants) alive += p.alive == inspect::Alive::kAlive ? 1 : 0;
    E6_CHILD_CHECK(alive == 2);
    c->end_query(std::move(*q));
    return 0;
  }));
}

TEST_F(DescriptorsTest, a_process_whose_descriptor_was_replaced_takes_nobody_for_dead) {
  auto c = attach_with(Strategy::kBlue);
  auto mine = c->begin_query();
  ASSERT_TRUE(c->bind(*mine, "query-1", "").ok());
  E6_EXPECT_CHILD(in_child([&] {
    (void)c->begin_query();
    const int number = segment_descriptor();
    E6_CHILD_CHECK(number > 0);
    const os::Fd stranger(::open((directory_.path() + "/stranger").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    E6_CHILD_CHECK(::dup2(stranger.get(), number) == number);
    E6_CHILD_CHECK(c->in_flight() >= 1);
    E6_CHILD_CHECK(c->set(Strategy::kGreen) && c->mismatch(Strategy::kGreen, c->snapshot().epoch));
    const Detection d = c->detect_begin(SteadyClock::now() + 1s);  // looks for the dead on its way
    E6_CHILD_CHECK(d.outcome == Detection::Outcome::kProbe);
    c->detect_abandon(d.lease);
    return 0;
  }));
  EXPECT_TRUE(c->find_query("query-1"));
  const auto report = inspect::look(path());
  ASSERT_FALSE(report.participants.empty());
  EXPECT_EQ(report.participants[0].pid, static_cast<std::uint32_t>(::getpid()));
  for (const Event& e : c->recent_events(1000))
    if (e.kind == EventKind::kDied) {
      EXPECT_NE(e.about_pid, static_cast<std::uint32_t>(::getpid()));
    }
}

TEST_F(DescriptorsTest, a_descriptor_number_that_now_belongs_to_the_application_is_left_open) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    const int number = segment_descriptor();
    E6_CHILD_CHECK(number > 0);
    const os::Fd stranger(::open((directory_.path() + "/stranger").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    E6_CHILD_CHECK(::dup2(stranger.get(), number) == number);
    E6_CHILD_CHECK(in_child([&] { return ::fcntl(number, F_GETFD) >= 0 ? 0 : 1; }) == 0);  // in children
    c.reset();                                                                          // on detaching
    E6_CHILD_CHECK(::fcntl(number, F_GETFD) >= 0);
    return 0;
  }));
}

TEST_F(DescriptorsTest, without_a_free_descriptor_the_fallback_is_used_and_left_once_there_is_one) {
  E6_EXPECT_CHILD(in_child([&] {
    struct rlimit before;
    E6_CHILD_CHECK(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct rlimit none = before;
    const int lowest = ::dup(0);
    ::close(lowest);
    for (int room = 0; room < 4; ++room) {  // failing at the first, second, ... descriptor that attaching needs
      none.rlim_cur = static_cast<rlim_t>(lowest + room);
      E6_CHILD_CHECK(::setrlimit(RLIMIT_NOFILE, &none) == 0);
      auto c = Coordinator::attach(options("limit:" + std::to_string(room))).coordinator;
      E6_CHILD_CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
      E6_CHILD_CHECK(c);
      if (c->mode() == Mode::kFallback) {
        E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoDescriptors);
        E6_CHILD_CHECK(c->degraded_by().sentence().find("ulimit -n") != std::string::npos);
        E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
        E6_CHILD_CHECK(c->begin_query());
        advance_clock(6s);
        (void)c->begin_query();
      } else {
        E6_CHILD_CHECK(room >= 2);
      }
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
    }
    return 0;
  }));
}

TEST_F(DescriptorsTest, attaching_and_leaving_over_and_over_costs_no_descriptor) {
  auto keep = attach_with(Strategy::kGreen, "keep:1");
  const auto open = [] {
    int n = 0;
    for (int fd = 0; fd < 256; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return n;
  };
  attach().reset();
  const int before = open();
  for (int i = 0; i < 600; ++i) attach().reset();
  EXPECT_EQ(open(), before);
  EXPECT_EQ(attach()->mode(), Mode::kShared);
}

TEST_F(DescriptorsTest, the_last_coordinator_to_go_leaves_and_the_next_one_joins_again) {
  auto a = attach_with(Strategy::kBlue);
  auto b = attach();
  a.reset();
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
  b.reset();
  EXPECT_EQ(inspect::look(path()).participants.size(), 0U);
  EXPECT_EQ(segment_descriptor(), -1);
  a = attach();
  EXPECT_EQ(a->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
}

}  // namespace
}  // namespace e6::shared_test
