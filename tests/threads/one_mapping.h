// In a program that is linked with one_mapping.cc all who map a file in this process share one mapping of it, so that a checker which knows
// threads and not processes sees what several processes do to a segment: each "process" is a thread with a Host, a descriptor and a slot of its own.
#pragma once

#include <cstddef>

namespace e6::shared_test {

/// How many files have been mapped so far.
std::size_t mapped_files();

}  // namespace e6::shared_test
