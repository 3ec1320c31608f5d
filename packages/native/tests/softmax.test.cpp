// Softmax, cross-entropy and their gradients against plain loops in double precision.
#include <functional>

#include "check.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};
const std::vector<Shape> kShapes = {{1, 1},     {1, 2},  {5, 3},   {3, 10},   {2, 16},   {3, 17},
                                    {7, 31},    {2, 64}, {3, 100}, {9, 1000}, {2, 4097}, {1, 100003},
                                    {9000, 10}, {0, 5},  {3, 0},   {2, 3, 5}};

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 3e-6 : 1e-13; }

struct Row {
  double max, sum;
};

Row row_of(const std::vector<double>& x, size_t row, size_t c) {
  Row r{-INFINITY, 0};
  for (size_t j = 0; j < c; ++j) r.max = std::max(r.max, x[row * c + j]);
  for (size_t j = 0; j < c; ++j) r.sum += std::exp(x[row * c + j] - r.max);
  return r;
}

/// log(softmax(x)) by rows of c.
std::vector<double> log_softmax(const std::vector<double>& x, size_t c) {
  std::vector<double> y(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t row = i / c;
    const Row r = i % c == 0 ? row_of(x, row, c) : Row{};
    if (i % c == 0) {
      for (size_t j = i; j < i + c; ++j) y[j] = x[j] - r.max - std::log(r.sum);
    }
  }
  return y;
}

std::vector<double> softmax(const std::vector<double>& x, size_t c) {
  std::vector<double> y = log_softmax(x, c);
  for (double& v : y) v = std::exp(v);
  return y;
}

TEST(softmax_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      context() = std::string(name_of(dtype)) + show(shape);
      const auto c = static_cast<size_t>(shape.back());
      const Array x = Array::random(dtype, shape, -20, 20, 1);
      const Array dy = Array::random(dtype, shape, -1, 1, 2);
      const Array y = Array::empty(dtype, shape);
      const Array dx = Array::empty(dtype, shape);
      call("softmax", {x}, {y});
      const std::vector<double> expected = softmax(x.values(), c);
      CHECK_ALL_NEAR(y, expected, tolerance_of(dtype));
      // Small values are right to all their digits.
      for (size_t i = 0; i < expected.size(); ++i) {
        CHECK_NEAR(y.at(static_cast<int64_t>(i)) / expected[i], 1, 3 * tolerance_of(dtype));
      }
      call("softmax_gradient", {dy, y}, {dx});
      std::vector<double> gradient(expected.size());
      for (size_t i = 0; i < gradient.size(); ++i) {
        if (i % c != 0) continue;
        double dot = 0;
        for (size_t j = i; j < i + c; ++j) dot += dy.at(static_cast<int64_t>(j)) * expected[j];
        for (size_t j = i; j < i + c; ++j) gradient[j] = expected[j] * (dy.at(static_cast<int64_t>(j)) - dot);
      }
      CHECK_ALL_NEAR(dx, gradient, tolerance_of(dtype));
    }
  }
}

TEST(log_softmax_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      context() = std::string(name_of(dtype)) + show(shape);
      const auto c = static_cast<size_t>(shape.back());
      const Array x = Array::random(dtype, shape, -20, 20, 1);
      const Array dy = Array::random(dtype, shape, -1, 1, 2);
      const Array y = Array::empty(dtype, shape);
      const Array dx = Array::empty(dtype, shape);
      call("log_softmax", {x}, {y});
      const std::vector<double> expected = log_softmax(x.values(), c);
      CHECK_ALL_NEAR(y, expected, tolerance_of(dtype));
      call("log_softmax_gradient", {dy, y}, {dx});
      std::vector<double> gradient(expected.size());
      for (size_t i = 0; i < gradient.size(); ++i) {
        if (i % c != 0) continue;
        double sum = 0;
        for (size_t j = i; j < i + c; ++j) sum += dy.at(static_cast<int64_t>(j));
        for (size_t j = i; j < i + c; ++j) gradient[j] = dy.at(static_cast<int64_t>(j)) - std::exp(expected[j]) * sum;
      }
      CHECK_ALL_NEAR(dx, gradient, 10 * tolerance_of(dtype));
    }
  }
}

