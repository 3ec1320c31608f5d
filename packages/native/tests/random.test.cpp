// Known answers for the generator, and statistics of what the kernels make of it. The seeds are fixed: a limit that
// holds once holds always, so the limits are those of about one in ten thousand.
#include "check.h"
#include "kernels/philox.h"

namespace {

constexpr int64_t kCount = 300007;

Array draw(const char* name, DType dtype, int64_t count, double a, double b, double seed = 42, double counter = 0) {
  const Array y = Array::empty(dtype, {count});
  call(name, {}, {y}, {seed, 7, counter, 0, a, b});
  return y;
}

struct Moments {
  double mean = 0;
  double variance = 0;
  double skewness = 0;
  double kurtosis = 0;
};

Moments moments_of(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  Moments m;
  for (const double v : values) m.mean += v / n;
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / n;
  const double deviation = std::sqrt(m.variance);
  for (const double v : values) {
    const double z = (v - m.mean) / deviation;
    m.skewness += z * z * z / n;
    m.kurtosis += z * z * z * z / n;
  }
  return m;
}

/// Kolmogorov and Smirnov's distance times sqrt(n): below 2.23 but for one sample in ten thousand.
template <class Cumulative>
double kolmogorov(std::vector<double> values, const Cumulative& cumulative) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double distance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double f = cumulative(values[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return distance * std::sqrt(n);
}

double normal_cumulative(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// Random123's kat_vectors for philox4x32-10.
TEST(philox_known_answers) {
  const struct {
    Words counter;
    uint32_t key[2];
    Words answer;
  } cases[] = {
      {{{0, 0, 0, 0}}, {0, 0}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
       {0xffffffff, 0xffffffff},
       {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {0xa4093822, 0x299f31d0},
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const auto& c : cases) {
    const Words words = philox(c.counter, c.key[0], c.key[1]);
    for (int i = 0; i < 4; ++i) CHECK(words.word[i] == c.answer.word[i]);
  }
}

// Every instruction set gives the bits that the header's layout says.
TEST(uniform_takes_the_bits_of_its_position) {
  const double attributes[] = {42, 7, 3, 1};
  const RandomStream stream(attributes);
  for (const int64_t count : {1, 63, 64, 65, 1000}) {
    const Array y = Array::empty(DType::float32, {count});
    call("random_uniform", {}, {y}, {42, 7, 3, 1, 0, 1});
    const Array z = Array::empty(DType::float64, {count});
    call("random_uniform", {}, {z}, {42, 7, 3, 1, 0, 1});
    for (int64_t i = 0; i < count; ++i) {
      CHECK(y.at(i) == static_cast<double>(stream.word_of(i) >> 8) * 0x1p-24);
      CHECK(z.at(i) == static_cast<double>(stream.double_word_of(i) >> 11) * 0x1p-53);
    }
  }
}

TEST(a_shorter_output_is_the_start_of_a_longer_one) {
  for (const char* name : {"random_uniform", "random_normal", "random_truncated_normal"}) {
    for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
      const Array all = draw(name, dtype, 50000, 0, 1);
      for (const int64_t count : {0, 1, 15, 16, 17, 33, 64, 100, 40000}) {
        CHECK(draw(name, dtype, count, 0, 1).identical(all.sliced(0, 0, count)));
      }
    }
  }
}

TEST(seeds_and_calls_differ) {
  const Array a = draw("random_uniform", DType::float32, 1000, 0, 1, 1, 0);
  for (const Array& b : {draw("random_uniform", DType::float32, 1000, 0, 1, 2, 0),
                         draw("random_uniform", DType::float32, 1000, 0, 1, 1, 1)}) {
    int64_t equal = 0;
    for (int64_t i = 0; i < 1000; ++i) equal += a.at(i) == b.at(i);
    CHECK(equal < 5);
  }
}

TEST(uniform_statistics) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    context() = name_of(dtype);
    const std::vector<double> values = draw("random_uniform", dtype, kCount, 0, 1).values();
    const double step = dtype == DType::float16 ? 0x1p-11 : dtype == DType::bfloat16 ? 0x1p-8 : 0;
    const Moments m = moments_of(values);
    const double n = static_cast<double>(kCount);
    CHECK(std::abs(m.mean + step / 2 - 0.5) < 4 * std::sqrt(1 / 12.0 / n));
    CHECK(std::abs(m.variance - 1 / 12.0) < 4 * std::sqrt(1 / 180.0 / n));
    if (step == 0) CHECK(kolmogorov(values, [](double x) { return x; }) < 2.23);
    for (const double v : values) CHECK(v >= 0 && v < 1);
    // Neighbours are not correlated.
    for (const size_t lag : {1, 16, 64}) {
      double correlation = 0;
      for (size_t i = lag; i < values.size(); ++i) correlation += (values[i] - m.mean) * (values[i - lag] - m.mean);
      CHECK(std::abs(correlation / n / m.variance) < 4 / std::sqrt(n));
    }
  }
}

TEST(uniform_stays_in_bounds) {
  const struct {
    double low;
    double high;
  } bounds[] = {{-1, 1}, {5, 5.001}, {-3, -2}, {0, 1e-3}, {1, 1.0000002}, {-1, 0}, {1000, 1001}, {2, 2}};
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    for (const auto& b : bounds) {
      context() = std::string(name_of(dtype)) + " " + show(b.low) + " " + show(b.high);
      const Array y = draw("random_uniform", dtype, 20000, b.low, b.high);
      const double low = Array::of(dtype, {b.low}, {1}).at(0);
      double seen_low = 1e9;
      double seen_high = -1e9;
      for (const double v : y.values()) {
        CHECK(v >= std::min(low, b.low) && (v < b.high || b.low == b.high || v == low));
        seen_low = std::min(seen_low, v);
        seen_high = std::max(seen_high, v);
      }
      CHECK(seen_low <= b.low + 0.01 * (b.high - b.low) + 1e-2 * std::abs(b.low));
      CHECK(seen_high >= b.high - 0.01 * (b.high - b.low) - 1e-2 * std::abs(b.high));
    }
  }
}

TEST(integers_are_uniform) {
  for (const DType dtype : {DType::int8, DType::int16, DType::int32, DType::int64, DType::uint8, DType::uint16,
                            DType::uint32, DType::uint64}) {
    context() = name_of(dtype);
    const bool is_signed = dtype <= DType::int64;
    const double low = is_signed ? -37 : 3;
    const int64_t bins = 101;
    const Array y = draw("random_uniform", dtype, kCount, low, low + static_cast<double>(bins));
    std::vector<double> counts(static_cast<size_t>(bins), 0);
    for (const double v : y.values()) {
      CHECK(v >= low && v < low + static_cast<double>(bins));
      counts.at(static_cast<size_t>(v - low)) += 1;
    }
    const double expected = static_cast<double>(kCount) / static_cast<double>(bins);
    double chi = 0;
    for (const double c : counts) chi += (c - expected) * (c - expected) / expected;
    // 100 degrees of freedom: mean 100, deviation sqrt(200).
    CHECK(chi > 100 - 4 * std::sqrt(200.0) && chi < 100 + 4 * std::sqrt(200.0));
  }
}

TEST(integers_of_the_whole_range) {
  const Array y = draw("random_uniform", DType::int64, 10000, -0x1p63, 0x1p63);
  int64_t negative = 0;
  for (int64_t i = 0; i < 10000; ++i) negative += y.data<int64_t>()[i] < 0;
  CHECK(negative > 4800 && negative < 5200);
  const Array z = draw("random_uniform", DType::uint64, 10000, 0, 0x1p64);
  int64_t large = 0;
  for (int64_t i = 0; i < 10000; ++i) large += z.data<uint64_t>()[i] >> 63;
  CHECK(large > 4800 && large < 5200);
  const Array one = draw("random_uniform", DType::int32, 100, 5, 6);
  for (const double v : one.values()) CHECK(v == 5);
}

TEST(normal_statistics) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    context() = name_of(dtype);
    const std::vector<double> values = draw("random_normal", dtype, kCount, 0, 1).values();
    const Moments m = moments_of(values);
    const double n = static_cast<double>(kCount);
    CHECK(std::abs(m.mean) < 4 / std::sqrt(n));
    CHECK(std::abs(m.variance - 1) < 4 * std::sqrt(2 / n));
    CHECK(std::abs(m.skewness) < 4 * std::sqrt(6 / n));
    CHECK(std::abs(m.kurtosis - 3) < 4 * std::sqrt(24 / n));
    if (dtype != DType::float16) CHECK(kolmogorov(values, normal_cumulative) < 2.23);
    for (const size_t lag : {1, 16, 32, 64}) {
      double correlation = 0;
      for (size_t i = lag; i < values.size(); ++i) correlation += values[i] * values[i - lag];
      CHECK(std::abs(correlation / n) < 4 / std::sqrt(n));
    }
    for (const double v : values) CHECK(std::isfinite(v));
  }
  const Moments shifted = moments_of(draw("random_normal", DType::float32, kCount, 3, 0.5).values());
  CHECK_NEAR(shifted.mean, 3, 2e-3);
  CHECK_NEAR(std::sqrt(shifted.variance), 0.5, 5e-3);
}

