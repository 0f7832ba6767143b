// What tells this boot and this clock from another.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace e6::os {

/// The kernel's boot id (36 characters); empty when /proc does not tell.
std::string boot_id();
/// Inode of this process's time namespace; 0 when /proc does not tell.
std::uint64_t time_namespace();
/// The uid that the kernel shows for owners whom this user namespace does not know.
std::uint32_t overflow_uid();
/// The first 15 bytes of this process's name, and zeros.
std::array<char, 16> program_name() noexcept;
/// 64 random bits.
std::uint64_t random_bits() noexcept;

}  // namespace e6::os
