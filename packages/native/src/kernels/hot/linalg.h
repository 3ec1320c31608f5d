// What the kernels of linear algebra share: row-major matrices in scratch memory, sums of products, triangular systems.
//
// Factorizations split their matrix in halves (Toledo, "Locality of reference in LU decomposition with partial
// pivoting", 1997), so that nearly all work is matrix products at any size.
#pragma once

#include "kernels/hot/gemm.h"

namespace keratin::KERATIN_ISA {
namespace {

inline float magnitude(float x) { return __builtin_fabsf(x); }
inline double magnitude(double x) { return __builtin_fabs(x); }

template <class T>
constexpr T epsilon_of = sizeof(T) == 4 ? T(1.1920928955078125e-07) : T(2.220446049250313e-16);
template <class T>
constexpr T not_a_number = static_cast<T>(__builtin_nan(""));

template <class T>
inline void swap_values(T& a, T& b) {
  const T c = a;
  a = b;
  b = c;
}

/// Scratch memory for `count` elements.
template <class T>
struct Elements {
  explicit Elements(int64_t count) : memory(max_of(count, 1) * static_cast<int64_t>(sizeof(T))) {}
  T* data() const { return static_cast<T*>(memory.data); }
  Scratch memory;
};

template <class T>
inline void copy_elements(const T* from, int64_t n, T* to) {
  memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
}

template <class T>
inline void fill_elements(T* to, int64_t n, T value) {
  for (int64_t i = 0; i < n; ++i) to[i] = value;
}

template <class T>
inline void copy_rows(const T* from, int64_t from_row, int64_t rows, int64_t columns, T* to, int64_t to_row) {
  for (int64_t i = 0; i < rows; ++i) copy_elements(from + i * from_row, columns, to + i * to_row);
}

template <class T>
inline void set_identity(T* to, int64_t rows, int64_t columns) {
  fill_elements(to, rows * columns, T(0));
  for (int64_t i = 0; i < min_of(rows, columns); ++i) to[i * columns + i] = T(1);
}

template <class T>
inline bool all_finite(const T* x, int64_t n) {
  // Infinity and NaN less themselves are NaN.
  bool finite = true;
  for (int64_t i = 0; i < n; ++i) finite &= x[i] - x[i] == T(0);
  return finite;
}

template <class T>
[[gnu::always_inline]] inline T dot_of(const T* x, const T* y, int64_t n) {
  using V = Vec<T>;
  constexpr int64_t kLanes = lanes<T>;
  T sum = 0;
  int64_t i = 0;
  if (n >= 2 * kLanes) {
    V a{};
    V b{};
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      a += load<V>(x + i) * load<V>(y + i);
      b += load<V>(x + i + kLanes) * load<V>(y + i + kLanes);
    }
    a += b;
    for (int64_t lane = 0; lane < kLanes; ++lane) sum += a[lane];
  }
  for (; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

/// y += factor * x
template <class T>
[[gnu::always_inline]] inline void add_multiple(T factor, const T* __restrict x, int64_t n, T* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

template <class T>
inline void scale(T factor, int64_t n, T* x) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

/// The Euclidean length, without overflow or underflow of the squares.
template <class T>
T length_of(const T* x, int64_t n) {
  T largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T a = magnitude(x[i]);
    if (!(a <= largest)) largest = a;
  }
  if (largest == T(0) || !(largest - largest == T(0))) return largest;
  constexpr T kSmall = sizeof(T) == 4 ? T(1e-15) : T(1e-145);
  constexpr T kLarge = sizeof(T) == 4 ? T(1e15) : T(1e145);
  if (largest > kSmall && largest < kLarge) return root(dot_of(x, x, n));
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T a = x[i] / largest;
    sum += a * a;
  }
  return largest * root(sum);
}

/// sqrt(a^2 + b^2) without overflow.
template <class T>
[[gnu::always_inline]] inline T hypotenuse(T a, T b) {
  constexpr T kSmall = sizeof(T) == 4 ? T(1e-15) : T(1e-145);
  constexpr T kLarge = sizeof(T) == 4 ? T(1e15) : T(1e145);
  const T p = magnitude(a);
  const T q = magnitude(b);
  const T high = p > q ? p : q;
  if (high > kSmall && high < kLarge) return root(a * a + b * b);
  if (high == T(0)) return high;
  const T low = (p > q ? q : p) / high;
  return high * root(T(1) + low * low);
}

/// c [m, n] += a [m, k] b [k, n]
template <class T>
inline void add_product(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_row) {
  if (m == 0 || n == 0 || k == 0) return;
  multiply(Product<T>{m, n, k, a, b, c, c_row, nullptr, kNone, true});
}

/// c [m, n] = a [m, k] b [k, n]
template <class T>
inline void set_product(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_row) {
  if (m == 0 || n == 0) return;
  multiply(Product<T>{m, n, k, a, b, c, c_row, nullptr, kNone, false});
}

// Up to so many elements a product with a vector does not repay the call of multiply.
constexpr int64_t kSmallProduct = 4096;

/// y [m] = a [m, n] x
template <class T>
inline void multiply_column(int64_t m, int64_t n, const T* a, int64_t a_row, const T* x, T* y) {
  if (m * n > kSmallProduct) {
    set_product(m, 1, n, {a, a_row, 1}, {x, 1, 1}, y, 1);
    return;
  }
  for (int64_t i = 0; i < m; ++i) y[i] = dot_of(a + i * a_row, x, n);
}

/// y [n] = x a [m, n]
template <class T>
inline void multiply_row(int64_t m, int64_t n, const T* x, const T* a, int64_t a_row, T* y) {
  if (m * n > kSmallProduct) {
    set_product(1, n, m, {x, m, 1}, {a, a_row, 1}, y, n);
    return;
  }
  fill_elements(y, n, T(0));
  for (int64_t i = 0; i < m; ++i) add_multiple(x[i], a + i * a_row, n, y);
}

// Rows that are solved directly, column by column.
constexpr int64_t kDirectRows = 16;

/// Columns [begin, begin + kVectors vectors) of solve_lower, for few rows.
template <bool kUnit, class T, int kVectors>
[[gnu::always_inline]] inline void solve_columns(int64_t n, const T* l, int64_t l_row, T* b, int64_t b_row) {
  using V = Vec<T>;
  constexpr int64_t kLanes = lanes<T>;
  for (int64_t i = 0; i < n; ++i) {
    V sum[kVectors];
    for (int v = 0; v < kVectors; ++v) sum[v] = load<V>(b + i * b_row + v * kLanes);
    for (int64_t j = 0; j < i; ++j) {
      const V factor = broadcast(l[i * l_row + j]);
      for (int v = 0; v < kVectors; ++v) sum[v] += factor * load<V>(b + j * b_row + v * kLanes);
    }
    const V pivot = broadcast(kUnit ? T(1) : l[i * l_row + i]);
    for (int v = 0; v < kVectors; ++v) store(b + i * b_row + v * kLanes, kUnit ? sum[v] : sum[v] / pivot);
  }
}

template <bool kUnit, class T>
void solve_few_rows(int64_t n, int64_t m, const T* l, int64_t l_row, T* b, int64_t b_row) {
  constexpr int64_t kLanes = lanes<T>;
  int64_t c = 0;
  for (; c + 4 * kLanes <= m; c += 4 * kLanes) solve_columns<kUnit, T, 4>(n, l, l_row, b + c, b_row);
  for (; c + kLanes <= m; c += kLanes) solve_columns<kUnit, T, 1>(n, l, l_row, b + c, b_row);
  for (; c < m; ++c) {
    for (int64_t i = 0; i < n; ++i) {
      T sum = b[i * b_row + c];
      for (int64_t j = 0; j < i; ++j) sum += l[i * l_row + j] * b[j * b_row + c];
      b[i * b_row + c] = kUnit ? sum : sum / l[i * l_row + i];
    }
  }
}

/// Solves L X = B in place for B [n, m], where `l` holds the diagonal of L and, below it, its elements with the
/// opposite sign: then every step adds products.
template <bool kUnit, class T>
void solve_lower(int64_t n, int64_t m, const T* l, int64_t l_row, T* b, int64_t b_row) {
  if (m == 1 && b_row == 1) {
    for (int64_t i = 0; i < n; ++i) {
      const T sum = b[i] + dot_of(l + i * l_row, b, i);
      b[i] = kUnit ? sum : sum / l[i * l_row + i];
    }
    return;
  }
  if (n <= kDirectRows) {
    solve_few_rows<kUnit>(n, m, l, l_row, b, b_row);
    return;
  }
  const int64_t top = divide_up(n / 2, 8) * 8;
  solve_lower<kUnit>(top, m, l, l_row, b, b_row);
  add_product(n - top, m, top, {l + top * l_row, l_row, 1}, {b, b_row, 1}, b + top * b_row, b_row);
  solve_lower<kUnit>(n - top, m, l + top * l_row + top, l_row, b + top * b_row, b_row);
}

/// The triangle of `a` as solve_lower wants it, in `l` [n, n]. An upper triangle is turned around: element (i, j) of l
/// is (n - 1 - i, n - 1 - j) of a; so are the rows of B then (`turn_rows`). `a` is read by its strides, so that the
/// transpose needs no copy. Elements on the other side are not read.
template <class T>
void prepare_triangle(int64_t n, Matrix<T> a, bool lower, T* l) {
  const T* first = lower ? a.data : a.data + (n - 1) * (a.row + a.column);
  const int64_t row = lower ? a.row : -a.row;
  const int64_t column = lower ? a.column : -a.column;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) l[i * n + j] = -first[i * row + j * column];
    l[i * n + i] = first[i * (row + column)];
    for (int64_t j = i + 1; j < n; ++j) l[i * n + j] = T(0);
  }
}

