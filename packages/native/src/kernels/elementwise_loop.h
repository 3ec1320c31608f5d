// The loop around every elementwise kernel: broadcasting, strides, blocks and threads in one place, so that a body only
// knows runs of elements. Compiled once; the files per instruction set call it with bodies of their own.
#pragma once

#include <cstdint>

#include "runtime/call.h"

namespace keratin {

/// Computes out[i] from in[0][i * steps[0]], in[1][i * steps[1]], ... for i in [0, n). A step is 1 or, for bodies that
/// take scalars, 0. `out` may be one of the inputs.
using LoopBody = void (*)(const void* const* in, const int64_t* steps, void* out, int64_t n);

/// Bodies of one pass through memory, and bodies that compute some nanoseconds for an element: the elements of one
/// chunk.
constexpr int64_t kCheapGrain = 32768;
constexpr int64_t kCostlyGrain = 8192;

/// Runs `body` over the call's one contiguous output and up to three inputs of the same shape. Inputs that a body
/// cannot walk (strides other than 1; stride 0 unless `scalars`) are gathered into a buffer a block at a time. Chunks
/// hold `grain` elements; less than two of them run on the calling thread.
void elementwise_loop(const Call& call, LoopBody body, int64_t grain, bool scalars);

}  // namespace keratin
