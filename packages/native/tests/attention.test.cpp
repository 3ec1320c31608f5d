// Attention against plain loops in double precision, gradients against finite differences.
#include <functional>

#include "check.h"
#include "kernels/philox.h"
#include "runtime/threads.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 2e-5 : 1e-12; }

struct Sizes {
  int64_t b, t, s, h, g, d, e;
};

std::string show_sizes(const Sizes& z) { return show(Shape{z.b, z.t, z.s, z.h, z.g, z.d, z.e}); }

enum { kReplaced = 0, kDropped = 1, kShifted = 2 };
constexpr double kLow = -2.3819763e38;

struct Setting {
  bool bias = false, mask = false, causal = false;
  int unseen = kReplaced;
  double low = kLow;
  double rate = 0;
  double scale = 0.3;
  std::vector<double> attributes() const {
    return {scale, causal ? 1.0 : 0.0, static_cast<double>(unseen), low, rate, 11, 22, 33, 44};
  }
};

struct Data {
  Sizes z;
  Array q, k, v, bias, mask, dy;

  Data(DType dtype, const Sizes& sizes, const Setting& setting)
      : z(sizes),
        q(Array::random(dtype, {z.b, z.t, z.h, z.d}, -1, 1, 1)),
        k(Array::random(dtype, {z.b, z.s, z.g, z.d}, -1, 1, 2)),
        v(Array::random(dtype, {z.b, z.s, z.g, z.e}, -1, 1, 3)),
        bias(setting.bias ? Array::random(dtype, scores(), -1, 1, 4)
                          : Array::filled(dtype, {1}, 0).broadcast_to(scores())),
        mask(setting.mask ? Array::random(DType::boolean, scores(), 0, 2, 5)
                          : Array::filled(DType::boolean, {1}, 1).broadcast_to(scores())),
        dy(Array::random(dtype, {z.b, z.t, z.h, z.e}, -1, 1, 6)) {
    if (!setting.mask) return;
    // One query of each head sees nothing.
    for (int64_t row = 1; row < z.b * z.h * z.t; row += z.t + 1) {
      for (int64_t j = 0; j < z.s; ++j) mask.data<bool>()[row * z.s + j] = false;
    }
  }
  Shape scores() const { return {z.b, z.h, z.t, z.s}; }
};

struct Results {
  Array y, max, rsum, dq, dk, dv, dbias;
};

Results run(const Data& d, const Setting& setting) {
  const Sizes& z = d.z;
  const DType dtype = d.q.dtype();
  const auto fresh = [&](const Shape& shape) { return Array::empty(dtype, shape); };
  Results r{fresh({z.b, z.t, z.h, z.e}),
            fresh({z.b, z.h, z.t}),
            fresh({z.b, z.h, z.t}),
            fresh(d.q.shape()),
            fresh({z.b, z.s, z.g, z.d}),
            fresh({z.b, z.s, z.g, z.e}),
            fresh(setting.bias ? d.scores() : Shape{0, z.h, z.t, z.s})};
  call("attention", {d.q, d.k, d.v, d.bias, d.mask}, {r.y, r.max, r.rsum}, setting.attributes());
  call("attention_gradient", {d.dy, d.q, d.k, d.v, d.bias, d.mask, r.y, r.max, r.rsum}, {r.dq, r.dk, r.dv, r.dbias},
       setting.attributes());
  return r;
}

/// Whether dropout keeps an element: as random_uniform and a comparison with the rate decide.
bool keeps(const Setting& setting, DType dtype, int64_t element) {
  if (setting.rate == 0) return true;
  const double state[4] = {11, 22, 33, 44};
  const keratin::RandomStream stream(state);
  if (dtype == DType::float32) {
    return static_cast<float>(stream.word_of(element) >> 8) * 0x1p-24f >= static_cast<float>(setting.rate);
  }
  return static_cast<double>(stream.double_word_of(element) >> 11) * 0x1p-53 >= setting.rate;
}

struct Wanted {
  std::vector<double> y, dq, dk, dv, dbias;
};

