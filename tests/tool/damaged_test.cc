// Whatever stands in a file, e6-shm says what it is and ends.
#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "in_process.h"
#include "layout/segment_layout.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

class Damaged : public ToolTest {
 protected:
  [[nodiscard]] std::string bytes_of_a_segment() const {
    const auto coordinator = attach_on(Strategy::kBlue);
    auto bound = coordinator->begin_query();
    static_cast<void>(coordinator->bind(*bound, "query-one", "10.0.0.7:9000"));
    return read_file(coordinator->path());
  }

  /// Every looking verb ends with status 0 or 1 and valid JSON.
  static void expect_told(const std::string& path) {
    for (const char* verb : {"status", "events", "participants", "queries", "metrics"}) {
      const auto text = run({verb, "--file", path});
      EXPECT_TRUE(text.status == 0 || text.status == 1) << verb << " ended with " << text.status << text.err;
      const auto json = run({verb, "--file", path, "--json"});
      EXPECT_TRUE(json.status == 0 || json.status == 1)
          << verb << " --json ended with " << json.status << json.err;
      EXPECT_TRUE(json.json().is_object()) << verb << ": " << json.out;
    }
  }
  static void expect_damaged(const std::string& path) {
    const auto outcome = run({"status", "--file", path});
    EXPECT_EQ(outcome.status, 1) << outcome.out;
    EXPECT_TRUE(outcome.first_line().starts_with("damaged: ")) << outcome.first_line();
    EXPECT_NE(outcome.first_line().find(path), std::string::npos) << outcome.first_line();
    EXPECT_EQ(run({"status", "--file", path, "--json"}).json()["condition"], "damaged");
  }
};

TEST_F(Damaged, an_empty_file_is_damaged) {
  const auto path = file_with("empty", "");
  expect_damaged(path);
  expect_told(path);
}

TEST_F(Damaged, random_bytes_are_damaged) {
  std::mt19937_64 random(7);
  std::string bytes(2'000'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const auto path = file_with("random", bytes);
  expect_damaged(path);
  expect_told(path);
}

TEST_F(Damaged, a_truncated_copy_is_damaged_at_every_length) {
  const auto bytes = bytes_of_a_segment();
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{8}, std::size_t{100}, std::size_t{4095}, std::size_t{4096},
        std::size_t{4160}, bytes.size() / 2, bytes.size() - 1}) {
    const auto path = file_with("truncated", bytes.substr(0, length));
    expect_damaged(path);
  }
  expect_told(file_with("half", bytes.substr(0, bytes.size() / 2)));
}

TEST_F(Damaged, another_magic_is_damaged) {
  auto bytes = bytes_of_a_segment();
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  expect_damaged(file_with("magic", bytes));
}

enum class Content { kNone, kReadable };

/// What every verb makes of something under a segment's name that no process would use: an error, told as JSON too. The verbs that show what is in it
/// do show what can be read.
void expect_refused(const std::string& path, const std::string& what, bool json, Content content = Content::kNone) {
  const auto copy = path + ".copy";
  const std::vector<std::vector<std::string>> verbs{{"status"},      {"set", "blue"}, {"clear"},   {"apply"},   {"expire"},    {"ls"},
                                                    {"save", copy}, {"events"},      {"queries"}, {"metrics"}, {"participants"}};
  for (auto words : verbs) {
    const std::string verb = words[0];
    const bool shows = verb == "events" || verb == "queries" || verb == "metrics" || verb == "participants";
    if (verb != "ls") words.insert(words.end(), {"--file", path});
    if (json) words.emplace_back("--json");
    const auto printed = run_here(words);
    if (verb == "save" || (shows && content == Content::kReadable)) {
      EXPECT_TRUE(printed.status == 0 || printed.status == 1) << what << ": " << verb << " ended with " << printed.status;
    } else {
      EXPECT_EQ(printed.status, 1) << what << ": " << verb << ": " << printed.out << printed.err;
    }
    if (json) {
      EXPECT_TRUE(nlohmann::json::parse(printed.out, nullptr, false).is_object()) << what << ": " << verb << ": " << printed.out;
    }
    std::filesystem::remove(copy);
  }
}

