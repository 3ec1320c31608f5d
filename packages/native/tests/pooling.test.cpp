// Pooling against plain loops in double precision, for one to three spatial axes.
#include "check.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};

struct Pooling {
  Shape x;  // [n, s..., c]
  Shape window, strides, low, high;

  int64_t rank() const { return static_cast<int64_t>(window.size()); }
  int64_t n() const { return x.front(); }
  int64_t c() const { return x.back(); }

  Shape y() const {
    Shape shape = {n()};
    for (size_t a = 0; a < window.size(); ++a) {
      shape.push_back((x[a + 1] + low[a] + high[a] - window[a]) / strides[a] + 1);
    }
    shape.push_back(c());
    return shape;
  }

  std::vector<double> attributes() const {
    std::vector<double> all = {static_cast<double>(rank())};
    for (const Shape& list : {window, strides, low, high}) all.insert(all.end(), list.begin(), list.end());
    return all;
  }
};

std::string show_case(const Pooling& k) {
  return show(k.x) + " window " + show(k.window) + " strides " + show(k.strides) + " low " + show(k.low);
}

/// Positions in x of the window of one element of y, in row-major order, without the padding.
std::vector<size_t> positions(const Pooling& k, int64_t output) {
  const Shape y = k.y();
  const int64_t channel = output % k.c();
  int64_t rest = output / k.c();
  Shape at(k.window.size());
  for (size_t a = at.size(); a-- > 0;) {
    at[a] = rest % y[a + 1];
    rest /= y[a + 1];
  }
  std::vector<size_t> found;
  for (int64_t w = 0; w < product(k.window); ++w) {
    int64_t index = rest;
    bool inside = true;
    int64_t steps = product(k.window);
    int64_t left = w;
    for (size_t a = 0; a < at.size(); ++a) {
      steps /= k.window[a];
      const int64_t i = at[a] * k.strides[a] - k.low[a] + left / steps;
      left %= steps;
      inside = inside && i >= 0 && i < k.x[a + 1];
      index = index * k.x[a + 1] + i;
    }
    if (inside) found.push_back(static_cast<size_t>(index * k.c() + channel));
  }
  return found;
}

size_t first_maximum(const std::vector<double>& x, const std::vector<size_t>& where) {
  size_t best = where.at(0);
  for (const size_t i : where) {
    if (std::isnan(x[best])) break;
    if (std::isnan(x[i]) || x[i] > x[best]) best = i;
  }
  return best;
}

