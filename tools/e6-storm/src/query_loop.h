// What one thread of a worker does: queries, one after the other, until the storm ends.
#pragma once

#include <vector>

#include "arguments.h"
#include "board.h"
#include "e6/client/connection.h"

namespace e6::storm {

/// Runs `sql` on the connections in turn, and writes what happened into `row`. Returns at the storm's end, or
/// when the worker gave up.
void run_queries(const Arguments& arguments, const std::string& sql,
                 const std::vector<client::Connection*>& connections, const Board& board, WorkerRow& worker,
                 ThreadRow& row);

}  // namespace e6::storm
