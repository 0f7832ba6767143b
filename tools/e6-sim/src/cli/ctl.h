// `e6-sim ctl`: sends one command to a running simulator.
#pragma once

namespace e6::sim {

// Takes the program's arguments from behind `ctl`; returns the exit status: 0 done, 1 refused or unreachable,
// 2 a mistake in the arguments.
int run_ctl(int argc, char** argv);

}  // namespace e6::sim