/// By loops; element-wise indices as of contiguous arrays.
Wanted reference(const Data& d, const Setting& setting) {
  const Sizes& z = d.z;
  const auto sized = [](int64_t n) { return std::vector<double>(static_cast<size_t>(n)); };
  Wanted w{sized(d.dy.size()), sized(d.q.size()), sized(d.k.size()), sized(d.v.size()), sized(z.b * z.h * z.t * z.s)};
  const std::vector<double> q = d.q.values(), k = d.k.values(), v = d.v.values(), bias = d.bias.values();
  const std::vector<double> mask = d.mask.values(), dy = d.dy.values();
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  for (int64_t b = 0; b < z.b; ++b) {
    for (int64_t h = 0; h < z.h; ++h) {
      const int64_t g = h / (z.h / z.g);
      for (int64_t i = 0; i < z.t; ++i) {
        const int64_t row = ((b * z.h + h) * z.t + i) * z.s;
        const int64_t qi = ((b * z.t + i) * z.h + h) * z.d, yi = ((b * z.t + i) * z.h + h) * z.e;
        std::vector<double> p = sized(z.s), dp = sized(z.s), keep = sized(z.s);
        std::vector<bool> seen(at(z.s));
        double most = -INFINITY, sum = 0, total = 0;
        bool any = false;
        for (int64_t j = 0; j < z.s; ++j) {
          const int64_t kj = ((b * z.s + j) * z.g + g) * z.d;
          double score = 0;
          for (int64_t x = 0; x < z.d; ++x) score += q[at(qi + x)] * k[at(kj + x)];
          score = score * setting.scale + bias[at(row + j)];
          seen[at(j)] = mask[at(row + j)] != 0 && (!setting.causal || j <= i);
          any = any || seen[at(j)];
          if (!seen[at(j)]) score = setting.unseen == kShifted ? score + setting.low : setting.low;
          p[at(j)] = score;
          most = std::max(most, score);
          keep[at(j)] = keeps(setting, d.q.dtype(), row + j) ? 1 / (1 - setting.rate) : 0;
        }
        for (double& x : p) sum += x = std::exp(x - most);
        for (double& x : p) x /= sum;
        if (setting.unseen == kDropped && !any) std::fill(p.begin(), p.end(), 0.0);
        for (int64_t j = 0; j < z.s; ++j) {
          const int64_t vj = ((b * z.s + j) * z.g + g) * z.e;
          for (int64_t x = 0; x < z.e; ++x) {
            w.y[at(yi + x)] += p[at(j)] * keep[at(j)] * v[at(vj + x)];
            w.dv[at(vj + x)] += p[at(j)] * keep[at(j)] * dy[at(yi + x)];
            dp[at(j)] += dy[at(yi + x)] * v[at(vj + x)] * keep[at(j)];
          }
          total += p[at(j)] * dp[at(j)];
        }
        for (int64_t j = 0; j < z.s; ++j) {
          const int64_t kj = ((b * z.s + j) * z.g + g) * z.d;
          const double slope = seen[at(j)] || setting.unseen == kShifted ? p[at(j)] * (dp[at(j)] - total) : 0;
          w.dbias[at(row + j)] = slope;
          for (int64_t x = 0; x < z.d; ++x) {
            w.dq[at(qi + x)] += slope * setting.scale * k[at(kj + x)];
            w.dk[at(kj + x)] += slope * setting.scale * q[at(qi + x)];
          }
        }
      }
    }
  }
  return w;
}

const std::vector<Sizes> kSizes = {{1, 1, 1, 1, 1, 1, 1},       {2, 3, 5, 2, 1, 4, 3},    {1, 7, 7, 2, 2, 8, 16},
                                   {2, 65, 130, 4, 2, 5, 7},    {1, 70, 40, 1, 1, 32, 9}, {1, 300, 260, 2, 1, 3, 2},
                                   {1, 130, 129, 1, 1, 16, 32}, {0, 3, 4, 2, 2, 3, 3},    {1, 0, 4, 1, 1, 3, 3},
                                   {1, 3, 0, 1, 1, 3, 3}};

std::vector<Setting> settings() {
  std::vector<Setting> all(9);
  all[1].causal = true;
  all[2].mask = true;
  all[3].bias = true;
  all[4].mask = all[4].causal = all[4].bias = true;
  all[5].mask = true;
  all[5].unseen = kDropped;
  all[6].mask = all[6].causal = true;
  all[6].unseen = kShifted;
  all[6].low = -1e3;
  all[7].rate = 0.4;
  all[8].rate = 0.1;
  all[8].mask = all[8].causal = true;
  all[8].unseen = kDropped;
  return all;
}

void check_all(const Results& r, const Wanted& w, double tolerance, bool with_bias) {
  CHECK_ALL_NEAR(r.y, w.y, tolerance);
  CHECK_ALL_NEAR(r.dq, w.dq, tolerance);
  CHECK_ALL_NEAR(r.dk, w.dk, tolerance);
  CHECK_ALL_NEAR(r.dv, w.dv, tolerance);
  if (with_bias) CHECK_ALL_NEAR(r.dbias, w.dbias, tolerance);
}

