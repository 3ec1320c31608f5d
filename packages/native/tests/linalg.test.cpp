// Factorizations, by what they must give back: reconstruction and orthogonality within a few roundings times the size.
#include "check.h"

namespace {

using Values = std::vector<double>;

struct Dense {
  int64_t rows;
  int64_t columns;
  Values values;
  double at(int64_t i, int64_t j) const { return values[static_cast<size_t>(i * columns + j)]; }
  double& at(int64_t i, int64_t j) { return values[static_cast<size_t>(i * columns + j)]; }
};

Dense zeros(int64_t rows, int64_t columns) { return {rows, columns, Values(static_cast<size_t>(rows * columns), 0)}; }

Dense multiply(const Dense& a, const Dense& b) {
  Dense c = zeros(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t j = 0; j < b.columns; ++j) c.at(i, j) += a.at(i, k) * b.at(k, j);
    }
  }
  return c;
}

Dense transpose(const Dense& a) {
  Dense t = zeros(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) t.at(j, i) = a.at(i, j);
  }
  return t;
}

Dense diagonal(const Dense& d, int64_t rows, int64_t columns) {
  Dense m = zeros(rows, columns);
  for (int64_t i = 0; i < std::min(rows, columns); ++i) m.at(i, i) = d.values[static_cast<size_t>(i)];
  return m;
}

double norm(const Dense& a) {
  double largest = 0;
  for (const double x : a.values) largest = std::max(largest, std::abs(x));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double x : a.values) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum);
}

double distance(const Dense& a, const Dense& b) {
  Dense c = a;
  for (size_t i = 0; i < c.values.size(); ++i) c.values[i] -= b.values[i];
  return norm(c);
}

/// Matrix `index` of a batch (one vector of it as a row, with rows = 1).
Dense matrix(const Array& x, int64_t index, int64_t rows, int64_t columns) {
  Dense m = zeros(rows, columns);
  for (size_t i = 0; i < m.values.size(); ++i) m.values[i] = x.at(index * rows * columns + static_cast<int64_t>(i));
  return m;
}

Dense random(int64_t rows, int64_t columns, uint64_t seed) {
  return {rows, columns, [&] {
            const Array a = Array::random(DType::float64, {rows * columns}, -1, 1, seed);
            Values v;
            for (int64_t i = 0; i < a.size(); ++i) v.push_back(a.at(i));
            return v;
          }()};
}

/// Random with orthonormal columns, by Gram and Schmidt, twice.
Dense orthonormal(int64_t rows, int64_t columns, uint64_t seed) {
  Dense q = random(rows, columns, seed);
  for (int64_t j = 0; j < columns; ++j) {
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t k = 0; k < j; ++k) {
        double along = 0;
        for (int64_t i = 0; i < rows; ++i) along += q.at(i, k) * q.at(i, j);
        for (int64_t i = 0; i < rows; ++i) q.at(i, j) -= along * q.at(i, k);
      }
    }
    double length = 0;
    for (int64_t i = 0; i < rows; ++i) length += q.at(i, j) * q.at(i, j);
    for (int64_t i = 0; i < rows; ++i) q.at(i, j) /= std::sqrt(length);
  }
  return q;
}

double epsilon(DType dtype) { return dtype == DType::float32 ? 0x1p-23 : 0x1p-52; }
const DType kFloats[] = {DType::float32, DType::float64};
const int64_t kSizes[] = {1, 2, 3, 5, 8, 16, 17, 31, 33, 64, 70, 130};

/// Values that a spectrum may have: by kind.
Values spectrum(int kind, int64_t n, DType dtype) {
  Values d;
  const double range = dtype == DType::float32 ? 1e-6 : 1e-14;
  for (int64_t i = 0; i < n; ++i) {
    const double part = n == 1 ? 0 : static_cast<double>(i) / static_cast<double>(n - 1);
    if (kind == 0) d.push_back(1 + part);
    if (kind == 1) d.push_back(std::pow(range, part));           // ill-conditioned
    if (kind == 2) d.push_back(i < (n + 1) / 2 ? 1 - part : 0);  // half the rank
    if (kind == 3) d.push_back(i % 3 == 0 ? 2 : 1);              // repeated
    if (kind == 4) d.push_back(0);
    if (kind == 5) d.push_back(i == 0 ? 1 : range / 4);
  }
  return d;
}
constexpr int kKinds = 6;

