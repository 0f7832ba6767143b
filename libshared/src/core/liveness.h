// Who is alive. A participant is "certainly dead" when nobody holds the OFD lock on its byte; anything else "may be alive".
#pragma once

#include <cstdint>

#include "core/attachment.h"

namespace e6::core {

/// True only if the slot's process is certainly gone. The own slot never is. One system call; no lock.
bool certainly_dead(const Attachment& a, std::uint32_t slot) noexcept;

}  // namespace e6::core
