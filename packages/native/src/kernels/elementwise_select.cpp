// select: a where the condition holds, else b. Bodies by element size, since it only moves bits.
#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

struct Element16 {
  uint64_t low, high;
};

template <class U>
void select_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  const uint8_t* condition = static_cast<const uint8_t*>(in[0]);
  const U* a = static_cast<const U*>(in[1]);
  const U* b = static_cast<const U*>(in[2]);
  U* y = static_cast<U*>(out);
  for (int64_t i = 0; i < n; ++i) {
    // Both are read before the choice, so that the compiler may use a vector blend.
    const U chosen = a[i];
    const U other = b[i];
    y[i] = condition[i] != 0 ? chosen : other;
  }
}

void select(const Call& call) {
  elementwise_loop(call, select_body_for(size_of(call.outputs[0].dtype)), kCheapGrain, false);
}

}  // namespace

LoopBody select_body_for(int64_t bytes) {
  switch (bytes) {
    case 1:
      return &select_body<uint8_t>;
    case 2:
      return &select_body<uint16_t>;
    case 4:
      return &select_body<uint32_t>;
    case 8:
      return &select_body<uint64_t>;
    default:
      return &select_body<Element16>;
  }
}

void register_select(Registry& registry) { registry.add("select", DType::boolean, &select); }

}  // namespace keratin::generic
