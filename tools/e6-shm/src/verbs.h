// The verbs of e6-shm, one file each.
#pragma once

#include "command_line.h"

namespace e6::tool {

/// All of them, in the order of the help.
void add_verbs(CommandLine& line);

// Looking.
void add_status(CommandLine& line);
void add_events(CommandLine& line);
void add_ls(CommandLine& line);
void add_participants(CommandLine& line);
void add_queries(CommandLine& line);
void add_metrics(CommandLine& line);
void add_save(CommandLine& line);

// Acting.
void add_set(CommandLine& line);
void add_clear(CommandLine& line);
void add_apply(CommandLine& line);
void add_expire(CommandLine& line);
void add_rm(CommandLine& line);

}  // namespace e6::tool
