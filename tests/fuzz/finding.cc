#include "finding.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace e6::fuzz {
namespace {

// By the descriptor: stdout and stderr may belong to a verb right now.
void say(const std::string& text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

}  // namespace

void finding(const std::string& what) {
  say("finding: " + what + "\n");
  std::abort();
}

void give_up(const std::string& what) {
  say("fuzz: cannot go on: " + what + ": " + std::strerror(errno) + "\n");
  ::_exit(3);
}

}  // namespace e6::fuzz
