// Other users and groups: whose segment is it, who may use it, who may replace it.
#include <grp.h>
#include <sys/stat.h>

#include "namespaces.h"

namespace e6::shared_test {
namespace {

class UsersTest : public SharedTest {};

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
  const struct group* users = ::getgrnam("users");
  if (users == nullptr) GTEST_SKIP() << "there is no group 'users'";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  const unsigned gid = users->gr_gid;
  Options o = options();
  o.group = "users";
  const auto attaches = [&] { return attach(o)->mode() == Mode::kShared ? 0 : 1; };
  ASSERT_EQ(as_user(12'345, gid, attaches), 0);
  core::Place shared = place();
  shared.group = gid;
  RawSegment(shared.path())->hot.word.store(layout::kRetiredWord);
  E6_EXPECT_CHILD(as_user(12'346, gid, [&] {
    auto c = attach(o);
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    const Error e = c->degraded_by();
    if (!says(e, "uid 12345") || !says(e, "sticky") || !says(e, "e6-shm rm")) {
      std::fprintf(stderr, "%s\n", e.sentence().c_str());
      return 2;
    }
    E6_CHILD_CHECK(e.cause == Cause::kForeignOwner && e.where == shared.path());
    return 0;
  }));
  EXPECT_EQ(directory_.entries(), 1U);
  EXPECT_EQ(as_user(12'345, gid, attaches), 0);
  EXPECT_EQ(as_user(12'346, gid, attaches), 0);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(UsersTest, a_given_up_segment_of_a_group_is_replaced_by_any_of_its_users_where_there_is_no_sticky_bit) {
  E6_NEEDS_ROOT();
  const struct group* users = ::getgrnam("users");
  if (users == nullptr) GTEST_SKIP() << "there is no group 'users'";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  const unsigned gid = users->gr_gid;
  Options o = options();
  o.group = "users";
  const auto attaches = [&] { return attach(o)->mode() == Mode::kShared ? 0 : 1; };
  ASSERT_EQ(as_user(12'345, gid, attaches), 0);
  core::Place shared = place();
  shared.group = gid;
  RawSegment(shared.path())->hot.word.store(layout::kRetiredWord);
  EXPECT_EQ(as_user(12'346, gid, attaches), 0);
  EXPECT_EQ(as_user(12'345, gid, attaches), 0);
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
