// QR, eigenvalues and singular values: reconstruction, orthogonality and known spectra within a few roundings times the
// size.
#include "linalg_matrices.h"

namespace {

using namespace matrices;

void check_qr(DType dtype, const Dense& a, bool complete) {
  const int64_t m = a.rows;
  const int64_t n = a.columns;
  const int64_t k = complete ? m : std::min(m, n);
  const Array x = to_array(dtype, {a, a});
  const Array q = Array::empty(dtype, {2, m, k});
  const Array r = Array::empty(dtype, {2, k, n});
  call("qr", {x}, {q, r});
  const double tolerance = 8 * epsilon(dtype) * static_cast<double>(std::max(m, n));
  const Dense given = matrix(x, 1, m, n);
  check_orthonormal_columns(matrix(q, 1, m, k), tolerance);
  const Dense upper = matrix(r, 1, k, n);
  CHECK(distance(multiply(matrix(q, 1, m, k), upper), given) <= tolerance * norm(given));
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < std::min(i, n); ++j) CHECK(upper.at(i, j) == 0);
  }
}

TEST(qr_gives_the_matrix_back) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 3}, Shape{4, 2}, Shape{2, 4}, Shape{33, 33}, Shape{70, 40},
                               Shape{40, 70}, Shape{130, 130}, Shape{5, 1}, Shape{1, 5}}) {
      for (const bool complete : {false, true}) {
        context() = std::string(name_of(dtype)) + show(shape) + (complete ? " complete" : "");
        check_qr(dtype, random(shape[0], shape[1], 9), complete);
        check_qr(dtype, zeros(shape[0], shape[1]), complete);
        Dense low = multiply(random(shape[0], 1, 10), random(1, shape[1], 11));
        check_qr(dtype, low, complete);
        for (const double size : {1e-30, 1e30}) {
          Dense scaled = random(shape[0], shape[1], 12);
          for (double& v : scaled.values) v *= size;
          check_qr(dtype, scaled, complete);
        }
      }
    }
  }
}

void check_eigh(DType dtype, const Dense& a, const Values* spectrum) {
  const int64_t n = a.rows;
  const Array x = to_array(dtype, {a, a});
  const Array values = Array::empty(dtype, {2, n});
  const Array vectors = Array::empty(dtype, {2, n, n});
  call("eigh", {x}, {values, vectors});
  const double tolerance = 8 * epsilon(dtype) * static_cast<double>(n);
  const Dense given = matrix(x, 1, n, n);
  const Dense d = matrix(values, 1, 1, n);
  const Dense v = matrix(vectors, 1, n, n);
  check_orthonormal_columns(v, tolerance);
  CHECK(distance(multiply(given, v), multiply(v, diagonal(d, n, n))) <= tolerance * norm(given));
  for (int64_t i = 1; i < n; ++i) CHECK(d.at(0, i - 1) <= d.at(0, i));
  if (spectrum == nullptr) return;
  Values wanted = *spectrum;
  std::sort(wanted.begin(), wanted.end());
  for (int64_t i = 0; i < n; ++i) {
    CHECK(std::abs(d.at(0, i) - wanted[static_cast<size_t>(i)]) <= tolerance * std::max(norm(given), 1e-300));
  }
}

TEST(eigh_of_every_spectrum) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : kSizes) {
      const Dense q = orthonormal(n, n, 13);
      for (int kind = 0; kind < kKinds; ++kind) {
        for (const double size : {1.0, -1e-30, 1e30}) {
          context() = std::string(name_of(dtype)) + " " + std::to_string(n) + " spectrum " + std::to_string(kind) +
                      " times " + show(size);
          Values d = spectrum(kind, n, dtype);
          for (double& v : d) v *= size;
          const Dense a = multiply(multiply(q, diagonal({1, n, d}, n, n)), transpose(q));
          check_eigh(dtype, a, &d);
          if (n > 40) break;
        }
      }
      context() = std::string(name_of(dtype)) + " diagonal " + std::to_string(n);
      check_eigh(dtype, diagonal({1, n, spectrum(1, n, dtype)}, n, n), nullptr);
      Dense ones = zeros(n, n);
      for (double& v : ones.values) v = 1;
      check_eigh(dtype, ones, nullptr);
    }
  }
}

