// Connections that many threads take turns with.
//
//   e6::client::ConnectionPool pool(options, {.max_size = 8});
//   {
//     e6::client::PooledConnection connection = pool.checkout();
//     e6::client::Cursor cursor = connection->cursor();
//     cursor.execute("select 1");
//   }  // the cursor clears its query, then the connection goes back
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "e6/client/call_options.h"
#include "e6/client/connection.h"
#include "e6/client/options.h"

namespace e6::client {

class Pool;
struct PoolEntry;

/// How many connections there are, and what makes one too old to be handed out. The defaults are those of the
/// Python connector. Given in code only: a URL or the environment says where to connect, the program how often.
struct PoolOptions {
  /// So many are made with the pool (which makes no call), and whatever becomes too old is replaced as long as
  /// there are not more. 0 to `max_size`.
  int min_size = 2;
  /// So many are kept as long as they are used now and then (`idle_timeout`). 1 to 1000.
  int max_size = 10;
  /// Maximum number of temporary connections that are made when all `max_size` are in use. They are
  /// lent like the others until one is idle for `overflow_idle_timeout`. 0 to 1000.
  int max_overflow = 5;
  /// The longest that a checkout waits, when its CallOptions say nothing; PoolTimeoutError. 0 (does not wait)
  /// to 1 h.
  std::chrono::milliseconds checkout_timeout{30'000};
  /// A connection older than this is closed, and another one made, when it is not in use. 0 (never) to 7 days.
  std::chrono::milliseconds recycle_after{3'600'000};
  /// Try a connection (a health check) before it is handed out, if it was idle for longer than
  /// `pre_ping_after`, or a call got no answer while it was on loan. A dead one is replaced. An
  /// engine that answers with an error is alive, a suspended cluster is, too: the error comes with
  /// the caller's own call, which may wake the cluster.
  bool pre_ping = true;
  /// 0 (before every checkout) to 1 day.
  std::chrono::milliseconds pre_ping_after{30'000};
  /// A connection that has not answered after this is dead. 1 ms to 1 min. A checkout whose own
  /// time-out or deadline leaves less waits for half of what it leaves.
  std::chrono::milliseconds pre_ping_timeout{5'000};

  /// A connection is closed when it was idle for this long and there are more than `max_size`. 0
  /// (when it comes back and nobody waits) to 1 day.
  std::chrono::milliseconds overflow_idle_timeout{30'000};
  /// A connection is closed when it was idle for this long and there are more than `min_size`. 0
  /// (never) to 1 day.
  std::chrono::milliseconds idle_timeout{600'000};

  /// Properties that were set while a connection was on loan do not reach the next borrower: they
  /// are forgotten when it comes back, with the sessions that have them, so that its next call
  /// authenticates again. Switch this off where all borrowers set the same, or where `reset` puts
  /// right what they set.
  bool reset_properties = true;
  /// Called with each connection that comes back, before anybody else can have it; may be empty. It
  /// puts right what a borrower may have changed, and gives its calls the bounds that it is called
  /// with. If it throws, the connection is closed. It runs in the thread that gives back, possibly
  /// in several at a time, and must not use the pool.
  std::function<void(Connection& connection, const CallOptions& bounds)> reset = {};
  /// The bounds' time-out. 1 ms to 1 min.
  std::chrono::milliseconds reset_timeout{5'000};

  /// Throws OptionError naming the option, the value and the range.
  void validate() const;
};

/// What a pool is doing and has done since it was made (since the fork, in a child). Read at one instant.
struct PoolStatistics {
  std::uint64_t in_use = 0;     ///< connections that are handed out, or being made, tried or closed
  std::uint64_t idle = 0;       ///< connections that can be handed out
  std::uint64_t overflow = 0;   ///< of both, those beyond max_size
  std::uint64_t waiting = 0;    ///< threads that wait for one
  std::uint64_t checkouts = 0;  ///< connections handed out
  std::uint64_t waits = 0;      ///< checkouts that had to wait, whatever became of them
  std::uint64_t timeouts = 0;   ///< checkouts that ended with PoolTimeoutError
  std::uint64_t created = 0;    ///< connections made
  std::uint64_t recycled = 0;   ///< connections closed because of their age
  std::uint64_t replaced = 0;   ///< connections that a pre-ping found dead
  std::uint64_t abandoned = 0;  ///< connections given back while a cursor of theirs lived
  std::uint64_t discarded = 0;  ///< connections discarded, closed or moved away on loan
  std::uint64_t shrunk = 0;     ///< connections closed because they were idle for too long
};

/// A connection on loan; gives it back at the end of its scope. Movable; empty after a move or
/// `give_back`. It may outlive its pool. The connection may be used by several threads, the handle
/// by one at a time.
///
/// Cursors (and data frames) have to end before it: declare them after it, as above. If one still
/// lives when the connection is given back, nobody else gets that connection: it is closed for new
/// queries, the cursor may finish the query that it has, the pool makes another connection when it
/// needs one, counts this as `abandoned` and says so in the log (warning).
///
/// A connection that was closed on loan is not lent again, nor is one that was moved away
/// (`std::move(*handle)`): it is its new owner's. The pool makes another one when it needs one, and
/// counts this as `discarded`.
///
/// A connection that leaves the pool ends its sessions on the engine
/// (ConnectionOptions::end_sessions). The function that brings this about waits for it, for half a
/// second at most, and the place stays taken for so long.
///
/// Fork: a handle that came from the parent leaves the parent's connection and pool alone at its
/// end.
class PooledConnection {
 public:
  PooledConnection() noexcept;
  ~PooledConnection();
  PooledConnection(PooledConnection&& from) noexcept;
  PooledConnection& operator=(PooledConnection&& from) noexcept;
  PooledConnection(const PooledConnection&) = delete;
  PooledConnection& operator=(const PooledConnection&) = delete;

  /// Must not be called on an empty handle.
  [[nodiscard]] Connection& operator*() const& noexcept;
  [[nodiscard]] Connection* operator->() const& noexcept;
  // The connection would be given back while its cursor is used: keep the handle in a variable.
  Connection& operator*() const&& = delete;
  Connection* operator->() const&& = delete;
  [[nodiscard]] explicit operator bool() const noexcept { return entry_ != nullptr; }

  /// What the destructor does, now.
  void give_back() noexcept;
  /// Gives back the place alone: nobody else gets this connection, which is closed. For a
  /// connection that is in a state its borrower does not want to leave to others.
  void discard() noexcept;

 private:
  friend class ConnectionPool;
  PooledConnection(std::shared_ptr<Pool> pool, std::unique_ptr<PoolEntry> entry) noexcept;

  std::shared_ptr<Pool> pool_;
  std::unique_ptr<PoolEntry> entry_;  // null when empty
};

/// Connections to one cluster, with the same options. All functions are thread-safe.
///
/// A switch of colour never empties it: its connections follow the cluster by themselves, each with
/// a new session of its own, and stay where they are. The connection that was given back last is
/// handed out first, so that the others age and can be closed; whoever waits longest gets the next
/// one. A pool has no thread: what is idle for too long or too old is closed at checkouts, when
/// connections come back, and by `maintain`.
///
/// Fork: a child's pool begins empty, makes connections of its own and leaves its parent's alone,
/// even if another thread of the parent was in the middle of a checkout. A master process may make
/// the pool before it forks; for what a connection can do in the child, see Connection.
class ConnectionPool {
 public:
  /// Checks the options and makes `min_size` connections; makes no call. Throws OptionError and
  /// SharedStateError.
  explicit ConnectionPool(ConnectionOptions options, const PoolOptions& limits = {});
  /// Closes.
  ~ConnectionPool();
  ConnectionPool(ConnectionPool&&) noexcept;
  ConnectionPool& operator=(ConnectionPool&&) noexcept;
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// A connection, as soon as there is one. `checkout_timeout` bounds the wait in line, after which
  /// a pre-ping may take its own time-out; time-out and deadline of the options bound both. A
  /// connection that is dead, or does not answer in that time, is replaced by a new one, so that a
  /// checkout does not fail for it. Throws PoolTimeoutError, CancelledError, UsageError (closed
  /// pool), SharedStateError.
  [[nodiscard]] PooledConnection checkout(const CallOptions& options = {});

  /// Lets `min_size` connections authenticate, so that the first users need not. Meant for the start of a
  /// process. Throws what checkout and Connection::connect throw.
  void connect(const CallOptions& options = {});

  /// Closes what was idle for too long or is too old, and makes up `min_size`. For a timer of an
  /// application whose pool may lie idle for long. Makes no call but to end sessions.
  void maintain() noexcept;

  /// Closes what is idle; whoever waits, or comes later, gets a UsageError. Connections in use stay usable
  /// and are closed when they are given back.
  void close() noexcept;

  [[nodiscard]] PoolStatistics statistics() const;
  [[nodiscard]] const PoolOptions& limits() const noexcept;

 private:
  std::shared_ptr<Pool> pool_;  // null only after a move
};

}  // namespace e6::client
