#include "board.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace e6::storm {

void TextCounts::add(std::string_view text) noexcept {
  text = text.substr(0, kBytes - 1);
  for (Entry& entry : entries) {
    if (entry.count.load(std::memory_order_relaxed) == 0) {
      std::memcpy(entry.text.data(), text.data(), text.size());
      entry.text[text.size()] = '\0';
      entry.count.store(1, std::memory_order_release);  // pairs with the reader's acquire: the text is complete
      return;
    }
    if (text == entry.text.data()) {
      raise(entry.count);
      return;
    }
  }
  raise(others);
}

Board::~Board() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_);
}

bool Board::make(std::size_t workers, std::size_t threads) {
  const std::size_t bytes = sizeof(Head) + workers * (sizeof(WorkerRow) + threads * sizeof(ThreadRow));
  void* mapping = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return false;
  mapping_ = mapping;
  bytes_ = bytes;
  workers_ = workers;
  threads_ = threads;
  head_ = new (mapping) Head{};
  for (std::size_t i = 0; i < workers; ++i) {
    new (&worker(i)) WorkerRow{};
    for (std::size_t j = 0; j < threads; ++j) new (&thread(i, j)) ThreadRow{};
  }
  return true;
}

WorkerRow& Board::worker(std::size_t worker) const noexcept {
  auto* rows = reinterpret_cast<WorkerRow*>(static_cast<char*>(mapping_) + sizeof(Head));
  return rows[worker];
}

ThreadRow& Board::thread(std::size_t worker, std::size_t thread) const noexcept {
  auto* rows =
      reinterpret_cast<ThreadRow*>(static_cast<char*>(mapping_) + sizeof(Head) + workers_ * sizeof(WorkerRow));
  return rows[worker * threads_ + thread];
}

}  // namespace e6::storm
