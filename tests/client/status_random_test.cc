// Random texts made of the words of the table. E6_TEST_RANDOM_TEXTS says how many (3,000 take a
// quarter of a minute), E6_TEST_SEED which.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>
#include <vector>

#include "status_scene.h"

namespace e6::client::test {
namespace {

class RandomStatusTest : public StatusScene {
 protected:
  RandomStatusTest() {
    for (const StatusText& row : status_table()) {
      std::istringstream text(row.text);
      for (std::string word; text >> word;) words_.push_back(word);
    }
    // What classification looks at, as often as all the rest.
    const std::vector<std::string> telling{"status:", "Status", "code",   "456",      "456,",
                                           "503",     "Access", "denied", "Received", "http2",
                                           "header",  "with",   "status"};
    for (std::size_t i = words_.size(); i > 0; --i) words_.push_back(telling[i % telling.size()]);
  }

  static std::size_t number(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  }

  std::string text(std::mt19937& random) {
    constexpr const char* kBetween[] = {" ", " ", " ", "", "\n", ": "};
    std::string made;
    for (std::size_t left = random() % 10; left > 0; --left)
      made += words_[random() % words_.size()] + kBetween[random() % std::size(kBetween)];
    return made;
  }

  std::vector<std::string> words_;
};

TEST_F(RandomStatusTest, texts_do_no_harm) {
  const std::size_t texts = number("E6_TEST_RANDOM_TEXTS", 3'000);
  const std::size_t seed = number("E6_TEST_SEED", 1);
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  for (std::size_t i = 0; i < texts; ++i) {
    const std::string words = text(random);
    const int code = 1 + static_cast<int>(random() % kLastCode);
    const char* call = kCalls[random() % kCalls.size()];
    const Reading reading = read_status(code, words);
    const bool may_be_late = std::string(call) == "executeStatementV2" &&
                             reading.grade != Grade::kCertain && !reading.unsent &&
                             random() % 2 == 0;
    expect_no_harm(call, code, words, may_be_late ? Work::kDone : Work::kNotDone);
    ASSERT_FALSE(HasFailure()) << "text " << i << " of seed " << seed;
  }
}

}  // namespace
}  // namespace e6::client::test
