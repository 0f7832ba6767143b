// Surviving a mapped file that is cut off: every process that has it mapped gets SIGBUS at its next touch of a page that is gone.
//
// A handler, installed with the first guarded mapping, looks whether the address lies in one of ours and, in one step, puts prepared private memory
// in the mapping's place. Everything else goes to the handler that was there before. An application that installs a handler of its own later takes
// the guard's place and should hand on what it does not know, as the guard does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace e6::os {

/// What stands in for the file's bytes once they are gone: zeros, and one word that tells.
struct StandIn {
  std::size_t size = 0;     ///< of the mapping; whole pages
  std::size_t word_at = 0;  ///< offset, a multiple of 8
  std::uint64_t word = 0;
};

/// From here on the stand-in takes the place of the bytes at `begin` when touching them would kill. The mapping must stay for the life of the process.
/// Costs address space of the mapping's size and one page. Thread-safe; forked children inherit it.
/// False: no memory or no handler was to be had; errno says why when a system call failed.
[[nodiscard]] bool guard_mapping(void* begin, const StandIn& stand_in) noexcept;

/// Puts the stand-in there now, guarded or not. Other threads see the old bytes or the new ones, never a hole. False: no memory.
bool replace_mapping(void* begin, const StandIn& stand_in) noexcept;

/// The stand-in is there: what is written there reaches nobody.
[[nodiscard]] bool mapping_replaced(const void* begin) noexcept;

/// For tests: the handler goes; the next guarded mapping installs it anew.
void forget_handler_for_test() noexcept;

}  // namespace e6::os
