#include "e6/client/connection.h"

#include <utility>

#include "cursor_impl.h"
#include "link.h"

namespace e6::client {

Connection::Connection(ConnectionOptions options) : link_(std::make_shared<Link>(std::move(options))) {}

Connection::~Connection() {
  if (link_ != nullptr) link_->close();
}

Connection::Connection(Connection&&) noexcept = default;

Connection& Connection::operator=(Connection&& from) noexcept {
  if (this != &from) {
    if (link_ != nullptr) link_->close();
    link_ = std::move(from.link_);
  }
  return *this;
}

void Connection::connect(const CallOptions& options) {
  Budget budget(link_->options(), link_->options().operation_timeout, options);
  link_->connect(budget);
}

[[gnu::hot]] Cursor Connection::cursor() {
  return Cursor(std::make_unique<Cursor::Impl>(link_));
}

Cursor Connection::adopt(const QueryHandle& handle) {
  std::optional<Query> query = link_->adopt(handle);
  if (!query) {
    throw UsageError("this host knows no query " + handle.query_id.substr(0, 96) +
                     "; it was cleared, its process ended, or it was begun on another host");
  }
  auto impl = std::make_unique<Cursor::Impl>(link_);
  impl->adopt(std::move(*query));
  return Cursor(std::move(impl));
}

void Connection::close() noexcept {
  link_->close();
}

const ConnectionOptions& Connection::options() const noexcept {
  return link_->options();
}

e6::Coordinator& Connection::coordinator() const noexcept {
  return link_->host();
}

Statistics Connection::statistics() const noexcept {
  return link_->statistics();
}

const char* version() noexcept {
  return E6_CLIENT_VERSION;
}

}  // namespace e6::client
