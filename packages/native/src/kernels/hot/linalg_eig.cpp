// Eigenvalues and eigenvectors of general matrices: Householder reduction to Hessenberg form, Francis's double-shift QR
// steps and back substitution (EISPACK's orthes and hqr2: Peters and Wilkinson, "Eigenvectors of real and complex
// matrices by LR and QR triangularizations", 1970).
#include "kernels/hot/linalg_reflections.h"

namespace keratin::KERATIN_ISA {
namespace {

template <class T>
struct Complex {
  T re;
  T im;
};

/// (a + ib) / (c + id) without overflow (Smith 1962).
template <class T>
inline Complex<T> divide(T a, T b, T c, T d) {
  if (magnitude(c) > magnitude(d)) {
    const T r = d / c;
    const T s = c + r * d;
    return {(a + r * b) / s, (b - r * a) / s};
  }
  const T r = c / d;
  const T s = d + r * c;
  return {(r * a + b) / s, (r * b - a) / s};
}

/// A real matrix on its way to quasi-triangular form, with the rows of v as the columns of the product of what was
/// done.
template <class T>
struct Schur {
  int64_t n;
  T* h;
  T* v;
  T* re;
  T* im;

  T& at(int64_t i, int64_t j) const { return h[i * n + j]; }

  /// Upper Hessenberg form. Reflection j has its vector from element j + 1 on.
  void reduce() const {
    const Reflections<T> reflections(max_of(n - 2, 0), n);
    for (int64_t j = 0; j + 2 < n; ++j) {
      T* const u = reflections.v(j);
      const int64_t first = j + 1;
      for (int64_t i = first; i < n; ++i) u[i] = at(i, j);
      T beta;
      const T tau = make_reflection(u + first, n - first, beta);
      reflections.factors.data()[j] = tau;
      at(first, j) = beta;
      for (int64_t i = first + 1; i < n; ++i) at(i, j) = T(0);
      // Rows first ...: H = H - tau u (u^T H); then all rows: H = H - tau (H u) u^T.
      const Elements<T> sums(n);
      fill_elements(sums.data(), n, T(0));
      const int64_t rest = n - first;
      for (int64_t i = first; i < n; ++i) add_multiple(u[i], &at(i, first), rest, sums.data());
      for (int64_t i = first; i < n; ++i) add_multiple(-tau * u[i], sums.data(), rest, &at(i, first));
      for (int64_t i = 0; i < n; ++i) {
        add_multiple(-tau * dot_of(&at(i, first), u + first, rest), u + first, rest, &at(i, first));
      }
    }
    form_product(reflections, n, v);
  }

  /// I - (x, y, z) (1, q, r)^T on both sides of h (whose rows end at `last`) from row and column k on, and on rows of
  /// v.
  void reflect(int64_t k, int64_t last, bool three, T q, T r, T x, T y, T z) const {
    T* const a = h + k * n;
    T* const b = a + n;
    T* const c = three ? b + n : b;
    for (int64_t j = k; j < n; ++j) {
      const T sum = (a[j] + q * b[j] + (three ? r * c[j] : T(0)));
      if (three) c[j] -= sum * z;
      a[j] -= sum * x;
      b[j] -= sum * y;
    }
    const int64_t end = min_of(last, k + 3);
    for (int64_t i = 0; i <= end; ++i) {
      T* const row = h + i * n + k;
      const T sum = x * row[0] + y * row[1] + (three ? z * row[2] : T(0));
      row[0] -= sum;
      row[1] -= sum * q;
      if (three) row[2] -= sum * r;
    }
    T* const __restrict va = v + k * n;
    T* const __restrict vb = va + n;
    if (three) {
      T* const __restrict vc = vb + n;
      for (int64_t i = 0; i < n; ++i) {
        const T sum = x * va[i] + y * vb[i] + z * vc[i];
        va[i] -= sum;
        vb[i] -= sum * q;
        vc[i] -= sum * r;
      }
    } else {
      for (int64_t i = 0; i < n; ++i) {
        const T sum = x * va[i] + y * vb[i];
        va[i] -= sum;
        vb[i] -= sum * q;
      }
    }
  }

