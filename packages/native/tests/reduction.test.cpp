#include <algorithm>
#include <functional>

#include "check.h"
#include "runtime/threads.h"

namespace {

struct Layout {
  const char* name;
  Array (*view)(DType, const Shape&, double, double);
};

Array plain(DType dtype, const Shape& shape, double low, double high) {
  return Array::random(dtype, shape, low, high, static_cast<uint64_t>(product(shape)));
}

// The same shape in memory as its reverse: every stride differs from the contiguous one.
Array reversed_axes(DType dtype, const Shape& shape, double low, double high) {
  std::vector<int> axes;
  for (size_t i = shape.size(); i-- > 0;) axes.push_back(static_cast<int>(i));
  return plain(dtype, Shape(shape.rbegin(), shape.rend()), low, high).transposed(axes);
}

Array with_gaps(DType dtype, const Shape& shape, double low, double high) {
  return plain(dtype, shape, low, high).with_gaps();
}

Array backwards(DType dtype, const Shape& shape, double low, double high) {
  Array x = plain(dtype, shape, low, high);
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] > 0) x = x.sliced(static_cast<int>(i), shape[i] - 1, shape[i], -1);
  }
  return x;
}

Array repeated(DType dtype, const Shape& shape, double low, double high) {
  Shape source = shape;
  for (size_t i = 0; i < source.size(); i += 2) source[i] = std::min<int64_t>(source[i], 1);
  return plain(dtype, source, low, high).broadcast_to(shape);
}

const Layout kLayouts[] = {{"plain", plain},
                           {"reversed axes", reversed_axes},
                           {"gaps", with_gaps},
                           {"backwards", backwards},
                           {"repeated", repeated}};

const Shape kShapes[] = {{},         {1},         {0},          {7},       {33},      {3, 5},      {1, 17},
                         {17, 1},    {0, 4},      {4, 0},       {64, 10},  {10, 64},  {2, 3, 4},   {5, 1, 9},
                         {3, 70, 2}, {130, 3, 5}, {2, 3, 4, 5}, {300, 37}, {37, 300}, {2, 300, 33}};

struct Reference {
  double start;
  std::function<double(double, double)> fold;
};

std::vector<double> reduce(const Array& x, uint32_t mask, const Reference& reference, bool is_mean) {
  const Shape shape = x.shape();
  Shape kept = shape;
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (mask >> i & 1) {
      count *= shape[i];
      kept[i] = 1;
    }
  }
  std::vector<double> y(static_cast<size_t>(product(kept)), reference.start);
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t rest = i;
    int64_t place = 0;
    int64_t stride = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (!(mask >> axis & 1)) place += rest % shape[axis] * stride;
      stride *= kept[axis];
      rest /= shape[axis];
    }
    double& slot = y[static_cast<size_t>(place)];
    slot = reference.fold(slot, x.at(i));
  }
  if (is_mean) {
    for (double& v : y) v /= static_cast<double>(count);
  }
  return y;
}

Array output_for(const Array& x, uint32_t mask, DType dtype) {
  Shape kept = x.shape();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (mask >> i & 1) kept[i] = 1;
  }
  return Array::empty(dtype, kept);
}

std::vector<double> axes_of(uint32_t mask) {
  std::vector<double> axes;
  for (int i = 0; i < 12; ++i) {
    if (mask >> i & 1) axes.push_back(i);
  }
  return axes;
}

/// All subsets of axes of all shapes and layouts.
void for_all(DType dtype, double low, double high, const std::function<void(const Array&, uint32_t)>& body) {
  for (const Shape& shape : kShapes) {
    for (const Layout& layout : kLayouts) {
      const Array x = layout.view(dtype, shape, low, high);
      for (uint32_t mask = 0; mask < 1u << shape.size(); ++mask) {
        context() =
            std::string(name_of(dtype)) + " " + show(shape) + " " + layout.name + " mask " + std::to_string(mask);
        body(x, mask);
      }
    }
  }
}

void compare(const char* name, DType dtype, double low, double high, const Reference& reference, double tolerance) {
  const bool is_mean = std::string(name) == "mean";
  for_all(dtype, low, high, [&](const Array& x, uint32_t mask) {
    const Array y = output_for(x, mask, dtype);
    call(name, {x}, {y}, axes_of(mask));
    std::vector<double> expected = reduce(x, mask, reference, is_mean);
    with_type(dtype, [&](auto zero) {
      using T = decltype(zero);
      // Integers wrap as their dtype does.
      for (double& v : expected) {
        if constexpr (std::is_integral_v<T>) v = static_cast<double>(static_cast<T>(static_cast<int64_t>(v)));
      }
    });
    CHECK_ALL_NEAR(y, expected, tolerance);
  });
}