TEST(sparse_cross_entropy_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const DType label_dtype : {DType::int32, DType::int64}) {
      for (const Shape& shape : kShapes) {
        if (shape.size() != 2) continue;
        context() = std::string(name_of(dtype)) + show(shape);
        const int64_t n = shape[0], c = shape[1];
        const Array x = Array::random(dtype, shape, -20, 20, 1);
        if (c == 0 && n > 0) continue;
        const Array labels = Array::random(label_dtype, {n}, 0, static_cast<double>(c), 3);
        const Array loss = Array::empty(dtype, {n});
        const Array probabilities = Array::empty(dtype, shape);
        call("sparse_softmax_cross_entropy", {x, labels}, {loss, probabilities});
        const std::vector<double> logs = log_softmax(x.values(), static_cast<size_t>(c));
        const std::vector<double> expected = softmax(x.values(), static_cast<size_t>(c));
        CHECK_ALL_NEAR(probabilities, expected, tolerance_of(dtype));
        const Array dloss = Array::random(dtype, {n}, -1, 1, 4);
        const Array dx = Array::empty(dtype, shape);
        call("sparse_softmax_cross_entropy_gradient", {dloss, probabilities, labels}, {dx});
        for (int64_t i = 0; i < n; ++i) {
          const auto label = static_cast<int64_t>(labels.at(i));
          CHECK_NEAR(loss.at(i), -logs[static_cast<size_t>(i * c + label)], tolerance_of(dtype));
          for (int64_t j = 0; j < c; ++j) {
            const double p = expected[static_cast<size_t>(i * c + j)];
            CHECK_NEAR(dx.at(i * c + j), (p - (j == label ? 1 : 0)) * dloss.at(i), tolerance_of(dtype));
          }
        }
      }
    }
  }
}

TEST(dense_cross_entropy_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      if (shape.size() != 2) continue;
      context() = std::string(name_of(dtype)) + show(shape);
      const int64_t n = shape[0], c = shape[1];
      const Array x = Array::random(dtype, shape, -20, 20, 1);
      // Not normalized: the gradient has their sum.
      const Array labels = Array::random(dtype, shape, 0, 2.0 / static_cast<double>(c + 1), 3);
      const Array loss = Array::empty(dtype, {n});
      const Array probabilities = Array::empty(dtype, shape);
      call("softmax_cross_entropy", {x, labels}, {loss, probabilities});
      const std::vector<double> logs = log_softmax(x.values(), static_cast<size_t>(c));
      CHECK_ALL_NEAR(probabilities, softmax(x.values(), static_cast<size_t>(c)), tolerance_of(dtype));
      const Array dloss = Array::random(dtype, {n}, -1, 1, 4);
      const Array dx = Array::empty(dtype, shape);
      call("softmax_cross_entropy_gradient", {dloss, probabilities, labels}, {dx});
      for (int64_t i = 0; i < n; ++i) {
        double expected = 0;
        double sum = 0;
        for (int64_t j = i * c; j < (i + 1) * c; ++j) {
          expected -= labels.at(j) * logs[static_cast<size_t>(j)];
          sum += labels.at(j);
        }
        CHECK_NEAR(loss.at(i), expected, 3 * tolerance_of(dtype));
        for (int64_t j = i * c; j < (i + 1) * c; ++j) {
          const double p = std::exp(logs[static_cast<size_t>(j)]);
          CHECK_NEAR(dx.at(j), (p * sum - labels.at(j)) * dloss.at(i), tolerance_of(dtype));
        }
      }
    }
  }
}

TEST(labels_outside_are_refused) {
  for (const DType dtype : kFloats) {
    const Array x = Array::random(dtype, {4, 19}, -1, 1, 1);
    const Array loss = Array::empty(dtype, {4});
    const Array probabilities = Array::empty(dtype, {4, 19});
    const auto run = [&](int64_t odd, const char* message) {
      const Array labels = Array::of<int64_t>({18, 0, odd, odd}, {4});
      CHECK_FAILS(call("sparse_softmax_cross_entropy", {x, labels}, {loss, probabilities}), message);
      // A gradient that is asked for all the same reads nothing outside.
      const Array dx = Array::empty(dtype, {4, 19});
      call("sparse_softmax_cross_entropy_gradient", {Array::filled(dtype, {4}, 1), x, labels}, {dx});
      CHECK(dx.at(2 * 19 + 3) == x.at(2 * 19 + 3));
    };
    run(19, "class 19 (sample 2) is outside of the valid range [0, 19) of 19 classes");
    run(-1, "class -1 (sample 2) is outside of the valid range [0, 19)");
    run(int64_t{1} << 40, "class 1099511627776 (sample 2)");
    const Array none = Array::empty(dtype, {2, 0});
    CHECK_FAILS(call("sparse_softmax_cross_entropy", {none, Array::of<int32_t>({0, 0}, {2})},
                     {Array::empty(dtype, {2}), Array::empty(dtype, {2, 0})}),
                "class 0 (sample 0) is outside of the valid range [0, 0)");
  }
}