  /// The 2 by 2 block that ends at row `e` (its diagonal with the shifts added back): two eigenvalues.
  void split(int64_t e) const {
    const T w = at(e, e - 1) * at(e - 1, e);
    T p = (at(e - 1, e - 1) - at(e, e)) / T(2);
    T q = p * p + w;
    T z = root(magnitude(q));
    const T x = at(e, e);
    if (q < T(0)) {
      re[e - 1] = re[e] = x + p;
      im[e - 1] = z;
      im[e] = -z;
      return;
    }
    z = p >= T(0) ? p + z : p - z;
    re[e - 1] = x + z;
    re[e] = z != T(0) ? x - w / z : re[e - 1];
    im[e - 1] = im[e] = T(0);
    const T below = at(e, e - 1);
    const T length = hypotenuse(below, z);
    if (length == T(0)) return;
    p = below / length;
    q = z / length;
    for (int64_t j = e - 1; j < n; ++j) {
      const T top = at(e - 1, j);
      at(e - 1, j) = q * top + p * at(e, j);
      at(e, j) = q * at(e, j) - p * top;
    }
    for (int64_t i = 0; i <= e; ++i) {
      const T left = at(i, e - 1);
      at(i, e - 1) = q * left + p * at(i, e);
      at(i, e) = q * at(i, e) - p * left;
    }
    T* const a = v + (e - 1) * n;
    T* const b = v + e * n;
    for (int64_t i = 0; i < n; ++i) {
      const T left = a[i];
      a[i] = q * left + p * b[i];
      b[i] = q * b[i] - p * left;
    }
    at(e, e - 1) = T(0);
  }

  /// Quasi-triangular form and the eigenvalues. False if it does not converge.
  bool iterate() const {
    T norm = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = max_of(i - 1, 0); j < n; ++j) norm += magnitude(at(i, j));
    }
    T shifts = 0;
    int64_t steps = 0;
    int64_t left = 60 * n + 60;
    for (int64_t e = n - 1; e >= 0;) {
      int64_t l = e;
      for (; l > 0; --l) {
        T size = magnitude(at(l - 1, l - 1)) + magnitude(at(l, l));
        if (size == T(0)) size = norm;
        if (magnitude(at(l, l - 1)) <= epsilon_of<T> * size) break;
      }
      if (l == e) {
        at(e, e) += shifts;
        re[e] = at(e, e);
        im[e] = T(0);
        --e;
        steps = 0;
        continue;
      }
      if (l == e - 1) {
        at(e, e) += shifts;
        at(e - 1, e - 1) += shifts;
        split(e);
        e -= 2;
        steps = 0;
        continue;
      }
      if (--left < 0) return false;
      T x = at(e, e);
      T y = at(e - 1, e - 1);
      T w = at(e, e - 1) * at(e - 1, e);
      if (steps > 0 && steps % 10 == 0) {
        // Wilkinson's exceptional shift
        shifts += x;
        for (int64_t i = 0; i <= e; ++i) at(i, i) -= x;
        const T s = magnitude(at(e, e - 1)) + magnitude(at(e - 1, e - 2));
        x = y = T(0.75) * s;
        w = T(-0.4375) * s * s;
      }
      ++steps;
      // Two small elements below the diagonal in a row
      T p = 0;
      T q = 0;
      T r = 0;
      int64_t m = e - 2;
      for (;; --m) {
        const T z = at(m, m);
        const T a = x - z;
        const T b = y - z;
        p = (a * b - w) / at(m + 1, m) + at(m, m + 1);
        q = at(m + 1, m + 1) - z - a - b;
        r = at(m + 2, m + 1);
        const T size = magnitude(p) + magnitude(q) + magnitude(r);
        if (size > T(0)) {
          p /= size;
          q /= size;
          r /= size;
        }
        if (m == l) break;
        if (magnitude(at(m, m - 1)) * (magnitude(q) + magnitude(r)) <=
            epsilon_of<T> * magnitude(p) * (magnitude(at(m - 1, m - 1)) + magnitude(z) + magnitude(at(m + 1, m + 1)))) {
          break;
        }
      }
      for (int64_t i = m + 2; i <= e; ++i) {
        at(i, i - 2) = T(0);
        if (i > m + 2) at(i, i - 3) = T(0);
      }
      for (int64_t k = m; k < e; ++k) {
        const bool three = k != e - 1;
        if (k != m) {
          p = at(k, k - 1);
          q = at(k + 1, k - 1);
          r = three ? at(k + 2, k - 1) : T(0);
          x = magnitude(p) + magnitude(q) + magnitude(r);
          if (x == T(0)) continue;
          p /= x;
          q /= x;
          r /= x;
        }
        T s = root(p * p + q * q + r * r);
        if (s == T(0)) continue;
        if (p < T(0)) s = -s;
        if (k != m) {
          at(k, k - 1) = -s * x;
        } else if (l != m) {
          at(k, k - 1) = -at(k, k - 1);
        }
        p += s;
        const T px = p / s;
        const T py = q / s;
        const T pz = r / s;
        reflect(k, e, three, q / p, r / p, px, py, pz);
      }
    }
    return true;
  }

