// A process of this layout version and one of the next, on one host at the same time.
#include <fstream>
#include <iterator>

#include "fixture.h"

namespace e6::shared_test {
namespace {

class VersionsTest : public SharedTest {
 protected:
  static Child start_next(const std::vector<std::string>& arguments) { return start_peer_of(E6_NEXT_LAYOUT_PEER, arguments); }
  std::string next_path() const {
    std::string p = path();
    return p.replace(p.find("e6shm-v2"), 8, "e6shm-v3");
  }
  static std::string bytes(const std::string& where) {
    std::ifstream file(where, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
};

TEST_F(VersionsTest, two_layout_versions_work_side_by_side_and_neither_touches_the_others_bytes) {
  const std::string& where = directory_.path();
  const std::string cluster = "db.example:9000";
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "engine").ok());
  const Child next = start_next({"hold", where, cluster, "green"});
  ASSERT_TRUE(eventually([&] {
    const RawSegment theirs(next_path());  // only the version differs between the two builds
    return theirs.valid() && theirs->hot.word.load() != 0;
  }));
  EXPECT_EQ(directory_.entries(), 2U);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);

  const std::string mine = bytes(path());
  EXPECT_EQ(start_next({"mode", where, cluster}).wait(), static_cast<int>(Mode::kShared));
  EXPECT_EQ(start_next({"colour", where, cluster}).wait(), 2);
  EXPECT_EQ(start_next({"find", where, cluster, "query-1"}).wait(), 0);
  EXPECT_EQ(start_next({"set", where, cluster, "green"}).wait(), 0);
  EXPECT_EQ(bytes(path()), mine);

  const std::string theirs = bytes(next_path());
  EXPECT_EQ(theirs.size(), sizeof(layout::Segment));
  EXPECT_EQ(start_peer({"colour", where, cluster}).wait(), 1);
  advance_clock(1100ms);
  c->end_query(std::move(*q));
  EXPECT_TRUE(c->mismatch(Strategy::kBlue, c->snapshot().epoch));
  EXPECT_TRUE(detect(*c, Strategy::kBlue));
  EXPECT_EQ(bytes(next_path()), theirs);
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);  // the other one is no participant here
}

TEST_F(VersionsTest, each_version_says_of_the_others_segment_what_it_is) {
  attach_with(Strategy::kBlue).reset();
  EXPECT_EQ(start_next({"set", directory_.path(), "db.example:9000", "green"}).wait(), 0);
  const auto report = inspect::look(next_path());
  ASSERT_FALSE(report.problems.empty());
  EXPECT_EQ(report.problems.front().cause, Cause::kForeignLayout);
  const std::string sentence = report.problems.front().sentence();
  for (const std::string& words : {next_path(), std::string("version 3"), std::string("version 2"), std::string("e6-shm rm")})
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  EXPECT_EQ(report.layout_version, 3U);
  EXPECT_EQ(start_next({"look", directory_.path(), "-", path()}).wait(), static_cast<int>(Cause::kForeignLayout));
  EXPECT_EQ(start_next({"look", directory_.path(), "-", next_path()}).wait(), 0);
}

}  // namespace
}  // namespace e6::shared_test
