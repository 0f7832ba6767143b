#include "image.h"

#include <linux/futex.h>

#include <cstring>
#include <new>

namespace e6::crash {

using layout::Segment;

void Image::Free::operator()(Segment* bytes) const noexcept { ::operator delete(static_cast<void*>(bytes), std::align_val_t{alignof(Segment)}); }

Image::Image() : bytes_(static_cast<Segment*>(::operator new(sizeof(Segment), std::align_val_t{alignof(Segment)}))) {
  std::memset(static_cast<void*>(bytes_.get()), 0, sizeof(Segment));
}
Image::Image(const Segment& from) : Image() { take(from); }
Image::Image(const Image& from) : Image(from.segment()) {}
Image& Image::operator=(const Image& from) {
  if (this != &from) take(from.segment());
  return *this;
}

void Image::take(const Segment& from) noexcept { std::memcpy(static_cast<void*>(bytes_.get()), static_cast<const void*>(&from), sizeof from); }
void Image::put(Segment& into) const noexcept { std::memcpy(static_cast<void*>(&into), static_cast<const void*>(bytes_.get()), sizeof into); }

void Image::let_die(int tid) noexcept {
  int& word = bytes_->lock.mutex.__data.__lock;
  const auto bits = static_cast<unsigned>(word);
  if ((bits & FUTEX_TID_MASK) == static_cast<unsigned>(tid)) word = static_cast<int>((bits & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
}

}  // namespace e6::crash
