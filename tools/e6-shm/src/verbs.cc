#include "verbs.h"

namespace e6::tool {

void add_verbs(CommandLine& line) {
  add_status(line);
  add_events(line);
  add_ls(line);
  add_participants(line);
  add_queries(line);
  add_metrics(line);
  add_save(line);
  add_set(line);
  add_clear(line);
  add_apply(line);
  add_expire(line);
  add_rm(line);
}

}  // namespace e6::tool
