// Normalizations against plain loops in double precision, gradients against finite differences as well.
#include <functional>

#include "check.h"
#include "runtime/threads.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};
constexpr double kEpsilon = 1e-3;

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 3e-5 : 1e-12; }

struct Moments {
  std::vector<double> mean, variance;
};

/// Over the last axis (one pair a row) or over the rows (one pair a column).
Moments moments(const std::vector<double>& x, int64_t n, int64_t c, bool by_row) {
  const int64_t groups = by_row ? n : c;
  const double count = static_cast<double>(by_row ? c : n);
  Moments m{std::vector<double>(static_cast<size_t>(groups)), std::vector<double>(static_cast<size_t>(groups))};
  const auto group = [&](int64_t i) { return static_cast<size_t>(by_row ? i / c : i % c); };
  for (int64_t i = 0; i < n * c; ++i) m.mean[group(i)] += x[static_cast<size_t>(i)] / count;
  for (int64_t i = 0; i < n * c; ++i) {
    const double d = x[static_cast<size_t>(i)] - m.mean[group(i)];
    m.variance[group(i)] += d * d / count;
  }
  return m;
}

std::vector<double> normalize(const std::vector<double>& x, const std::vector<double>& gamma,
                              const std::vector<double>& beta, int64_t n, int64_t c, bool by_row) {
  const Moments m = moments(x, n, c, by_row);
  std::vector<double> y(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t row = i / static_cast<size_t>(c), column = i % static_cast<size_t>(c), group = by_row ? row : column;
    y[i] = (x[i] - m.mean[group]) / std::sqrt(m.variance[group] + kEpsilon) * gamma[column] + beta[column];
  }
  return y;
}

struct Gradients {
  std::vector<double> dx, dgamma, dbeta;
};

Gradients gradients(const std::vector<double>& dy, const std::vector<double>& x, const std::vector<double>& gamma,
                    int64_t n, int64_t c, bool by_row) {
  const Moments m = moments(x, n, c, by_row);
  const size_t groups = m.mean.size();
  const double count = static_cast<double>(by_row ? c : n);
  const auto columns = static_cast<size_t>(c);
  Gradients g{std::vector<double>(x.size()), std::vector<double>(columns), std::vector<double>(columns)};
  std::vector<double> sum(groups), scaled(groups);
  const auto rstd = [&](size_t k) { return 1 / std::sqrt(m.variance[k] + kEpsilon); };
  const auto group = [&](size_t i) { return by_row ? i / columns : i % columns; };
  const auto xhat = [&](size_t i) { return (x[i] - m.mean[group(i)]) * rstd(group(i)); };
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = dy[i] * gamma[i % columns];
    sum[group(i)] += d / count;
    scaled[group(i)] += d * xhat(i) / count;
    g.dgamma[i % columns] += dy[i] * xhat(i);
    g.dbeta[i % columns] += dy[i];
  }
  for (size_t i = 0; i < x.size(); ++i) {
    g.dx[i] = rstd(group(i)) * (dy[i] * gamma[i % columns] - sum[group(i)] - xhat(i) * scaled[group(i)]);
  }
  return g;
}

const std::vector<Shape> kShapes = {{1, 1},    {1, 7},    {2, 3},   {5, 1},     {3, 16},     {4, 17},    {7, 64},
                                    {33, 65},  {300, 5},  {9, 255}, {6, 256},   {5, 257},    {131, 300}, {1000, 33},
                                    {3, 2000}, {7000, 1}, {0, 4},   {4100, 40}, {2, 3, 4, 6}};

struct Data {
  int64_t n, c;
  Array dy, x, gamma, beta;

  Data(DType dtype, const Shape& shape)
      : n(product(shape) / shape.back()),
        c(shape.back()),
        dy(Array::random(dtype, shape, -1, 1, 1)),
        x(Array::random(dtype, shape, 1, 4, 2)),
        gamma(Array::random(dtype, {c}, 0.5, 1.5, 3)),
        beta(Array::random(dtype, {c}, -1, 1, 4)) {}
};

