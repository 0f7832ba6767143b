// What a fuzzing run is for: says what was found and ends the process by SIGABRT, as the sanitizers do.
#pragma once

#include <string>

namespace e6::fuzz {

[[noreturn]] void finding(const std::string& what);
/// The machine and not the code under test is to blame: no directory, no memory. Ends the process with status 3.
[[noreturn]] void give_up(const std::string& what);

}  // namespace e6::fuzz