Array to_array(DType dtype, const std::vector<Dense>& list) {
  Values all;
  for (const Dense& m : list) all.insert(all.end(), m.values.begin(), m.values.end());
  return Array::of(dtype, all, {static_cast<int64_t>(list.size()), list[0].rows, list[0].columns});
}

void check_orthonormal_columns(const Dense& q, double tolerance) {
  const Dense gram = multiply(transpose(q), q);
  CHECK_NEAR(distance(gram, diagonal({1, q.columns, Values(static_cast<size_t>(q.columns), 1)}, q.columns, q.columns)),
             0, tolerance);
}

Dense positive(int64_t n, uint64_t seed) {
  Dense a = multiply(random(n, n, seed), transpose(random(n, n, seed)));
  for (int64_t i = 0; i < n; ++i) a.at(i, i) += static_cast<double>(n);
  return a;
}

TEST(cholesky_gives_the_matrix_back) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : {1, 2, 3, 8, 16, 17, 40, 70, 200, 301}) {
      context() = std::string(name_of(dtype)) + " " + std::to_string(n);
      const int64_t count = n > 100 ? 1 : 3;
      std::vector<Dense> list;
      for (int64_t i = 0; i < count; ++i) list.push_back(positive(n, static_cast<uint64_t>(i + 1)));
      Array x = to_array(dtype, list);
      const Array l = Array::empty(dtype, {count, n, n});
      call("cholesky", {x}, {l}, {1});
      for (int64_t i = 0; i < count; ++i) {
        const Dense factor = matrix(l, i, n, n);
        const Dense a = matrix(x, i, n, n);
        CHECK_NEAR(distance(multiply(factor, transpose(factor)), a) / norm(a), 0,
                   4 * epsilon(dtype) * static_cast<double>(n));
        for (int64_t r = 0; r < n; ++r) {
          for (int64_t c = r + 1; c < n; ++c) CHECK(factor.at(r, c) == 0);
        }
      }
    }
  }
}

TEST(cholesky_reads_the_lower_triangle) {
  const Array l = Array::empty(DType::float64, {2, 2});
  call("cholesky", {Array::of<double>({4, NAN, 2, 5}, {2, 2})}, {l}, {1});
  CHECK_ALL_NEAR(l, (Values{2, 0, 1, 2}), 1e-15);
}

TEST(cholesky_refuses_what_is_not_positive_definite) {
  for (const Values& bad : {Values{1, 0, 2, 1}, Values{0, 0, 0, 0}, Values{-1, 0, 0, 1}, Values{NAN, 0, 0, 1},
                            Values{1, 0, INFINITY, 1}, Values{INFINITY, 0, 1, 1}}) {
    Values both{4, 0, 0, 4};
    both.insert(both.end(), bad.begin(), bad.end());
    const Array x = Array::of<double>(both, {2, 2, 2});
    const Array l = Array::empty(DType::float64, {2, 2, 2});
    CHECK_FAILS(call("cholesky", {x}, {l}, {1}), "matrix 1 of 2 is not");
    call("cholesky", {x}, {l}, {0});
    CHECK_ALL_NEAR(l, (Values{2, 0, 0, 2, NAN, NAN, NAN, NAN}), 0);
  }
}

TEST(lu_gives_the_matrix_back) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : {1, 2, 3, 8, 9, 17, 40, 70, 200, 301}) {
      context() = std::string(name_of(dtype)) + " " + std::to_string(n);
      const int64_t count = n > 100 ? 1 : 3;
      const Array x = Array::random(dtype, {count, n, n}, -1, 1, 7);
      const Array lu = Array::empty(dtype, {count, n, n});
      const Array places = Array::empty(DType::int32, {count, n});
      call("lu_factor", {x}, {lu, places});
      for (int64_t i = 0; i < count; ++i) {
        Dense lower = matrix(lu, i, n, n);
        Dense upper = lower;
        for (int64_t r = 0; r < n; ++r) {
          for (int64_t c = 0; c < n; ++c) {
            if (c < r) CHECK(std::abs(lower.at(r, c)) <= 1);
            if (c >= r) lower.at(r, c) = c == r ? 1 : 0;
            if (c < r) upper.at(r, c) = 0;
          }
        }
        const Dense product = multiply(lower, upper);
        const Dense a = matrix(x, i, n, n);
        Dense moved = a;
        for (int64_t r = 0; r < n; ++r) {
          const int64_t from = static_cast<int64_t>(places.at(i * n + r));
          for (int64_t c = 0; c < n; ++c) moved.at(r, c) = product.at(from, c);
        }
        CHECK_NEAR(distance(moved, a) / norm(a), 0, 4 * epsilon(dtype) * static_cast<double>(n));
      }
    }
  }
}

