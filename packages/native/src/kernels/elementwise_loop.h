// The loop around every elementwise kernel: broadcasting, strides, blocks and threads in one place, so that a body only
// knows runs of elements. Compiled once; the files per instruction set call it with bodies of their own.
#pragma once

#include <cstdint>

#include "runtime/call.h"
#include "runtime/registry_api.h"

namespace keratin {

/// Bodies of one pass through memory, and bodies that compute some nanoseconds for an element: the elements of one
/// chunk.
constexpr int64_t kCheapGrain = 32768;
constexpr int64_t kCostlyGrain = 8192;

/// Runs `body` over the call's one contiguous output and up to three inputs of the same shape. Inputs that a body
/// cannot walk (strides other than 1; stride 0 unless `scalars`) are gathered into a buffer a block at a time. Chunks
/// hold `grain` elements; less than two of them run on the calling thread.
void elementwise_loop(const Call& call, LoopBody body, int64_t grain, bool scalars);

/// A body that writes several outputs of one shape, which it knows itself: it is told the position of the first
/// element.
struct ChainBody {
  void (*run)(const void* context, const void* const* in, const int64_t* steps, int64_t position, int64_t n);
  const void* context;
};

/// How float16 and bfloat16 become float32 and back; steps are 1.
struct HalfLoops {
  LoopBody from_float16;
  LoopBody to_float16;
  LoopBody from_bfloat16;
  LoopBody to_bfloat16;
};

/// Those of the instruction set in place of the generic ones, for casts and for all functions of half types.
void use_half_loops(const HalfLoops& loops);

constexpr int kMaxChainInputs = 16;

/// The same for a chain of up to 16 inputs, which takes scalars. The outputs of the call are contiguous.
void elementwise_loop(const Call& call, const ChainBody& body, int64_t grain);

}  // namespace keratin
