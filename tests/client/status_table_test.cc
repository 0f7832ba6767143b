// Every text of the table, with every code, as the answer of every call on the way of a query.
#include <set>

#include "status_scene.h"

namespace e6::client::test {
namespace {

TEST(StatusTable, has_sixty_texts_or_more_under_names_of_their_own) {
  std::set<std::string> names;
  for (const StatusText& row : status_table()) names.insert(row.name);
  EXPECT_GE(names.size(), 60U);
  EXPECT_EQ(names.size(), status_table().size());
}

TEST(StatusTable, agrees_with_the_rules_that_read_other_codes) {
  for (const StatusText& row : status_table()) {
    const Reading reading = read_status(row.code, row.text);
    EXPECT_EQ(reading.grade, row.grade) << row.name;
    EXPECT_EQ(reading.about, row.about) << row.name;
  }
}

class StatusTableTest : public StatusScene, public ::testing::WithParamInterface<StatusText> {};

TEST_P(StatusTableTest, does_no_harm_as_the_answer_of_any_call_with_any_code) {
  for (const char* call : kCalls) {
    for (int code = 1; code <= kLastCode && !HasFailure(); ++code) {
      expect_no_harm(call, code, GetParam().text);
    }
  }
}

// The same where processes share what they know, with the code that each really comes with.
TEST_P(StatusTableTest, does_no_harm_to_a_host_of_many_processes) {
  for (const char* call : kCalls)
    expect_no_harm(call, GetParam().code, GetParam().text, Work::kNotDone, Knowledge::kSegment);
}

// An engine that accepts the statement and then fails: whatever it says, the statement has run.
TEST_P(StatusTableTest, executes_nothing_twice_when_it_comes_after_the_work) {
  for (int code = 1; code <= kLastCode && !HasFailure(); ++code) {
    const Reading reading = read_status(code, GetParam().text);
    if (reading.grade == Grade::kCertain || reading.unsent)
      continue;  // these say that no work was done
    expect_no_harm("executeStatementV2", code, GetParam().text, Work::kDone);
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, StatusTableTest, ::testing::ValuesIn(status_table()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace e6::client::test
