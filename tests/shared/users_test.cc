// Other users and groups: whose segment is it, who may use it, who may replace it.
#include <grp.h>
#include <sys/stat.h>

#include "namespaces.h"

namespace e6::shared_test {
namespace {

class UsersTest : public SharedTest {
 protected:
  /// A segment of the group 'users' that was given up, made by user 12345 in a directory of this mode. Empty, or why not.
  std::string give_up_a_groups_segment(mode_t directory) {
    const struct group* users = ::getgrnam("users");
    if (users == nullptr) return "there is no group 'users'";
    gid_ = users->gr_gid;
    group_options_ = options();
    group_options_.group = "users";
    shared_ = place();
    shared_.group = gid_;
    if (::chmod(directory_.path().c_str(), directory) != 0 || attach_as(12'345) != 0) ADD_FAILURE() << "no segment to give up";
    else RawSegment(shared_.path())->hot.word.store(layout::kRetiredWord);
    return "";
  }
  /// 0 if that user, of the group, shares a segment.
  int attach_as(unsigned uid) {
    return as_user(uid, gid_, [&] { return attach(group_options_)->mode() == Mode::kShared ? 0 : 1; });
  }

  unsigned gid_ = 0;
  Options group_options_;
  core::Place shared_;
};

TEST_F(UsersTest, another_user_has_a_segment_of_its_own) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    auto theirs = attach();
    E6_CHILD_CHECK(theirs->mode() == Mode::kShared);
    E6_CHILD_CHECK(!theirs->snapshot().usable);
    E6_CHILD_CHECK(detect(*theirs, Strategy::kGreen));
    return 0;
  }));
  EXPECT_EQ(directory_.entries(), 2U);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(UsersTest, a_segment_of_another_owner_is_refused_with_the_owner_and_the_remedy) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  attach_with(Strategy::kBlue).reset();
  ASSERT_EQ(::chown(path().c_str(), 4'321, 4'321), 0);
  // as root, who could open it
  auto c = attach("db.example:9000");
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kForeignOwner);
  EXPECT_TRUE(says(c->degraded_by(), "uid 4321") && says(c->degraded_by(), "uid 0") && says(c->degraded_by(), "E6_SHM_DIR"))
      << c->degraded_by().sentence();
  // as a user who could not
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    const std::string mine = inspect::path_of("db.example:9000", directory_.path(), 12'345);
    { auto own = attach(); }
    E6_CHILD_CHECK(::access(mine.c_str(), R_OK) == 0);
    return 0;
  }));
  const std::string theirs = inspect::path_of("db.example:9000", directory_.path(), 12'345);
  ASSERT_EQ(::chown(theirs.c_str(), 0, 0), 0);
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    auto own = attach();
    E6_CHILD_CHECK(own->mode() == Mode::kFallback);
    const Error e = own->degraded_by();
    E6_CHILD_CHECK(e.cause == Cause::kForeignOwner);
    E6_CHILD_CHECK(says(e, "uid 0") && says(e, "uid 12345") && says(e, "owner remove it"));
    return 0;
  }));
}

TEST_F(UsersTest, users_of_one_group_share_a_segment_when_they_ask_for_it) {
  E6_NEEDS_ROOT();
  const struct group* users = ::getgrnam("users");
  if (users == nullptr) GTEST_SKIP() << "there is no group 'users'";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  const unsigned gid = users->gr_gid;
  Options o = options();
  o.group = "users";
  E6_EXPECT_CHILD(as_user(12'345, gid, [&] {
    auto c = attach(o);
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    struct stat st;
    E6_CHILD_CHECK(::stat(c->path().c_str(), &st) == 0 && (st.st_mode & 07777) == 0660 && st.st_gid == gid);
    return 0;
  }));
  E6_EXPECT_CHILD(as_user(12'346, gid, [&] {
    auto c = attach(o);
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(c->snapshot().active == Strategy::kGreen);
    return 0;
  }));
  E6_EXPECT_CHILD(as_user(12'347, 0, [&] {
    auto c = attach(o);
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoPermission);
    return 0;
  }));
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(UsersTest, a_given_up_segment_of_a_group_that_only_its_owner_may_replace_says_whose_it_is_and_waits_for_him) {
  E6_NEEDS_ROOT();
  E6_SKIP_WITH(give_up_a_groups_segment(01777));
  E6_EXPECT_CHILD(as_user(12'346, gid_, [&] {
    auto c = attach(group_options_);
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    const Error e = c->degraded_by();
    if (!says(e, "uid 12345") || !says(e, "sticky") || !says(e, "e6-shm rm")) {
      std::fprintf(stderr, "%s\n", e.sentence().c_str());
      return 2;
    }
    E6_CHILD_CHECK(e.cause == Cause::kForeignOwner && e.where == shared_.path());
    return 0;
  }));
  EXPECT_EQ(directory_.entries(), 1U);
  EXPECT_EQ(attach_as(12'345), 0);
  EXPECT_EQ(attach_as(12'346), 0);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(UsersTest, a_given_up_segment_of_a_group_is_replaced_by_any_of_its_users_where_there_is_no_sticky_bit) {
  E6_NEEDS_ROOT();
  E6_SKIP_WITH(give_up_a_groups_segment(0777));
  EXPECT_EQ(attach_as(12'346), 0);
  EXPECT_EQ(attach_as(12'345), 0);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(UsersTest, a_worker_that_gave_up_root_after_the_fork_says_why_it_shares_nothing) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoPermission);
    // attaching as who it is now works
    E6_CHILD_CHECK(attach()->mode() == Mode::kShared);
    return 0;
  }));
}

TEST_F(UsersTest, a_directory_that_this_user_may_not_write_is_told_as_such) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  E6_EXPECT_CHILD(as_user(12'345, 0, [&] {
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoPermission);
    E6_CHILD_CHECK(says(c->degraded_by(), directory_.path()) && says(c->degraded_by(), "E6_SHM_DIR"));
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
