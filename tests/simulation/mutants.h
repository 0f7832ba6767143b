// The guards that a second build of libshared can leave out, one at a time. See mutations.json.
#pragma once

#include <string>
#include <vector>

/// 0: none; else the number of one in mutations.json, from 1. The mutated sources read it.
extern int e6_mutant;

namespace e6::simulation {

/// Their names in that order; empty in the build of libshared as it is.
const std::vector<std::string>& mutant_names();

}  // namespace e6::simulation
