// Dense matrices in double precision: what factorizations are compared with, and matrices of a wanted spectrum.
#pragma once

#include "check.h"

namespace matrices {

using Values = std::vector<double>;

struct Dense {
  int64_t rows;
  int64_t columns;
  Values values;
  double at(int64_t i, int64_t j) const { return values[static_cast<size_t>(i * columns + j)]; }
  double& at(int64_t i, int64_t j) { return values[static_cast<size_t>(i * columns + j)]; }
};

inline Dense zeros(int64_t rows, int64_t columns) {
  return {rows, columns, Values(static_cast<size_t>(rows * columns), 0)};
}

inline Dense multiply(const Dense& a, const Dense& b) {
  Dense c = zeros(a.rows, b.columns);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t k = 0; k < a.columns; ++k) {
      for (int64_t j = 0; j < b.columns; ++j) c.at(i, j) += a.at(i, k) * b.at(k, j);
    }
  }
  return c;
}

inline Dense transpose(const Dense& a) {
  Dense t = zeros(a.columns, a.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < a.columns; ++j) t.at(j, i) = a.at(i, j);
  }
  return t;
}

inline Dense diagonal(const Dense& d, int64_t rows, int64_t columns) {
  Dense m = zeros(rows, columns);
  for (int64_t i = 0; i < std::min(rows, columns); ++i) m.at(i, i) = d.values[static_cast<size_t>(i)];
  return m;
}

inline double norm(const Dense& a) {
  double largest = 0;
  for (const double x : a.values) largest = std::max(largest, std::abs(x));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double x : a.values) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum);
}

inline double distance(const Dense& a, const Dense& b) {
  Dense c = a;
  for (size_t i = 0; i < c.values.size(); ++i) c.values[i] -= b.values[i];
  return norm(c);
}

/// Matrix `index` of a batch (one vector of it as a row, with rows = 1).
inline Dense matrix(const Array& x, int64_t index, int64_t rows, int64_t columns) {
  Dense m = zeros(rows, columns);
  for (size_t i = 0; i < m.values.size(); ++i) m.values[i] = x.at(index * rows * columns + static_cast<int64_t>(i));
  return m;
}

inline Dense random(int64_t rows, int64_t columns, uint64_t seed) {
  return {rows, columns, [&] {
            const Array a = Array::random(DType::float64, {rows * columns}, -1, 1, seed);
            Values v;
            for (int64_t i = 0; i < a.size(); ++i) v.push_back(a.at(i));
            return v;
          }()};
}

/// Random with orthonormal columns, by Gram and Schmidt, twice.
inline Dense orthonormal(int64_t rows, int64_t columns, uint64_t seed) {
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

inline double epsilon(DType dtype) { return dtype == DType::float32 ? 0x1p-23 : 0x1p-52; }
inline constexpr DType kFloats[] = {DType::float32, DType::float64};
inline constexpr int64_t kSizes[] = {1, 2, 3, 5, 8, 16, 17, 31, 33, 64, 70, 130};

/// Values that a spectrum may have: by kind.
inline Values spectrum(int kind, int64_t n, DType dtype) {
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
inline constexpr int kKinds = 6;

inline Array to_array(DType dtype, const std::vector<Dense>& list) {
  Values all;
  for (const Dense& m : list) all.insert(all.end(), m.values.begin(), m.values.end());
  return Array::of(dtype, all, {static_cast<int64_t>(list.size()), list[0].rows, list[0].columns});
}

inline void check_orthonormal_columns(const Dense& q, double tolerance) {
  const Dense gram = multiply(transpose(q), q);
  CHECK_NEAR(distance(gram, diagonal({1, q.columns, Values(static_cast<size_t>(q.columns), 1)}, q.columns, q.columns)),
             0, tolerance);
}

inline Dense positive(int64_t n, uint64_t seed) {
  Dense a = multiply(random(n, n, seed), transpose(random(n, n, seed)));
  for (int64_t i = 0; i < n; ++i) a.at(i, i) += static_cast<double>(n);
  return a;
}

}  // namespace matrices