TEST(extreme_logits) {
  for (const DType dtype : kFloats) {
    for (const int64_t c : {3, 40}) {
      std::vector<double> logits(static_cast<size_t>(3 * c), -1e9);
      logits[0] = 1e9;  // the rest is exactly zero
      logits[static_cast<size_t>(c + 1)] = -INFINITY;
      logits[static_cast<size_t>(2 * c + 1)] = NAN;  // takes the whole row
      const Array x = Array::of(dtype, logits, {3, c});
      const Array y = Array::empty(dtype, {3, c});
      call("softmax", {x}, {y});
      for (int64_t j = 0; j < c; ++j) {
        CHECK(y.at(j) == (j == 0 ? 1 : 0));
        CHECK_NEAR(y.at(c + j), j == 1 ? 0 : 1 / static_cast<double>(c - 1), 1e-6);
        CHECK(std::isnan(y.at(2 * c + j)));
      }
      const Array labels = Array::of<int32_t>({1, 0, 0}, {3});
      const Array loss = Array::empty(dtype, {3});
      call("sparse_softmax_cross_entropy", {x, labels}, {loss, y});
      CHECK_NEAR(loss.at(0), 2e9, 1e-6);
      CHECK_NEAR(loss.at(1), std::log(static_cast<double>(c - 1)), 1e-6);
      CHECK(std::isnan(loss.at(2)));
    }
  }
}

// The whole range of the exponential, seen through rows of a zero and a value below it. Subnormal results may be zero.
TEST(probabilities_fade_to_zero) {
  for (const DType dtype : kFloats) {
    const double depth = dtype == DType::float32 ? 110 : 760;
    const double smallest = dtype == DType::float32 ? 0x1p-126 : 0x1p-1022;
    for (double v = 0; v > -depth; v -= 0.037) {
      const Array x = Array::of(dtype, {0, v}, {1, 2});
      const Array y = Array::empty(dtype, {1, 2});
      call("softmax", {x}, {y});
      const double expected = std::exp(x.at(1)) / (1 + std::exp(x.at(1)));
      CHECK(std::abs(y.at(1) - expected) <= expected * tolerance_of(dtype) + 1.01 * smallest);
      CHECK(expected < 1.01 * smallest || y.at(1) > 0);
    }
  }
}

/// Central differences of sum(weights * outputs[0]) by the elements of x, against dx.
void check_differences(const Array& x, const Array& dx, const Array& weights, const Array& result,
                       const std::function<void()>& evaluate) {
  constexpr double step = 1e-5;
  const auto loss = [&] {
    evaluate();
    double sum = 0;
    for (int64_t i = 0; i < result.size(); ++i) sum += result.at(i) * weights.at(i);
    return sum;
  };
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

TEST(gradients_match_finite_differences) {
  const DType dtype = DType::float64;
  for (const Shape& shape : {Shape{3, 5}, Shape{2, 19}}) {
    const int64_t n = shape[0];
    const Array x = Array::random(dtype, shape, -2, 2, 1);
    const Array y = Array::empty(dtype, shape);
    const Array dx = Array::empty(dtype, shape);
    const Array dy = Array::random(dtype, shape, -1, 1, 2);
    for (const std::string kernel : {"softmax", "log_softmax"}) {
      context() = kernel + show(shape);
      call(kernel, {x}, {y});
      call(kernel + "_gradient", {dy, y}, {dx});
      check_differences(x, dx, dy, y, [&] { call(kernel, {x}, {y}); });
    }
    const Array sparse = Array::random(DType::int32, {n}, 0, static_cast<double>(shape[1]), 3);
    const Array dense = Array::random(dtype, shape, 0, 1, 4);
    const Array dloss = Array::random(dtype, {n}, -1, 1, 5);
    const Array loss = Array::empty(dtype, {n});
    for (const bool is_sparse : {true, false}) {
      const std::string kernel = is_sparse ? "sparse_softmax_cross_entropy" : "softmax_cross_entropy";
      const Array labels = is_sparse ? sparse : dense;
      context() = kernel + show(shape);
      const auto evaluate = [&] { call(kernel, {x, labels}, {loss, y}); };
      evaluate();
      call(kernel + "_gradient", {dloss, y, labels}, {dx});
      check_differences(x, dx, dloss, loss, evaluate);
    }
  }
}

}  // namespace
