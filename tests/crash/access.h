// The harness works on what a coordinator hides: its host and attachment.
// An explicit instantiation may name private members ([temp.spec]/6), so libshared needs no door for tests.
#pragma once

#include "core/host.h"
#include "e6/shared/coordinator.h"

namespace e6::crash {

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

inline core::Attachment& attachment_of(Coordinator& c) {
  core::Host& host = *(c.*member(HostOfCoordinator{}));
  return *(host.*member(AttachmentOfHost{})).load(std::memory_order_acquire);
}

}  // namespace e6::crash
