#include "kernels/elementwise.h"

#include <algorithm>

#include "kernels/families.h"

namespace keratin::generic {
namespace {

constexpr int64_t kBlock = 256;

void run(LoopBody from, LoopBody to, LoopBody body, int inputs, bool boolean_output, const void* const* in, void* out,
         int64_t n) {
  alignas(64) float loaded[2][kBlock];
  alignas(64) float result[kBlock];
  const void* pointers[2] = {loaded[0], loaded[1]};
  const void* results[1] = {result};
  const int64_t steps[2] = {1, 1};
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t length = std::min(kBlock, n - begin);
    for (int i = 0; i < inputs; ++i) {
      const void* source[1] = {static_cast<const uint16_t*>(in[i]) + begin};
      from(source, steps, loaded[i], length);
    }
    if (boolean_output) {
      body(pointers, steps, static_cast<uint8_t*>(out) + begin, length);
    } else {
      body(pointers, steps, result, length);
      to(results, steps, static_cast<uint16_t*>(out) + begin, length);
    }
  }
}

}  // namespace

void run_through_float(LoopBody body, int inputs, DType dtype, bool boolean_output, const void* const* in, void* out,
                       int64_t n) {
  const HalfLoops& loops = half_loops();
  if (dtype == DType::float16) {
    run(loops.from_float16, loops.to_float16, body, inputs, boolean_output, in, out, n);
  } else {
    run(loops.from_bfloat16, loops.to_bfloat16, body, inputs, boolean_output, in, out, n);
  }
}

void register_elementwise(Registry& registry) {
  register_chain(registry);
  register_rows(registry);
  register_columns(registry);
  register_unary(registry);
  register_binary(registry);
  register_compare(registry);
  register_select(registry);
  register_cast(registry);
  register_complex(registry);
}

}  // namespace keratin::generic
