// Functions of complex numbers against the C++ library's in double precision, and against their definitions.
#include <complex>
#include <functional>

#include "check.h"

namespace {

using C64 = std::complex<float>;
using C128 = std::complex<double>;

std::vector<C128> numbers(int count, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::uniform_real_distribution<double> uniform(-2, 2);
  std::vector<C128> values;
  for (int i = 0; i < count; ++i) values.emplace_back(uniform(bits), uniform(bits));
  return values;
}

Array array_of(DType dtype, const std::vector<C128>& values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  if (dtype == DType::complex128) return Array::of(values, shape);
  std::vector<C64> narrow;
  for (const C128 z : values) narrow.emplace_back(z);
  return Array::of(narrow, shape);
}

C128 number_at(const Array& a, int64_t i) {
  return a.dtype() == DType::complex128 ? a.data<C128>()[i] : C128(a.data<C64>()[i]);
}

void check_near(C128 actual, C128 expected, double tolerance) {
  CHECK_NEAR(actual.real(), expected.real(), tolerance * (1 + std::abs(expected)));
  CHECK_NEAR(actual.imag(), expected.imag(), tolerance * (1 + std::abs(expected)));
}

struct Function {
  const char* name;
  std::function<C128(C128)> expected;
};

TEST(functions_of_one_number) {
  const std::vector<Function> functions{
      {"negative", [](C128 z) { return -z; }},
      {"conjugate", [](C128 z) { return std::conj(z); }},
      {"square", [](C128 z) { return z * z; }},
      {"sqrt", [](C128 z) { return std::sqrt(z); }},
      {"rsqrt", [](C128 z) { return 1.0 / std::sqrt(z); }},
      {"exp", [](C128 z) { return std::exp(z); }},
      {"expm1", [](C128 z) { return std::exp(z) - 1.0; }},
      {"log", [](C128 z) { return std::log(z); }},
      {"log1p", [](C128 z) { return std::log(1.0 + z); }},
      {"sin", [](C128 z) { return std::sin(z); }},
      {"cos", [](C128 z) { return std::cos(z); }},
      {"tan", [](C128 z) { return std::tan(z); }},
      {"asin", [](C128 z) { return std::asin(z); }},
      {"acos", [](C128 z) { return std::acos(z); }},
      {"atan", [](C128 z) { return std::atan(z); }},
      {"sinh", [](C128 z) { return std::sinh(z); }},
      {"cosh", [](C128 z) { return std::cosh(z); }},
      {"tanh", [](C128 z) { return std::tanh(z); }},
      {"asinh", [](C128 z) { return std::asinh(z); }},
      {"acosh", [](C128 z) { return std::acosh(z); }},
      {"atanh", [](C128 z) { return std::atanh(z); }},
      {"sigmoid", [](C128 z) { return 1.0 / (1.0 + std::exp(-z)); }},
      {"reciprocal", [](C128 z) { return 1.0 / z; }},
      {"sign", [](C128 z) { return z / std::abs(z); }},
  };
  const std::vector<C128> z = numbers(300, 1);
  for (const DType dtype : {DType::complex64, DType::complex128}) {
    const double tolerance = dtype == DType::complex64 ? 3e-5 : 1e-13;
    for (const auto& [name, expected] : functions) {
      context() = name;
      const Array y = Array::empty(dtype, {300});
      call(name, {array_of(dtype, z)}, {y});
      for (int64_t i = 0; i < 300; ++i) check_near(number_at(y, i), expected(z[static_cast<size_t>(i)]), tolerance);
    }
  }
}

TEST(small_arguments_and_zero) {
  const C128 tiny(3e-12, -2e-12);
  Array y = Array::empty(DType::complex128, {2});
  for (const char* name : {"expm1", "log1p"}) {
    context() = name;
    call(name, {array_of(DType::complex128, {tiny, 0})}, {y});
    CHECK_NEAR(y.data<C128>()[0].real(), tiny.real(), 1e-22);
    CHECK_NEAR(y.data<C128>()[0].imag(), tiny.imag(), 1e-22);
    CHECK(y.data<C128>()[1] == 0.0);
  }
  call("sign", {array_of(DType::complex128, {0, C128(0, -3)})}, {y});
  CHECK(y.data<C128>()[0] == 0.0 && y.data<C128>()[1] == C128(0, -1));
  // Far to the left and to the right nothing overflows.
  call("sigmoid", {array_of(DType::complex128, {-1000, 1000})}, {y});
  CHECK(y.data<C128>()[0] == 0.0 && y.data<C128>()[1] == 1.0);
}

TEST(functions_of_two_numbers) {
  const std::vector<C128> a = numbers(300, 2);
  const std::vector<C128> b = numbers(300, 3);
  for (const DType dtype : {DType::complex64, DType::complex128}) {
    const double tolerance = dtype == DType::complex64 ? 3e-5 : 1e-13;
    const auto check = [&](const char* name, const std::function<C128(C128, C128)>& expected) {
      context() = name;
      const Array y = Array::empty(dtype, {300});
      call(name, {array_of(dtype, a), array_of(dtype, b)}, {y});
      for (size_t i = 0; i < 300; ++i) {
        check_near(number_at(y, static_cast<int64_t>(i)), expected(a[i], b[i]), tolerance);
      }
    };
    check("add", [](C128 x, C128 y) { return x + y; });
    check("subtract", [](C128 x, C128 y) { return x - y; });
    check("multiply", [](C128 x, C128 y) { return x * y; });
    check("divide", [](C128 x, C128 y) { return x / y; });
    check("power", [](C128 x, C128 y) { return std::exp(y * std::log(x)); });
    check("squared_difference", [](C128 x, C128 y) { return C128(std::norm(x - y)); });
    check("tanh_gradient", [](C128 x, C128 y) { return x * (1.0 - y * y); });
    check("sigmoid_gradient", [](C128 x, C128 y) { return x * y * (1.0 - y); });
  }
}

TEST(powers) {
  const std::vector<C128> base{C128(2, 1), C128(2, 1), C128(0, 1), 0, 0, C128(3, -4)};
  const std::vector<C128> exponent{3, -1, 2, 0, 2.5, 0.5};
  const std::vector<C128> expected{C128(2, 11), C128(0.4, -0.2), -1, 1, 0, C128(2, -1)};
  Array y = Array::empty(DType::complex128, {6});
  call("power", {array_of(DType::complex128, base), array_of(DType::complex128, exponent)}, {y});
  for (size_t i = 0; i < 6; ++i) check_near(y.data<C128>()[i], expected[i], 1e-15);
  CHECK(y.data<C128>()[0] == C128(2, 11));
}

TEST(parts_and_construction) {
  const std::vector<C128> z = numbers(1000, 4);
  for (const DType dtype : {DType::complex64, DType::complex128}) {
    const DType part = dtype == DType::complex64 ? DType::float32 : DType::float64;
    const Array x = array_of(dtype, z);
    const Array re = Array::empty(part, {1000});
    const Array im = Array::empty(part, {1000});
    call("real", {x}, {re});
    call("imag", {x}, {im});
    const Array again = Array::empty(dtype, {1000});
    call("complex", {re, im}, {again});
    CHECK(again.identical(x));
    const Array size = Array::empty(part, {1000});
    const Array angle = Array::empty(part, {1000});
    call("magnitude", {x}, {size});
    call("phase", {x}, {angle});
    for (size_t i = 0; i < 1000; ++i) {
      const int64_t at = static_cast<int64_t>(i);
      CHECK_NEAR(size.at(at), std::abs(z[i]), 1e-6);
      CHECK_NEAR(angle.at(at), std::arg(z[i]), 1e-6);
    }
  }
}

TEST(parts_of_views) {
  const Array x = array_of(DType::complex64, numbers(60, 5)).reshaped({4, 15});
  const Array expected = Array::empty(DType::float32, {15, 4});
  const Array swapped = x.transposed({1, 0});
  call("imag", {swapped.contiguous_copy()}, {expected});
  for (const Array& view : {swapped, swapped.with_gaps()}) {
    const Array y = Array::empty(DType::float32, {15, 4});
    call("imag", {view}, {y});
    CHECK(y.identical(expected));
  }
}

TEST(comparisons_and_tests) {
  const double inf = INFINITY;
  const Array a = array_of(DType::complex64, {C128(1, 2), C128(1, 2), C128(NAN, 0), C128(0, inf)});
  const Array b = array_of(DType::complex64, {C128(1, 2), C128(1, 3), C128(NAN, 0), C128(0, inf)});
  const Array y = Array::empty(DType::boolean, {4});
  call("equal", {a, b}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{1, 0, 0, 1}), 0);
  call("not_equal", {a, b}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 1, 1, 0}), 0);
  call("isnan", {a}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 0, 1, 0}), 0);
  call("isinf", {a}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 0, 0, 1}), 0);
  call("isfinite", {a}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{1, 1, 0, 0}), 0);
}

}  // namespace
