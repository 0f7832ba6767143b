// Groups that share a segment: by name, or by a number that has no name (Kubernetes' fsGroup).
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "namespaces.h"
#include "os/ofd_lock.h"

namespace e6::shared_test {
namespace {

class GroupTest : public SharedTest {
 protected:
  void TearDown() override {
    ::unsetenv("E6_SHM_GROUP");
    SharedTest::TearDown();
  }
  [[nodiscard]] Options for_group(const std::string& group) const {
    Options o = options();
    o.group = group;
    return o;
  }
  /// Runs `body` in a child whose group database is `text`.
  int with_groups(const std::string& text, const std::function<int()>& body) const {
    return in_child([&] {
      const std::string file = directory_.path() + "/group";
      std::ofstream(file) << text;
      E6_CHILD_CHECK(::unshare(CLONE_NEWNS) == 0);
      E6_CHILD_CHECK(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
      E6_CHILD_CHECK(::mount(file.c_str(), "/etc/group", nullptr, MS_BIND, nullptr) == 0);
      return body();
    });
  }
  /// Does attaching for `group` lead to a segment of this gid? For children.
  int leads_to(const std::string& group, unsigned gid) const {
    const auto result = Coordinator::attach(for_group(group));
    struct stat st = {};
    core::Place expected = place();
    expected.group = gid;
    const bool there = ::stat(expected.path().c_str(), &st) == 0;
    if (result.coordinator && result.coordinator->path() == expected.path() && there &&
        st.st_gid == gid && (st.st_mode & 07777) == 0660)
      return 0;
    const Error e = result.coordinator ? result.coordinator->degraded_by() : result.error;
    std::fprintf(stderr, "'%s' leads not to %u: %s\n", group.c_str(), gid, e.sentence().c_str());
    return 1;
  }
};

TEST_F(GroupTest, a_number_is_as_good_as_a_name) {
  E6_EXPECT_CHILD(in_child([&] { return leads_to(std::to_string(::getegid()), ::getegid()); }));
}

TEST_F(GroupTest, the_number_of_a_group_that_has_no_name_is_shared_by_its_members) {
  E6_NEEDS_ROOT();
  constexpr unsigned kNameless = 2'000'123;
  ASSERT_EQ(::getgrgid(kNameless), nullptr);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  const Options o = for_group(std::to_string(kNameless));
  E6_EXPECT_CHILD(as_user(12'345, kNameless, [&] {
    E6_CHILD_CHECK(detect(*attach(o), Strategy::kGreen));
    return leads_to(o.group, kNameless);
  }));
  E6_EXPECT_CHILD(as_user(12'346, kNameless, [&] {
    auto c = attach(o);
    E6_CHILD_CHECK(c->mode() == Mode::kShared && c->snapshot().active == Strategy::kGreen);
    return 0;
  }));
}

TEST_F(GroupTest, a_process_that_is_no_member_learns_which_group_it_is_not_in) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    auto c = attach(for_group("2000123"));
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoPermission);
    if (says(c->degraded_by(), "group 2000123") && says(c->degraded_by(), "member")) return 0;
    std::fprintf(stderr, "%s\n", c->degraded_by().sentence().c_str());
    return 1;
  }));
}

TEST_F(GroupTest, of_a_name_of_digits_and_a_number_the_name_counts_as_with_chown) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_groups("root:x:0:\n2000:x:3000:\n5000000000:x:3001:\n", [&] {
    E6_CHILD_CHECK(leads_to("2000", 3000) == 0);
    E6_CHILD_CHECK(leads_to("3000", 3000) == 0);
    E6_CHILD_CHECK(leads_to("2001", 2001) == 0);
    E6_CHILD_CHECK(leads_to("002001", 2001) == 0);
    ::setenv("E6_SHM_GROUP", "5000000000", 1);
    Error error;
    E6_CHILD_CHECK(Options::from_environment(&error).group == "5000000000" && error.ok());
    return leads_to("5000000000", 3001);
  }));
}