// Against the formula in double.
TEST(normal_is_accurate) {
  const double attributes[] = {42, 7, 0, 0};
  const RandomStream stream(attributes);
  const Array y = draw("random_normal", DType::float32, 100000, 0, 1);
  const Array z = draw("random_normal", DType::float64, 100000, 0, 1);
  double worst = 0;
  double worst_double = 0;
  for (int64_t i = 0; i < 100000; ++i) {
    const int64_t first = i & ~int64_t{16};
    const auto normal = [&](double u, double turn) {
      const double r = std::sqrt(-2 * std::log(u));
      return (i & 16) == 0 ? r * std::cos(2 * M_PI * turn) : r * std::sin(2 * M_PI * turn);
    };
    const double u = std::min(1.0, (static_cast<double>(stream.word_of(first) >> 1) + 0.5) * 0x1p-31);
    const double expected = normal(u, static_cast<double>(stream.word_of(first + 16) >> 8) * 0x1p-24);
    // Near u = 1 the radius falls to zero and float32 holds 1 - u coarsely.
    if (u < 0.99) worst = std::max(worst, std::abs(y.at(i) - expected));
    const double ud = (static_cast<double>(stream.double_word_of(first) >> 11) + 0.5) * 0x1p-53;
    const double turn = static_cast<double>(stream.double_word_of(first + 16) >> 11) * 0x1p-53;
    worst_double = std::max(worst_double, std::abs(z.at(i) - normal(ud, turn)));
  }
  CHECK(worst < 2e-6);
  CHECK(worst_double < 4e-15);
}