  /// Eigenvectors of the quasi-triangular form in the columns of h: two columns for a pair, its real and imaginary
  /// part.
  void substitute() const {
    T norm = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = max_of(i - 1, 0); j < n; ++j) norm += magnitude(at(i, j));
    }
    const T least = epsilon_of<T> * norm;
    for (int64_t e = n - 1; e >= 0; --e) {
      const T p = re[e];
      const T q = im[e];
      if (q == T(0)) {
        int64_t l = e;
        at(e, e) = T(1);
        T z = 0;
        T s = 0;
        for (int64_t i = e - 1; i >= 0; --i) {
          const T w = at(i, i) - p;
          T r = 0;
          for (int64_t j = l; j <= e; ++j) r += at(i, j) * at(j, e);
          if (im[i] < T(0)) {
            z = w;
            s = r;
            continue;
          }
          l = i;
          if (im[i] == T(0)) {
            at(i, e) = w != T(0) ? -r / w : r != T(0) ? -r / least : T(0);
          } else {
            const T x = at(i, i + 1);
            const T y = at(i + 1, i);
            const T d = (re[i] - p) * (re[i] - p) + im[i] * im[i];
            const T t = (x * s - z * r) / d;
            at(i, e) = t;
            at(i + 1, e) = magnitude(x) > magnitude(z) ? (-r - w * t) / x : (-s - y * t) / z;
          }
          shrink(i, e, e);
        }
      } else if (q < T(0)) {
        int64_t l = e - 1;
        if (magnitude(at(e, e - 1)) > magnitude(at(e - 1, e))) {
          at(e - 1, e - 1) = q / at(e, e - 1);
          at(e - 1, e) = -(at(e, e) - p) / at(e, e - 1);
        } else {
          const Complex<T> c = divide(T(0), -at(e - 1, e), at(e - 1, e - 1) - p, q);
          at(e - 1, e - 1) = c.re;
          at(e - 1, e) = c.im;
        }
        at(e, e - 1) = T(0);
        at(e, e) = T(1);
        T z = 0;
        T r = 0;
        T s = 0;
        for (int64_t i = e - 2; i >= 0; --i) {
          T ra = 0;
          T sa = 0;
          for (int64_t j = l; j <= e; ++j) {
            ra += at(i, j) * at(j, e - 1);
            sa += at(i, j) * at(j, e);
          }
          const T w = at(i, i) - p;
          if (im[i] < T(0)) {
            z = w;
            r = ra;
            s = sa;
            continue;
          }
          l = i;
          if (im[i] == T(0)) {
            const Complex<T> c = divide(-ra, -sa, w, q);
            at(i, e - 1) = c.re;
            at(i, e) = c.im;
          } else {
            const T x = at(i, i + 1);
            const T y = at(i + 1, i);
            T vr = (re[i] - p) * (re[i] - p) + im[i] * im[i] - q * q;
            const T vi = (re[i] - p) * T(2) * q;
            if (vr == T(0) && vi == T(0)) {
              vr = least * (magnitude(w) + magnitude(q) + magnitude(x) + magnitude(y) + magnitude(z));
            }
            Complex<T> c = divide(x * r - z * ra + q * sa, x * s - z * sa - q * ra, vr, vi);
            at(i, e - 1) = c.re;
            at(i, e) = c.im;
            if (magnitude(x) > magnitude(z) + magnitude(q)) {
              at(i + 1, e - 1) = (-ra - w * at(i, e - 1) + q * at(i, e)) / x;
              at(i + 1, e) = (-sa - w * at(i, e) - q * at(i, e - 1)) / x;
            } else {
              c = divide(-r - y * at(i, e - 1), -s - y * at(i, e), z, q);
              at(i + 1, e - 1) = c.re;
              at(i + 1, e) = c.im;
            }
          }
          shrink(i, e - 1, e);
        }
      }
    }
  }

  /// Rows from i on of columns [first, last] made smaller before they overflow.
  void shrink(int64_t i, int64_t first, int64_t last) const {
    T size = 0;
    for (int64_t j = first; j <= last; ++j) size = magnitude(at(i, j)) > size ? magnitude(at(i, j)) : size;
    if (!(epsilon_of<T> * size * size > T(1))) return;
    for (int64_t row = i; row <= last; ++row) {
      for (int64_t j = first; j <= last; ++j) at(row, j) /= size;
    }
  }
};

