// Singular values and vectors: Householder bidiagonalization in blocks (LAPACK's labrd), then implicit QR steps (Golub
// and Reinsch, "Singular value decomposition and least squares solutions", 1970; the steps are LINPACK's dsvdc), whose
// rotations are applied many at a time.
#include "kernels/hot/linalg_reflections.h"

namespace keratin::KERATIN_ISA {
namespace {

/// U^T A V = upper bidiagonal with diagonal d [n] and e [n] above it (its last is 0), for A [m, n] with m >= n, which
/// is overwritten. Vectors of `left` begin at element j, those of `right` at j + 1.
template <class T>
void bidiagonalize(int64_t m, int64_t n, T* a, T* d, T* e, const Reflections<T>& left, const Reflections<T>& right) {
  // Within a block A is what it was less V Y^T + X U^T (rows v, x of m elements and y, u of n).
  const Elements<T> memory(3 * kBlock * m + kBlock * n);
  T* const x = memory.data();
  T* const negative = x + kBlock * m;
  T* const y = negative + 2 * kBlock * m;
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t end = min_of(first + kBlock, n);
    for (int64_t j = first; j < end; ++j) {
      T* const v = left.v(j);
      T* const yj = y + (j - first) * n;
      T* const xj = x + (j - first) * m;
      for (int64_t i = j; i < m; ++i) v[i] = a[i * n + j];
      for (int64_t l = first; l < j; ++l) {
        add_multiple(-y[(l - first) * n + j], left.v(l) + j, m - j, v + j);
        add_multiple(-right.v(l)[j], x + (l - first) * m + j, m - j, v + j);
      }
      const T tau = make_reflection(v + j, m - j, d[j]);
      left.factors.data()[j] = tau;
      const int64_t rest = n - j - 1;
      fill_elements(yj, j + 1, T(0));
      fill_elements(xj, j + 1, T(0));
      if (rest == 0) {
        e[j] = T(0);
        right.factors.data()[j] = T(0);
        fill_elements(xj, m, T(0));
        continue;
      }
      // y = tau A^T v
      T* const yr = yj + j + 1;
      multiply_row(m - j, rest, v + j, a + j * n + j + 1, n, yr);
      for (int64_t l = first; l < j; ++l) {
        const T along_v = dot_of(left.v(l) + j, v + j, m - j);
        const T along_x = dot_of(x + (l - first) * m + j, v + j, m - j);
        add_multiple(-along_v, y + (l - first) * n + j + 1, rest, yr);
        add_multiple(-along_x, right.v(l) + j + 1, rest, yr);
      }
      scale(tau, rest, yr);
      // Row j
      T* const u = right.v(j) + j + 1;
      copy_elements(a + j * n + j + 1, rest, u);
      for (int64_t l = first; l <= j; ++l) {
        add_multiple(-left.v(l)[j], y + (l - first) * n + j + 1, rest, u);
        if (l < j) add_multiple(-x[(l - first) * m + j], right.v(l) + j + 1, rest, u);
      }
      const T other = make_reflection(u, rest, e[j]);
      right.factors.data()[j] = other;
      // x = tau A u
      T* const xr = xj + j + 1;
      const int64_t below = m - j - 1;
      if (below == 0) continue;
      multiply_column(below, rest, a + (j + 1) * n + j + 1, n, u, xr);
      for (int64_t l = first; l <= j; ++l) {
        add_multiple(-dot_of(y + (l - first) * n + j + 1, u, rest), left.v(l) + j + 1, below, xr);
        if (l < j) add_multiple(-dot_of(right.v(l) + j + 1, u, rest), x + (l - first) * m + j + 1, below, xr);
      }
      scale(other, below, xr);
    }
    const int64_t width = end - first;
    const int64_t rows = m - end;
    const int64_t columns = n - end;
    if (rows == 0 || columns == 0) continue;
    for (int64_t l = 0; l < width; ++l) {
      for (int64_t i = 0; i < rows; ++i) {
        negative[l * rows + i] = -left.v(first + l)[end + i];
        negative[(width + l) * rows + i] = -x[l * m + end + i];
      }
    }
    T* const corner = a + end * n + end;
    add_product(rows, columns, width, {negative, 1, rows}, {y + end, n, 1}, corner, n);
    add_product(rows, columns, width, {negative + width * rows, 1, rows}, {right.v(first) + end, n, 1}, corner, n);
  }
}

template <class T>
struct Turn {
  T c;
  T s;
  T r;
};

/// c a + s b = r, c b - s a = 0
template <class T>
[[gnu::always_inline]] inline Turn<T> turn_of(T a, T b) {
  const T r = hypotenuse(a, b);
  if (r == T(0)) return {T(1), T(0), T(0)};
  return {a / r, b / r, r};
}

/// Singular values of an upper bidiagonal matrix into s, not in order and with any sign. False if it does not converge.
template <class T>
bool diagonalize(int64_t n, T* s, T* e, Rotations<T>& u, Rotations<T>& v) {
  T norm = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T size = magnitude(s[i]) + magnitude(e[i]);
    if (size > norm) norm = size;
  }
  const T least = norm * epsilon_of<T> * epsilon_of<T>;
  const auto negligible = [&](T x, T neighbours) {
    return magnitude(x) <= least || magnitude(x) <= epsilon_of<T> * neighbours;
  };
  int64_t steps = 60 * n + 60;
  for (int64_t p = n; p > 0;) {
    if (--steps < 0) return false;
    // The block [k, p) has no negligible e.
    int64_t k = p - 1;
    while (k > 0) {
      if (negligible(e[k - 1], magnitude(s[k - 1]) + magnitude(s[k]))) {
        e[k - 1] = T(0);
        break;
      }
      --k;
    }
    if (k == p - 1) {
      --p;
      continue;
    }
    int64_t zero = p - 1;
    for (; zero >= k; --zero) {
      const T above = zero > k ? magnitude(e[zero - 1]) : T(0);
      const T right = zero < p - 1 ? magnitude(e[zero]) : T(0);
      if (negligible(s[zero], above + right)) {
        s[zero] = T(0);
        break;
      }
    }
    if (zero == p - 1) {
      // The last column is turned away from the last row, which is 0.
      T f = e[p - 2];
      e[p - 2] = T(0);
      for (int64_t j = p - 2; j >= k; --j) {
        const Turn<T> t = turn_of(s[j], f);
        s[j] = t.r;
        if (j != k) {
          f = -t.s * e[j - 1];
          e[j - 1] = t.c * e[j - 1];
        }
        v.add(j, p - 1, t.c, t.s);
      }
      continue;
    }
    if (zero >= k) {
      // Row `zero` is turned away.
      T f = e[zero];
      e[zero] = T(0);
      for (int64_t j = zero + 1; j < p; ++j) {
        const Turn<T> t = turn_of(s[j], f);
        s[j] = t.r;
        f = -t.s * e[j];
        e[j] = t.c * e[j];
        u.add(j, zero, t.c, t.s);
      }
      continue;
    }
    // One QR step, with the shift from the last two rows and columns.
    const T corners[] = {s[p - 1], s[p - 2], e[p - 2], s[k], e[k]};
    T size = 0;
    for (const T corner : corners) size = magnitude(corner) > size ? magnitude(corner) : size;
    const T sp = s[p - 1] / size;
    const T before = s[p - 2] / size;
    const T ep = e[p - 2] / size;
    const T sk = s[k] / size;
    const T ek = e[k] / size;
    const T b = ((before + sp) * (before - sp) + ep * ep) / T(2);
    const T c = (sp * ep) * (sp * ep);
    T shift = 0;
    if (b != T(0) || c != T(0)) {
      shift = root(b * b + c);
      if (b < T(0)) shift = -shift;
      shift = c / (b + shift);
    }
    T f = (sk + sp) * (sk - sp) + shift;
    T g = sk * ek;
    for (int64_t j = k; j < p - 1; ++j) {
      Turn<T> t = turn_of(f, g);
      if (j != k) e[j - 1] = t.r;
      f = t.c * s[j] + t.s * e[j];
      e[j] = t.c * e[j] - t.s * s[j];
      g = t.s * s[j + 1];
      s[j + 1] = t.c * s[j + 1];
      v.add(j, j + 1, t.c, t.s);
      t = turn_of(f, g);
      s[j] = t.r;
      f = t.c * e[j] + t.s * s[j + 1];
      s[j + 1] = t.c * s[j + 1] - t.s * e[j];
      g = t.s * e[j + 1];
      e[j + 1] = t.c * e[j + 1];
      u.add(j, j + 1, t.c, t.s);
    }
    e[p - 2] = f;
  }
  u.apply();
  v.apply();
  return true;
}

