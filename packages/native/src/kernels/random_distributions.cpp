// Gamma, beta, binomial and categorical numbers, whose parameters are operands.
//
// A value depends on the seed, the number of the call, its position in the output and its parameters, never on
// threads. Elements are computed in float64. Those that draw again take the next attempts at their own blocks.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "kernels/half.h"
#include "kernels/philox.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

constexpr int64_t kElementsOfChunk = 4096;

/// Uniform numbers of one element, as many as it asks for: two a block.
class Draws {
 public:
  /// Attempts of two Draws of one element must not meet: the second begins at `kHalfOfAttempts`.
  Draws(const RandomStream& stream, int64_t element, uint32_t first_attempt = 0)
      : stream_(stream), element_(element), next_(first_attempt), end_(first_attempt + kHalfOfAttempts) {}

  /// In (0, 1): 53 bits and never an end.
  double unit() {
    if (!has_second_) {
      words_ = stream_.block(element_, next_);
      next_ += next_ + 1 < end_ ? 1 : 0;
    }
    const int at = has_second_ ? 2 : 0;
    has_second_ = !has_second_;
    const uint64_t bits = uint64_t{words_.word[at + 1]} << 32 | words_.word[at];
    return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
  }

  /// Box and Muller's first number.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(unit()));
    return radius * std::cos(2 * std::numbers::pi * unit());
  }

  /// Whether the element's blocks are used up: all rejections below accept more than half of their proposals, so that
  /// this happens to nobody.
  bool exhausted() const { return next_ + 2 >= end_; }

  static constexpr uint32_t kHalfOfAttempts = 1 << 15;

 private:
  const RandomStream& stream_;
  int64_t element_;
  uint32_t next_;
  uint32_t end_;
  bool has_second_ = false;
  Words words_{};
};

/// The elements of an operand in row-major order, whatever its strides.
template <class T>
class Parameter {
 public:
  explicit Parameter(const Operand& operand) : operand_(operand), data_(static_cast<const T*>(operand.data)) {}

  double operator[](int64_t element) const {
    if (operand_.contiguous) return static_cast<double>(data_[element]);
    int64_t at = 0;
    for (int axis = operand_.rank - 1; axis >= 0; --axis) {
      at += element % operand_.shape[axis] * operand_.strides[axis];
      element /= operand_.shape[axis];
    }
    return static_cast<double>(data_[at]);
  }

 private:
  const Operand& operand_;
  const T* data_;
};

/// The first element whose parameters are not valid: none, or the lowest number that any thread found.
class FirstProblem {
 public:
  void note(int64_t element) {
    int64_t before = first_.load(std::memory_order_relaxed);
    while (element < before && !first_.compare_exchange_weak(before, element, std::memory_order_relaxed)) {
    }
  }
  bool found() const { return first_.load() != kNone; }
  int64_t element() const { return first_.load(); }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> first_{kNone};
};

bool is_positive(double x) { return x > 0 && std::isfinite(x); }

// ---- Gamma and beta ----------------------------------------------------------------------------------------------

/// A gamma number as factor * e^log_boost: for small shapes the boost would round to zero.
struct Gamma {
  double factor;
  double log_boost;
};

/// G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", 2000; shapes below 1 by their section 6.
Gamma gamma_of(double alpha, Draws& draws) {
  const double log_boost = alpha < 1 ? std::log(draws.unit()) / alpha : 0;
  const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (!draws.exhausted()) {
    const double x = draws.normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = draws.unit();
    const double square = x * x;
    if (u < 1 - 0.0331 * square * square || std::log(u) < 0.5 * square + d * (1 - v + std::log(v))) {
      return {d * v, log_boost};
    }
  }
  return {d, log_boost};
}

template <class T>
void gamma(const Call& call) {
  const RandomStream stream(call.attributes);
  const Parameter<T> alpha(call.inputs[0]);
  T* const y = static_cast<T*>(call.outputs[0].data);
  FirstProblem problem;
  parallel_range(call.outputs[0].size, kElementsOfChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (!is_positive(alpha[i])) return problem.note(i);
      Draws draws(stream, i);
      const Gamma g = gamma_of(alpha[i], draws);
      y[i] = T(g.factor * std::exp(g.log_boost));
    }
  });
  if (problem.found()) fail("value", "alpha must be positive and finite, got %g", alpha[problem.element()]);
}

/// X / (X + Y) of two gamma numbers, by their logarithms.
template <class T>
void beta(const Call& call) {
  const RandomStream stream(call.attributes);
  const Parameter<T> alpha(call.inputs[0]);
  const Parameter<T> beta(call.inputs[1]);
  T* const y = static_cast<T*>(call.outputs[0].data);
  FirstProblem problem;
  parallel_range(call.outputs[0].size, kElementsOfChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (!is_positive(alpha[i]) || !is_positive(beta[i])) return problem.note(i);
      Draws first(stream, i);
      Draws second(stream, i, Draws::kHalfOfAttempts);
      const Gamma a = gamma_of(alpha[i], first);
      const Gamma b = gamma_of(beta[i], second);
      y[i] = T(1 / (1 + std::exp(b.log_boost - a.log_boost) * (b.factor / a.factor)));
    }
  });
  if (problem.found()) {
    fail("value", "alpha and beta must be positive and finite, got %g and %g", alpha[problem.element()],
         beta[problem.element()]);
  }
}

// ---- Binomial ----------------------------------------------------------------------------------------------------

