// Which process of a fork tree this is, and whether gRPC can be used in it.
#pragma once

#include <cstdint>

namespace e6::client::fork_state {

/// Starts watching for forks; idempotent, makes no gRPC call. Called when the first connection is made.
void watch() noexcept;

/// Counts the forks between the process that loaded the library and this one; 1 in the former. What was made
/// in another generation (channels, sessions, locked mutexes) must be left alone: not used, not destroyed.
[[nodiscard]] std::uint64_t generation() noexcept;

/// True if gRPC was alive when this process (or an ancestor) was forked: then any use of gRPC here may hang
/// for ever.
[[nodiscard]] bool grpc_lost() noexcept;

/// To be called before a channel is made: notices a fork that ran no handlers (clone), and chooses the poller
/// that survives forks (environment GRPC_POLL_STRATEGY=poll) if the application has not chosen one. gRPC
/// reads it once, at its first use in the process.
void before_first_channel() noexcept;

/// `hook` is run in every forked child, before any other code of the library; for locks that must be made
/// anew. At most 8, never removed.
void run_in_child(void (*hook)()) noexcept;

}  // namespace e6::client::fork_state