const Reference kSum{0, [](double a, double b) { return a + b; }};
const Reference kProd{1, [](double a, double b) { return a * b; }};
const Reference kMax{-INFINITY, [](double a, double b) { return std::max(a, b); }};
const Reference kMin{INFINITY, [](double a, double b) { return std::min(a, b); }};

double tolerance_of(DType dtype) {
  return dtype == DType::float64 ? 1e-13 : dtype == DType::float32 ? 2e-6 : dtype == DType::float16 ? 1e-3 : 8e-3;
}

TEST(sum_of_floats) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    compare("sum", dtype, 0.1, 1, kSum, tolerance_of(dtype));
  }
}

TEST(mean_of_floats) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    compare("mean", dtype, -1, 1, kSum, tolerance_of(dtype));
  }
}

TEST(prod_of_floats) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    compare("prod", dtype, 0.99, 1.01, kProd, std::max(tolerance_of(dtype), 1e-12));
  }
}

TEST(extremes_of_floats) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    compare("max", dtype, -4, 1, kMax, 0);
    compare("min", dtype, -1, 4, kMin, 0);
  }
}

TEST(integers_wrap) {
  for (const DType dtype : {DType::int8, DType::int16, DType::int32, DType::uint8, DType::uint16, DType::uint32}) {
    compare("sum", dtype, 0, 100, kSum, 0);
  }
  const Array x = Array::of<int64_t>({INT64_MAX, 1, 1}, {3});
  const Array y = Array::empty(DType::int64, {1});
  call("sum", {x}, {y}, {0});
  CHECK(*y.data<int64_t>() == INT64_MIN + 1);
  const Array z = Array::empty(DType::uint16, {1});
  call("prod", {Array::of<uint16_t>({65535, 65535, 3}, {3})}, {z}, {0});
  CHECK(*z.data<uint16_t>() == 3);
}

TEST(extremes_of_integers) {
  for (const DType dtype : {DType::int8, DType::int32, DType::int64, DType::uint8, DType::uint64}) {
    for_all(dtype, 0, 100, [&](const Array& x, uint32_t mask) {
      if (x.size() == 0) return;
      const Array y = output_for(x, mask, dtype);
      call("max", {x}, {y}, axes_of(mask));
      CHECK_ALL_NEAR(y, reduce(x, mask, kMax, false), 0);
      call("min", {x}, {y}, axes_of(mask));
      CHECK_ALL_NEAR(y, reduce(x, mask, kMin, false), 0);
    });
  }
}

TEST(any_and_all) {
  for (const double high : {1.02, 2.0}) {
    for_all(DType::boolean, 0, high, [&](const Array& x, uint32_t mask) {
      const Array y = output_for(x, mask, DType::boolean);
      call("any", {x}, {y}, axes_of(mask));
      CHECK_ALL_NEAR(y, reduce(x, mask, {0, [](double a, double b) { return std::max(a, b); }}, false), 0);
      call("all", {x}, {y}, axes_of(mask));
      CHECK_ALL_NEAR(y, reduce(x, mask, {1, [](double a, double b) { return std::min(a, b); }}, false), 0);
    });
  }
}

TEST(arg_extremes) {
  for (const DType dtype :
       {DType::float32, DType::float64, DType::float16, DType::int32, DType::uint8, DType::boolean}) {
    // Few distinct values: many ties.
    for_all(dtype, 0, dtype == DType::boolean ? 2 : 9, [&](const Array& given, uint32_t mask) {
      if (given.size() == 0 || (mask & (mask - 1)) != 0 || mask == 0) return;
      const int axis = __builtin_ctz(mask);
      for (const bool is_max : {true, false}) {
        const Array y = output_for(given, mask, DType::int32);
        call(is_max ? "argmax" : "argmin", {given}, {y}, {static_cast<double>(axis)});
        // The value at the index found equals the extreme, and nothing before it does.
        const Array m = output_for(given, mask, dtype);
        std::vector<double> best = reduce(given, mask, is_max ? kMax : kMin, false);
        for (int64_t i = 0; i < y.size(); ++i) {
          const int64_t found = static_cast<int64_t>(y.at(i));
          const int64_t n = given.operand().shape[axis];
          CHECK(found >= 0 && found < n);
          if (found < 0 || found >= n) continue;
          int64_t inner = 1;
          for (int a = axis + 1; a < given.operand().rank; ++a) inner *= given.operand().shape[a];
          const int64_t first = i / inner * n * inner + i % inner;
          CHECK_NEAR(given.at(first + found * inner), best[static_cast<size_t>(i)], 0);
          for (int64_t j = 0; j < found; ++j) CHECK(given.at(first + j * inner) != best[static_cast<size_t>(i)]);
        }
      }
    });
  }
}

