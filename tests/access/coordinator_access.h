// For tests that work on what a coordinator hides: its host and attachment.
// An explicit instantiation may name private members ([temp.spec]/6), so libshared needs no door for tests.
#pragma once

#include "core/host.h"
#include "e6/shared/coordinator.h"

namespace e6::access {

template <typename Tag, typename Tag::Member M>
struct Open {
  friend typename Tag::Member member(Tag) { return M; }
};

struct HostOfCoordinator {
  using Member = core::Host* Coordinator::*;
  friend Member member(HostOfCoordinator);
};
template struct Open<HostOfCoordinator, &Coordinator::host_>;

struct AttachmentOfHost {
  using Member = std::atomic<core::Attachment*> core::Host::*;
  friend Member member(AttachmentOfHost);
};
template struct Open<AttachmentOfHost, &core::Host::attachment_>;

inline core::Host& host_of(const Coordinator& c) noexcept { return *(c.*member(HostOfCoordinator{})); }

/// Where a host keeps its attachment; null before the first operation.
inline std::atomic<core::Attachment*>& attachment_word(core::Host& host) noexcept { return host.*member(AttachmentOfHost{}); }

/// The attachment of a host, or of a coordinator's, that has been used.
inline core::Attachment& attachment_of(core::Host& host) noexcept { return *attachment_word(host).load(std::memory_order_acquire); }
inline core::Attachment& attachment_of(const Coordinator& c) noexcept { return attachment_of(host_of(c)); }

}  // namespace e6::access