TEST(eigh_reads_the_lower_triangle_and_refuses_what_is_not_finite) {
  const Array d = Array::empty(DType::float64, {2});
  const Array v = Array::empty(DType::float64, {2, 2});
  call("eigh", {Array::of<double>({2, NAN, 1, 2}, {2, 2})}, {d, v});
  CHECK_ALL_NEAR(d, (Values{1, 3}), 1e-15);
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    CHECK_FAILS(call("eigh", {Array::of<double>({2, 0, bad, 2}, {2, 2})}, {d, v}), "must be finite");
  }
}

void check_svd(DType dtype, const Dense& a, const Values* spectrum) {
  const int64_t m = a.rows;
  const int64_t n = a.columns;
  const int64_t k = std::min(m, n);
  const Array x = to_array(dtype, {a, a});
  const double tolerance = 8 * epsilon(dtype) * static_cast<double>(std::max(m, n));
  const Dense given = matrix(x, 1, m, n);
  const Array alone = Array::empty(dtype, {2, k});
  call("singular_values", {x}, {alone});
  for (const bool full : {false, true}) {
    const int64_t p = full ? m : k;
    const int64_t q = full ? n : k;
    const Array s = Array::empty(dtype, {2, k});
    const Array u = Array::empty(dtype, {2, m, p});
    const Array v = Array::empty(dtype, {2, n, q});
    call("svd", {x}, {s, u, v});
    const Dense values = matrix(s, 1, 1, k);
    check_orthonormal_columns(matrix(u, 1, m, p), tolerance);
    check_orthonormal_columns(matrix(v, 1, n, q), tolerance);
    const Dense product = multiply(multiply(matrix(u, 1, m, p), diagonal(values, p, q)), transpose(matrix(v, 1, n, q)));
    CHECK(distance(product, given) <= tolerance * norm(given));
    for (int64_t i = 0; i < k; ++i) {
      CHECK(values.at(0, i) >= 0);
      if (i > 0) CHECK(values.at(0, i - 1) >= values.at(0, i));
      CHECK(std::abs(alone.at(k + i) - values.at(0, i)) <= tolerance * norm(given));
    }
    if (spectrum == nullptr) continue;
    Values wanted = *spectrum;
    std::sort(wanted.rbegin(), wanted.rend());
    for (int64_t i = 0; i < k; ++i) {
      CHECK(std::abs(values.at(0, i) - wanted[static_cast<size_t>(i)]) <= tolerance * std::max(norm(given), 1e-300));
    }
  }
}

TEST(svd_of_every_spectrum) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape :
         {Shape{1, 1}, Shape{2, 2}, Shape{3, 3}, Shape{4, 2}, Shape{2, 4}, Shape{8, 8}, Shape{1, 6}, Shape{6, 1},
          Shape{33, 33}, Shape{40, 70}, Shape{70, 40}, Shape{130, 130}}) {
      const int64_t k = std::min(shape[0], shape[1]);
      const Dense left = orthonormal(shape[0], k, 14);
      const Dense right = orthonormal(shape[1], k, 15);
      for (int kind = 0; kind < kKinds; ++kind) {
        for (const double size : {1.0, 1e-30, 1e30}) {
          context() =
              std::string(name_of(dtype)) + show(shape) + " spectrum " + std::to_string(kind) + " times " + show(size);
          Values d = spectrum(kind, k, dtype);
          for (double& v : d) v *= size;
          check_svd(dtype, multiply(multiply(left, diagonal({1, k, d}, k, k)), transpose(right)), &d);
          if (k > 20) break;
        }
      }
      context() = std::string(name_of(dtype)) + show(shape);
      check_svd(dtype, diagonal({1, k, spectrum(1, k, dtype)}, shape[0], shape[1]), nullptr);
      Dense ones = zeros(shape[0], shape[1]);
      for (double& v : ones.values) v = 1;
      check_svd(dtype, ones, nullptr);
      // Zeros on the diagonal of a bidiagonal matrix.
      Dense bidiagonal = zeros(shape[0], shape[1]);
      for (int64_t i = 0; i < k; ++i) {
        bidiagonal.at(i, i) = i % 3 == 1 ? 0 : 1 + 0.1 * static_cast<double>(i);
        if (i + 1 < shape[1]) bidiagonal.at(i, i + 1) = 1;
      }
      check_svd(dtype, bidiagonal, nullptr);
    }
  }
}