TEST(arg_extremes_of_long_rows) {
  for (const DType dtype :
       {DType::float32, DType::float64, DType::bfloat16, DType::int8, DType::uint16, DType::int64}) {
    for (const int64_t n : {255, 256, 257, 512, 1000}) {
      for (const int64_t at : {int64_t{0}, int64_t{3}, n / 2, n - 1}) {
        for (const bool is_max : {true, false}) {
          Array x = Array::random(dtype, {2, n}, 10, 100);
          with_type(dtype, [&](auto zero) {
            using T = decltype(zero);
            // Twice: the first one counts.
            x.data<T>()[at] = from_double<T>(is_max ? 101 : 9);
            x.data<T>()[n - 1] = from_double<T>(is_max ? 101 : 9);
          });
          const Array y = Array::empty(DType::int32, {2, 1});
          call(is_max ? "argmax" : "argmin", {x}, {y}, {1});
          CHECK(y.at(0) == static_cast<double>(at));
          const std::vector<double> best = reduce(x, 2, is_max ? kMax : kMin, false);
          CHECK(x.at(n + static_cast<int64_t>(y.at(1))) == best[1]);
        }
      }
    }
  }
}

TEST(nan_is_the_extreme_and_has_no_place) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    for (const int64_t n : {1, 5, 40, 1000, 3000}) {
      for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
        for (const bool columns : {false, true}) {
          context() = std::string(name_of(dtype)) + " n " + std::to_string(n) + " at " + std::to_string(at);
          std::vector<double> values(static_cast<size_t>(3 * n), 1);
          // Row 1 of 3 has two NaN, others none.
          for (int64_t i = 0; i < n; ++i) {
            if (i == at || i == n - 1) values[static_cast<size_t>(columns ? i * 3 + 1 : n + i)] = NAN;
          }
          const Array x = Array::of(dtype, values, columns ? Shape{n, 3} : Shape{3, n});
          const Shape out = columns ? Shape{1, 3} : Shape{3, 1};
          const double axis = columns ? 0 : 1;
          for (const char* name : {"max", "min", "sum"}) {
            const Array y = Array::empty(dtype, out);
            call(name, {x}, {y}, {axis});
            CHECK(!std::isnan(y.at(0)) && std::isnan(y.at(1)) && !std::isnan(y.at(2)));
          }
          for (const char* name : {"argmax", "argmin"}) {
            const Array y = Array::empty(DType::int32, out);
            call(name, {x}, {y}, {axis});
            // Row 1 has a number somewhere, unless both its elements are NaN.
            const int64_t first_number = n == 1 || (at == 0 && n == 2) ? 0 : at == 0 ? 1 : 0;
            CHECK(y.at(0) == 0 && y.at(1) == static_cast<double>(first_number) && y.at(2) == 0);
          }
        }
      }
    }
  }
}

TEST(arg_extremes_pass_over_nan) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16}) {
    for (const int64_t n : {6, 300, 1000}) {
      std::vector<double> values(static_cast<size_t>(4 * n), NAN);
      values[static_cast<size_t>(n - 2)] = 7;
      values[static_cast<size_t>(n + 1)] = -INFINITY;
      values[static_cast<size_t>(n + 3)] = -1;
      values[static_cast<size_t>(2 * n + 2)] = INFINITY;
      const Array x = Array::of(dtype, values, {4, n});
      const Array y = Array::empty(DType::int32, {4, 1});
      call("argmax", {x}, {y}, {1});
      CHECK_ALL_NEAR(y, (std::vector<double>{static_cast<double>(n - 2), 3, 2, 0}), 0);
      call("argmin", {x}, {y}, {1});
      CHECK_ALL_NEAR(y, (std::vector<double>{static_cast<double>(n - 2), 1, 0, 0}), 0);
    }
  }
}