TEST_F(GroupTest, a_group_of_thousands_of_members_is_found) {
  E6_NEEDS_MOUNTS();
  std::string crowd = "root:x:0:\ncrowd:x:3000:";
  for (int i = 0; i < 5'000; ++i) crowd += "member-" + std::to_string(i) + ",";
  E6_EXPECT_CHILD(with_groups(crowd + "last\n", [&] { return leads_to("crowd", 3000); }));
}

TEST_F(GroupTest, a_number_out_of_range_is_an_error_that_names_variable_value_and_range) {
  for (const char* value : {"-1", "-0", "4294967295", "4294967296", "99999999999999999999999"}) {
    ::setenv("E6_SHM_GROUP", value, 1);
    Error error;
    (void)Options::from_environment(&error);
    EXPECT_EQ(error.cause, Cause::kBadOption) << value;
    EXPECT_EQ(error.where, "E6_SHM_GROUP") << value;
    const std::string words = "'" + std::string(value) + "' is not between 0 and 4294967294";
    EXPECT_TRUE(says(error, words)) << error.sentence();
    Options o = for_group(value);
    const Error in_code = o.validate();
    EXPECT_EQ(in_code.where, "group") << value;
    EXPECT_TRUE(says(in_code, words)) << in_code.sentence();
    EXPECT_FALSE(Coordinator::attach(for_group(value)).coordinator) << value;
  }
  for (const char* value : {"0", "4294967294", "users"}) {
    ::setenv("E6_SHM_GROUP", value, 1);
    Error error;
    EXPECT_EQ(Options::from_environment(&error).group, value);
    EXPECT_TRUE(error.ok()) << error.sentence();
  }
}

TEST_F(GroupTest, what_is_neither_a_number_nor_a_known_name_is_an_error_that_names_both_forms) {
  for (const char* value :
       {"no-such-group-here", "0x10", "2000 ", " 2000", "+5", "1e3", "-", "--1"}) {
    const auto result = Coordinator::attach(for_group(value));
    EXPECT_FALSE(result.coordinator) << value;
    EXPECT_EQ(result.error.cause, Cause::kBadOption) << value;
    EXPECT_TRUE(says(result.error, "'" + std::string(value) + "'")) << result.error.sentence();
    EXPECT_TRUE(says(result.error, "name or number")) << result.error.sentence();
  }
}

struct Listener : Observer {
  std::vector<std::pair<std::string, std::string>> seconds;
  void on_second_segment(std::string_view used, std::string_view other) noexcept override {
    seconds.emplace_back(used, other);
  }
};
using Seconds = std::vector<std::pair<std::string, std::string>>;

class TwoSegmentsTest : public GroupTest {
 protected:
  [[nodiscard]] Options for_own_group() const { return for_group(std::to_string(::getegid())); }
  /// What an observer of this coordinator hears.
  static Seconds told_to(const std::shared_ptr<Coordinator>& c) {
    auto listener = std::make_shared<Listener>();
    c->add_observer(listener);
    c->remove_observer(listener.get());
    return listener->seconds;
  }
};

TEST_F(TwoSegmentsTest, each_side_that_attaches_while_the_other_is_in_use_learns_of_it_once) {
  auto group = attach(for_own_group());
  EXPECT_EQ(told_to(group), Seconds{}) << "nobody uses another one";
  auto own = attach();
  EXPECT_EQ(told_to(own), (Seconds{{own->path(), group->path()}}));
  EXPECT_EQ(told_to(own), Seconds{}) << "told once";
  group.reset();
  const Signal attached;
  const Signal over;
  Child other([&] {
    auto kept = attach();
    attached.raise();
    return over.wait() ? 0 : 1;
  });
  ASSERT_TRUE(attached.wait());
  own.reset();
  group = attach(for_own_group());
  EXPECT_EQ(told_to(group), (Seconds{{group->path(), path()}}));
  over.raise();
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(TwoSegmentsTest, one_who_listens_already_learns_of_it_when_a_child_attaches) {
  auto own = attach();
  auto listener = std::make_shared<Listener>();
  own->add_observer(listener);
  auto group = attach(for_own_group());
  E6_EXPECT_CHILD(in_child([&] {
    (void)own->begin_query();
    E6_CHILD_CHECK(listener->seconds.size() == 1);
    return in_child([&] {  // its parent was told
      (void)own->begin_query();
      return listener->seconds.size() == 1 ? 0 : 1;
    });
  }));
  EXPECT_EQ(listener->seconds, Seconds{});
}

TEST_F(TwoSegmentsTest, a_segment_that_nobody_uses_or_of_another_cluster_is_no_second_one) {
  attach(for_own_group()).reset();
  Options other = for_own_group();
  other.cluster = "other:1";
  auto kept = attach(other);
  auto own = attach();
  EXPECT_EQ(told_to(own), Seconds{});
  EXPECT_EQ(directory_.entries(), 3U);
}

TEST_F(TwoSegmentsTest, a_file_that_no_process_would_take_for_the_segment_is_no_second_one) {
  core::Place claimed = place();
  claimed.group = ::getegid();
  const os::Fd file(::open(claimed.path().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666));
  ASSERT_TRUE(file.valid());
  ASSERT_EQ(::fchmod(file.get(), 0666), 0);
  ASSERT_EQ(os::try_lock_byte(file.get(), os::kFirstSlotByte), os::Locked::kYes);
  EXPECT_EQ(told_to(attach()), Seconds{});
  ASSERT_EQ(::fchmod(file.get(), 0660), 0);
  EXPECT_EQ(told_to(attach()).size(), 1U) << "this test cannot fail";
}

TEST_F(TwoSegmentsTest, two_groups_of_one_user_are_two_segments_too) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  E6_EXPECT_CHILD(as_user(12'345, 2'000'124, [&] {
    auto one = attach(for_group("12345"));
    auto two = attach(for_group("2000124"));
    E6_CHILD_CHECK(one->mode() == Mode::kShared && two->mode() == Mode::kShared);
    E6_CHILD_CHECK(told_to(two) == (Seconds{{two->path(), one->path()}}));
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
