#include "text/plan.h"

#include <algorithm>

namespace e6::sim {
namespace {

// Cuts the text at new lines and semicolons, and each piece at #, but never inside quotes.
struct Line {
  std::size_t number;
  std::string text;
};

std::vector<Line> cut(std::string_view text) {
  std::vector<Line> lines;
  Line line{1, {}};
  std::size_t number = 1;
  char quote = 0;
  bool comment = false;
  const auto finish = [&] {
    lines.push_back(line);
    line = Line{number, {}};
    comment = false;
    quote = 0;
  };
  for (const char c : text) {
    if (c == '\n') {
      ++number;
      finish();
      continue;
    }
    if (comment) continue;
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ';') {
      finish();
      continue;
    } else if (c == '#') {
      comment = true;
      continue;
    }
    line.text.push_back(c);
  }
  finish();
  return lines;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::variant<Plan, std::string> parse_plan(std::string_view text) {
  Plan plan;
  for (const Line& line : cut(text)) {
    const std::string content = trimmed(line.text);
    if (content.empty()) continue;
    const auto complain = [&](const std::string& why) {
      return "plan line " + std::to_string(line.number) + " '" + content + "': " + why;
    };
    const auto split = split_words(content);
    if (const auto* problem = std::get_if<CommandProblem>(&split)) return complain(problem->text);
    const auto& words = std::get<std::vector<std::string>>(split);
    if (words.front() != "at" || words.size() < 3) {
      return complain("expected 'at DURATION COMMAND', such as 'at 3s switch green abrupt'");
    }
    const auto at = parse_duration(words[1]);
    if (const auto* wrong = std::get_if<std::string>(&at)) return complain(*wrong);
    auto command = parse_command({words.begin() + 2, words.end()});
    if (const auto* problem = std::get_if<CommandProblem>(&command)) {
      return complain(problem->is_help ? "a plan cannot ask for help; leave --help out" : problem->text);
    }
    if (std::get<Command>(command).verb == Verb::kStats) {
      return complain("a plan has nobody to show stats to; leave it out and use 'e6-sim ctl stats'");
    }
    plan.push_back({std::get<Nanos>(at), content, std::get<Command>(std::move(command))});
  }
  std::stable_sort(plan.begin(), plan.end(),
                   [](const PlannedCommand& a, const PlannedCommand& b) { return a.at < b.at; });
  return plan;
}

}  // namespace e6::sim
