// Results of a cursor, decoded.
#include <string>
#include <utility>

#include "cursor_impl.h"
#include "e6/client/cursor.h"
#include "e6/client/error.h"

namespace e6::client {
namespace {

// Says which query sent bytes that make no sense, and by which call.
template <class Decode>
auto decoded(const Query& query, const char* call, Decode&& decode) {
  try {
    return decode();
  } catch (const DecodeError& error) {
    ErrorContext context;
    context.call = call;
    context.query_id = query.id;
    context.strategy = query.strategy;
    throw DecodeError("query " + query.id + " on " + std::string(to_string(query.strategy)) + ": " + error.what(),
                      std::move(context));
  }
}

}  // namespace

const ResultMetadata& Cursor::result(const CallOptions& options) & {
  std::optional<ResultMetadata>& known = impl_->result();
  if (!known || !has_query()) {
    const std::string bytes = metadata(options);
    known = decoded(impl_->query(), "getResultMetadata", [&] { return decode_metadata(bytes); });
  }
  return *known;
}

const std::vector<ResultColumn>& Cursor::columns(const CallOptions& options) & {
  return result(options).columns();
}

OptionalBatch Cursor::fetch(const CallOptions& options) {
  const CallOptions within = impl_->bounded(options);
  const ResultMetadata& columns_of = result(within);
  std::optional<std::string> bytes = fetch_batch(within);
  if (!bytes) return std::nullopt;
  try {
    return decoded(impl_->query(), "getNextResultBatch",
                   [&] { return decode_batch(std::move(*bytes), columns_of); });
  } catch (...) {  // malformed, or no memory: the engine has moved on
    impl_->lose_answer();
    throw;
  }
}

Rows Cursor::rows() & {
  return Rows(this);
}

Rows::Iterator Rows::begin() {
  Iterator first(this);
  next(first);
  return first;
}

void Rows::next(Iterator& at) {
  batch_.reset();  // before the next one is there: at most one is held
  at.row_ = at.end_ = RowIterator();
  batch_ = cursor_->fetch();
  if (!batch_) return;
  at.row_ = batch_->begin();
  at.end_ = batch_->end();
}

}  // namespace e6::client