TEST(infinities) {
  const Array x = Array::of<float>({1, -INFINITY, 2, INFINITY, 1, 2}, {2, 3});
  const Array y = Array::empty(DType::float32, {2, 1});
  call("sum", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{-INFINITY, INFINITY}), 0);
  call("max", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{2, INFINITY}), 0);
  call("min", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{-INFINITY, 1}), 0);
}

TEST(empty_reductions) {
  const Array x = Array::empty(DType::float32, {3, 0});
  const Array y = Array::empty(DType::float32, {3, 1});
  call("mean", {x}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{NAN, NAN, NAN}), 0);
  const Array z = Array::empty(DType::float16, {3, 1});
  call("mean", {Array::empty(DType::float16, {3, 0})}, {z}, {1});
  CHECK_ALL_NEAR(z, (std::vector<double>{NAN, NAN, NAN}), 0);
}

// Large enough for several chunks, against float64; the error stays near one rounding of the result.
TEST(long_sums_are_accurate) {
  const struct {
    Shape shape;
    std::vector<double> axes;
  } cases[] = {{{1500007}, {0}},        {{700001, 3}, {0}},   {{700001, 3}, {1}},       {{3, 700001}, {1}},
               {{1001, 1500}, {0}},     {{1001, 1500}, {1}},  {{1001, 1500}, {0, 1}},   {{40, 301, 70}, {1}},
               {{40, 301, 70}, {0, 2}}, {{6, 40001, 7}, {1}}, {{2, 200003, 5}, {0, 1}}, {{300000, 4}, {0}}};
  for (const auto& c : cases) {
    for (const bool transposes : {false, true}) {
      Array x = Array::random(DType::float32, c.shape, 0, 1, 7);
      std::vector<double> axes = c.axes;
      if (transposes) {
        std::vector<int> order;
        for (size_t i = c.shape.size(); i-- > 0;) order.push_back(static_cast<int>(i));
        x = x.transposed(order);
        for (double& axis : axes) axis = static_cast<double>(c.shape.size()) - 1 - axis;
      }
      uint32_t mask = 0;
      for (const double axis : axes) mask |= 1u << static_cast<int>(axis);
      context() = show(x.shape()) + " mask " + std::to_string(mask);
      const Array y = output_for(x, mask, DType::float32);
      call("sum", {x}, {y}, axes);
      CHECK_ALL_NEAR(y, reduce(x, mask, kSum, false), 3e-7);
      const Array again = output_for(x, mask, DType::float32);
      call("sum", {x}, {again}, axes);
      CHECK(y.identical(again));
      call("max", {x}, {y}, axes);
      CHECK_ALL_NEAR(y, reduce(x, mask, kMax, false), 0);
    }
  }
}

TEST(results_do_not_depend_on_the_number_of_threads) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    for (const Shape& shape : {Shape{900001}, Shape{300001, 3}, Shape{3, 300001}, Shape{1000, 900}}) {
      const Array x = Array::random(dtype, shape, -1, 1);
      for (uint32_t mask = 1; mask < 1u << shape.size(); ++mask) {
        const Array one = output_for(x, mask, dtype);
        set_num_threads(1);
        call("sum", {x}, {one}, axes_of(mask));
        for (const int threads : {2, 5}) {
          set_num_threads(threads);
          const Array several = output_for(x, mask, dtype);
          call("sum", {x}, {several}, axes_of(mask));
          CHECK(several.identical(one));
        }
      }
    }
  }
  set_num_threads(available_cores());
}

TEST(long_generic_reductions) {
  const Array x = Array::random(DType::int32, {900001}, -5, 6);
  const Array y = Array::empty(DType::int32, {1});
  call("sum", {x}, {y}, {0});
  CHECK_ALL_NEAR(y, reduce(x, 1, kSum, false), 0);
  const Array h = Array::random(DType::float16, {300001, 2}, 0, 1);
  const Array hy = Array::empty(DType::float16, {1, 2});
  call("mean", {h}, {hy}, {0});
  CHECK_ALL_NEAR(hy, reduce(h, 1, kSum, true), 1e-3);
}

}  // namespace
