// e6-storm: runs queries from many processes at once, through libclient, and counts what fails.
#include <cstdio>
#include <variant>

#include "arguments.h"
#include "storm.h"

int main(int argc, char** argv) {
  const auto parsed = e6::storm::parse_arguments(argc, argv);
  if (const auto* ending = std::get_if<e6::storm::Ending>(&parsed)) {
    std::fprintf(ending->status == 0 ? stdout : stderr, "%s\n", ending->text.c_str());
    return ending->status;
  }
  return e6::storm::run_storm(std::get<e6::storm::Arguments>(parsed));
}