/// Where the results of one matrix [m, n] go, m >= n: s [n], columns of u [m, u_columns], of v [n, v_columns]. Null for
/// no vectors.
template <class T>
struct Svd {
  T* s;
  T* u;
  int64_t u_columns;
  T* v;
};

/// `a` is overwritten. False if there is no result.
template <class T>
bool decompose(int64_t m, int64_t n, T* a, const Svd<T>& to) {
  if (!all_finite(a, m * n)) return false;
  const T factor = safe_scale(a, m * n);
  if (factor != T(1)) scale(factor, m * n, a);
  const bool vectors = to.u != nullptr;
  const int64_t u_size = vectors ? to.u_columns * m : 0;
  const int64_t v_size = vectors ? n * n : 0;
  const Elements<T> memory(2 * n + u_size + 2 * v_size);
  T* const d = memory.data();
  T* const e = d + n;
  T* const u = e + n;
  T* const v = u + u_size;
  T* const sorted = v + v_size;
  {
    const Reflections<T> left(n, m);
    const Reflections<T> right(n, n);
    bidiagonalize(m, n, a, d, e, left, right);
    if (vectors) {
      form_product(left, to.u_columns, u);
      form_product(right, n, v);
    }
  }
  Rotations<T> turns_of_u(vectors ? u : nullptr, m, n);
  Rotations<T> turns_of_v(vectors ? v : nullptr, n, n);
  if (!diagonalize(n, d, e, turns_of_u, turns_of_v)) return false;
  for (int64_t j = 0; j < n; ++j) {
    if (d[j] < T(0) || (d[j] == T(0) && __builtin_signbit(d[j]))) {
      d[j] = -d[j];
      if (vectors) scale(T(-1), n, v + j * n);
    }
  }
  const Elements<int64_t> order(2 * n);
  sort_positions(d, n, true, order.data(), order.data() + n);
  for (int64_t j = 0; j < n; ++j) to.s[j] = d[order.data()[j]] / factor;
  if (!vectors) return true;
  // `a` has room for n rows of m elements.
  for (int64_t j = 0; j < n; ++j) {
    copy_elements(v + order.data()[j] * n, n, sorted + j * n);
    copy_elements(u + order.data()[j] * m, m, a + j * m);
  }
  copy_transposed(sorted, n, n, n, to.v, n);
  copy_transposed(a, m, n, m, to.u, to.u_columns);
  copy_transposed(u + n * m, m, to.u_columns - n, m, to.u + n, to.u_columns);
  return true;
}

