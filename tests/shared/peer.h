// A process of its own that knows nothing but a directory and a cluster.
#pragma once

namespace e6::shared_test {

/// Runs `<verb> <directory> <cluster> [argument]`; the exit status is the answer:
///   colour             0 none usable, 1 blue, 2 green
///   set <colour>       0 done
///   find <query id>    0 unknown, else its colour
///   end <query id>     0 ended, 1 unknown
///   mode               0 shared, 1 guest, 2 fallback
/// 100 and more: it could not be asked.
int run_peer(int count, char** arguments);

}  // namespace e6::shared_test