TEST(svd_of_what_is_not_finite) {
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    const Array s = Array::empty(DType::float64, {2, 2});
    const Array u = Array::empty(DType::float64, {2, 2, 2});
    const Array v = Array::empty(DType::float64, {2, 2, 2});
    call("svd", {Array::of<double>({1, 0, 0, 2, 1, bad, 0, 1}, {2, 2, 2})}, {s, u, v});
    CHECK_ALL_NEAR(s, (Values{2, 1, NAN, NAN}), 0);
    for (int64_t i = 4; i < 8; ++i) CHECK(std::isnan(u.at(i)) && std::isnan(v.at(i)));
  }
}

template <class T>
void check_eig(DType dtype, const Dense& a) {
  const int64_t n = a.rows;
  const DType complex = dtype == DType::float32 ? DType::complex64 : DType::complex128;
  const Array x = to_array(dtype, {a, a});
  const Array values = Array::empty(complex, {2, n});
  const Array vectors = Array::empty(complex, {2, n, n});
  call("eig", {x}, {values, vectors});
  const Dense given = matrix(x, 1, n, n);
  const std::complex<T>* const w = values.data<std::complex<T>>() + n;
  const std::complex<T>* const v = vectors.data<std::complex<T>>() + n * n;
  std::complex<double> sum = 0;
  double trace = 0;
  for (int64_t j = 0; j < n; ++j) {
    const std::complex<double> lambda(w[j]);
    sum += lambda;
    trace += given.at(j, j);
    double length = 0;
    double residual = 0;
    for (int64_t i = 0; i < n; ++i) {
      std::complex<double> product = 0;
      for (int64_t k = 0; k < n; ++k) product += given.at(i, k) * std::complex<double>(v[k * n + j]);
      residual = std::max(residual, std::abs(product - lambda * std::complex<double>(v[i * n + j])));
      length += std::norm(std::complex<double>(v[i * n + j]));
    }
    CHECK_NEAR(length, 1, 64 * epsilon(dtype));
    CHECK(residual <= 16 * epsilon(dtype) * static_cast<double>(n) * norm(given));
  }
  CHECK(std::abs(sum - trace) <= 16 * epsilon(dtype) * static_cast<double>(n) * std::max(norm(given), 1e-300));
}

TEST(eig_satisfies_its_equation) {
  for (const DType dtype : kFloats) {
    const auto check = [&](const Dense& a) {
      if (dtype == DType::float32) {
        check_eig<float>(dtype, a);
      } else {
        check_eig<double>(dtype, a);
      }
    };
    for (const int64_t n : kSizes) {
      for (const double size : {1.0, 1e-30, 1e30}) {
        context() = std::string(name_of(dtype)) + " " + std::to_string(n) + " times " + show(size);
        Dense a = random(n, n, 21);
        for (double& v : a.values) v *= size;
        check(a);
      }
      context() = std::string(name_of(dtype)) + " special " + std::to_string(n);
      check(zeros(n, n));
      check(diagonal({1, n, spectrum(3, n, dtype)}, n, n));
      // A cycle: all eigenvalues on the unit circle.
      Dense cycle = zeros(n, n);
      for (int64_t i = 0; i < n; ++i) cycle.at(i, (i + 1) % n) = 1;
      check(cycle);
      // Turns by an angle: pairs of eigenvalues; and a triangle with equal ones, that has too few eigenvectors.
      Dense turns = zeros(n, n);
      Dense jordan = zeros(n, n);
      for (int64_t i = 0; i < n; ++i) {
        jordan.at(i, i) = 2;
        if (i + 1 < n) jordan.at(i, i + 1) = 1;
        turns.at(i, i) = 0.6;
        if (i % 2 == 0 && i + 1 < n) {
          turns.at(i, i + 1) = 0.8;
          turns.at(i + 1, i) = -0.8;
        }
      }
      check(turns);
      check(jordan);
      check(multiply(random(n, 1, 22), random(1, n, 23)));
      const Dense q = orthonormal(n, n, 24);
      check(multiply(multiply(q, diagonal({1, n, spectrum(1, n, dtype)}, n, n)), transpose(q)));
    }
  }
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    CHECK_FAILS(call("eig", {Array::of<double>({2, 0, bad, 2}, {2, 2})},
                     {Array::empty(DType::complex128, {2}), Array::empty(DType::complex128, {2, 2})}),
                "must be finite");
  }
}

}  // namespace