TEST(matches_the_formula) {
  for (const DType dtype : kFloats) {
    for (const Sizes& z : kSizes) {
      int number = 0;
      for (const Setting& setting : settings()) {
        context() = std::string(name_of(dtype)) + show_sizes(z) + " setting " + std::to_string(number++);
        const Data d(dtype, z, setting);
        const Results r = run(d, setting);
        if (z.s == 0) {
          for (int64_t i = 0; i < r.y.size(); ++i) CHECK(r.y.at(i) == 0);
          continue;
        }
        check_all(r, reference(d, setting), tolerance_of(dtype), setting.bias);
      }
    }
  }
}

TEST(reads_operands_with_any_strides) {
  Setting setting;
  setting.bias = setting.mask = setting.causal = true;
  const Sizes z{2, 19, 33, 4, 2, 6, 5};
  for (const DType dtype : kFloats) {
    context() = name_of(dtype);
    Data d(dtype, z, setting);
    const Wanted w = reference(d, setting);
    for (Array* x : {&d.q, &d.k, &d.v, &d.bias, &d.mask, &d.dy}) *x = x->with_gaps();
    check_all(run(d, setting), w, tolerance_of(dtype), true);
    // [b, h, t, d] in memory, and masks that samples and heads share
    for (Array* x : {&d.q, &d.k, &d.v, &d.dy}) {
      *x = x->transposed({0, 2, 1, 3}).contiguous_copy().transposed({0, 2, 1, 3});
    }
    d.mask = Array::random(DType::boolean, {z.t, z.s}, 0, 2, 9).broadcast_to(d.scores());
    d.bias = Array::random(dtype, {z.h, 1, z.s}, -1, 1, 10).broadcast_to(d.scores());
    check_all(run(d, setting), reference(d, setting), tolerance_of(dtype), true);
    d.mask = Array::random(DType::boolean, {z.b, 1, z.t, 1}, 0, 2, 11).broadcast_to(d.scores());
    check_all(run(d, setting), reference(d, setting), tolerance_of(dtype), true);
  }
}

TEST(scores_of_minus_infinity_have_no_weight) {
  for (const DType dtype : kFloats) {
    const Sizes z{1, 3, 260, 1, 1, 4, 4};
    Setting setting;
    setting.bias = true;
    const Data d(dtype, z, setting);
    // The first block of keys, and so the largest score in it, is minus infinity.
    for (int64_t i = 0; i < z.t; ++i) {
      for (int64_t j = 0; j < 200; ++j) {
        if (dtype == DType::float32)
          d.bias.data<float>()[i * z.s + j] = -INFINITY;
        else
          d.bias.data<double>()[i * z.s + j] = -INFINITY;
      }
    }
    check_all(run(d, setting), reference(d, setting), tolerance_of(dtype), true);
  }
}

TEST(gradients_match_finite_differences) {
  Setting setting;
  setting.bias = setting.causal = true;
  setting.rate = 0.3;
  const Data d(DType::float64, {1, 4, 5, 2, 1, 3, 2}, setting);
  const Results r = run(d, setting);
  const auto loss = [&] {
    const Array y = Array::empty(DType::float64, r.y.shape());
    const Array rows = Array::empty(DType::float64, r.max.shape());
    call("attention", {d.q, d.k, d.v, d.bias, d.mask}, {y, rows, Array::empty(DType::float64, r.max.shape())},
         setting.attributes());
    double sum = 0;
    for (int64_t i = 0; i < y.size(); ++i) sum += y.at(i) * d.dy.at(i);
    return sum;
  };
  const std::pair<Array, Array> pairs[] = {{d.q, r.dq}, {d.k, r.dk}, {d.v, r.dv}, {d.bias, r.dbias}};
  for (const auto& [variable, gradient] : pairs) {
    for (int64_t i = 0; i < variable.size(); ++i) {
      constexpr double step = 1e-5;
      double& value = variable.data<double>()[i];
      const double start = value;
      value = start + step;
      const double above = loss();
      value = start - step;
      const double below = loss();
      value = start;
      CHECK_NEAR(gradient.at(i), (above - below) / (2 * step), 1e-8);
    }
  }
}

TEST(results_do_not_depend_on_the_number_of_threads) {
  Setting setting;
  setting.causal = true;
  setting.rate = 0.1;
  for (const Sizes& z : {Sizes{1, 520, 700, 2, 1, 24, 16}, Sizes{4, 130, 140, 4, 4, 32, 32}}) {
    context() = show_sizes(z);
    const Data d(DType::float32, z, setting);
    const int before = num_threads();
    set_num_threads(1);
    const Results one = run(d, setting);
    set_num_threads(3);
    const Results three = run(d, setting);
    set_num_threads(before);
    CHECK(one.y.identical(three.y) && one.dq.identical(three.dq));
    CHECK(one.dk.identical(three.dk) && one.dv.identical(three.dv));
  }
}

}  // namespace
