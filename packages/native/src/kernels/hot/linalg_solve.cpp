// Cholesky and LU factorization, and what follows from them: determinants, inverses, solutions of systems.
#include "kernels/hot/linalg.h"

namespace keratin::KERATIN_ISA {
namespace {

constexpr int64_t kDirectSize = 16;

// ---- Cholesky ----------------------------------------------------------------------------------------------------

/// U with U^T U = the symmetric matrix whose upper triangle is in `u`, in place; false if it is not positive definite.
template <class T>
bool cholesky_upper(int64_t n, T* u, int64_t row) {
  if (n <= kDirectSize) {
    for (int64_t k = 0; k < n; ++k) {
      const T d = u[k * row + k];
      if (!(d > T(0) && d - d == T(0))) return false;
      const T pivot = root(d);
      u[k * row + k] = pivot;
      for (int64_t j = k + 1; j < n; ++j) u[k * row + j] /= pivot;
      for (int64_t i = k + 1; i < n; ++i) {
        add_multiple(-u[k * row + i], u + k * row + i, n - i, u + i * row + i);
      }
    }
    return true;
  }
  const int64_t top = divide_up(n / 2, 8) * 8;
  const int64_t rest = n - top;
  if (!cholesky_upper(top, u, row)) return false;
  T* const right = u + top;
  {
    const Elements<T> l(top * top);
    prepare_triangle(top, Matrix<T>{u, 1, row}, true, l.data());
    solve_lower<false>(top, rest, l.data(), top, right, row);
  }
  constexpr int64_t kStripe = 128;
  const Elements<T> negative(top * min_of(kStripe, rest));
  for (int64_t c = 0; c < rest; c += kStripe) {
    const int64_t width = min_of(kStripe, rest - c);
    for (int64_t i = 0; i < top; ++i) {
      for (int64_t j = 0; j < width; ++j) negative.data()[i * width + j] = -right[i * row + c + j];
    }
    add_product(width, rest - c, top, {negative.data(), 1, width}, {right + c, row, 1}, u + (top + c) * row + top + c,
                row);
  }
  return cholesky_upper(rest, u + top * row + top, row);
}

/// x -> L with L L^T = x; reads the lower triangle only. Attribute: whether a matrix that is not positive definite is
/// an error; otherwise its factor is NaN.
template <class T>
void cholesky(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const Matrices batch = matrices_of(x);
  const int64_t n = batch.rows;
  FirstFailure failure;
  for_matrices(batch.count, n * n * n / 8, [&](int64_t index) {
    const T* const from = static_cast<const T*>(x.data) + index * n * n;
    T* const to = static_cast<T*>(call.outputs[0].data) + index * n * n;
    const Elements<T> u(n * n);
    copy_transposed(from, n, n, n, u.data(), n);
    if (cholesky_upper(n, u.data(), n)) {
      copy_transposed(u.data(), n, n, n, to, n);
      for (int64_t i = 0; i < n; ++i) fill_elements(to + i * n + i + 1, n - i - 1, T(0));
    } else {
      failure.note(index);
      fill_elements(to, n * n, not_a_number<T>);
    }
  });
  if (failure.happened() && call.attributes[0] != 0) {
    fail("value", "the matrix must be symmetric positive definite, matrix %lld of %lld is not",
         static_cast<long long>(failure.index), static_cast<long long>(batch.count));
  }
}

// ---- LU ----------------------------------------------------------------------------------------------------------

/// P A = L U in place, with partial pivoting: the largest element of each column, NaN above all.
template <class T>
struct Lu {
  int64_t n;
  T* a;
  int32_t* rows;  // which row of A is now in each place
  bool odd;       // number of exchanges

  void exchange(int64_t i, int64_t j) {
    T* const p = a + i * n;
    T* const q = a + j * n;
    for (int64_t c = 0; c < n; ++c) swap_values(p[c], q[c]);
    swap_values(rows[i], rows[j]);
    odd = !odd;
  }

  /// Columns [first, first + width) from row `first` on.
  void factor_few_columns(int64_t first, int64_t width) {
    const int64_t end = first + width;
    for (int64_t k = first; k < end; ++k) {
      int64_t pivot = k;
      T largest = magnitude(a[k * n + k]);
      for (int64_t i = k + 1; i < n; ++i) {
        const T size = magnitude(a[i * n + k]);
        if (!(size <= largest) && largest == largest) {
          largest = size;
          pivot = i;
        }
      }
      if (pivot != k) exchange(pivot, k);
      if (largest == T(0)) continue;
      const T* const top = a + k * n;
      for (int64_t i = k + 1; i < n; ++i) {
        T* const row = a + i * n;
        const T factor = row[k] / top[k];
        row[k] = factor;
        for (int64_t j = k + 1; j < end; ++j) row[j] -= factor * top[j];
      }
    }
  }

