// What a connection has done so far.
#pragma once

#include <cstdint>

namespace e6::client {

/// Counts since the connection was made (since the fork, in a child). Each is exact; they are not read at one
/// instant.
struct Statistics {
  std::uint64_t calls = 0;                    ///< gRPC calls made, of any kind
  std::uint64_t authentications = 0;          ///< authenticate calls that gave a session
  std::uint64_t authentications_refused = 0;  ///< authenticate calls refused with 456, probes included
  std::uint64_t authentications_failed = 0;   ///< authenticate calls that failed otherwise
  std::uint64_t detections = 0;               ///< probes made for the host
  std::uint64_t refused_probes = 0;      ///< authenticate calls refused with 456 while probing for the host
  std::uint64_t detection_waits = 0;     ///< times an operation took (or waited for) another process's answer
  std::uint64_t queries = 0;             ///< statements that the engine accepted
  std::uint64_t fetches = 0;             ///< batches handed out
  std::uint64_t fetched_bytes = 0;       ///< their bytes
  std::uint64_t mismatches = 0;          ///< 456 answers to any call
  std::uint64_t announcements = 0;       ///< responses that carried a valid new_strategy
  std::uint64_t retries = 0;             ///< calls or statements repeated after a failure
  std::uint64_t access_denied = 0;       ///< sessions found to be no longer valid
  std::uint64_t transport_errors = 0;    ///< UNAVAILABLE answers other than suspended
  std::uint64_t timeouts = 0;            ///< calls that got no answer before their deadline
  std::uint64_t suspensions = 0;         ///< times the cluster was found suspended
  std::uint64_t resumes = 0;             ///< times this connection woke it for the host
  std::uint64_t lost_queries = 0;        ///< accepted queries that went with their colour or session
  std::uint64_t reexecuted_queries = 0;  ///< of these, run again by reexecute_lost_queries
};

}  // namespace e6::client
