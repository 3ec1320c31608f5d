// Fourier transforms against the sums that define them, in double precision.
#include <complex>

#include "check.h"

namespace {

using C64 = std::complex<float>;
using C128 = std::complex<double>;

const double kTurn = 2 * std::acos(-1.0);

std::vector<C128> numbers(int64_t count, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<C128> values;
  for (int64_t i = 0; i < count; ++i) values.emplace_back(uniform(bits), uniform(bits));
  return values;
}

template <class C>
Array array_of(const std::vector<C128>& values, const Shape& shape) {
  return Array::of(std::vector<C>(values.begin(), values.end()), shape);
}

// The table of roots keeps the angles exact: jk modulo n.
std::vector<C128> defined(const std::vector<C128>& x, int64_t n, double sign) {
  std::vector<C128> roots;
  for (int64_t k = 0; k < n; ++k)
    roots.push_back(std::polar(1.0, sign * kTurn * static_cast<double>(k) / static_cast<double>(n)));
  std::vector<C128> y(x.size());
  for (size_t row = 0; row < x.size(); row += static_cast<size_t>(n)) {
    for (int64_t k = 0; k < n; ++k) {
      C128 sum = 0;
      for (int64_t j = 0; j < n; ++j) sum += x[row + static_cast<size_t>(j)] * roots[static_cast<size_t>(j * k % n)];
      y[row + static_cast<size_t>(k)] = sum;
    }
  }
  return y;
}

/// The largest error over the size of the whole.
template <class C>
double error_of(const Array& y, const std::vector<C128>& expected) {
  double error = 0;
  double size = 1e-30;
  for (size_t i = 0; i < expected.size(); ++i) {
    error = std::max(error, std::abs(C128(y.data<C>()[i]) - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return error / size;
}

const int64_t kLengths[] = {1,   2,   3,   4,   5,   6,   7,   8,    9,    10,   11,   12,  13,  14,  15,
                            16,  17,  19,  20,  21,  22,  24,  25,   26,   27,   30,   31,  32,  34,  36,
                            37,  40,  49,  60,  64,  77,  97,  100,  121,  125,  128,  143, 169, 210, 211,
                            243, 256, 360, 512, 600, 625, 997, 1000, 1024, 1155, 2048, 2310};

template <class C>
void check_complex(double tolerance) {
  const DType dtype = sizeof(C) == 8 ? DType::complex64 : DType::complex128;
  for (const int64_t n : kLengths) {
    for (const int64_t rows : {1, 3, 19}) {
      if (rows * n > 6000) continue;
      context() = std::to_string(rows) + " x " + std::to_string(n);
      const std::vector<C128> values = numbers(rows * n, static_cast<uint64_t>(n));
      const Array x = array_of<C>(values, {rows, n});
      const Array y = Array::empty(dtype, {rows, n});
      call("fft", {x}, {y}, {0, 0});
      CHECK_NEAR(error_of<C>(y, defined(values, n, -1)), 0, tolerance);
      const Array back = Array::empty(dtype, {rows, n});
      call("fft", {y}, {back}, {1, 1});
      CHECK_NEAR(error_of<C>(back, values), 0, tolerance);
      call("fft", {x}, {y}, {1, 0});
      CHECK_NEAR(error_of<C>(y, defined(values, n, 1)), 0, tolerance);
    }
  }
}

TEST(complex_points) {
  check_complex<C64>(2e-6);
  check_complex<C128>(3e-15);
}

template <class C, class T>
void check_real(double tolerance) {
  const DType dtype = sizeof(C) == 8 ? DType::complex64 : DType::complex128;
  const DType part = sizeof(C) == 8 ? DType::float32 : DType::float64;
  for (const int64_t n : kLengths) {
    for (const int64_t rows : {1, 18}) {
      if (rows * n > 6000) continue;
      context() = std::to_string(rows) + " x " + std::to_string(n);
      const Array x = Array::random(part, {rows, n}, -1, 1, static_cast<uint64_t>(n));
      std::vector<C128> values;
      for (int64_t i = 0; i < rows * n; ++i) values.emplace_back(x.at(i));
      const std::vector<C128> whole = defined(values, n, -1);
      std::vector<C128> expected;
      const int64_t half = n / 2 + 1;
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t k = 0; k < half; ++k) expected.push_back(whole[static_cast<size_t>(row * n + k)]);
      }
      const Array y = Array::empty(dtype, {rows, half});
      call("rfft", {x}, {y});
      CHECK_NEAR(error_of<C>(y, expected), 0, tolerance);
      // Imaginary parts that a real signal cannot have count for nothing.
      for (int64_t row = 0; row < rows; ++row) {
        y.data<C>()[row * half] += C(0, 5);
        if (n % 2 == 0) y.data<C>()[row * half + half - 1] += C(0, 7);
      }
      const Array back = Array::empty(part, {rows, n});
      call("irfft", {y}, {back});
      for (int64_t i = 0; i < rows * n; ++i) CHECK_NEAR(back.at(i), x.at(i), tolerance);
    }
  }
}

TEST(real_points) {
  check_real<C64, float>(2e-6);
  check_real<C128, double>(3e-15);
}

// Long enough for the passes themselves to be split over threads; a shifted impulse has a spectrum that is known.
TEST(long_rows) {
  for (const int64_t n : {int64_t{1} << 17, int64_t{3 * 5 * 7 * 1024}, int64_t{65537}}) {
    context() = std::to_string(n);
    const int64_t at = 12345;
    std::vector<C128> values(static_cast<size_t>(n));
    values[static_cast<size_t>(at)] = C128(2, -1);
    const Array x = Array::of(values, {n});
    const Array y = Array::empty(DType::complex128, {n});
    call("fft", {x}, {y}, {0, 0});
    for (int64_t k = 0; k < n; k += 101) {
      const double angle = -kTurn * static_cast<double>(at * k % n) / static_cast<double>(n);
      CHECK_NEAR(std::abs(y.data<C128>()[k] - C128(2, -1) * std::polar(1.0, angle)), 0, 1e-12);
    }
    call("fft", {y}, {y}, {1, 1});
    double error = 0;
    for (int64_t j = 0; j < n; ++j)
      error = std::max(error, std::abs(y.data<C128>()[j] - values[static_cast<size_t>(j)]));
    CHECK_NEAR(error, 0, 1e-13);
  }
}

TEST(nothing_to_transform) {
  const Array x = Array::empty(DType::complex64, {0, 5});
  call("fft", {x}, {Array::empty(DType::complex64, {0, 5})}, {0, 0});
  call("fft", {Array::empty(DType::complex64, {3, 0})}, {Array::empty(DType::complex64, {3, 0})}, {0, 0});
  call("rfft", {Array::empty(DType::float32, {0, 5})}, {Array::empty(DType::complex64, {0, 3})});
  call("irfft", {Array::empty(DType::complex64, {0, 3})}, {Array::empty(DType::float32, {0, 5})});
  CHECK(x.size() == 0);
}

}  // namespace
