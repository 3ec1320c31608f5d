// Statistics of the numbers whose parameters are operands. The seeds are fixed: a limit that holds once holds always,
// so the limits are those of about one in ten thousand.
#include "check.h"

namespace {

constexpr int64_t kCount = 200000;

Array draw(const char* name, DType dtype, const std::vector<Array>& parameters, const Shape& shape, double seed = 42) {
  const Array y = Array::empty(dtype, shape);
  std::vector<Array> inputs;
  for (const Array& p : parameters) inputs.push_back(p.broadcast_to(shape));
  call(name, inputs, {y}, {seed, 7, 0, 0});
  return y;
}

Array scalar(DType dtype, double value) { return Array::filled(dtype, {1}, value); }

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments moments_of(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  Moments m;
  for (const double v : values) m.mean += v / n;
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / n;
  return m;
}

TEST(gamma_statistics) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const double alpha : {0.05, 0.7, 1.0, 2.5, 40.0, 1e4}) {
      context() = std::string(name_of(dtype)) + " " + show(alpha);
      const std::vector<double> values = draw("random_gamma", dtype, {scalar(dtype, alpha)}, {kCount}).values();
      const Moments m = moments_of(values);
      const double n = static_cast<double>(kCount);
      CHECK(std::abs(m.mean - alpha) < 4 * std::sqrt(alpha / n));
      // The variance of a sample's variance is (fourth moment - variance^2) / n, the fourth 3 a^2 + 6 a.
      CHECK(std::abs(m.variance - alpha) < 4 * std::sqrt((2 * alpha * alpha + 6 * alpha) / n));
      for (const double v : values) CHECK(v >= 0);
    }
  }
}

TEST(beta_statistics) {
  const struct {
    double a;
    double b;
  } cases[] = {{1, 1}, {0.5, 0.5}, {2, 5}, {300, 0.2}, {1e-3, 1e-3}};
  for (const auto& c : cases) {
    context() = show(c.a) + " " + show(c.b);
    const DType dtype = DType::float64;
    const std::vector<double> values =
        draw("random_beta", dtype, {scalar(dtype, c.a), scalar(dtype, c.b)}, {kCount}).values();
    const Moments m = moments_of(values);
    const double mean = c.a / (c.a + c.b);
    const double variance = mean * (1 - mean) / (c.a + c.b + 1);
    CHECK(std::abs(m.mean - mean) < 4 * std::sqrt(variance / static_cast<double>(kCount)));
    CHECK(std::abs(m.variance - variance) < 4 * variance * std::sqrt(8.0 / static_cast<double>(kCount)) + 1e-5);
    for (const double v : values) CHECK(v >= 0 && v <= 1);
  }
}

// Against the chances themselves: a chi-square of the counts whose expectation is five or more.
TEST(binomial_statistics) {
  const struct {
    double n;
    double p;
  } cases[] = {{1, 0.3}, {7, 0.5}, {20, 0.9}, {40, 0.4}, {1000, 0.02}, {1000, 0.7}};
  for (const auto& c : cases) {
    context() = show(c.n) + " " + show(c.p);
    const DType dtype = DType::float32;
    const std::vector<double> values =
        draw("random_binomial", dtype, {scalar(dtype, c.n), scalar(dtype, c.p)}, {kCount}).values();
    std::vector<double> counts(static_cast<size_t>(c.n) + 1, 0);
    for (const double v : values) {
      CHECK(v >= 0 && v <= c.n && v == std::floor(v));
      counts.at(static_cast<size_t>(v)) += 1;
    }
    const double p = static_cast<float>(c.p);
    double chi = 0;
    double degrees = -1;
    double rest = 0;
    double rest_expected = 0;
    for (size_t k = 0; k < counts.size(); ++k) {
      const double x = static_cast<double>(k);
      const double log_chance = std::lgamma(c.n + 1) - std::lgamma(x + 1) - std::lgamma(c.n - x + 1) + x * std::log(p) +
                                (c.n - x) * std::log1p(-p);
      const double expected = static_cast<double>(kCount) * std::exp(log_chance);
      if (expected < 5) {
        rest += counts[k];
        rest_expected += expected;
        continue;
      }
      chi += (counts[k] - expected) * (counts[k] - expected) / expected;
      degrees += 1;
    }
    CHECK(std::abs(rest - rest_expected) < 4 * std::sqrt(rest_expected) + 4);
    CHECK(chi < degrees + 4 * std::sqrt(2 * degrees) + 4);
  }
}

