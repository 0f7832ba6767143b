// Memory that a process locks (mlockall), and the limit that refuses further mappings then.
#pragma once

#include <cstddef>
#include <string>

namespace e6::os {

/// Why a mapping of `size` bytes was refused with `sys_errno`, and the remedy, if the reason is the
/// limit on locked memory (RLIMIT_MEMLOCK): mmap(2) tells it by EAGAIN, EPERM or ENOMEM, which say
/// nothing of locks. Empty if it is another one.
std::string locked_memory_limit(int sys_errno, std::size_t size);

}  // namespace e6::os