TEST_F(Damaged, a_flip_in_any_byte_of_the_header_is_noticed_by_every_verb) {
  auto coordinator = attach_on(Strategy::kBlue);
  const auto path = coordinator->path();
  coordinator.reset();
  const auto bytes = read_file(path);
  for (std::size_t at = 0; at < sizeof(layout::Header); ++at) {
    auto flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    write_file(path, flipped);
    expect_refused(path, "byte " + std::to_string(at), at % 2 == 1);
  }
  write_file(path, bytes);
  EXPECT_EQ(run({"status"}).status, 0);
}

TEST_F(Damaged, what_stands_in_a_segments_place_and_is_none_is_refused_by_every_verb) {
  auto coordinator = attach_on(Strategy::kBlue);
  const auto path = coordinator->path();
  coordinator.reset();
  const auto elsewhere = (root_ / "elsewhere").string();
  std::filesystem::rename(path, elsewhere);
  const auto in_its_place = [&](const std::string& what, Content content = Content::kNone) {
    expect_refused(path, what, false, content);
    expect_refused(path, what, true, content);
    std::filesystem::remove(path);
  };
  std::filesystem::create_directory(path);
  in_its_place("a directory");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  in_its_place("a fifo");
  std::filesystem::create_symlink(elsewhere, path);
  in_its_place("a link to a segment");
  std::filesystem::create_symlink("nowhere", path);
  in_its_place("a link to nothing");
  std::filesystem::create_hard_link(elsewhere, path);
  in_its_place("a second name of a segment", Content::kReadable);
  std::filesystem::rename(elsewhere, path);
  EXPECT_EQ(run({"status"}).status, 0);
  std::filesystem::permissions(path, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  in_its_place("a segment that others may read", Content::kReadable);
}

TEST_F(Damaged, bytes_flipped_anywhere_crash_nothing) {
  const auto bytes = bytes_of_a_segment();
  std::mt19937_64 random(11);
  for (int round = 0; round < 24; ++round) {
    auto flipped = bytes;
    for (int i = 0; i < 1 << (round % 12); ++i)
      flipped[random() % flipped.size()] = static_cast<char>(random());
    // Half of them with an intact header, so that everything behind it is looked at.
    if (round % 2 == 0) flipped.replace(0, 4096, bytes, 0, 4096);
    expect_told(file_with("flipped", flipped));
  }
}

TEST_F(Damaged, what_is_no_file_is_told_and_waits_for_nobody) {
  const auto pipe = (root_ / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto link = (root_ / "link").string();
  std::filesystem::create_symlink("nowhere", link);
  for (const auto& path : {pipe, link, root_.string(), std::string("/dev/null"), std::string("/dev/zero")}) {
    const auto outcome = run({"status", "--file", path});
    EXPECT_EQ(outcome.status, 1) << path << ": " << outcome.out << outcome.err;
    EXPECT_FALSE(outcome.first_line().starts_with("ok")) << outcome.first_line();
  }
}

TEST_F(Damaged, a_damaged_file_under_a_segments_name_is_listed_and_can_be_removed) {
  auto coordinator = attach();
  const auto path = coordinator->path();
  coordinator.reset();
  write_file(path, "these bytes are no segment");
  const auto list = run({"ls", "--json"});
  EXPECT_EQ(list.status, 1);
  ASSERT_EQ(list.json()["segments"].size(), 1U) << list.out;
  EXPECT_EQ(list.json()["segments"][0]["condition"], "damaged");
  EXPECT_EQ(run({"set", "blue"}).status, 1);
  EXPECT_EQ(run({"rm"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace e6::tool::test
