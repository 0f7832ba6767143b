// e6-shm: looks into the segments of this host, and acts on them where a verb's name says so.
#include "command_line.h"
#include "verbs.h"

int main(int argc, char** argv) {
  e6::tool::CommandLine line;
  e6::tool::add_verbs(line);
  return line.run(argc, argv);
}
