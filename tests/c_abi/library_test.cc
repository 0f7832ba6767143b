// The library as a thing of its own: what it exports, its words, and programs that are not C++.
#include <array>
#include <cstdio>
#include <cstring>
#include <functional>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

struct Output {
  int status = -1;
  std::string text;
};
Output run(const std::string& command) {
  Output out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.text.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return out;
}
std::string in_quotes(const std::string& text) {
  return "'" + text + "'";
}

TEST_F(CAbi, a_program_in_c99_goes_through_a_whole_life) {
  const Output life = run(in_quotes(E6SHM_C99_PROGRAM) + " life " + in_quotes(directory_));
  EXPECT_EQ(life.status, 0) << life.text;
}

TEST_F(CAbi, two_processes_share_a_colour) {
  EXPECT_EQ(run(in_quotes(E6SHM_C99_PROGRAM) + " active " + in_quotes(directory_)).text, "none\n");
  ASSERT_EQ(run(in_quotes(E6SHM_C99_PROGRAM) + " detect " + in_quotes(directory_) + " green").status, 0);
  EXPECT_EQ(run(in_quotes(E6SHM_C99_PROGRAM) + " active " + in_quotes(directory_)).text, "green\n");
  EXPECT_EQ(run(in_quotes(E6SHM_C99_PROGRAM) + " detect " + in_quotes(directory_) + " blue").status, 0)
      << "it takes what is known";
  EXPECT_EQ(run(in_quotes(E6SHM_C99_PROGRAM) + " active " + in_quotes(directory_)).text, "green\n");
}

TEST_F(CAbi, the_example_runs_and_probes_once_for_all_its_workers) {
  const Output example = run(in_quotes(E6SHM_EXAMPLE) + " " + in_quotes(directory_));
  EXPECT_EQ(example.status, 0) << example.text;
  EXPECT_NE(example.text.find("authentications: 2"), std::string::npos) << example.text;
}

TEST(Library, nothing_is_exported_but_the_c_interface) {
  const Output symbols = run("nm -D --defined-only " + in_quotes(E6SHM_LIBRARY));
  if (symbols.status != 0) GTEST_SKIP() << "no nm";
  std::size_t exported = 0;
  for (std::size_t at = 0; at < symbols.text.size();) {
    const std::size_t end = symbols.text.find('\n', at);
    const std::string line = symbols.text.substr(at, end - at);
    at = end == std::string::npos ? symbols.text.size() : end + 1;
    const std::size_t space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    const char kind = line[space - 1];
    if (kind == 'A') continue;  // the name of the version itself
    EXPECT_EQ(line.compare(space + 1, 6, "e6shm_"), 0) << line;
    EXPECT_EQ(kind, 'T') << line;
    EXPECT_NE(line.find("@@E6SHM_1"), std::string::npos) << line;
    ++exported;
  }
  EXPECT_EQ(exported, 55U)
      << "a function that went is a broken interface; one that came belongs into this count";
}

TEST(Library, it_says_its_versions) {
  EXPECT_STREQ(e6shm_version(), E6SHM_EXPECTED_VERSION);
  EXPECT_EQ(e6shm_abi_version(), E6SHM_ABI_VERSION);
}

TEST(Library, every_number_has_a_word_and_no_other_has) {
  const auto all = [](const char* what, const std::function<const char*(std::int32_t)>& name,
                      std::int32_t first, std::int32_t last) {
    for (std::int32_t n = first; n <= last; ++n) {
      const char* const word = name(n);
      EXPECT_STRNE(word, "undefined") << what << ' ' << n;
      EXPECT_GT(std::strlen(word), 0U) << what << ' ' << n;
      EXPECT_EQ(std::strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-"), std::strlen(word))
          << what << ' ' << n << ": " << word;
    }
    for (const std::int32_t n : {first - 1, last + 1, INT32_MIN, INT32_MAX})
      EXPECT_STREQ(name(n), "undefined") << what << ' ' << n;
  };
  all("status", e6shm_status_name, E6SHM_ERR_FOREIGN_KERNEL, E6SHM_OK);
  all("status", e6shm_status_name, E6SHM_ERR_NO_MEMORY, E6SHM_ERR_BAD_ARGUMENT);
  all("strategy", e6shm_strategy_name, E6SHM_NONE, E6SHM_GREEN);
  all("policy", e6shm_policy_name, E6SHM_POLICY_UNSET, E6SHM_POLICY_WHEN_IDLE);
  all("mode", e6shm_mode_name, E6SHM_MODE_SHARED, E6SHM_MODE_FALLBACK);
  all("failure", e6shm_failure_name, E6SHM_FAILURE_NONE, E6SHM_FAILURE_OTHER);
  all("counter", e6shm_counter_name, 0, E6SHM_COUNTER_COUNT - 1);
  all("event", e6shm_event_name, 0, E6SHM_EVENT_MADE_ROOM);
  all("cause", e6shm_event_cause_name, 0, E6SHM_CAUSE_DOUBTED);
  EXPECT_STREQ(e6shm_status_name(E6SHM_ERR_FOREIGN_OWNER), "foreign-owner");
  EXPECT_STREQ(e6shm_counter_name(E6SHM_COUNTER_QUERIES_BEGUN), "queries_begun");
}

TEST(Library, colours_and_policies_are_parsed) {
  e6shm_strategy_t colour = 9;
  EXPECT_EQ(e6shm_strategy_parse("BLUE", E6SHM_ZERO_TERMINATED, &colour), E6SHM_OK);
  EXPECT_EQ(colour, E6SHM_BLUE);
  EXPECT_EQ(e6shm_strategy_parse("greenish", 5, &colour), E6SHM_OK);
  EXPECT_EQ(colour, E6SHM_GREEN);
  for (const char* wrong : {"", " blue", "red", "none", "blue "}) {
    EXPECT_EQ(e6shm_strategy_parse(wrong, E6SHM_ZERO_TERMINATED, &colour), E6SHM_ERR_BAD_ARGUMENT) << wrong;
    EXPECT_EQ(colour, E6SHM_NONE);
  }
  EXPECT_EQ(e6shm_strategy_other(E6SHM_BLUE), E6SHM_GREEN);
  EXPECT_EQ(e6shm_strategy_other(E6SHM_GREEN), E6SHM_BLUE);
  EXPECT_EQ(e6shm_strategy_other(7), E6SHM_NONE);
  for (e6shm_policy_t p = E6SHM_POLICY_ON_COMPLETION; p <= E6SHM_POLICY_WHEN_IDLE; ++p) {
    e6shm_policy_t parsed = 0;
    EXPECT_EQ(e6shm_policy_parse(e6shm_policy_name(p), E6SHM_ZERO_TERMINATED, &parsed), E6SHM_OK);
    EXPECT_EQ(parsed, p);
  }
  e6shm_policy_t policy = 9;
  EXPECT_EQ(e6shm_policy_parse("unset", 5, &policy), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(policy, E6SHM_POLICY_UNSET);
}

}  // namespace
}  // namespace e6::c_abi_test
