// Several elementwise functions in one pass over memory: `chain` interprets them block by block, so that what one
// function gives the next is still in the cache.
#pragma once

#include <cstdint>

#include "kernels/elementwise_loop.h"
#include "runtime/call.h"

namespace keratin::generic {

constexpr int kMaxChainOutputs = 24;
constexpr int kMaxChainRegisters = 24;
constexpr int kMaxChainSteps = 64;

/// One function: places are numbered inputs first, then outputs, then registers.
struct ChainStep {
  LoopBody body;
  int32_t inputs;
  bool scalars;
  int32_t from[3];
  int32_t to;
};

struct Chain {
  int32_t num_inputs, num_outputs, num_steps;
  int64_t widest;  // bytes of the largest element that stands anywhere
  DType dtypes[kMaxChainInputs + kMaxChainOutputs + kMaxChainRegisters];
  ChainStep steps[kMaxChainSteps];
};

/// Reads the attributes `registers, steps`, and for each step `opcode, dtype, to, inputs, from...`. Gives what is
/// wrong, or null.
const char* read_chain(const Call& call, Chain& chain);

}  // namespace keratin::generic
