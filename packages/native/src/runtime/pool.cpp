#include "runtime/pool.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace keratin {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kHugePage = int64_t{2} << 20;
// Freed memory beyond this goes back to the system at once.
constexpr int64_t kMaxCachedBytes = int64_t{512} << 20;
constexpr int kNumClasses = 4 * 44;

// Four classes per power of two, from 64 bytes: at most 25 % is lost to rounding.
int class_of(int64_t bytes) {
  const uint64_t units = static_cast<uint64_t>((bytes + kAlignment - 1) / kAlignment);
  if (units <= 4) return static_cast<int>(units == 0 ? 0 : units - 1);
  const int log = std::bit_width(units - 1) - 1;  // 2^log < units <= 2^(log+1)
  const uint64_t quarter = uint64_t{1} << (log - 2);
  const uint64_t step = (units - (uint64_t{1} << log) + quarter - 1) / quarter;  // 1..4
  return 4 * (log - 1) + static_cast<int>(step) - 1;
}

int64_t bytes_of(int size_class) {
  if (size_class < 4) return kAlignment * (size_class + 1);
  const int log = size_class / 4 + 1;
  const int64_t quarter = int64_t{1} << (log - 2);
  return kAlignment * ((int64_t{1} << log) + quarter * (size_class % 4 + 1));
}

struct Pool {
  std::mutex mutex;
  std::array<std::vector<void*>, kNumClasses> free;
  int64_t live = 0;
  int64_t cached = 0;
};

Pool& pool() {
  // Never destroyed: worker threads may still release buffers while the process ends.
  static Pool* const instance = new Pool;
  return *instance;
}

void* system_allocate(int64_t bytes) {
  const int64_t alignment = bytes >= 2 * kHugePage ? kHugePage : kAlignment;
  void* data = std::aligned_alloc(static_cast<size_t>(alignment),
                                  static_cast<size_t>((bytes + alignment - 1) / alignment * alignment));
#if defined(__linux__)
  if (data != nullptr && bytes >= 2 * kHugePage) madvise(data, static_cast<size_t>(bytes), MADV_HUGEPAGE);
#endif
  return data;
}

}  // namespace

int64_t pool_rounded(int64_t bytes) { return bytes_of(class_of(bytes)); }

void* pool_allocate(int64_t bytes) {
  const int size_class = class_of(bytes);
  if (size_class >= kNumClasses) return nullptr;
  const int64_t rounded = bytes_of(size_class);
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    auto& list = p.free[static_cast<size_t>(size_class)];
    if (!list.empty()) {
      void* data = list.back();
      list.pop_back();
      p.cached -= rounded;
      p.live += rounded;
      return data;
    }
  }
  void* data = system_allocate(rounded);
  if (data == nullptr) {
    pool_trim();
    data = system_allocate(rounded);
    if (data == nullptr) return nullptr;
  }
  const std::lock_guard lock(p.mutex);
  p.live += rounded;
  return data;
}

void pool_release(void* data, int64_t bytes) {
  const int size_class = class_of(bytes);
  const int64_t rounded = bytes_of(size_class);
  Pool& p = pool();
  {
    const std::lock_guard lock(p.mutex);
    p.live -= rounded;
    if (p.cached + rounded <= kMaxCachedBytes) {
      p.free[static_cast<size_t>(size_class)].push_back(data);
      p.cached += rounded;
      return;
    }
  }
  std::free(data);
}

void pool_trim() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  for (auto& list : p.free) {
    for (void* data : list) std::free(data);
    list.clear();
    list.shrink_to_fit();
  }
  p.cached = 0;
}

PoolStats pool_stats() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return {p.live, p.cached};
}

}  // namespace keratin