/// The rows of b [n, m] in the opposite order.
template <class T>
void turn_rows(int64_t n, int64_t m, T* b) {
  for (int64_t i = 0; i < n / 2; ++i) {
    T* const p = b + i * m;
    T* const q = b + (n - 1 - i) * m;
    for (int64_t j = 0; j < m; ++j) swap_values(p[j], q[j]);
  }
}

/// Which matrix of a batch is read or written, and how many there are.
struct Matrices {
  int64_t count;
  int64_t rows;
  int64_t columns;
};

inline Matrices matrices_of(const Operand& x) {
  Matrices m{1, x.shape[x.rank - 2], x.shape[x.rank - 1]};
  for (int axis = 0; axis < x.rank - 2; ++axis) m.count *= x.shape[axis];
  return m;
}

/// body(index) for the matrices of a batch, shared out by the work that each needs (about a nanosecond each). Few large
/// ones are done one after the other, with threads inside.
template <class Body>
void for_matrices(int64_t count, int64_t work, const Body& body) {
  constexpr int64_t kLarge = int64_t{1} << 22;
  if (count < 4 && work > kLarge) {
    for (int64_t index = 0; index < count; ++index) body(index);
    return;
  }
  constexpr int64_t kWork = 40000;
  parallel_range(count, max_of(1, kWork / (work + 100)), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) body(index);
  });
}

/// The first of a batch's matrices that could not be factored, or none. Bodies may note theirs in any order.
struct FirstFailure {
  int64_t index = INT64_MAX;
  void note(int64_t failed) {
    int64_t current = __atomic_load_n(&index, __ATOMIC_RELAXED);
    while (failed < current &&
           !__atomic_compare_exchange_n(&index, &current, failed, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  }
  bool happened() const { return index != INT64_MAX; }
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
