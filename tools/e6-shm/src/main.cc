// e6-shm: looks into the segments of this host, and acts on them where a verb's name says so.
#include "command_line.h"
#include "verbs.h"

int main(int argc, char** argv) {
  e6::tool::CommandLine line;
  e6::tool::add_status(line);
  e6::tool::add_events(line);
  e6::tool::add_ls(line);
  e6::tool::add_participants(line);
  e6::tool::add_queries(line);
  e6::tool::add_metrics(line);
  e6::tool::add_save(line);
  e6::tool::add_set(line);
  e6::tool::add_clear(line);
  e6::tool::add_apply(line);
  e6::tool::add_expire(line);
  e6::tool::add_rm(line);
  return line.run(argc, argv);
}
