// Householder reflections, applied in blocks (Schreiber and Van Loan, "A storage-efficient WY representation for
// products of Householder transformations", 1989). Vectors lie in rows, so matrices are handled transposed.
#pragma once

#include "kernels/hot/linalg.h"

namespace keratin::KERATIN_ISA {
namespace {

constexpr int64_t kBlock = 32;

/// I - tau v v^T with v[0] = 1 maps x to (beta, 0, ...). x becomes v; returns tau.
template <class T>
inline T make_reflection(T* x, int64_t n, T& beta) {
  const T alpha = x[0];
  const T tail = length_of(x + 1, n - 1);
  x[0] = T(1);
  if (tail == T(0)) {
    beta = alpha;
    return T(0);
  }
  const T length = hypotenuse(alpha, tail);
  beta = alpha > T(0) ? -length : length;
  // alpha - beta has no cancellation.
  const T pivot = alpha - beta;
  for (int64_t i = 1; i < n; ++i) x[i] /= pivot;
  return (beta - alpha) / beta;
}

/// `count` reflections of vectors of `size` elements; row j of v is 0 before element j + offset.
template <class T>
struct Reflections {
  Reflections(int64_t count_, int64_t size_) : count(count_), size(size_), vectors(count_ * size_), factors(count_) {
    fill_elements(vectors.data(), count * size, T(0));
  }
  T* v(int64_t j) const { return vectors.data() + j * size; }
  int64_t count;
  int64_t size;
  Elements<T> vectors;
  Elements<T> factors;
};

/// The upper triangular factor t [width, width] with H_first ... H_last = I - V t V^T.
template <class T>
void block_factor(const Reflections<T>& h, int64_t first, int64_t width, T* t) {
  T products[kBlock];
  for (int64_t j = 0; j < width; ++j) {
    const T tau = h.factors.data()[first + j];
    for (int64_t i = 0; i < j; ++i) {
      products[i] = dot_of(h.v(first + i) + first, h.v(first + j) + first, h.size - first);
    }
    for (int64_t i = 0; i < width; ++i) {
      T sum = 0;
      for (int64_t k = i; k < j; ++k) sum += t[i * width + k] * products[k];
      t[i * width + j] = i < j ? -tau * sum : i == j ? tau : T(0);
    }
  }
}

/// The rows of c [rows, h.size] times the block's product, or its transpose, on the right.
template <class T>
void apply_block(const Reflections<T>& h, int64_t first, int64_t width, bool transposed, T* c, int64_t rows) {
  if (rows <= 0) return;
  const int64_t n = h.size - first;
  if (rows * width <= 64) {
    // One by one: H_first first, or H_last first.
    for (int64_t step = 0; step < width; ++step) {
      const int64_t j = first + (transposed ? width - 1 - step : step);
      for (int64_t i = 0; i < rows; ++i) {
        T* const row = c + i * h.size + first;
        add_multiple(-h.factors.data()[j] * dot_of(row, h.v(j) + first, n), h.v(j) + first, n, row);
      }
    }
    return;
  }
  T t[kBlock * kBlock];
  block_factor(h, first, width, t);
  for (int64_t i = 0; i < width * width; ++i) t[i] = -t[i];
  const Elements<T> memory(2 * rows * width);
  T* const product = memory.data();
  T* const scaled = product + rows * width;
  const T* const v = h.v(first) + first;
  set_product(rows, width, n, {c + first, h.size, 1}, {v, 1, h.size}, product, width);
  set_product(rows, width, width, {product, width, 1}, transposed ? Matrix<T>{t, 1, width} : Matrix<T>{t, width, 1},
              scaled, width);
  add_product(rows, n, width, {scaled, width, 1}, {v, h.size, 1}, c + first, h.size);
}

/// The first `rows` columns of H_0 H_1 ... as rows of q [rows, h.size].
template <class T>
void form_product(const Reflections<T>& h, int64_t rows, T* q) {
  set_identity(q, rows, h.size);
  for (int64_t first = (h.count - 1) / kBlock * kBlock; first >= 0 && h.count > 0; first -= kBlock) {
    apply_block(h, first, min_of(kBlock, h.count - first), true, q + first * h.size, rows - first);
  }
}

// ---- Rotations ---------------------------------------------------------------------------------------------------

/// Rows a and b become c a + s b and c b - s a.
template <class T>
struct Rotation {
  int32_t a;
  int32_t b;
  T c;
  T s;
};

/// Rotations of the rows of a matrix, applied many at a time to columns that stay in the cache. Without a matrix they
/// are dropped.
template <class T>
class Rotations {
 public:
  Rotations(T* matrix, int64_t columns, int64_t size)
      : matrix_(matrix),
        columns_(columns),
        capacity_(max_of(16 * size, 64)),
        list_(matrix == nullptr ? 0 : capacity_) {}

