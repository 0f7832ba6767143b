#include "tool_verbs.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "../tool/in_process.h"
#include "finding.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kMostOutput = std::size_t{8} << 20;

// FILE stands for the segment's path, DIR for its directory, COPY for a file that is not there yet.
constexpr std::string_view kVerbs[] = {
    "status --file FILE",
    "status --file FILE --json",
    "status --dir DIR",
    "events --file FILE",
    "events --file FILE --json --limit 20",
    "events --dir DIR --since 1h",
    "participants --file FILE",
    "participants --file FILE --json",
    "queries --file FILE",
    "queries --file FILE --json",
    "metrics --file FILE",
    "metrics --dir DIR --json",
    "ls --dir DIR",
    "ls --all --dir DIR --json",
    "save COPY --file FILE",
    "save COPY --file FILE --json",
    "set green --dir DIR",
    "set blue --file FILE --json",
    "clear --dir DIR",
    "clear --file FILE --json",
    "apply --dir DIR",
    "apply --file FILE --json",
    "expire --dir DIR",
    "expire --file FILE --json",
    "rm --dir DIR",
    "rm --file FILE --json",
    "rm --force --file FILE",
};

std::vector<std::string> words_of(std::string_view line, const Stage& stage) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    words.push_back(word == "FILE" ? stage.path() : word == "DIR" ? stage.directory() : word == "COPY" ? stage.directory() + "/copy" : std::string(word));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

void expect_printable(const std::string& verb, std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) finding("e6-shm " + verb + " prints a control character");
}

}  // namespace

std::size_t verb_count() noexcept { return std::size(kVerbs); }

void run_verb(const Stage& stage, std::size_t which) {
  const std::string verb(kVerbs[which]);
  const auto [status, out, err] = tool::test::run_here(words_of(verb, stage));
  if (out.size() > kMostOutput || err.size() > kMostOutput) finding("e6-shm " + verb + " prints without end");
  if (verb.find("--json") != std::string::npos && !nlohmann::json::accept(out))
    finding("e6-shm " + verb + " prints what is no JSON: " + out.substr(0, 1000));
  expect_printable(verb, out);
  expect_printable(verb, err);
  if (status < 0 || status > 3) finding("e6-shm " + verb + " ends with status " + std::to_string(status));
  if (VirtualTime::passed() > 2s) finding("e6-shm " + verb + " waited for " + std::to_string(VirtualTime::passed() / 1ms) + " ms");
}

}  // namespace e6::fuzz