TEST(truncated_normal_statistics) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    context() = name_of(dtype);
    const std::vector<double> values = draw("random_truncated_normal", dtype, kCount, 0, 1).values();
    const Moments m = moments_of(values);
    const double n = static_cast<double>(kCount);
    // Variance of the normal distribution cut at +-2: 1 - 4 phi(2) / (2 Phi(2) - 1).
    const double inside = 2 * normal_cumulative(2) - 1;
    const double variance = 1 - 4 * std::exp(-2.0) / std::sqrt(2 * M_PI) / inside;
    CHECK(std::abs(m.mean) < 4 * std::sqrt(variance / n) + (dtype == DType::bfloat16 ? 1e-4 : 0));
    CHECK(std::abs(m.variance - variance) < (dtype == DType::bfloat16 ? 5e-3 : 4e-3));
    for (const double v : values) CHECK(std::abs(v) <= 2);
    if (dtype == DType::float32 || dtype == DType::float64) {
      CHECK(kolmogorov(values, [&](double x) { return (normal_cumulative(x) - normal_cumulative(-2)) / inside; }) <
            2.23);
    }
  }
}

TEST(permutations) {
  for (const DType dtype : {DType::int32, DType::int64}) {
    for (const int64_t n : {0, 1, 2, 3, 31, 32, 33, 1000, 100003}) {
      const Array y = Array::empty(dtype, {n});
      call("random_permutation", {}, {y}, {42, 7, 0, 0});
      std::vector<bool> seen(static_cast<size_t>(n), false);
      for (const double v : y.values()) {
        CHECK(v >= 0 && v < static_cast<double>(n) && !seen.at(static_cast<size_t>(v)));
        seen.at(static_cast<size_t>(v)) = true;
      }
    }
  }
}

// All 24 orders of four elements come equally often.
TEST(permutations_are_uniform) {
  std::vector<double> counts(256, 0);
  const double draws = 48000;
  for (double counter = 0; counter < draws; ++counter) {
    const Array y = Array::empty(DType::int32, {4});
    call("random_permutation", {}, {y}, {1, 2, counter, 0});
    counts[static_cast<size_t>(y.at(0) * 64 + y.at(1) * 16 + y.at(2) * 4 + y.at(3))] += 1;
  }
  double chi = 0;
  int64_t orders = 0;
  for (const double c : counts) {
    if (c == 0) continue;
    ++orders;
    chi += (c - draws / 24) * (c - draws / 24) / (draws / 24);
  }
  CHECK(orders == 24);
  CHECK(chi < 23 + 4 * std::sqrt(46.0));
}

}  // namespace