const std::vector<Pooling> kCases = {
    {{1, 4, 4, 1}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
    {{2, 9, 6, 16}, {3, 3}, {3, 3}, {0, 0}, {0, 0}},
    {{2, 8, 10, 32}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
    {{2, 9, 7, 3}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
    {{2, 9, 7, 5}, {2, 2}, {2, 2}, {0, 0}, {1, 1}},
    {{3, 7, 11, 17}, {3, 2}, {2, 1}, {1, 0}, {1, 1}},
    {{1, 13, 5, 70}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
    {{2, 10, 10, 4}, {2, 3}, {3, 4}, {0, 1}, {0, 0}},
    {{2, 5, 6, 7}, {5, 6}, {5, 6}, {0, 0}, {0, 0}},
    {{3, 17, 1}, {3}, {2}, {1}, {1}},
    {{2, 301, 8}, {2}, {2}, {0}, {0}},
    {{1, 20, 33}, {4}, {3}, {2}, {1}},
    {{2, 5, 6, 7, 3}, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {0, 0, 0}},
    {{1, 6, 5, 7, 20}, {3, 2, 3}, {1, 2, 2}, {1, 0, 1}, {1, 1, 1}},
    {{0, 4, 4, 3}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
    {{2, 4, 4, 0}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
    // Large enough for bands: windows straddle their borders.
    {{1, 150, 40, 33}, {3, 3}, {2, 2}, {1, 1}, {1, 1}},
    {{2, 200, 30, 35}, {3, 3}, {3, 3}, {1, 0}, {0, 0}},
    {{1, 9000, 40}, {5}, {2}, {2}, {2}},
    {{1, 100, 30, 66}, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
};

/// Many equal values, so that the first maximum matters; now and then NaN and infinities.
Array tied_values(DType dtype, const Shape& shape) {
  const Array x = Array::random(dtype, shape, -2, 3, 7);
  const Array choice = Array::random(DType::float64, shape, 0, 1, 8);
  std::vector<double> values = x.values();
  for (size_t i = 0; i < values.size(); ++i) {
    const double c = choice.at(static_cast<int64_t>(i));
    values[i] = c < 0.01 ? NAN : c < 0.03 ? -INFINITY : c < 0.04 ? INFINITY : std::floor(values[i]);
  }
  return Array::of(dtype, values, shape);
}

TEST(max_pool_takes_the_maximum_and_its_gradient_the_first_one) {
  for (const DType dtype : kFloats) {
    for (const Pooling& k : kCases) {
      context() = std::string(name_of(dtype)) + show_case(k);
      const Array x = tied_values(dtype, k.x);
      const Array y = Array::empty(dtype, k.y());
      call("max_pool", {x}, {y}, k.attributes());
      const Array dy = Array::random(dtype, k.y(), -1, 1, 3);
      const Array dx = Array::empty(dtype, k.x);
      call("max_pool_gradient", {x, y, dy}, {dx}, k.attributes());

      const std::vector<double> values = x.values();
      std::vector<double> expected(static_cast<size_t>(y.size()));
      std::vector<double> gradient(values.size());
      for (int64_t o = 0; o < y.size(); ++o) {
        const size_t best = first_maximum(values, positions(k, o));
        expected[static_cast<size_t>(o)] = values[best];
        gradient[best] += dy.at(o);
      }
      CHECK_ALL_NEAR(y, expected, 0);
      CHECK_ALL_NEAR(dx, gradient, 1e-6);
    }
  }
}

TEST(average_pool_leaves_padding_out) {
  for (const DType dtype : kFloats) {
    const double tolerance = dtype == DType::float32 ? 1e-6 : 1e-14;
    for (const Pooling& k : kCases) {
      context() = std::string(name_of(dtype)) + show_case(k);
      const Array x = Array::random(dtype, k.x, -1, 1, 2);
      const Array y = Array::empty(dtype, k.y());
      call("average_pool", {x}, {y}, k.attributes());
      const Array dy = Array::random(dtype, k.y(), -1, 1, 3);
      const Array dx = Array::empty(dtype, k.x);
      call("average_pool_gradient", {dy}, {dx}, k.attributes());

      const std::vector<double> values = x.values();
      std::vector<double> expected(static_cast<size_t>(y.size()));
      std::vector<double> gradient(values.size());
      for (int64_t o = 0; o < y.size(); ++o) {
        const std::vector<size_t> where = positions(k, o);
        const double count = static_cast<double>(where.size());
        for (const size_t i : where) {
          expected[static_cast<size_t>(o)] += values[i] / count;
          gradient[i] += dy.at(o) / count;
        }
      }
      CHECK_ALL_NEAR(y, expected, tolerance);
      CHECK_ALL_NEAR(dx, gradient, tolerance);
    }
  }
}

TEST(padding_never_wins) {
  const Pooling k{{1, 3, 3, 2}, {3, 3}, {1, 1}, {1, 1}, {1, 1}};
  const Array x = Array::random(DType::float32, k.x, -9, -5, 4);
  const Array y = Array::empty(DType::float32, k.y());
  call("max_pool", {x}, {y}, k.attributes());
  for (const double v : y.values()) CHECK(v < -5);
}

// Max pooling is piecewise linear: away from ties, differences are exact up to rounding.
TEST(gradients_match_finite_differences) {
  constexpr double step = 1e-6;
  for (const std::string kernel : {"max_pool", "average_pool"}) {
    const Pooling k{{2, 5, 6, 3}, {3, 2}, {2, 2}, {1, 0}, {1, 0}};
    context() = kernel;
    const Array x = Array::random(DType::float64, k.x, -1, 1, 12);
    const Array dy = Array::random(DType::float64, k.y(), -1, 1, 13);
    const Array y = Array::empty(DType::float64, k.y());
    const Array dx = Array::empty(DType::float64, k.x);
    const auto loss = [&] {
      call(kernel, {x}, {y}, k.attributes());
      double sum = 0;
      for (int64_t i = 0; i < y.size(); ++i) sum += y.at(i) * dy.at(i);
      return sum;
    };
    loss();
    if (kernel == "max_pool") {
      call("max_pool_gradient", {x, y, dy}, {dx}, k.attributes());
    } else {
      call("average_pool_gradient", {dy}, {dx}, k.attributes());
    }
    for (int64_t i = 0; i < x.size(); ++i) {
      double& value = x.data<double>()[i];
      const double start = value;
      value = start + step;
      const double above = loss();
      value = start - step;
      const double below = loss();
      value = start;
      CHECK_NEAR(dx.at(i), (above - below) / (2 * step), 1e-8);
    }
  }
}

}  // namespace
