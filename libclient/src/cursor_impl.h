// The inside of a cursor: at most one query, and what it takes to run it again.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "e6/client/cursor.h"
#include "link.h"
#include "query.h"

namespace e6::client {

class Cursor::Impl {
 public:
  explicit Impl(std::shared_ptr<Link> link)
      : link_(std::move(link)), timeout_(link_->options().operation_timeout) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void take_over(Query query);
  void execute(std::string_view sql);
  std::optional<std::string> fetch_batch();
  template <class Send>
  void ask(const char* call, Send&& send);
  template <class Send>
  void end(const char* call, Send&& send);

  std::chrono::milliseconds& timeout() noexcept { return timeout_; }
  [[nodiscard]] const Query& query() const noexcept { return query_; }
  /// Nothing until somebody has asked for it.
  std::optional<ResultMetadata>& result() noexcept { return result_; }

 private:
  template <class Send>
  void ask_or_rerun(const char* call, Link::Repeat repeat, Budget& budget, Send&& send);
  void require_query(const char* what) const;

  std::shared_ptr<Link> link_;
  std::chrono::milliseconds timeout_;
  Query query_;
  std::optional<ResultMetadata> result_;
  std::string sql_;       // kept only for reexecute_lost_queries
  bool adopted_ = false;  // another cursor will clear it
  bool at_end_ = false;
  bool handed_out_ = false;  // a batch has left this cursor
};

}  // namespace e6::client
