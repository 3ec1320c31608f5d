// What follows a product or a convolution: bias, addend and activation.
#pragma once

#include "kernels/hot/activations.h"
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

enum Activation : int32_t {
  kNone = 0,
  kRelu = 1,
  kSigmoid = 2,
  kTanh = 3,
  kSilu = 4,
  kGelu = 5,
  kGeluTanh = 6,
  kElu = 7,
  kSoftplus = 8
};

/// Tiles begin with a bias and end with a relu themselves; the other activations are a pass over what was stored last.
inline bool needs_pass(Activation activation) { return activation > kRelu; }

/// What is added to each row: one row for all, and a matrix of the shape of the output. Either may be null.
template <class T>
struct Addends {
  const T* bias;
  const T* matrix;
  int64_t matrix_row;
};

/// c = activation(c + bias + matrix)
template <class T, class F>
[[gnu::always_inline]] inline void apply_rows(T* c, int64_t c_row, int64_t rows, int64_t columns,
                                              const Addends<T>& addends, const F& function) {
  using V = Vec<T>;
  const T* matrix = addends.matrix;
  for (int64_t i = 0; i < rows; ++i, c += c_row) {
    int64_t j = 0;
    for (; j + lanes<T> <= columns; j += lanes<T>) {
      V x = load<V>(c + j);
      if (addends.bias != nullptr) x += load<V>(addends.bias + j);
      if (matrix != nullptr) x += load<V>(matrix + j);
      store(c + j, function(x));
    }
    if (j < columns) {
      const Part<T> part{columns - j};
      V x = part.load(c + j);
      if (addends.bias != nullptr) x += part.load(addends.bias + j);
      if (matrix != nullptr) x += part.load(matrix + j);
      part.store(c + j, function(x));
    }
    if (matrix != nullptr) matrix += addends.matrix_row;
  }
}

template <class T>
[[gnu::noinline]] void apply_epilogue(T* c, int64_t c_row, int64_t rows, int64_t columns, const Addends<T>& addends,
                                      Activation activation) {
  using V = Vec<T>;
  const auto apply = [&](auto function) __attribute__((always_inline)) {
    apply_rows<T>(c, c_row, rows, columns, addends,
                  [](V x) __attribute__((always_inline)) { return decltype(function)::apply(x); });
  };
  switch (activation) {
    case kNone:
      return apply_rows<T>(c, c_row, rows, columns, addends, [](V x) __attribute__((always_inline)) { return x; });
    case kRelu:
      return apply(Relu{});
    case kSigmoid:
      return apply(Sigmoid{});
    case kTanh:
      return apply(Tanh{});
    case kSilu:
      return apply(Silu{});
    case kGelu:
      return apply(Gelu{});
    case kGeluTanh:
      return apply(GeluTanh{});
    case kElu:
      return apply(Elu{});
    case kSoftplus:
      return apply(Softplus{});
  }
}

/// With a bias alone.
template <class T>
void apply_epilogue(T* c, int64_t c_row, int64_t rows, int64_t columns, const T* bias, Activation activation) {
  apply_epilogue(c, c_row, rows, columns, Addends<T>{bias, nullptr, 0}, activation);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
