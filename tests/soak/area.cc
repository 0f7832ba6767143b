#include "area.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "os/clock.h"

namespace e6::soak {
namespace {

constexpr std::size_t kAlign = 4096;
constexpr std::size_t aligned(std::size_t size) noexcept { return (size + kAlign - 1) / kAlign * kAlign; }

void* map(int fd, std::size_t size) noexcept {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) {
    std::perror("soak: the shared area");
    ::_exit(3);
  }
  return at;
}

}  // namespace

std::string_view to_string(Doing doing) noexcept {
  constexpr std::string_view kNames[] = {"nothing",  "attach",  "leave",   "begin", "bind",    "find",   "end",        "end by id", "confirm", "announce", "mismatch",
                                         "detect",   "refused", "succeed", "fail",  "abandon", "resume", "resume end", "operate",   "read"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Doing::kCount));
  return kNames[std::min(static_cast<std::size_t>(doing), std::size(kNames) - 1)];
}

Area::Area(std::uint32_t lives, std::uint64_t seed, const std::string& directory) {
  const std::uint32_t incarnations = lives * 2;
  const std::size_t size = aligned(sizeof(AreaHeader)) + aligned(std::size_t{lives} * sizeof(Life)) + std::size_t{incarnations} * sizeof(Incarnation);
  fd_ = ::memfd_create("e6-soak", 0);  // without close-on-exec: it is what an exec keeps
  if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
    std::perror("soak: the shared area");
    std::exit(3);
  }
  header_ = static_cast<AreaHeader*>(map(fd_, size));
  header_->size = size;
  header_->seed = seed;
  header_->lives = lives;
  header_->incarnations = incarnations;
  std::snprintf(header_->directory, sizeof header_->directory, "%s", directory.c_str());
  place();
}

Area::Area(int fd) : fd_(fd) {
  auto* header = static_cast<AreaHeader*>(map(fd, aligned(sizeof(AreaHeader))));
  const std::size_t size = header->size;
  ::munmap(header, aligned(sizeof(AreaHeader)));
  header_ = static_cast<AreaHeader*>(map(fd, size));
  place();
}

void Area::place() noexcept {
  char* base = reinterpret_cast<char*>(header_);
  void* lives = base + aligned(sizeof(AreaHeader));
  void* incarnations = base + aligned(sizeof(AreaHeader)) + aligned(std::size_t{header_->lives} * sizeof(Life));
  lives_ = static_cast<Life*>(lives);
  incarnations_ = static_cast<Incarnation*>(incarnations);
}

std::uint32_t Area::used_lives() const noexcept { return std::min(header_->next_life.load(std::memory_order_acquire), header_->lives); }

std::uint32_t Area::begin_life(bool reader) const noexcept {
  const std::uint32_t number = header_->next_life.fetch_add(1, std::memory_order_acq_rel);
  if (number >= header_->lives) {
    complain("there are more lives than were reckoned with: %u", number);
    ::_exit(3);
  }
  Life& mine = life(number);
  mine.since_ms.store(os::monotonic_ms(), std::memory_order_relaxed);
  mine.reader.store(reader ? 1 : 0, std::memory_order_relaxed);
  mine.pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_release);  // pairs with the conductor's acquire: from here on it may kill
  return number;
}

void Area::complain(const char* format, ...) const noexcept {
  const std::uint32_t n = header_->complaints.fetch_add(1, std::memory_order_relaxed);
  if (n >= kComplaints) return;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(header_->complaint[n], kComplaintLength, format, arguments);
  va_end(arguments);
}

void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t seen) noexcept {
  std::uint64_t old = value.load(std::memory_order_relaxed);
  while (old < seen && !value.compare_exchange_weak(old, seen, std::memory_order_relaxed)) {
  }
}

}  // namespace e6::soak
