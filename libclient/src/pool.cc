// The face of a pool.
#include "e6/client/pool.h"

#include <utility>
#include <vector>

#include "pool_impl.h"

namespace e6::client {

PooledConnection::PooledConnection() noexcept = default;

PooledConnection::PooledConnection(std::shared_ptr<Pool> pool, std::unique_ptr<PoolEntry> entry) noexcept
    : pool_(std::move(pool)), entry_(std::move(entry)) {}

PooledConnection::~PooledConnection() {
  give_back();
}

PooledConnection::PooledConnection(PooledConnection&& from) noexcept = default;

PooledConnection& PooledConnection::operator=(PooledConnection&& from) noexcept {
  if (this != &from) {
    give_back();
    pool_ = std::move(from.pool_);
    entry_ = std::move(from.entry_);
  }
  return *this;
}

Connection& PooledConnection::operator*() const& noexcept {
  return entry_->connection;
}

Connection* PooledConnection::operator->() const& noexcept {
  return &entry_->connection;
}

void PooledConnection::give_back() noexcept {
  if (entry_ != nullptr) pool_->give_back(std::move(entry_), true);
  pool_ = nullptr;
}

void PooledConnection::discard() noexcept {
  if (entry_ != nullptr) pool_->give_back(std::move(entry_), false);
  pool_ = nullptr;
}

ConnectionPool::ConnectionPool(ConnectionOptions options, const PoolOptions& limits)
    : pool_(std::make_shared<Pool>(std::move(options), limits)) {
  pool_->fill();
}

ConnectionPool::~ConnectionPool() {
  if (pool_ != nullptr) pool_->close();
}

ConnectionPool::ConnectionPool(ConnectionPool&&) noexcept = default;

ConnectionPool& ConnectionPool::operator=(ConnectionPool&& from) noexcept {
  if (this != &from) {
    if (pool_ != nullptr) pool_->close();
    pool_ = std::move(from.pool_);
  }
  return *this;
}

PooledConnection ConnectionPool::checkout(const CallOptions& options) {
  return PooledConnection(pool_, pool_->checkout(options));
}

void ConnectionPool::connect(const CallOptions& options) {
  const Budget budget(pool_->options(), pool_->options().operation_timeout, options);
  const CallOptions bounds{.deadline = budget.deadline(), .stop = budget.stop()};
  std::vector<PooledConnection> all;
  for (int i = 0; i < pool_->limits().min_size; ++i) {
    all.push_back(checkout(bounds));
    all.back()->connect(bounds);
  }
}

void ConnectionPool::maintain() noexcept {
  pool_->maintain();
}

void ConnectionPool::close() noexcept {
  pool_->close();
}

PoolStatistics ConnectionPool::statistics() const {
  return pool_->state().statistics();
}

const PoolOptions& ConnectionPool::limits() const noexcept {
  return pool_->limits();
}

}  // namespace e6::client