/// x -> eigenvalues, eigenvectors of length 1 in columns (complex); in the order in which they are found.
template <class T>
void eig(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const Matrices batch = matrices_of(x);
  const int64_t n = batch.rows;
  FirstFailure failure;
  for_matrices(batch.count, 15 * n * n * n, [&](int64_t index) {
    Complex<T>* const values = static_cast<Complex<T>*>(call.outputs[0].data) + index * n;
    Complex<T>* const vectors = static_cast<Complex<T>*>(call.outputs[1].data) + index * n * n;
    const Elements<T> memory(3 * n * n + 2 * n);
    T* const h = memory.data();
    T* const v = h + n * n;
    T* const product = v + n * n;
    T* const re = product + n * n;
    const Schur<T> schur{n, h, v, re, re + n};
    copy_elements(static_cast<const T*>(x.data) + index * n * n, n * n, h);
    if (!all_finite(h, n * n)) {
      failure.note(index);
      return;
    }
    const T factor = safe_scale(h, n * n);
    if (factor != T(1)) scale(factor, n * n, h);
    schur.reduce();
    if (!schur.iterate()) {
      failure.note(index);
      return;
    }
    schur.substitute();
    // Below the diagonal are remains of the blocks; the columns of a pair share row e.
    for (int64_t j = 0; j < n; ++j) {
      const int64_t last = schur.im[j] > T(0) ? j + 1 : j;
      for (int64_t i = last + 1; i < n; ++i) h[i * n + j] = T(0);
    }
    set_product(n, n, n, {v, 1, n}, {h, n, 1}, product, n);
    for (int64_t j = 0; j < n; ++j) {
      values[j] = {schur.re[j] / factor, schur.im[j] / factor};
      const bool pair = schur.im[j] > T(0) && j + 1 < n;
      T size = 0;
      for (int64_t i = 0; i < n; ++i) {
        const T part = product[i * n + j];
        size = magnitude(part) > size ? magnitude(part) : size;
        if (pair) size = magnitude(product[i * n + j + 1]) > size ? magnitude(product[i * n + j + 1]) : size;
      }
      T sum = 0;
      for (int64_t i = 0; i < n; ++i) {
        const T a = product[i * n + j] / size;
        const T b = pair ? product[i * n + j + 1] / size : T(0);
        sum += a * a + b * b;
      }
      const T length = root(sum);
      for (int64_t i = 0; i < n; ++i) {
        const T a = product[i * n + j] / size / length;
        const T b = pair ? product[i * n + j + 1] / size / length : T(0);
        vectors[i * n + j] = {a, b};
        if (pair) vectors[i * n + j + 1] = {a, -b};
      }
      if (pair) {
        values[j + 1] = {schur.re[j] / factor, -schur.im[j] / factor};
        ++j;
      }
    }
  });
  if (failure.happened()) {
    fail("value", "the matrix must be finite, matrix %lld of %lld has no eigenvalues",
         static_cast<long long>(failure.index), static_cast<long long>(batch.count));
  }
}

}  // namespace

void register_linalg_eig(Registry& registry) {
  add_kernel(registry, "eig", DType::float32, &eig<float>);
  add_kernel(registry, "eig", DType::float64, &eig<double>);
}

}  // namespace keratin::KERATIN_ISA
