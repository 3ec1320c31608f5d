// What follows a product or a convolution: bias and activation.
#pragma once

#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {
namespace {

enum Activation : int32_t { kNone = 0, kRelu = 1, kSigmoid = 2, kTanh = 3 };

inline float exp_of(float x) { return __builtin_expf(x); }
inline double exp_of(double x) { return __builtin_exp(x); }
inline float tanh_of(float x) { return __builtin_tanhf(x); }
inline double tanh_of(double x) { return __builtin_tanh(x); }

/// Adds `bias` (may be null) to each row, then applies the activation.
template <class T>
[[gnu::noinline]] void apply_epilogue(T* c, int64_t c_row, int64_t rows, int64_t columns, const T* bias,
                                      Activation activation) {
  for (int64_t i = 0; i < rows; ++i, c += c_row) {
    if (bias != nullptr) {
      for (int64_t j = 0; j < columns; ++j) c[j] += bias[j];
    }
    if (activation == kRelu) {
      for (int64_t j = 0; j < columns; ++j) c[j] = c[j] < 0 ? 0 : c[j];
    } else if (activation == kSigmoid) {
      for (int64_t j = 0; j < columns; ++j) c[j] = 1 / (1 + exp_of(-c[j]));
    } else if (activation == kTanh) {
      for (int64_t j = 0; j < columns; ++j) c[j] = tanh_of(c[j]);
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