TEST(binomial_of_certain_and_of_many) {
  const DType dtype = DType::float64;
  const auto values_of = [&](double n, double p) {
    return draw("random_binomial", dtype, {scalar(dtype, n), scalar(dtype, p)}, {1000}).values();
  };
  for (const double v : values_of(9, 0)) CHECK(v == 0);
  for (const double v : values_of(9, 1)) CHECK(v == 9);
  for (const double v : values_of(0, 0.5)) CHECK(v == 0);
  const Moments many = moments_of(values_of(1e12, 0.25));
  CHECK(std::abs(many.mean - 0.25e12) < 4 * std::sqrt(0.1875e12 / 1000));
  const Moments rare = moments_of(values_of(1e15, 1e-15));
  CHECK(std::abs(rare.mean - 1) < 4 * std::sqrt(1 / 1000.0));
}

TEST(categorical_follows_its_logits) {
  for (const DType index : {DType::int32, DType::int64}) {
    const Array logits =
        Array::of<float>({0, std::log(2.0f), -INFINITY, std::log(5.0f), 900, 900, -900, -INFINITY}, {2, 4});
    const Array y = Array::empty(index, {2, kCount});
    call("random_categorical", {logits}, {y}, {42, 0, 0, 0});
    const double chances[2][4] = {{1 / 8.0, 2 / 8.0, 0, 5 / 8.0}, {0.5, 0.5, 0, 0}};
    for (int64_t r = 0; r < 2; ++r) {
      double counts[4] = {};
      for (int64_t i = 0; i < kCount; ++i) counts[static_cast<size_t>(y.at(r * kCount + i))] += 1;
      for (size_t c = 0; c < 4; ++c) {
        const double p = chances[r][c];
        CHECK(std::abs(counts[c] / static_cast<double>(kCount) - p) <=
              4 * std::sqrt(p * (1 - p) / static_cast<double>(kCount)));
      }
    }
  }
}

TEST(parameters_may_be_strided) {
  const DType dtype = DType::float32;
  const Array alpha = Array::random(dtype, {5, 1}, 0.5, 3, 1);
  const Array broadcast = draw("random_gamma", dtype, {alpha}, {5, 7});
  const Array y = Array::empty(dtype, {5, 7});
  std::vector<double> full;
  for (int64_t i = 0; i < 35; ++i) full.push_back(alpha.at(i / 7));
  call("random_gamma", {Array::of(dtype, full, {5, 7})}, {y}, {42, 7, 0, 0});
  CHECK(broadcast.identical(y));
  for (const DType half : {DType::float16, DType::bfloat16}) {
    const Moments m = moments_of(draw("random_gamma", half, {scalar(half, 2)}, {20000}).values());
    CHECK(std::abs(m.mean - 2) < 0.05);
  }
}

TEST(parameters_are_checked) {
  const DType dtype = DType::float32;
  const auto one = [&](const char* name, std::vector<Array> parameters) { draw(name, dtype, parameters, {3}); };
  for (const double bad : {0.0, -1.0, static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
    CHECK_FAILS(one("random_gamma", {scalar(dtype, bad)}), "alpha must be positive and finite");
    CHECK_FAILS(one("random_beta", {scalar(dtype, 1), scalar(dtype, bad)}), "must be positive and finite, got 1 and");
  }
  for (const double bad : {-1.0, 1.5, static_cast<double>(NAN)}) {
    CHECK_FAILS(one("random_binomial", {scalar(dtype, bad), scalar(dtype, 0.5)}), "counts must be whole numbers");
    CHECK_FAILS(one("random_binomial", {scalar(dtype, 3), scalar(dtype, bad)}), "lie in [0, 1]");
  }
  const Array y = Array::empty(DType::int32, {2, 3});
  for (const float bad : {-INFINITY, INFINITY, NAN}) {
    CHECK_FAILS(call("random_categorical", {Array::of<float>({0, 1, bad, -INFINITY}, {2, 2})}, {y}, {1, 0, 0, 0}),
                "row 1 is not so");
  }
  CHECK_FAILS(call("random_categorical", {Array::empty(dtype, {2, 0})}, {y}, {1, 0, 0, 0}), "at least one class");
}

}  // namespace
