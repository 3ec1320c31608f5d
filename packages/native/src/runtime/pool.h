// The process's memory for tensors: size classes with free lists, shared by all JavaScript threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keratin {

struct PoolStats {
  int64_t live_bytes;    // handed out
  int64_t cached_bytes;  // kept for reuse
};

/// At least `bytes`, 64-byte aligned, uninitialized. Null where the system has no memory left.
void* pool_allocate(int64_t bytes);
/// `bytes` as given to pool_allocate.
void pool_release(void* data, int64_t bytes);
/// The bytes that an allocation of `bytes` really takes.
int64_t pool_rounded(int64_t bytes);
/// Gives cached memory back to the system.
void pool_trim();
PoolStats pool_stats();

}  // namespace keratin
