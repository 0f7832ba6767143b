#include "query_loop.h"

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "e6/client/error.h"
#include "result_check.h"

namespace e6::storm {
namespace {

constexpr std::chrono::milliseconds kPauseAfterFailure{20};
// A long query is bounded by the storm's end and not by the time-out of the others.
constexpr std::chrono::hours kPatienceOfLongQuery{24};

// The same failure of another query is the same text.
std::string without_query_id(std::string_view text, std::string_view query_id) {
  if (query_id.empty()) return std::string(text);
  std::string out;
  for (std::size_t at = text.find(query_id); at != std::string_view::npos; at = text.find(query_id)) {
    out += text.substr(0, at);
    out += '*';
    text.remove_prefix(at + query_id.size());
  }
  out += text;
  return out;
}

// Failures of a worker's very first query that will not go away.
GaveUp hopeless(const client::Error& error) {
  constexpr int kPermissionDenied = 7;
  constexpr int kUnauthenticated = 16;
  if (dynamic_cast<const client::AuthenticationError*>(&error) != nullptr)
    return error.code() == kPermissionDenied || error.code() == kUnauthenticated ? GaveUp::kRefused : GaveUp::kNo;
  if (dynamic_cast<const client::ConnectionError*>(&error) != nullptr) return GaveUp::kUnreachable;
  if (dynamic_cast<const client::TimeoutError*>(&error) != nullptr) return GaveUp::kUnreachable;
  if (dynamic_cast<const client::ForkError*>(&error) != nullptr) return GaveUp::kUnusable;
  if (dynamic_cast<const client::SharedStateError*>(&error) != nullptr) return GaveUp::kUnusable;
  return GaveUp::kNo;
}

class QueryLoop {
 public:
  QueryLoop(const std::string& sql, const Board& board, ThreadRow& row)
      : sql_(sql), board_(board), row_(row), long_(row.is_long.load(std::memory_order_relaxed) != 0) {}

  // Throws what the client throws.
  void run_one(client::Connection& connection) {
    client::Cursor cursor = connection.cursor();
    if (long_) cursor.set_timeout(kPatienceOfLongQuery);
    wrong_ = false;
    const std::uint64_t begun = now_ns();
    doing(Doing::kExecute);
    cursor.execute(sql_);
    note_begun(begun, cursor.strategy());
    doing(Doing::kFetch);
    while (const auto batch = cursor.fetch_batch()) {
      judge(*batch, cursor);
      if (long_ && board_.stopping()) break;
    }
    note_begun(begun, cursor.strategy());  // a lost query may have been run again on the other colour
    doing(Doing::kClear);
    cursor.clear();
    doing(Doing::kNothing);
    note_done(begun);
  }

  void doing(Doing what) noexcept { row_.doing.store(what, std::memory_order_relaxed); }

 private:
  void note_begun(std::uint64_t begun, Strategy strategy) noexcept {
    const auto colour = static_cast<std::uint64_t>(strategy);
    row_.last_begun.store(begun << 2U | colour, std::memory_order_relaxed);
    auto& first = row_.first_ns[colour];
    if (first.load(std::memory_order_relaxed) == 0) first.store(now_ns(), std::memory_order_relaxed);
  }

  void judge(const std::string& batch, const client::Cursor& cursor) {
    const RowCheck check = check_rows(batch, cursor.strategy(), cursor.query_id());
    raise(row_.batches);
    raise(row_.checked_rows, check.checked);
    if (check.malformed) row_.errors.add("a batch could not be read");
    if ((check.wrong > 0 || check.malformed) && !wrong_) {
      wrong_ = true;
      raise(row_.wrong_colour);
    }
  }

  void note_done(std::uint64_t begun) noexcept {
    const std::uint64_t done = now_ns();
    raise(row_.queries);
    if (long_) return;
    row_.latency.add((done - begun) / 1000);
    const std::uint64_t last = row_.last_done_ns.load(std::memory_order_relaxed);
    const std::uint64_t since = last == 0 ? board_.start_ns() : last;
    if (done - since > row_.longest_gap_ns.load(std::memory_order_relaxed))
      row_.longest_gap_ns.store(done - since, std::memory_order_relaxed);
    row_.last_done_ns.store(done, std::memory_order_relaxed);
  }

  const std::string& sql_;
  const Board& board_;
  ThreadRow& row_;
  const bool long_;
  bool wrong_ = false;
};

}  // namespace

void run_queries(const Arguments& arguments, const std::string& sql,
                 const std::vector<client::Connection*>& connections, const Board& board, WorkerRow& worker,
                 ThreadRow& row) {
  QueryLoop loop(sql, board, row);
  std::size_t turn = 0;
  const auto over = [&] {
    return board.stopping() || worker.gave_up.load(std::memory_order_relaxed) != GaveUp::kNo;
  };
  while (!over()) {
    client::Connection& connection = *connections[turn++ % connections.size()];
    try {
      loop.run_one(connection);
      if (arguments.think.count() > 0) std::this_thread::sleep_for(arguments.think);
      continue;
    } catch (const client::QueryLostError& error) {
      raise(row.lost);
      row.losses.add(without_query_id(error.what(), error.context().query_id));
      continue;
    } catch (const client::Error& error) {
      raise(row.failed);
      row.errors.add(without_query_id(error.what(), error.context().query_id));
      if (row.queries.load(std::memory_order_relaxed) == 0) {
        const GaveUp why = hopeless(error);
        if (why != GaveUp::kNo) worker.gave_up.store(why, std::memory_order_relaxed);
      }
    } catch (const std::exception& error) {
      raise(row.failed);
      row.errors.add(error.what());
    }
    if (!over()) std::this_thread::sleep_for(kPauseAfterFailure);
  }
  loop.doing(Doing::kDone);
}

}  // namespace e6::storm
