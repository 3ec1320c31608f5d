// What a matrix product is given.
#pragma once

#include "kernels/hot/gemm_epilogue.h"

namespace keratin::KERATIN_ISA {
namespace {

inline int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A matrix in memory; strides count elements.
template <class T>
struct Matrix {
  const T* data;
  int64_t row;
  int64_t column;
};

/// c [m, n] = activation([c +] a [m, k] b [k, n] + bias [n] + addend [m, n]); bias and addend may be null. Columns of c
/// and addend are neighbours. With `accumulate`, bias must be null: c holds what the products are added to.
template <class T>
struct Product {
  int64_t m;
  int64_t n;
  int64_t k;
  Matrix<T> a;
  Matrix<T> b;
  T* c;
  int64_t c_row;
  const T* bias;
  Activation activation;
  bool accumulate;
  const T* addend = nullptr;  // not the memory of c
  int64_t addend_row = 0;
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