  void factor(int64_t first, int64_t width) {
    if (width <= 8) {
      factor_few_columns(first, width);
      return;
    }
    const int64_t left = divide_up(width / 2, 8) * 8;
    const int64_t right = width - left;
    factor(first, left);
    T* const corner = a + first * n + first;
    {
      const Elements<T> l(left * left);
      prepare_triangle(left, Matrix<T>{corner, n, 1}, true, l.data());
      solve_lower<true>(left, right, l.data(), left, corner + left, n);
    }
    const int64_t below = n - first - left;
    if (below > 0) {
      const Elements<T> negative(below * left);
      for (int64_t i = 0; i < below; ++i) {
        for (int64_t j = 0; j < left; ++j) negative.data()[i * left + j] = -corner[(left + i) * n + j];
      }
      add_product(below, right, left, {negative.data(), left, 1}, {corner + left, n, 1}, corner + left * n + left, n);
    }
    factor(first + left, right);
  }

  void run() {
    odd = false;
    for (int64_t i = 0; i < n; ++i) rows[i] = static_cast<int32_t>(i);
    factor(0, n);
  }

  bool singular() const {
    for (int64_t i = 0; i < n; ++i) {
      if (!(magnitude(a[i * n + i]) > T(0))) return true;
    }
    return false;
  }
};

void fail_singular(const FirstFailure& failure, int64_t count) {
  if (!failure.happened()) return;
  fail("value", "the matrix must be invertible, matrix %lld of %lld is singular", static_cast<long long>(failure.index),
       static_cast<long long>(count));
}

/// x -> L (below the diagonal; its own is 1) and U in one matrix; the place of each row of x in L U (int32).
template <class T>
void lu_factor(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const Matrices batch = matrices_of(x);
  const int64_t n = batch.rows;
  FirstFailure failure;
  for_matrices(batch.count, n * n * n / 4, [&](int64_t index) {
    T* const to = static_cast<T*>(call.outputs[0].data) + index * n * n;
    int32_t* const places = static_cast<int32_t*>(call.outputs[1].data) + index * n;
    copy_elements(static_cast<const T*>(x.data) + index * n * n, n * n, to);
    const Elements<int32_t> rows(n);
    Lu<T> lu{n, to, rows.data(), false};
    lu.run();
    for (int64_t i = 0; i < n; ++i) places[lu.rows[i]] = static_cast<int32_t>(i);
    if (lu.singular()) failure.note(index);
  });
  fail_singular(failure, batch.count);
}

/// body(index, LU) for copies of the matrices of x, or of their transposes.
template <class T, class Body>
void with_lu(const Operand& x, bool transposed, int64_t more_work, const Body& body) {
  const Matrices batch = matrices_of(x);
  const int64_t n = batch.rows;
  for_matrices(batch.count, n * n * (n + more_work) / 4, [&](int64_t index) {
    const T* const from = static_cast<const T*>(x.data) + index * n * n;
    const Elements<T> a(n * n);
    const Elements<int32_t> rows(n);
    if (transposed) {
      copy_transposed(from, n, n, n, a.data(), n);
    } else {
      copy_elements(from, n * n, a.data());
    }
    Lu<T> lu{n, a.data(), rows.data(), false};
    lu.run();
    body(index, lu);
  });
}

inline float logarithm(float x) { return __builtin_logf(x); }
inline double logarithm(double x) { return __builtin_log(x); }

template <class T>
void determinant(const Call& call) {
  if (call.outputs[0].size == 0) return;
  with_lu<T>(call.inputs[0], false, 0, [&](int64_t index, const Lu<T>& lu) {
    T product = lu.odd ? T(-1) : T(1);
    for (int64_t i = 0; i < lu.n; ++i) product *= lu.a[i * lu.n + i];
    static_cast<T*>(call.outputs[0].data)[index] = product;
  });
}

/// x -> sign of the determinant, logarithm of its size.
template <class T>
void log_determinant(const Call& call) {
  if (call.outputs[0].size == 0) return;
  with_lu<T>(call.inputs[0], false, 0, [&](int64_t index, const Lu<T>& lu) {
    T sign = lu.odd ? T(-1) : T(1);
    T sum = 0;
    for (int64_t i = 0; i < lu.n; ++i) {
      const T u = lu.a[i * lu.n + i];
      sign *= u > T(0) ? T(1) : u < T(0) ? T(-1) : u;
      sum += logarithm(magnitude(u));
    }
    static_cast<T*>(call.outputs[0].data)[index] = sign;
    static_cast<T*>(call.outputs[1].data)[index] = sum;
  });
}

/// Solves L U X = B in place for B [n, m], whose rows are in the order of L U.
template <class T>
void solve_factored(const Lu<T>& lu, int64_t m, T* b) {
  const int64_t n = lu.n;
  const Elements<T> triangle(n * n);
  prepare_triangle(n, Matrix<T>{lu.a, n, 1}, true, triangle.data());
  solve_lower<true>(n, m, triangle.data(), n, b, m);
  prepare_triangle(n, Matrix<T>{lu.a, n, 1}, false, triangle.data());
  turn_rows(n, m, b);
  solve_lower<false>(n, m, triangle.data(), n, b, m);
  turn_rows(n, m, b);
}

template <class T>
void inverse(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  FirstFailure failure;
  const int64_t n = x.shape[x.rank - 1];
  with_lu<T>(x, false, 3 * n, [&](int64_t index, const Lu<T>& lu) {
    if (lu.singular()) {
      failure.note(index);
      return;
    }
    T* const to = static_cast<T*>(call.outputs[0].data) + index * n * n;
    fill_elements(to, n * n, T(0));
    for (int64_t i = 0; i < n; ++i) to[i * n + lu.rows[i]] = T(1);
    solve_factored(lu, n, to);
  });
  fail_singular(failure, matrices_of(x).count);
}

/// a, b -> x with a x = b. Attribute: whether the transpose of a is meant.
template <class T>
void solve(const Call& call) {
  const Operand& a = call.inputs[0];
  const Operand& b = call.inputs[1];
  if (a.size == 0) return;
  FirstFailure failure;
  const int64_t n = a.shape[a.rank - 1];
  const int64_t m = b.shape[b.rank - 1];
  with_lu<T>(a, call.attributes[0] != 0, m, [&](int64_t index, const Lu<T>& lu) {
    if (lu.singular()) {
      failure.note(index);
      return;
    }
    const T* const from = static_cast<const T*>(b.data) + index * n * m;
    T* const to = static_cast<T*>(call.outputs[0].data) + index * n * m;
    for (int64_t i = 0; i < n; ++i) copy_elements(from + lu.rows[i] * m, m, to + i * m);
    solve_factored(lu, m, to);
  });
  fail_singular(failure, matrices_of(a).count);
}

/// a, b -> x with a x = b, where only one triangle of a is read. Attributes: lower, whether the transpose of a is
/// meant.
template <class T>
void triangular_solve(const Call& call) {
  const Operand& a = call.inputs[0];
  const Operand& b = call.inputs[1];
  if (b.size == 0) return;
  const bool transposed = call.attributes[1] != 0;
  const bool lower = (call.attributes[0] != 0) != transposed;
  const Matrices batch = matrices_of(a);
  const int64_t n = batch.rows;
  const int64_t m = b.shape[b.rank - 1];
  for_matrices(batch.count, n * n * m / 8, [&](int64_t index) {
    const T* const matrix = static_cast<const T*>(a.data) + index * n * n;
    T* const to = static_cast<T*>(call.outputs[0].data) + index * n * m;
    copy_elements(static_cast<const T*>(b.data) + index * n * m, n * m, to);
    const Elements<T> triangle(n * n);
    prepare_triangle(n, transposed ? Matrix<T>{matrix, 1, n} : Matrix<T>{matrix, n, 1}, lower, triangle.data());
    if (!lower) turn_rows(n, m, to);
    solve_lower<false>(n, m, triangle.data(), n, to, m);
    if (!lower) turn_rows(n, m, to);
  });
}

template <class T>
void add(Registry& registry, DType dtype) {
  add_kernel(registry, "cholesky", dtype, &cholesky<T>);
  add_kernel(registry, "lu_factor", dtype, &lu_factor<T>);
  add_kernel(registry, "determinant", dtype, &determinant<T>);
  add_kernel(registry, "log_determinant", dtype, &log_determinant<T>);
  add_kernel(registry, "inverse", dtype, &inverse<T>);
  add_kernel(registry, "solve", dtype, &solve<T>);
  add_kernel(registry, "triangular_solve", dtype, &triangular_solve<T>);
}

}  // namespace

void register_linalg_solve(Registry& registry) {
  add<float>(registry, DType::float32);
  add<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
