// Products of a matrix and a vector where both lie along the inner axis: one dot product a row.
#pragma once

#include "kernels/hot/gemm_product.h"
#include "kernels/hot/gemm_tile.h"

namespace keratin::KERATIN_ISA {
namespace {

template <class T>
[[gnu::always_inline]] inline T sum_of_lanes(Vec<T> v) {
  T part[lanes<T>];
  store(part, v);
#pragma GCC unroll 4
  for (int64_t width = lanes<T> / 2; width > 0; width /= 2) {
    for (int64_t i = 0; i < width; ++i) part[i] += part[i + width];
  }
  return part[0];
}

/// Dot products of `kRows` rows with one vector.
template <class T, int kRows>
[[gnu::always_inline]] inline void dot_rows(const T* a, int64_t a_row, const T* b, int64_t k, T* sums) {
  using V = Vec<T>;
  constexpr int kChains = kRows == 1 ? 4 : 2;
  constexpr int64_t kStep = kChains * lanes<T>;
  V sum[kRows][kChains] = {};
  int64_t p = 0;
  for (; p + kStep <= k; p += kStep) {
#pragma GCC unroll 4
    for (int chain = 0; chain < kChains; ++chain) {
      const V right = load<V>(b + p + chain * lanes<T>);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i) sum[i][chain] += load<V>(a + i * a_row + p + chain * lanes<T>) * right;
    }
  }
  for (; p + lanes<T> <= k; p += lanes<T>) {
    const V right = load<V>(b + p);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) sum[i][0] += load<V>(a + i * a_row + p) * right;
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    V total = sum[i][0];
#pragma GCC unroll 4
    for (int chain = 1; chain < kChains; ++chain) total += sum[i][chain];
    sums[i] = sum_of_lanes<T>(total);
    for (int64_t q = p; q < k; ++q) sums[i] += a[i * a_row + q] * b[q];
  }
}

/// c[i * c_step] = activation(a[i] . b + bias[i * bias_step] + addend[i * addend_step]) for m rows.
template <class T>
[[gnu::noinline]] void dot_products(const Matrix<T>& a, int64_t m, int64_t k, const T* b, T* c, int64_t c_step,
                                    const T* bias, int64_t bias_step, const T* addend, int64_t addend_step,
                                    Activation activation) {
  const auto finish = [&](int64_t i, T sum) {
    c[i * c_step] = sum + (bias == nullptr ? T{0} : bias[i * bias_step]);
    if (addend != nullptr) c[i * c_step] += addend[i * addend_step];
    if (activation != kNone) apply_epilogue<T>(c + i * c_step, 0, 1, 1, nullptr, activation);
  };
  int64_t i = 0;
  T sums[4];
  for (; i + 4 <= m; i += 4) {
    dot_rows<T, 4>(a.data + i * a.row, a.row, b, k, sums);
    for (int64_t r = 0; r < 4; ++r) finish(i + r, sums[r]);
  }
  for (; i < m; ++i) {
    dot_rows<T, 1>(a.data + i * a.row, a.row, b, k, sums);
    finish(i, sums[0]);
  }
}

/// One column or one row of results, with both operands adjacent along the inner axis.
template <class T>
inline bool is_dot_product(const Product<T>& p) {
  return (p.n == 1 || p.m == 1) && p.a.column == 1 && p.b.row == 1;
}

template <class T>
void multiply_dots(const Product<T>& p) {
  const bool column = p.n == 1;
  const Matrix<T> rows = column ? p.a : Matrix<T>{p.b.data, p.b.column, 1};
  const T* vector = column ? p.b.data : p.a.data;
  const int64_t c_step = column ? p.c_row : 1;
  const int64_t bias_step = column ? 0 : 1;
  const int64_t addend_step = column ? p.addend_row : 1;
  const int64_t grain = divide_up(int64_t{1} << 17, 4 * max_of(p.k, 1)) * 4;
  parallel_range(column ? p.m : p.n, grain, [&](int64_t begin, int64_t end) {
    dot_products(Matrix<T>{rows.data + begin * rows.row, rows.row, 1}, end - begin, p.k, vector, p.c + begin * c_step,
                 c_step, p.bias == nullptr ? nullptr : p.bias + begin * bias_step, bias_step,
                 p.addend == nullptr ? nullptr : p.addend + begin * addend_step, addend_step, p.activation);
  });
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