/// log(k!) less Stirling's formula.
double stirling_tail(double k) {
  constexpr double kTails[] = {0.0810614667953272,  0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
                               0.0166446911898211,  0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
                               0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return kTails[static_cast<int>(k)];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

/// Inversion of the distribution, for n p < 10 and p <= 1/2: the sum goes up from 0.
double binomial_by_inversion(double n, double p, Draws& draws) {
  const double odds = p / (1 - p);
  const double none = std::exp(n * std::log1p(-p));
  double left = draws.unit();
  double chance = none;
  double k = 0;
  // Rounding may leave a rest beyond all chances.
  while (left > chance && k < n && chance > 0) {
    left -= chance;
    k += 1;
    chance *= odds * (n - k + 1) / k;
  }
  return k;
}

/// W. Hormann, "The generation of binomial random variates", 1993: algorithm BTRS, for n p >= 10 and p <= 1/2.
double binomial_by_rejection(double n, double p, Draws& draws) {
  const double deviation = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5;
  const double quick = 0.92 - 4.2 / b;
  const double odds = p / (1 - p);
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double mode = std::floor((n + 1) * p);
  while (!draws.exhausted()) {
    const double u = draws.unit() - 0.5;
    const double v = draws.unit();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= quick) return k;
    if (k < 0 || k > n) continue;
    const double bound = (mode + 0.5) * std::log((mode + 1) / (odds * (n - mode + 1))) +
                         (n + 1) * std::log((n - mode + 1) / (n - k + 1)) +
                         (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + stirling_tail(mode) +
                         stirling_tail(n - mode) - stirling_tail(k) - stirling_tail(n - k);
    if (std::log(v * alpha / (a / (us * us) + b)) <= bound) return k;
  }
  return mode;
}

double binomial_of(double n, double p, Draws& draws) {
  if (n == 0 || p == 0) return 0;
  if (p > 0.5) return n - binomial_of(n, 1 - p, draws);
  return n * p >= 10 ? binomial_by_rejection(n, p, draws) : binomial_by_inversion(n, p, draws);
}

template <class T>
void binomial(const Call& call) {
  const RandomStream stream(call.attributes);
  const Parameter<T> counts(call.inputs[0]);
  const Parameter<T> chances(call.inputs[1]);
  T* const y = static_cast<T*>(call.outputs[0].data);
  FirstProblem problem;
  parallel_range(call.outputs[0].size, kElementsOfChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double n = counts[i];
      const double p = chances[i];
      if (!(n >= 0 && n <= 0x1p53 && n == std::floor(n) && p >= 0 && p <= 1)) return problem.note(i);
      Draws draws(stream, i);
      y[i] = T(binomial_of(n, p, draws));
    }
  });
  if (problem.found()) {
    fail("value", "counts must be whole numbers from 0 to 2^53 and probabilities lie in [0, 1], got %g and %g",
         counts[problem.element()], chances[problem.element()]);
  }
}

// ---- Categorical -------------------------------------------------------------------------------------------------

template <class T, class Index>
void draw_categories(const Call& call, const double* totals, int64_t classes) {
  const RandomStream stream(call.attributes);
  const Operand& y = call.outputs[0];
  const int64_t samples = y.shape[1];
  Index* const out = static_cast<Index*>(y.data);
  parallel_range(y.size, kElementsOfChunk, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double* const row = totals + i / samples * classes;
      const double unit = static_cast<double>(stream.double_word_of(i) >> 11) * 0x1p-53;
      // Rounding must not reach the end, nor a class of no chance: the last sum may stand several times.
      const double total = row[classes - 1];
      const double at = std::min(unit * total, std::nextafter(total, 0.0));
      out[i] = static_cast<Index>(std::upper_bound(row, row + classes, at) - row);
    }
  });
}

/// Samples [b, n] of classes whose unnormalized log-probabilities are the rows of [b, c]: where a uniform number falls
/// among the running sums of e^logit.
template <class T>
void categorical(const Call& call) {
  const Operand& logits = call.inputs[0];
  const int64_t rows = logits.shape[0];
  const int64_t classes = logits.shape[1];
  if (call.outputs[0].size == 0) return;
  if (classes == 0) fail("value", "logits need at least one class, got shape (%lld,0)", static_cast<long long>(rows));
  const Parameter<T> values(logits);
  Scratch scratch(rows * classes * static_cast<int64_t>(sizeof(double)));
  double* const totals = static_cast<double*>(scratch.data);
  FirstProblem problem;
  parallel_range(rows, std::max<int64_t>(1, kElementsOfChunk / classes), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      double max = -std::numeric_limits<double>::infinity();
      bool is_valid = true;
      for (int64_t c = 0; c < classes; ++c) {
        const double value = values[r * classes + c];
        is_valid &= value < std::numeric_limits<double>::infinity();
        max = std::max(max, value);
      }
      if (!is_valid || !std::isfinite(max)) return problem.note(r);
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) totals[r * classes + c] = sum += std::exp(values[r * classes + c] - max);
    }
  });
  if (problem.found()) {
    fail("value", "logits must be finite numbers or -Infinity, at least one of a row finite; row %lld is not so",
         static_cast<long long>(problem.element()));
  }
  if (call.outputs[0].dtype == DType::int64) return draw_categories<T, int64_t>(call, totals, classes);
  draw_categories<T, int32_t>(call, totals, classes);
}

template <class T>
void add_distributions(Registry& registry, DType dtype) {
  registry.add("random_gamma", dtype, &gamma<T>);
  registry.add("random_beta", dtype, &beta<T>);
  registry.add("random_binomial", dtype, &binomial<T>);
  registry.add("random_categorical", dtype, &categorical<T>);
}

}  // namespace

void register_distributions(Registry& registry) {
  add_distributions<float>(registry, DType::float32);
  add_distributions<double>(registry, DType::float64);
  add_distributions<Half>(registry, DType::float16);
  add_distributions<BFloat16>(registry, DType::bfloat16);
}

}  // namespace keratin::generic