  void add(int64_t a, int64_t b, T c, T s) {
    if (matrix_ == nullptr) return;
    list_.data()[count_++] = {static_cast<int32_t>(a), static_cast<int32_t>(b), c, s};
    if (count_ == capacity_) apply();
  }

  void apply() {
    if (count_ == 0) return;
    constexpr int64_t kStrip = 8 * lanes<T>;
    parallel_chunks(divide_up(columns_, kStrip), [&](int64_t strip) {
      const int64_t begin = strip * kStrip;
      if (columns_ - begin >= kStrip) {
        apply_to_strip(matrix_ + begin);
      } else {
        apply_to_rest(matrix_ + begin, columns_ - begin);
      }
    });
    count_ = 0;
  }

 private:
  void apply_to_strip(T* first) const {
    using V = Vec<T>;
    constexpr int64_t kLanes = lanes<T>;
    for (int64_t i = 0; i < count_; ++i) {
      const Rotation<T>& r = list_.data()[i];
      const V c = broadcast(r.c);
      const V s = broadcast(r.s);
      T* const p = first + r.a * columns_;
      T* const q = first + r.b * columns_;
#pragma GCC unroll 8
      for (int64_t v = 0; v < 8; ++v) {
        const V x = load<V>(p + v * kLanes);
        const V y = load<V>(q + v * kLanes);
        store(p + v * kLanes, c * x + s * y);
        store(q + v * kLanes, c * y - s * x);
      }
    }
  }

  void apply_to_rest(T* first, int64_t n) const {
    for (int64_t i = 0; i < count_; ++i) {
      const Rotation<T>& r = list_.data()[i];
      T* const __restrict p = first + r.a * columns_;
      T* const __restrict q = first + r.b * columns_;
      for (int64_t j = 0; j < n; ++j) {
        const T x = p[j];
        const T y = q[j];
        p[j] = r.c * x + r.s * y;
        q[j] = r.c * y - r.s * x;
      }
    }
  }

  T* matrix_;
  int64_t columns_;
  int64_t capacity_;
  int64_t count_ = 0;
  Elements<Rotation<T>> list_;
};

/// Positions of x in ascending order (or descending), equal values in theirs: a merge sort without the standard
/// library.
template <class T>
void sort_positions(const T* x, int64_t n, bool descending, int64_t* order, int64_t* spare) {
  for (int64_t i = 0; i < n; ++i) order[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      const int64_t middle = min_of(begin + width, n);
      const int64_t end = min_of(begin + 2 * width, n);
      int64_t i = begin;
      int64_t j = middle;
      for (int64_t k = begin; k < end; ++k) {
        const bool right =
            i == middle || (j < end && (descending ? x[order[j]] > x[order[i]] : x[order[j]] < x[order[i]]));
        spare[k] = order[right ? j++ : i++];
      }
    }
    copy_elements(spare, n, order);
  }
}

/// A factor, a power of two, that brings the largest of x to a size whose square neither overflows nor vanishes; 1
/// where it has such a size already.
template <class T>
T safe_scale(const T* x, int64_t n) {
  constexpr T kSmall = sizeof(T) == 4 ? T(1e-8) : T(1e-70);
  constexpr T kLarge = sizeof(T) == 4 ? T(1e8) : T(1e70);
  T largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = magnitude(x[i]) > largest ? magnitude(x[i]) : largest;
  T factor = 1;
  if (largest == T(0)) return factor;
  while (largest * factor > kLarge) factor /= 2;
  constexpr T kMost = sizeof(T) == 4 ? T(0x1p120) : T(0x1p1000);
  while (largest * factor < kSmall && factor < kMost) factor *= 2;
  return factor;
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
