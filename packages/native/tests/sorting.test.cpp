#include <numeric>

#include "check.h"

namespace {

const DType kAll[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int8,
                      DType::int16,   DType::int32,   DType::int64,   DType::uint8,    DType::uint16,
                      DType::uint32,  DType::uint64,  DType::boolean};

/// Positions of the first k of each row in order; equal elements keep theirs.
std::vector<double> sorted_positions(const Array& x, int64_t n, int64_t k, bool descending) {
  std::vector<double> all;
  for (int64_t row = 0; row < x.size() / n; ++row) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      const double p = x.at(row * n + a);
      const double q = x.at(row * n + b);
      return descending ? p > q : p < q;
    });
    for (int64_t i = 0; i < k; ++i) all.push_back(static_cast<double>(order[static_cast<size_t>(i)]));
  }
  return all;
}

TEST(argsort_of_every_dtype) {
  for (const DType dtype : kAll) {
    const bool is_signed = is_float(dtype) || dtype == DType::int8 || dtype == DType::int16 || dtype == DType::int32 ||
                           dtype == DType::int64;
    for (const Shape& shape : {Shape{1}, Shape{7}, Shape{3, 5}, Shape{2, 3, 40}, Shape{2, 5000}}) {
      const double high = dtype == DType::boolean ? 2 : 50;
      const Array x = Array::random(dtype, shape, is_signed ? -50 : 0, high);
      const int64_t n = shape.back();
      for (const bool descending : {false, true}) {
        for (const int64_t k : {n, (n + 1) / 2, std::max<int64_t>(n / 9, 1), int64_t{1}}) {
          context() = std::string(name_of(dtype)) + show(shape) + " first " + std::to_string(k);
          Shape result = shape;
          result.back() = k;
          const Array y = Array::empty(DType::int32, result);
          call("argsort", {x}, {y}, {descending ? 1.0 : 0.0});
          CHECK_ALL_NEAR(y, sorted_positions(x, n, k, descending), 0);
        }
      }
    }
  }
}

TEST(argsort_has_nan_last_and_one_zero) {
  const Array x = Array::of<float>({NAN, 0.0f, -0.0f, -INFINITY, INFINITY, -1}, {6});
  const Array y = Array::empty(DType::int32, {6});
  call("argsort", {x}, {y}, {0});
  CHECK_ALL_NEAR(y, (std::vector<double>{3, 5, 1, 2, 4, 0}), 0);
  call("argsort", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 4, 1, 2, 5, 3}), 0);
}

TEST(argsort_selects_the_first_of_rows_in_any_order) {
  // Each element of a rising row is larger than all before it, and of a flat one none is.
  constexpr int64_t n = 1003;
  std::vector<double> rows;
  for (int64_t i = 0; i < n; ++i) rows.push_back(static_cast<double>(i));
  for (int64_t i = 0; i < n; ++i) rows.push_back(static_cast<double>(n - i));
  for (int64_t i = 0; i < n; ++i) rows.push_back(3);
  for (int64_t i = 0; i < n; ++i) rows.push_back(static_cast<double>(i * 7919 % 64));
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::uint64}) {
    const Array x = Array::of(dtype, rows, {4, n});
    for (const bool descending : {false, true}) {
      for (const int64_t k : {1, 2, 17, 125}) {
        context() = std::string(name_of(dtype)) + " first " + std::to_string(k);
        const Array y = Array::empty(DType::int32, {4, k});
        call("argsort", {x}, {y}, {descending ? 1.0 : 0.0});
        CHECK_ALL_NEAR(y, sorted_positions(x, n, k, descending), 0);
      }
    }
  }
  std::vector<double> gaps(n, 1);
  gaps[40] = gaps[900] = NAN;
  gaps[41] = 2;
  const Array x = Array::of(DType::float32, gaps, {n});
  const Array y = Array::empty(DType::int32, {4});
  call("argsort", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{40, 900, 41, 0}), 0);
}

TEST(argsort_of_nothing) {
  call("argsort", {Array::empty(DType::float32, {0, 3})}, {Array::empty(DType::int32, {0, 3})}, {0});
  call("argsort", {Array::empty(DType::float32, {3, 0})}, {Array::empty(DType::int32, {3, 0})}, {0});
}

TEST(searchsorted_on_both_sides) {
  for (const DType dtype : kAll) {
    if (dtype == DType::boolean) continue;
    context() = name_of(dtype);
    const Array list = Array::of(dtype, {1, 3, 3, 7}, {4});
    const Array values = Array::of(dtype, {0, 1, 3, 5, 7, 9}, {2, 3});
    const Array y = Array::empty(DType::int32, {2, 3});
    call("searchsorted", {list, values}, {y}, {0});
    CHECK_ALL_NEAR(y, (std::vector<double>{0, 0, 1, 3, 3, 4}), 0);
    call("searchsorted", {list, values}, {y}, {1});
    CHECK_ALL_NEAR(y, (std::vector<double>{0, 1, 3, 3, 4, 4}), 0);
  }
  const Array y = Array::empty(DType::int32, {2});
  call("searchsorted", {Array::empty(DType::float32, {0}), Array::of<float>({1, NAN}, {2})}, {y}, {0});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 0}), 0);
}

}  // namespace
