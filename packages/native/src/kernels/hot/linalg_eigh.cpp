// Eigenvalues and eigenvectors of symmetric matrices: Householder tridiagonalization in blocks (LAPACK's latrd), then
// implicit QL steps (Dubrulle, Martin and Wilkinson, "The implicit QL algorithm", 1968), whose rotations are applied
// many at a time.
#include "kernels/hot/linalg_reflections.h"

namespace keratin::KERATIN_ISA {
namespace {

/// Q^T A Q = tridiagonal with diagonal d and off-diagonal e, for a full symmetric A, which is overwritten. Reflection j
/// has its vector from element j + 1 on.
template <class T>
void tridiagonalize(int64_t n, T* a, T* d, T* e, const Reflections<T>& h) {
  // Rows: v of the block, then w; and the same negative, w first.
  const Elements<T> memory((4 * kBlock + 1) * n);
  T* const w = memory.data();
  T* const negative = w + kBlock * n;
  T* const others = negative + 2 * kBlock * n;
  T* const p = others + kBlock * n;
  for (int64_t first = 0; first < n - 1; first += kBlock) {
    const int64_t end = min_of(first + kBlock, n - 1);
    for (int64_t j = first; j < end; ++j) {
      // Column j as the steps of this block have changed it.
      T* const v = h.v(j);
      copy_elements(a + j * n + j, n - j, v + j);
      for (int64_t l = first; l < j; ++l) {
        const T* const vl = h.v(l);
        const T* const wl = w + (l - first) * n;
        add_multiple(-wl[j], vl + j, n - j, v + j);
        add_multiple(-vl[j], wl + j, n - j, v + j);
      }
      d[j] = v[j];
      v[j] = T(0);
      const int64_t rest = n - j - 1;
      T* const u = v + j + 1;
      const T tau = make_reflection(u, rest, e[j]);
      h.factors.data()[j] = tau;
      T* const wj = w + (j - first) * n;
      fill_elements(wj, j + 1, T(0));
      // w = tau (A u - V (W^T u) - W (V^T u)), less its part along u twice halved
      multiply_column(rest, rest, a + (j + 1) * n + j + 1, n, u, p);
      for (int64_t l = first; l < j; ++l) {
        const T* const vl = h.v(l) + j + 1;
        const T* const wl = w + (l - first) * n + j + 1;
        const T along_w = dot_of(wl, u, rest);
        const T along_v = dot_of(vl, u, rest);
        add_multiple(-along_w, vl, rest, p);
        add_multiple(-along_v, wl, rest, p);
      }
      scale(tau, rest, p);
      add_multiple(-tau * dot_of(p, u, rest) / 2, u, rest, p);
      copy_elements(p, rest, wj + j + 1);
    }
    const int64_t width = end - first;
    const int64_t rest = n - end;
    for (int64_t l = 0; l < width; ++l) {
      const T* const vl = h.v(first + l) + end;
      const T* const wl = w + l * n + end;
      T* const nv = negative + l * rest;
      T* const nw = negative + (width + l) * rest;
      T* const ow = others + l * rest;
      for (int64_t i = 0; i < rest; ++i) {
        nv[i] = -vl[i];
        nw[i] = -wl[i];
        ow[i] = wl[i];
      }
    }
    // A -= V W^T + W V^T
    T* const corner = a + end * n + end;
    add_product(rest, rest, width, {negative, 1, rest}, {others, rest, 1}, corner, n);
    add_product(rest, rest, width, {negative + width * rest, 1, rest}, {h.v(first) + end, n, 1}, corner, n);
  }
  if (n > 0) d[n - 1] = a[n * n - 1];
}

/// Eigenvalues of a tridiagonal matrix into d; the rotations of the eigenvectors' rows go to `rotations`. False if it
/// does not converge.
template <class T>
bool diagonalize(int64_t n, T* d, T* e, Rotations<T>& rotations) {
  T norm = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T size = magnitude(d[i]) + (i + 1 < n ? magnitude(e[i]) : T(0));
    if (size > norm) norm = size;
  }
  const T least = norm * epsilon_of<T> * epsilon_of<T>;
  int64_t steps = 60 * n + 60;
  for (int64_t l = 0; l < n; ++l) {
    for (;;) {
      int64_t m = l;
      while (m < n - 1) {
        const T size = magnitude(e[m]);
        if (size <= least || size <= epsilon_of<T> * (magnitude(d[m]) + magnitude(d[m + 1]))) break;
        ++m;
      }
      if (m == l) break;
      if (--steps < 0) return false;
      T g = (d[l + 1] - d[l]) / (T(2) * e[l]);
      T r = hypotenuse(g, T(1));
      g = d[m] - d[l] + e[l] / (g + (g < T(0) ? -r : r));
      T s = 1;
      T c = 1;
      T p = 0;
      int64_t i = m - 1;
      for (; i >= l; --i) {
        const T f = s * e[i];
        const T b = c * e[i];
        r = hypotenuse(f, g);
        e[i + 1] = r;
        if (r == T(0)) {
          d[i + 1] -= p;
          e[m] = T(0);
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + T(2) * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotations.add(i + 1, i, c, s);
      }
      if (r == T(0) && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = T(0);
    }
  }
  rotations.apply();
  return true;
}

/// x -> eigenvalues in ascending order, eigenvectors in columns; reads the lower triangle only.
template <class T>
void eigh(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const Matrices batch = matrices_of(x);
  const int64_t n = batch.rows;
  FirstFailure failure;
  for_matrices(batch.count, 4 * n * n * n, [&](int64_t index) {
    const T* const from = static_cast<const T*>(x.data) + index * n * n;
    T* const values = static_cast<T*>(call.outputs[0].data) + index * n;
    T* const vectors = static_cast<T*>(call.outputs[1].data) + index * n * n;
    const Elements<T> memory(2 * n * n + 2 * n);
    T* const a = memory.data();
    T* const z = a + n * n;
    T* const d = z + n * n;
    T* const e = d + n;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = from[i * n + j];
    }
    if (!all_finite(a, n * n)) {
      failure.note(index);
      return;
    }
    const T factor = safe_scale(a, n * n);
    if (factor != T(1)) scale(factor, n * n, a);
    const Reflections<T> h(n - 1, n);
    tridiagonalize(n, a, d, e, h);
    e[n - 1] = T(0);
    form_product(h, n, z);
    Rotations<T> rotations(z, n, n);
    if (!diagonalize(n, d, e, rotations)) {
      failure.note(index);
      return;
    }
    const Elements<int64_t> order(2 * n);
    sort_positions(d, n, false, order.data(), order.data() + n);
    for (int64_t j = 0; j < n; ++j) {
      values[j] = d[order.data()[j]] / factor;
      copy_elements(z + order.data()[j] * n, n, a + j * n);
    }
    copy_transposed(a, n, n, n, vectors, n);
  });
  if (failure.happened()) {
    fail("value", "the matrix must be finite, matrix %lld of %lld has no eigenvalues",
         static_cast<long long>(failure.index), static_cast<long long>(batch.count));
  }
}

}  // namespace

void register_linalg_eigh(Registry& registry) {
  add_kernel(registry, "eigh", DType::float32, &eigh<float>);
  add_kernel(registry, "eigh", DType::float64, &eigh<double>);
}

}  // namespace keratin::KERATIN_ISA
