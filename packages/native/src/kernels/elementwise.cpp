#include "kernels/elementwise.h"

#include <algorithm>

#include "kernels/families.h"
#include "kernels/half.h"

namespace keratin::generic {
namespace {

constexpr int64_t kBlock = 256;

template <class H>
void run(LoopBody body, int inputs, bool boolean_output, const void* const* in, void* out, int64_t n) {
  alignas(64) float loaded[2][kBlock];
  alignas(64) float result[kBlock];
  const void* pointers[2] = {loaded[0], loaded[1]};
  const int64_t steps[2] = {1, 1};
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t length = std::min(kBlock, n - begin);
    for (int i = 0; i < inputs; ++i) std::copy_n(static_cast<const H*>(in[i]) + begin, length, loaded[i]);
    if (boolean_output) {
      body(pointers, steps, static_cast<uint8_t*>(out) + begin, length);
    } else {
      body(pointers, steps, result, length);
      std::copy_n(result, length, static_cast<H*>(out) + begin);
    }
  }
}

}  // namespace

void run_through_float(LoopBody body, int inputs, DType dtype, bool boolean_output, const void* const* in, void* out,
                       int64_t n) {
  if (dtype == DType::float16) {
    run<Half>(body, inputs, boolean_output, in, out, n);
  } else {
    run<BFloat16>(body, inputs, boolean_output, in, out, n);
  }
}

void register_elementwise(Registry& registry) {
  register_chain(registry);
  register_rows(registry);
  register_unary(registry);
  register_binary(registry);
  register_compare(registry);
  register_select(registry);
  register_cast(registry);
  register_complex(registry);
}

}  // namespace keratin::generic
