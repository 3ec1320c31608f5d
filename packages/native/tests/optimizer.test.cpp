// Optimizer steps against the formulas of keras/src/optimizers/*.py in double precision.
#include "check.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};
const std::vector<int64_t> kSizes = {0, 1, 3, 15, 16, 17, 67, 1000, 70001};

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 2e-6 : 1e-13; }

/// `step(g, state)` changes one element of each of the outputs. `low` holds the smallest start value of each.
void check_update(const char* kernel, const std::vector<double>& low, const std::vector<double>& attributes,
                  void (*step)(double g, std::vector<double>& state, const std::vector<double>& attributes)) {
  for (const DType dtype : kFloats) {
    for (const int64_t n : kSizes) {
      context() = std::string(kernel) + " " + name_of(dtype) + " " + std::to_string(n);
      const Array gradient = Array::random(dtype, {n}, -2, 2, 5);
      std::vector<Array> outputs;
      std::vector<std::vector<double>> expected;
      for (size_t k = 0; k < low.size(); ++k) {
        outputs.push_back(Array::random(dtype, {n}, low[k], 1 + low[k], 11 + k));
        expected.push_back(outputs.back().values());
      }
      for (int64_t i = 0; i < n; ++i) {
        std::vector<double> state;
        for (const auto& values : expected) state.push_back(values[static_cast<size_t>(i)]);
        step(gradient.at(i), state, attributes);
        for (size_t k = 0; k < state.size(); ++k) expected[k][static_cast<size_t>(i)] = state[k];
      }
      const Array before = gradient.contiguous_copy();
      call(kernel, {gradient}, outputs, attributes);
      for (size_t k = 0; k < low.size(); ++k) CHECK_ALL_NEAR(outputs[k], expected[k], tolerance_of(dtype));
      CHECK(gradient.identical(before));
    }
  }
}

TEST(sgd_follows_the_formula) {
  check_update("sgd_update", {-0.5}, {0.1, 0, 0},
               [](double g, std::vector<double>& s, const std::vector<double>& a) { s[0] -= a[0] * g; });
  check_update("sgd_update", {-0.5, -0.5}, {0.1, 0.9, 0},
               [](double g, std::vector<double>& s, const std::vector<double>& a) {
                 s[1] = a[1] * s[1] - a[0] * g;
                 s[0] += s[1];
               });
  check_update("sgd_update", {-0.5, -0.5}, {0.1, 0.9, 1},
               [](double g, std::vector<double>& s, const std::vector<double>& a) {
                 s[1] = a[1] * s[1] - a[0] * g;
                 s[0] += a[1] * s[1] - a[0] * g;
               });
}

// Outputs: variable, velocity[, momentum][, average].
void rmsprop(double g, std::vector<double>& s, const std::vector<double>& a) {
  const double rate = a[0], rho = a[1], momentum = a[2], epsilon = a[3];
  const bool centered = a[4] != 0;
  s[1] = rho * s[1] + (1 - rho) * g * g;
  double denominator = s[1] + epsilon;
  if (centered) {
    double& average = s.back();
    average = rho * average + (1 - rho) * g;
    denominator -= average * average;
  }
  const double increment = rate * g / std::sqrt(denominator);
  if (momentum > 0) {
    s[2] = momentum * s[2] + increment;
    s[0] -= s[2];
  } else {
    s[0] -= increment;
  }
}

TEST(rmsprop_follows_the_formula) {
  check_update("rmsprop_update", {-0.5, 1}, {0.1, 0.9, 0, 1e-7, 0}, rmsprop);
  check_update("rmsprop_update", {-0.5, 1, -0.5}, {0.1, 0.9, 0.8, 1e-7, 0}, rmsprop);
  check_update("rmsprop_update", {-0.5, 2, -0.5}, {0.1, 0.9, 0, 1e-7, 1}, rmsprop);
  check_update("rmsprop_update", {-0.5, 2, -0.5, -0.5}, {0.1, 0.9, 0.8, 1e-7, 1}, rmsprop);
}

void adam(double g, std::vector<double>& s, const std::vector<double>& a) {
  s[1] += (g - s[1]) * (1 - a[1]);
  s[2] += (g * g - s[2]) * (1 - a[2]);
  double v = s[2];
  if (a[4] != 0) v = s[3] = std::max(s[3], v);
  s[0] -= a[0] * s[1] / (std::sqrt(v) + a[3]);
}

TEST(adam_follows_the_formula) {
  check_update("adam_update", {-0.5, -0.5, 0}, {0.1, 0.9, 0.999, 1e-7, 0}, adam);
  check_update("adam_update", {-0.5, -0.5, 0, 0.2}, {0.1, 0.9, 0.99, 1e-7, 1}, adam);
}

