#include "worker.h"

#include <utility>

#include "../access/coordinator_access.h"
#include "os/process_mark.h"

namespace e6::simulation {

Worker::Worker(std::uint32_t id, const Options& options, const core::Place& place)
    : number(id), host(std::make_unique<core::Host>(options, place)) {
  (void)host->acquire(false, e6::FallbackWarning::kWhenObserved);
}

std::uint32_t Worker::slot() const noexcept { return access::attachment_of(*host).slot.load(); }
std::uint64_t Worker::incarnation() const noexcept { return access::attachment_of(*host).incarnation.load(); }

void kill(std::unique_ptr<Worker> worker) noexcept {
  core::Attachment* a = &access::attachment_of(*worker->host);
  os::keep_in_children(a->fd.get());
  (void)worker.release();  // no destructor runs in a process that is killed
  delete a;                // the kernel closes its descriptor, with the locks, and drops its mapping
}

}  // namespace e6::simulation
