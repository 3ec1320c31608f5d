// What follows a product or a convolution: bias and activation.
#pragma once

#include "kernels/hot/math.h"

namespace keratin::KERATIN_ISA {
namespace {

enum Activation : int32_t { kNone = 0, kRelu = 1, kSigmoid = 2, kTanh = 3 };

template <class V>
[[gnu::always_inline]] inline V activate(V x, Activation activation) {
  switch (activation) {
    case kRelu:
      return x < V{} ? V{} : x;
    case kSigmoid:
      return math::sigmoid(x);
    case kTanh:
      return math::tanh(x);
    case kNone:
      break;
  }
  return x;
}

/// Adds `bias` (may be null) to each row, then applies the activation.
template <class T>
[[gnu::noinline]] void apply_epilogue(T* c, int64_t c_row, int64_t rows, int64_t columns, const T* bias,
                                      Activation activation) {
  using V = Vec<T>;
  for (int64_t i = 0; i < rows; ++i, c += c_row) {
    int64_t j = 0;
    for (; j + lanes<T> <= columns; j += lanes<T>) {
      V x = load<V>(c + j);
      if (bias != nullptr) x += load<V>(bias + j);
      store(c + j, activate(x, activation));
    }
    if (j < columns) {
      const size_t bytes = static_cast<size_t>(columns - j) * sizeof(T);
      V x{};
      memcpy(&x, c + j, bytes);
      if (bias != nullptr) {
        V shift{};
        memcpy(&shift, bias + j, bytes);
        x += shift;
      }
      x = activate(x, activation);
      memcpy(c + j, &x, bytes);
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
