// What a kernel receives: checked operands and its attributes. Plain data only: the files compiled once per instruction
// set include this header, so it must not define anything that the linker could share between them.
#pragma once

#include <cstdint>

#include "runtime/dtype.h"

namespace keratin {

constexpr int kMaxRank = 12;

/// A tensor's memory as a kernel sees it. Strides count elements; a broadcast axis has stride 0.
struct Operand {
  void* data;
  DType dtype;
  int32_t rank;
  int64_t size;     // number of elements
  bool contiguous;  // row-major without gaps
  int64_t shape[kMaxRank];
  int64_t strides[kMaxRank];
};

/// One kernel call. `attributes` are the numbers that the primitive's TypeScript file encodes.
struct Call {
  const Operand* inputs;
  Operand* outputs;
  const double* attributes;
  int32_t num_inputs;
  int32_t num_outputs;
  int32_t num_attributes;
};

using Kernel = void (*)(const Call&);

/// Ends the call with an error that JavaScript sees. `kind` picks the TypeScript class: "index", "value" or "internal".
/// May be called only on the thread that entered the kernel, never inside a parallel body.
[[noreturn]] void fail(const char* kind, const char* format, ...) __attribute__((format(printf, 2, 3)));

/// Scratch memory of at least `bytes`, 64-byte aligned, that lives until the object goes. Usable inside parallel
/// bodies.
struct Scratch {
  explicit Scratch(int64_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* data;
  int64_t bytes;
};

/// Calls `body(context, i)` for every i in [0, count) on the kernel threads, claimed dynamically. The caller chooses
/// the chunks, from shapes alone, so that results do not depend on the number of threads. Bodies must not throw or call
/// fail(). Nested calls, and calls while another JavaScript thread uses the pool, run on the calling thread.
void run_parallel(int64_t count, void* context, void (*body)(void* context, int64_t index));

/// How many threads run_parallel may use, for choosing whether a copy per chunk pays. Never for choosing chunk borders.
int num_threads();

}  // namespace keratin
