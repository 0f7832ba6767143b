#include "os/mapping.h"

#include <boost/interprocess/detail/os_file_functions.hpp>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <string>
#include <utility>

#include "os/locked_memory.h"

namespace e6::os {
namespace bip = boost::interprocess;

namespace {

// What mapped_region asks of a mappable thing; the descriptor stays the caller's.
class BorrowedFile {
 public:
  explicit BorrowedFile(int fd) noexcept : fd_(fd) {}
  [[nodiscard]] bip::mapping_handle_t get_mapping_handle() const noexcept {
    return bip::ipcdetail::mapping_handle_from_file_handle(fd_);
  }
  [[nodiscard]] static bip::mode_t get_mode() noexcept { return bip::read_write; }

 private:
  int fd_;
};

}  // namespace

struct Mapping::Region {
  bip::mapped_region region;
};

Mapping::Mapping() = default;
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

Error Mapping::map(int fd, std::size_t size, bool writable, Mapping& out) {
  try {
    out.region_ = std::make_unique<Region>();
    out.region_->region = bip::mapped_region(BorrowedFile(fd), writable ? bip::read_write : bip::read_only, 0, size);
    return {};
  } catch (const bip::interprocess_exception& e) {
    out.region_.reset();
    const int sys_errno = e.get_native_error();
    const std::string limit = locked_memory_limit(sys_errno, size);
    return {Cause::kSystem, sys_errno, "mmap", limit.empty() ? e.what() : limit};
  }
}

void* Mapping::data() const noexcept { return region_ ? region_->region.get_address() : nullptr; }
std::size_t Mapping::size() const noexcept { return region_ ? region_->region.get_size() : 0; }

}  // namespace e6::os
