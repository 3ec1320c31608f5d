// Factorizations, by what they must give back: reconstruction and orthogonality within a few roundings times the size.
#include "linalg_matrices.h"

namespace {

using namespace matrices;

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

}  // namespace
