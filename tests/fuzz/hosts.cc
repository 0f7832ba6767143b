#include "hosts.h"

#include <sys/mman.h>

#include <cstring>
#include <set>

#include "../access/coordinator_access.h"
#include "finding.h"
#include "os/process_mark.h"
#include "os/sigbus_guard.h"

namespace e6::fuzz {
namespace {

void collect(const core::Attachment* a, std::set<const core::Attachment*>& all) {
  for (; a != nullptr && all.insert(a).second; a = a->previous) collect(a->buried, all);
}

// Mappings whose file is gone. libshared's own list of them is for the life of the process, and so are the mappings in it.
std::set<const void*> replaced;

}  // namespace

void forget(core::Host& host) noexcept {
  std::set<const core::Attachment*> all;
  collect(access::attachment_word(host).exchange(nullptr, std::memory_order_acq_rel), all);
  for (const core::Attachment* a : all) {
    if (a->fd.valid()) os::keep_in_children(a->fd.get());
    if (a->mapping.data() != nullptr) replaced.erase(a->mapping.data());
    delete a;
  }
}

}  // namespace e6::fuzz

// By the linker's --wrap, as in virtual_time.cc: os/sigbus_guard.h and core/own_mappings.h without
// their lists.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

bool __wrap__ZN2e62os13guard_mappingEPvRKNS0_7StandInE(void* begin, const e6::os::StandIn& stand_in) noexcept;
bool __wrap__ZN2e62os13guard_mappingEPvRKNS0_7StandInE(void*, const e6::os::StandIn&) noexcept { return true; }

bool __wrap__ZN2e62os15replace_mappingEPvRKNS0_7StandInE(void* begin, const e6::os::StandIn& stand_in) noexcept;
bool __wrap__ZN2e62os15replace_mappingEPvRKNS0_7StandInE(void* begin, const e6::os::StandIn& stand_in) noexcept {
  if (::mmap(begin, stand_in.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    e6::fuzz::give_up("replace a mapping");
  std::memcpy(static_cast<char*>(begin) + stand_in.word_at, &stand_in.word, sizeof stand_in.word);
  e6::fuzz::replaced.insert(begin);
  return true;
}

bool __wrap__ZN2e62os16mapping_replacedEPKv(const void* begin) noexcept;
bool __wrap__ZN2e62os16mapping_replacedEPKv(const void* begin) noexcept { return e6::fuzz::replaced.count(begin) != 0; }

void __wrap__ZN2e64core16note_own_mappingEPvmm(void* begin, dev_t device, ino_t inode) noexcept;
void __wrap__ZN2e64core16note_own_mappingEPvmm(void*, dev_t, ino_t) noexcept {}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