TEST(solutions_satisfy_their_systems) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : kSizes) {
      for (const int64_t m : {int64_t{1}, int64_t{3}, int64_t{40}, int64_t{150}}) {
        for (const bool turned : {false, true}) {
          context() = std::string(name_of(dtype)) + " " + std::to_string(n) + " by " + std::to_string(m);
          const Array a = Array::random(dtype, {2, n, n}, -1, 1, 3);
          const Array b = Array::random(dtype, {2, n, m}, -1, 1, 4);
          const Array x = Array::empty(dtype, {2, n, m});
          call("solve", {a, b}, {x}, {turned ? 1.0 : 0.0});
          for (int64_t i = 0; i < 2; ++i) {
            Dense left = matrix(a, i, n, n);
            if (turned) left = transpose(left);
            const Dense solution = matrix(x, i, n, m);
            const Dense right = matrix(b, i, n, m);
            CHECK_NEAR(distance(multiply(left, solution), right) / (norm(left) * norm(solution)), 0,
                       8 * epsilon(dtype) * static_cast<double>(n));
          }
        }
      }
    }
  }
}

TEST(triangular_systems_of_every_kind) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : kSizes) {
      for (const int64_t m : {int64_t{1}, int64_t{3}, int64_t{40}, int64_t{150}}) {
        for (const int kind : {0, 1, 2, 3}) {
          const bool lower = kind % 2 == 1;
          const bool turned = kind / 2 == 1;
          context() = std::string(name_of(dtype)) + " " + std::to_string(n) + " by " + std::to_string(m) + " kind " +
                      std::to_string(kind);
          Dense whole = random(n, n, 5);
          Dense triangle = whole;
          for (int64_t i = 0; i < n; ++i) {
            whole.at(i, i) = triangle.at(i, i) = 2 + 0.1 * static_cast<double>(i);
            for (int64_t j = 0; j < n; ++j) {
              whole.at(i, j) /= i == j ? 1 : std::sqrt(static_cast<double>(n));
              const bool inside = lower ? j <= i : j >= i;
              triangle.at(i, j) = inside ? whole.at(i, j) : 0;
              if (!inside) whole.at(i, j) = NAN;  // not read
            }
          }
          const Array b = Array::random(dtype, {1, n, m}, -1, 1, 6);
          const Array x = Array::empty(dtype, {1, n, m});
          call("triangular_solve", {to_array(dtype, {whole}), b}, {x}, {lower ? 1.0 : 0.0, turned ? 1.0 : 0.0});
          const Dense left = turned ? transpose(triangle) : triangle;
          const Dense solution = matrix(x, 0, n, m);
          CHECK_NEAR(distance(multiply(left, solution), matrix(b, 0, n, m)) / (norm(left) * norm(solution)), 0,
                     8 * epsilon(dtype) * static_cast<double>(n));
        }
      }
    }
  }
}