std::vector<double> rstd_of(const Moments& m) {
  std::vector<double> r;
  for (const double v : m.variance) r.push_back(1 / std::sqrt(v + kEpsilon));
  return r;
}

TEST(layer_normalization_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      context() = std::string(name_of(dtype)) + show(shape);
      const Data d(dtype, shape);
      const Array y = Array::empty(dtype, shape);
      const Array mean = Array::empty(dtype, {d.n});
      const Array rstd = Array::empty(dtype, {d.n});
      call("layer_normalization", {d.x, d.gamma, d.beta}, {y, mean, rstd}, {kEpsilon});
      const Moments m = moments(d.x.values(), d.n, d.c, true);
      CHECK_ALL_NEAR(y, normalize(d.x.values(), d.gamma.values(), d.beta.values(), d.n, d.c, true),
                     tolerance_of(dtype));
      CHECK_ALL_NEAR(mean, m.mean, tolerance_of(dtype));
      CHECK_ALL_NEAR(rstd, rstd_of(m), tolerance_of(dtype));

      const Array dx = Array::empty(dtype, shape);
      const Array dgamma = Array::empty(dtype, {d.c});
      const Array dbeta = Array::empty(dtype, {d.c});
      call("layer_normalization_gradient", {d.dy, d.x, d.gamma, mean, rstd}, {dx, dgamma, dbeta});
      const Gradients g = gradients(d.dy.values(), d.x.values(), d.gamma.values(), d.n, d.c, true);
      CHECK_ALL_NEAR(dx, g.dx, tolerance_of(dtype));
      CHECK_ALL_NEAR(dgamma, g.dgamma, 10 * tolerance_of(dtype));
      CHECK_ALL_NEAR(dbeta, g.dbeta, 10 * tolerance_of(dtype));
    }
  }
}

TEST(batch_normalization_matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Shape& shape : kShapes) {
      context() = std::string(name_of(dtype)) + show(shape);
      const Data d(dtype, shape);
      const Array y = Array::empty(dtype, shape);
      const Array mean = Array::empty(dtype, {d.c});
      const Array variance = Array::empty(dtype, {d.c});
      call("batch_normalization", {d.x, d.gamma, d.beta}, {y, mean, variance}, {kEpsilon});
      if (d.n == 0) {
        for (int64_t j = 0; j < d.c; ++j) CHECK(std::isnan(mean.at(j)) && std::isnan(variance.at(j)));
        continue;
      }
      const Moments m = moments(d.x.values(), d.n, d.c, false);
      CHECK_ALL_NEAR(y, normalize(d.x.values(), d.gamma.values(), d.beta.values(), d.n, d.c, false),
                     tolerance_of(dtype));
      CHECK_ALL_NEAR(mean, m.mean, tolerance_of(dtype));
      CHECK_ALL_NEAR(variance, m.variance, tolerance_of(dtype));

      const Array dx = Array::empty(dtype, shape);
      const Array dgamma = Array::empty(dtype, {d.c});
      const Array dbeta = Array::empty(dtype, {d.c});
      call("batch_normalization_gradient", {d.dy, d.x, d.gamma, mean, variance}, {dx, dgamma, dbeta}, {kEpsilon});
      const Gradients g = gradients(d.dy.values(), d.x.values(), d.gamma.values(), d.n, d.c, false);
      // Columns of three nearly equal values amplify the rounding of their mean.
      CHECK_ALL_NEAR(dx, g.dx, 10 * tolerance_of(dtype));
      CHECK_ALL_NEAR(dgamma, g.dgamma, 10 * tolerance_of(dtype));
      CHECK_ALL_NEAR(dbeta, g.dbeta, 10 * tolerance_of(dtype));
    }
  }
}