TEST(nadam_follows_the_formula) {
  // rate, beta1, beta2, epsilon, u_t, u_t1, product_t, product_t1, beta2^t of the third step
  const double b1 = 0.9, b2 = 0.999;
  double u[5];
  for (int t = 1; t <= 4; ++t) u[t] = b1 * (1 - 0.5 * std::pow(0.96, t));
  const double product = u[1] * u[2] * u[3];
  check_update("nadam_update", {-0.5, -0.5, 0.5},
               {0.1, b1, b2, 1e-7, u[3], u[4], product, product * u[4], b2 * b2 * b2},
               [](double g, std::vector<double>& s, const std::vector<double>& a) {
                 s[1] += (g - s[1]) * (1 - a[1]);
                 // float32 takes 1 - beta2 after rounding beta2: the tolerance allows for it.
                 s[2] += (g * g - s[2]) * (1 - a[2]);
                 const double m_hat = a[5] * s[1] / (1 - a[7]) + (1 - a[4]) * g / (1 - a[6]);
                 const double v_hat = s[2] / (1 - a[8]);
                 s[0] -= m_hat * a[0] / (std::sqrt(v_hat) + a[3]);
               });
}

// Many variables in one call become what each becomes alone, whatever their sizes and wherever chunks end.
void check_together(const char* kernel, size_t slots, const std::vector<double>& attributes) {
  const std::vector<int64_t> sizes = {3, 0, 70001, 1, 17, 40000, 0, 5};
  for (const DType dtype : kFloats) {
    std::vector<Array> gradients, together;
    std::vector<std::vector<Array>> alone;
    for (size_t v = 0; v < sizes.size(); ++v) {
      gradients.push_back(Array::random(dtype, {sizes[v]}, -2, 2, 3 + v));
      alone.emplace_back();
      for (size_t k = 0; k < slots; ++k) {
        alone[v].push_back(Array::random(dtype, {sizes[v]}, 1, 2, 100 + v * slots + k));
        together.push_back(alone[v][k].contiguous_copy());
      }
      call(kernel, {gradients[v]}, alone[v], attributes);
    }
    call(kernel, gradients, together, attributes);
    for (size_t v = 0; v < sizes.size(); ++v) {
      context() = std::string(kernel) + " " + name_of(dtype) + " " + std::to_string(v);
      for (size_t k = 0; k < slots; ++k) CHECK(together[v * slots + k].identical(alone[v][k]));
    }
  }
}

TEST(many_variables_change_in_one_call) {
  check_together("sgd_update", 1, {0.1, 0, 0});
  check_together("sgd_update", 2, {0.1, 0.9, 1, 0.01, 0.1});
  check_together("rmsprop_update", 2, {0.1, 0.9, 0, 1e-7, 0});
  check_together("rmsprop_update", 4, {0.1, 0.9, 0.8, 1e-7, 1});
  check_together("adam_update", 3, {0.1, 0.9, 0.999, 1e-7, 0, 0.01, 0.1});
  check_together("adam_update", 4, {0.1, 0.9, 0.99, 1e-7, 1});
  check_together("nadam_update", 3, {0.1, 0.9, 0.999, 1e-7, 0.5, 0.5, 0.25, 0.125, 0.9});
}

TEST(weights_decay_before_they_change) {
  const auto decayed = [](double g, std::vector<double>& s, const std::vector<double>& a) {
    s[0] -= s[0] * a[5] * a[6];
    adam(g, s, a);
  };
  check_update("adam_update", {-0.5, -0.5, 0}, {0.1, 0.9, 0.999, 1e-7, 0, 0.004, 0.5}, decayed);
  check_update("sgd_update", {-0.5}, {0.1, 0, 0, 0.004, 0.5},
               [](double g, std::vector<double>& s, const std::vector<double>& a) {
                 s[0] -= s[0] * a[3] * a[4];
                 s[0] -= a[0] * g;
               });
}

TEST(adam_passes_nan_on) {
  const Array gradient = Array::of<float>({NAN, 1}, {2});
  const std::vector<Array> outputs(4, Array::filled(DType::float32, {2}, 0.5));
  std::vector<Array> state;
  for (const Array& a : outputs) state.push_back(a.contiguous_copy());
  call("adam_update", {gradient}, state, {0.1, 0.9, 0.999, 1e-7, 1});
  for (const Array& a : state) {
    CHECK(std::isnan(a.at(0)));
    CHECK(!std::isnan(a.at(1)));
  }
}

}  // namespace