TEST(inverses_and_determinants) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : kSizes) {
      context() = std::string(name_of(dtype)) + " " + std::to_string(n);
      // Eigenvalues 1 to 2 with the sign of n, so that determinants stay in range.
      const Dense q = orthonormal(n, n, 8);
      Dense a = multiply(multiply(q, diagonal({1, n, spectrum(0, n, dtype)}, n, n)), transpose(q));
      for (double& v : a.values) v = -v;
      const Array x = to_array(dtype, {a, a});
      const Array inverse = Array::empty(dtype, {2, n, n});
      call("inverse", {x}, {inverse});
      const Dense identity = diagonal({1, n, Values(static_cast<size_t>(n), 1)}, n, n);
      CHECK_NEAR(distance(multiply(matrix(x, 1, n, n), matrix(inverse, 1, n, n)), identity), 0,
                 8 * epsilon(dtype) * static_cast<double>(n));
      double logarithm = 0;
      for (const double value : spectrum(0, n, dtype)) logarithm += std::log(value);
      const double sign = n % 2 == 0 ? 1 : -1;
      const Array det = Array::empty(dtype, {2});
      const Array size = Array::empty(dtype, {2});
      call("determinant", {x}, {det});
      CHECK_NEAR(det.at(1) / std::exp(logarithm), sign, 40 * epsilon(dtype) * static_cast<double>(n));
      call("log_determinant", {x}, {det, size});
      CHECK_ALL_NEAR(det, (Values{sign, sign}), 0);
      CHECK_NEAR(size.at(1), logarithm, 40 * epsilon(dtype) * static_cast<double>(n));
    }
  }
}

TEST(singular_matrices) {
  const Array x = Array::of<float>({1, 0, 0, 1, 1, 2, 2, 4}, {2, 2, 2});
  const Array y = Array::empty(DType::float32, {2, 2, 2});
  CHECK_FAILS(call("inverse", {x}, {y}), "matrix 1 of 2 is singular");
  CHECK_FAILS(call("solve", {x, x}, {y}, {0}), "matrix 1 of 2 is singular");
  CHECK_FAILS(call("lu_factor", {x}, {y, Array::empty(DType::int32, {2, 2})}), "matrix 1 of 2 is singular");
  CHECK_FAILS(call("inverse", {Array::of<float>({NAN, 1, 1, 1}, {1, 2, 2})}, {Array::empty(DType::float32, {1, 2, 2})}),
              "matrix 0 of 1 is singular");
  const Array det = Array::empty(DType::float32, {2});
  const Array size = Array::empty(DType::float32, {2});
  call("determinant", {x}, {det});
  CHECK_ALL_NEAR(det, (Values{1, 0}), 0);
  call("log_determinant", {x}, {det, size});
  CHECK_ALL_NEAR(det, (Values{1, 0}), 0);
  CHECK_ALL_NEAR(size, (Values{0, -INFINITY}), 0);
  // Division by zero, as in the formula.
  const Array b = Array::of<float>({0, 1}, {2, 1});
  const Array z = Array::empty(DType::float32, {2, 1});
  call("triangular_solve", {Array::of<float>({0, 0, 0, 0}, {2, 2}), b}, {z}, {1, 0});
  CHECK(std::isnan(z.at(0)));
}

TEST(nothing_to_factor) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : {Shape{0, 0}, Shape{0, 3, 3}, Shape{2, 0, 0}}) {
      Shape batch(shape.begin(), shape.end() - 2);
      Shape row(shape.begin(), shape.end() - 1);
      const Array x = Array::empty(dtype, shape);
      call("cholesky", {x}, {x.contiguous_copy()}, {1});
      call("inverse", {x}, {x.contiguous_copy()});
      call("lu_factor", {x}, {x.contiguous_copy(), Array::empty(DType::int32, row)});
      call("solve", {x, x}, {x.contiguous_copy()}, {0});
      call("triangular_solve", {x, x}, {x.contiguous_copy()}, {1, 0});
      call("eigh", {x}, {Array::empty(dtype, row), x.contiguous_copy()});
      call("qr", {x}, {x.contiguous_copy(), x.contiguous_copy()});
      call("svd", {x}, {Array::empty(dtype, row), x.contiguous_copy(), x.contiguous_copy()});
      const Array det = Array::empty(dtype, batch);
      call("determinant", {x}, {det});
      for (int64_t i = 0; i < det.size(); ++i) CHECK(det.at(i) == 1);
    }
    const Array u = Array::empty(dtype, {3, 3});
    call("svd", {Array::empty(dtype, {3, 0})}, {Array::empty(dtype, {0}), u, Array::empty(dtype, {0, 0})});
    CHECK_ALL_NEAR(u, (Values{1, 0, 0, 0, 1, 0, 0, 0, 1}), 0);
    call("qr", {Array::empty(dtype, {3, 0})}, {u, Array::empty(dtype, {3, 0})});
    CHECK_ALL_NEAR(u, (Values{1, 0, 0, 0, 1, 0, 0, 0, 1}), 0);
  }
}

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