/// Central differences of sum(dy * f()) for every element of `variable`.
void check_differences(const Array& variable, const Array& gradient, const std::function<double()>& loss) {
  constexpr double step = 1e-5;
  for (int64_t i = 0; i < variable.size(); ++i) {
    double& value = variable.data<double>()[i];
    const double start = value;
    value = start + step;
    const double above = loss();
    value = start - step;
    const double below = loss();
    value = start;
    CHECK_NEAR(gradient.at(i), (above - below) / (2 * step), 1e-7);
  }
}

TEST(gradients_match_finite_differences) {
  for (const bool by_row : {true, false}) {
    for (const Shape& shape : {Shape{5, 3}, Shape{3, 19}, Shape{2, 2, 4}}) {
      const std::string kernel = by_row ? "layer_normalization" : "batch_normalization";
      context() = kernel + show(shape);
      const Data d(DType::float64, shape);
      const int64_t groups = by_row ? d.n : d.c;
      const Array y = Array::empty(DType::float64, shape);
      const Array first = Array::empty(DType::float64, {groups});
      const Array second = Array::empty(DType::float64, {groups});
      const auto loss = [&] {
        call(kernel, {d.x, d.gamma, d.beta}, {y, first, second}, {kEpsilon});
        double sum = 0;
        for (int64_t i = 0; i < y.size(); ++i) sum += y.at(i) * d.dy.at(i);
        return sum;
      };
      loss();
      const Array dx = Array::empty(DType::float64, shape);
      const Array dgamma = Array::empty(DType::float64, {d.c});
      const Array dbeta = Array::empty(DType::float64, {d.c});
      call(kernel + "_gradient", {d.dy, d.x, d.gamma, first, second}, {dx, dgamma, dbeta}, {kEpsilon});
      check_differences(d.x, dx, loss);
      check_differences(d.gamma, dgamma, loss);
      check_differences(d.beta, dbeta, loss);
    }
  }
}

TEST(variance_survives_a_mean_far_from_zero) {
  const int64_t n = 3000;
  for (const int64_t c : {1, 3, 300}) {
    const Array x = Array::random(DType::float32, {n, c}, 1000, 1001, 9);
    const Array ones = Array::filled(DType::float32, {c}, 1);
    const Array y = Array::empty(DType::float32, {n, c});
    const Array mean = Array::empty(DType::float32, {c});
    const Array variance = Array::empty(DType::float32, {c});
    call("batch_normalization", {x, ones, ones}, {y, mean, variance}, {kEpsilon});
    CHECK_ALL_NEAR(variance, moments(x.values(), n, c, false).variance, 1e-4);
  }
}

/// All results for one number of threads.
std::vector<Array> all_results(const Shape& shape, int threads) {
  const Data d(DType::float32, shape);
  std::vector<Array> results;
  const auto fresh = [&](const Shape& s) {
    results.push_back(Array::empty(DType::float32, s));
    return results.back();
  };
  const int before = num_threads();
  set_num_threads(threads);
  for (const bool by_row : {true, false}) {
    const std::string kernel = by_row ? "layer_normalization" : "batch_normalization";
    const Shape groups = {by_row ? d.n : d.c};
    const Array first = fresh(groups), second = fresh(groups);
    call(kernel, {d.x, d.gamma, d.beta}, {fresh(shape), first, second}, {kEpsilon});
    call(kernel + "_gradient", {d.dy, d.x, d.gamma, first, second}, {fresh(shape), fresh({d.c}), fresh({d.c})},
         {kEpsilon});
  }
  set_num_threads(before);
  return results;
}

TEST(results_do_not_depend_on_the_number_of_threads) {
  for (const Shape& shape : {Shape{5000, 70}, Shape{100003, 3}, Shape{300, 1030}}) {
    context() = show(shape);
    const std::vector<Array> one = all_results(shape, 1);
    const std::vector<Array> three = all_results(shape, 3);
    for (size_t i = 0; i < one.size(); ++i) CHECK(one[i].identical(three[i]));
  }
}

}  // namespace
