// The command line: verbs, their options, and how a run ends. The parser's header takes ten seconds to
// compile, so only command_line.cc sees it.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace e6::tool {

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();
  /// Parses, runs the verb that is named, and returns the exit status. A Failure is told on stderr, and as
  /// JSON on stdout when the verb was asked for JSON.
  [[nodiscard]] int run(int argc, char** argv);

 private:
  friend class Verb;
  int fail(int status, const char* sentence) const;

  std::unique_ptr<CLI::App> app_;
  std::function<int()> chosen_;
  const bool* json_ = nullptr;
};

/// A verb being put on the command line. What options are read into must live as long as the command line.
class Verb {
 public:
  Verb(CommandLine& line, const char* name, const char* description);

  struct Words {
    const char* name;  ///< "cluster", or with dashes: "--dir", "-n,--limit"
    const char* type;  ///< what the help calls its value
    const char* help;
  };
  enum class Need { kOptional, kRequired };
  void text(const Words& words, std::string& into, Need need = Need::kOptional);
  void number(const Words& words, std::optional<std::size_t>& into);
  void flag(const char* name, const char* help, bool& into);

  /// Refuses other values, whatever their case.
  void one_of(const char* name, std::initializer_list<std::string> values);
  /// Takes the value from the environment when the command line has none.
  void environment(const char* name, const char* variable);
  void excludes(const char* name, const char* other);
  /// Stands below the options in the help: exit status and examples.
  void footer(const char* text);
  /// What happens when the verb is named; `json` says whether a Failure is to be told as JSON too.
  void runs(const bool& json, std::function<int()> action);

 private:
  CommandLine* line_;
  CLI::App* app_;
};

}  // namespace e6::tool
