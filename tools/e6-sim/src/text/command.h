// The commands that change a running engine: the same words in a plan, in `e6-sim ctl` and in a test.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/methods.h"
#include "e6/sim/colour.h"
#include "text/duration.h"

namespace e6::sim {

enum class Verb : unsigned char {
  kSwitch,
  kRollback,
  kFlap,
  kRefuseBoth,
  kSuspend,
  kResume,
  kDeny,
  kRevokeSessions,
  kLatency,
  kError,
  kAnnounce,
  kResetStats,
  kStats,
  kStop,
};

// One command with all that any verb takes; what a verb does not take has its default.
struct Command {
  Verb verb = Verb::kStats;
  bool json = false;

  std::optional<Colour> to;  // switch; none: the colour that is not active
  bool abrupt = false;
  Nanos announce = 2 * kSecond;
  Nanos drain = 5 * kSecond;

  Nanos period = 0;
  std::optional<Nanos> duration;      // --for
  std::optional<Nanos> resume_takes;  // suspend, resume
  bool resume_fails = false;

  std::optional<MethodFilter> method;
  Nanos latency = 0;
  Nanos jitter = 0;
  int code = 0;
  std::string details;
  std::optional<std::int64_t> count;
  double rate = 1.0;
  bool late = false;   // error: after the work
  bool clear = false;  // error --clear, announce --off
  std::string text;    // announce
};

// What went wrong while reading a command, or its help. `text` ends without a new line.
struct CommandProblem {
  bool is_help = false;
  std::string text;
};

// Reads the words of one command, e.g. {"switch", "green", "abrupt"}. `program` stands in help texts.
std::variant<Command, CommandProblem> parse_command(const std::vector<std::string>& words,
                                                    const std::string& program = "e6-sim ctl");

// Splits a line into words at blanks; 'single' and "double" quotes keep blanks together.
std::variant<std::vector<std::string>, CommandProblem> split_words(std::string_view line);

}  // namespace e6::sim
