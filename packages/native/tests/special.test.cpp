#include "check.h"

namespace {

Array unary(const char* name, DType dtype, const std::vector<double>& values) {
  const Shape shape{static_cast<int64_t>(values.size())};
  const Array y = Array::empty(dtype, shape);
  call(name, {Array::of(dtype, values, shape)}, {y}, {});
  return y;
}

Array binary(const char* name, DType dtype, const std::vector<double>& a, const std::vector<double>& b) {
  const Shape shape{static_cast<int64_t>(a.size())};
  const Array y = Array::empty(dtype, shape);
  call(name, {Array::of(dtype, a, shape), Array::of(dtype, b, shape)}, {y}, {});
  return y;
}

TEST(erfinv_inverts_erf) {
  std::vector<double> values;
  for (int i = -40; i <= 40; ++i) values.push_back(i / 8.0);
  const Array y = unary("erfinv", DType::float64, values);
  for (int64_t i = 0; i < y.size(); ++i) {
    const double x = values[static_cast<size_t>(i)];
    if (std::abs(x) < 1) CHECK_NEAR(std::erf(y.at(i)), x, 1e-15);
    if (std::abs(x) == 1) CHECK(std::isinf(y.at(i)) && y.at(i) * x > 0);
    if (std::abs(x) > 1) CHECK(std::isnan(y.at(i)));
  }
  for (const double x : {1e-300, 1e-8, 0.49999, 0.5, 0.999, 1 - 1e-12}) {
    const double found = unary("erfinv", DType::float64, {x}).at(0);
    CHECK_NEAR((x < 0.5 ? std::erf(found) / x : std::erfc(found) / (1 - x)), 1, 1e-13);
  }
}

TEST(bessel_functions) {
  // Abramowitz and Stegun, table 9.8.
  CHECK_ALL_NEAR(
      unary("bessel_i0", DType::float64, {0, 1, -2, 5, 20}),
      (std::vector<double>{1, 1.2660658777520084, 2.2795853023360673, 27.239871823604442, 43558282.559553534}), 1e-13);
  CHECK_ALL_NEAR(unary("bessel_i1", DType::float64, {0, 1, -2, 5}),
                 (std::vector<double>{0, 0.5651591039924851, -1.5906368546373291, 24.335642142450524}), 1e-13);
}

TEST(parts_and_remainders) {
  CHECK_ALL_NEAR(unary("trunc", DType::float32, {-1.7, 1.7, -0.2}), (std::vector<double>{-1, 1, 0}), 0);
  CHECK_ALL_NEAR(unary("trunc", DType::int16, {-7, 7}), (std::vector<double>{-7, 7}), 0);
  CHECK_ALL_NEAR(binary("fmod", DType::float64, {5.5, -5.5, 5.5}, {2, 2, -2}), (std::vector<double>{1.5, -1.5, 1.5}),
                 0);
  CHECK_ALL_NEAR(binary("fmod", DType::int32, {7, -7, 7, -2147483648.0, 5}, {3, 3, -3, -1, 0}),
                 (std::vector<double>{1, -1, 1, 0, 0}), 0);
  CHECK_ALL_NEAR(unary("erfc", DType::float64, {5}), (std::vector<double>{1.5374597944280349e-12}), 1e-25);
  const Array y = binary("nextafter", DType::float32, {1, 1}, {2, 0});
  CHECK(y.at(0) == 1 + 0x1p-23 && y.at(1) == 1 - 0x1p-24);
}

TEST(divisors) {
  for (const DType dtype : {DType::int8, DType::int32, DType::int64, DType::uint16}) {
    context() = name_of(dtype);
    CHECK_ALL_NEAR(binary("gcd", dtype, {12, 0, 7, 0}, {18, 5, 13, 0}), (std::vector<double>{6, 5, 1, 0}), 0);
  }
  CHECK_ALL_NEAR(binary("gcd", DType::int32, {-12}, {18}), (std::vector<double>{6}), 0);
}

TEST(bits) {
  for (const DType dtype : {DType::int8, DType::int16, DType::int32, DType::int64, DType::uint8, DType::uint64}) {
    context() = name_of(dtype);
    CHECK_ALL_NEAR(binary("bitwise_and", dtype, {12}, {10}), (std::vector<double>{8}), 0);
    CHECK_ALL_NEAR(binary("bitwise_or", dtype, {12}, {10}), (std::vector<double>{14}), 0);
    CHECK_ALL_NEAR(binary("bitwise_xor", dtype, {12}, {10}), (std::vector<double>{6}), 0);
    CHECK_ALL_NEAR(binary("left_shift", dtype, {3, 3}, {2, 100}), (std::vector<double>{12, 0}), 0);
    CHECK_ALL_NEAR(binary("right_shift", dtype, {12, 12}, {2, 100}), (std::vector<double>{3, 0}), 0);
  }
  CHECK_ALL_NEAR(unary("bitwise_not", DType::int32, {0, 5}), (std::vector<double>{-1, -6}), 0);
  CHECK_ALL_NEAR(unary("bitwise_not", DType::uint8, {5}), (std::vector<double>{250}), 0);
  CHECK_ALL_NEAR(binary("right_shift", DType::int8, {-8, -8}, {1, 100}), (std::vector<double>{-4, -1}), 0);
  CHECK_ALL_NEAR(binary("left_shift", DType::int8, {64}, {1}), (std::vector<double>{-128}), 0);
}

}  // namespace