/// x [m, n] -> s [k] descending[, u [m, k or m], v [n, k or n] with x = u diag(s) v^T]. Not finite in, NaN out.
template <class T>
void svd(const Call& call) {
  const Operand& x = call.inputs[0];
  const Matrices batch = matrices_of(x);
  const int64_t m = batch.rows;
  const int64_t n = batch.columns;
  const int64_t least = min_of(m, n);
  const bool vectors = call.num_outputs > 1;
  const int64_t u_columns = vectors ? call.outputs[1].shape[x.rank - 1] : 0;
  const int64_t v_columns = vectors ? call.outputs[2].shape[x.rank - 1] : 0;
  T* const s = static_cast<T*>(call.outputs[0].data);
  T* const u = vectors ? static_cast<T*>(call.outputs[1].data) : nullptr;
  T* const v = vectors ? static_cast<T*>(call.outputs[2].data) : nullptr;
  if (least == 0) {
    // Full matrices of vectors are any orthonormal ones.
    for (int64_t index = 0; vectors && index < batch.count; ++index) {
      set_identity(u + index * m * u_columns, m, u_columns);
      set_identity(v + index * n * v_columns, n, v_columns);
    }
    return;
  }
  for_matrices(batch.count, (vectors ? 8 : 2) * m * n * (least + 1), [&](int64_t index) {
    const T* const from = static_cast<const T*>(x.data) + index * m * n;
    const Elements<T> a(m * n);
    T* const values = s + index * least;
    T* const left = vectors ? u + index * m * u_columns : nullptr;
    T* const right = vectors ? v + index * n * v_columns : nullptr;
    bool done;
    if (m >= n) {
      copy_elements(from, m * n, a.data());
      done = decompose(m, n, a.data(), Svd<T>{values, left, u_columns, right});
    } else {
      copy_transposed(from, n, m, n, a.data(), m);
      done = decompose(n, m, a.data(), Svd<T>{values, right, v_columns, left});
    }
    if (done) return;
    fill_elements(values, least, not_a_number<T>);
    if (vectors) {
      fill_elements(left, m * u_columns, not_a_number<T>);
      fill_elements(right, n * v_columns, not_a_number<T>);
    }
  });
}

template <class T>
void add(Registry& registry, DType dtype) {
  add_kernel(registry, "svd", dtype, &svd<T>);
  add_kernel(registry, "singular_values", dtype, &svd<T>);
}

}  // namespace

void register_linalg_svd(Registry& registry) {
  add<float>(registry, DType::float32);
  add<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
