// What the command line asks for.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "e6/client/options.h"

namespace e6::storm {

/// A command of the operator, run by the shell at a moment of the storm.
struct Appointment {
  std::chrono::nanoseconds at{0};
  std::string command;
};

struct Arguments {
  client::ConnectionOptions connection;  // validated
  int workers = 4;
  int threads = 1;
  int connections = 1;
  std::chrono::nanoseconds seconds{std::chrono::seconds(10)};
  std::chrono::milliseconds think{0};
  std::string sql;
  std::string long_query;  // empty: none
  std::vector<Appointment> appointments;
  bool json = false;
  std::chrono::milliseconds stream{0};  // 0: no stream
};

/// How the program ends when there is nothing to run: --help (status 0) or a mistake (status 2).
struct Ending {
  int status = 0;
  std::string text;
};

/// Reads the command line; the environment's settings apply where the command line says nothing.
[[nodiscard]] std::variant<Arguments, Ending> parse_arguments(int argc, const char* const* argv);

}  // namespace e6::storm
