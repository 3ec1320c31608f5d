// Lambdas for run_parallel. Everything here has internal linkage: each instruction set gets its own copy.
#pragma once

#include "runtime/call.h"

namespace keratin {
namespace {

/// body(i) for i in [0, count).
template <class Body>
void parallel_chunks(int64_t count, const Body& body) {
  if (count == 1) {
    body(int64_t{0});
    return;
  }
  run_parallel(count, const_cast<void*>(static_cast<const void*>(&body)),
               [](void* context, int64_t index) { (*static_cast<const Body*>(context))(index); });
}

/// body(begin, end) over [0, n) in chunks of `grain` elements; one chunk, or fewer than two, runs on the calling
/// thread.
template <class Body>
void parallel_range(int64_t n, int64_t grain, const Body& body) {
  if (n <= 0) return;
  const int64_t count = (n + grain - 1) / grain;
  if (count <= 1) {
    body(int64_t{0}, n);
    return;
  }
  parallel_chunks(count, [&](int64_t i) {
    const int64_t begin = i * grain;
    body(begin, begin + grain < n ? begin + grain : n);
  });
}

}  // namespace
}  // namespace keratin
