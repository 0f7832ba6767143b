// Included before everything else (-include) where sources of libshared are compiled for the checker. The sources stay as they are: the standard headers
// are read first, then `atomic` in `std::atomic` becomes the model's.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "atomic.h"

namespace std {
template <typename T>
using model_atomic = ::e6::model::Atomic<T>;
inline void model_atomic_thread_fence(memory_order order) noexcept { ::e6::model::fence(order); }
}  // namespace std

int model_fstat(int fd, struct stat* st) noexcept;

#define atomic model_atomic
#define atomic_thread_fence model_atomic_thread_fence
#define fstat model_fstat
