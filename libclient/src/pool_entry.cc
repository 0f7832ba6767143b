#include "pool_entry.h"

#include "link.h"
#include "session_end.h"

namespace e6::client {

PoolEntry::PoolEntry(const ConnectionOptions& options, std::uint64_t process)
    : connection(options), generation(process), made_with_(connection.link_) {}

void PoolEntry::lend() {
  property_changes_ = connection.link_->property_changes();
  troubles_ = troubles();
  suspect = false;
}

bool PoolEntry::is_closed() const noexcept {
  return connection.link_->is_closed();
}

bool PoolEntry::has_new_properties() const noexcept {
  return connection.link_->property_changes() != property_changes_;
}

void PoolEntry::reset_properties(SessionEnder& ender) noexcept {
  connection.link_->reset_properties(ender);
}

void PoolEntry::close(SessionEnder& ender) noexcept {
  if (connection.link_ != nullptr) connection.link_->close(ender);
}

std::uint64_t PoolEntry::troubles() const noexcept {
  const Statistics counts = connection.link_->statistics();
  return counts.transport_errors + counts.timeouts;
}

}  // namespace e6::client
