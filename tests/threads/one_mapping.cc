// os::Mapping for programs that want one mapping per file. It stands before the library on the linker's command line, which then leaves its own out.
#include "one_mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <vector>

#include "os/mapping.h"

namespace e6::shared_test {
namespace {

struct MappedFile {
  dev_t device;
  ino_t inode;
  void* at;
  std::size_t size;
};

// Kept for good, like every mapping of a segment that was locked. A mapped file keeps its inode, so none is taken for another.
struct Table {
  std::mutex lock;
  std::vector<MappedFile> files;
};
Table& table() {
  static auto* const the = new Table;
  return *the;
}

const MappedFile* find_or_map(int fd, std::size_t size) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return nullptr;
  Table& t = table();
  const std::lock_guard hold(t.lock);
  t.files.reserve(4096);  // they are pointed to
  for (const MappedFile& f : t.files)
    if (f.device == st.st_dev && f.inode == st.st_ino) return &f;
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED || t.files.size() == t.files.capacity()) return nullptr;
  t.files.push_back({st.st_dev, st.st_ino, at, size});
  return &t.files.back();
}

}  // namespace

std::size_t mapped_files() {
  Table& t = table();
  const std::lock_guard hold(t.lock);
  return t.files.size();
}

}  // namespace e6::shared_test

namespace e6::os {

struct Mapping::Region {
  const shared_test::MappedFile* file;
};

Mapping::Mapping() = default;
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

Error Mapping::map(int fd, std::size_t size, bool writable, Mapping& out) {
  (void)writable;
  const shared_test::MappedFile* file = shared_test::find_or_map(fd, size);
  if (file == nullptr) return {Cause::kSystem, errno, "mmap", ""};
  out.region_ = std::make_unique<Region>(Region{file});
  return {};
}

void* Mapping::data() const noexcept { return region_ ? region_->file->at : nullptr; }
std::size_t Mapping::size() const noexcept { return region_ ? region_->file->size : 0; }

}  // namespace e6::os
