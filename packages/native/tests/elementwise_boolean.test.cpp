#include "check.h"

namespace {

const DType kReal[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int8,
                       DType::int16,   DType::int32,   DType::int64,   DType::uint8,    DType::uint16,
                       DType::uint32,  DType::uint64,  DType::boolean};

bool compare(const std::string& name, double a, double b) {
  if (name == "equal") return a == b;
  if (name == "not_equal") return a != b;
  if (name == "less") return a < b;
  if (name == "less_equal") return a <= b;
  if (name == "greater") return a > b;
  if (name == "greater_equal") return a >= b;
  if (name == "logical_and") return a != 0 && b != 0;
  if (name == "logical_or") return a != 0 || b != 0;
  return (a != 0) != (b != 0);
}

void check_compare(const std::string& name, const Array& a, const Array& b) {
  context() = name + " " + name_of(a.dtype()) + " " + show(a.shape());
  Array y = Array::empty(DType::boolean, a.shape());
  call(name, {a, b}, {y});
  for (int64_t i = 0; i < a.size(); ++i) CHECK(y.at(i) == (compare(name, a.at(i), b.at(i)) ? 1 : 0));
}

TEST(comparisons) {
  for (const DType dtype : kReal) {
    const double low = dtype == DType::boolean ? 0 : is_float(dtype) || dtype == DType::int8 ? -3 : 0;
    const double high = dtype == DType::boolean ? 2 : 3;
    for (const char* name : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
      for (const Shape& shape : {Shape{}, Shape{0}, Shape{10}, Shape{5, 67}, Shape{4, 3}}) {
        Array a = Array::random(dtype, shape, low, high, 1);
        const Array b = Array::random(dtype, shape, low, high, 2);
        check_compare(name, a, b);
        check_compare(name, a.with_gaps(), a);
        const Array scalar = Array::random(dtype, {}, low, high, 3).broadcast_to(shape);
        check_compare(name, a, scalar);
        check_compare(name, scalar, a);
      }
    }
  }
}

TEST(comparisons_of_extreme_values) {
  const Array a = Array::of(std::vector<uint64_t>{0xffffffffffffffffu, 1}, {2});
  const Array b = Array::of(std::vector<uint64_t>{0xfffffffffffffffeu, 0x8000000000000000u}, {2});
  Array y = Array::empty(DType::boolean, {2});
  call("greater", {a, b}, {y});
  CHECK(y.at(0) == 1 && y.at(1) == 0);
  const double nan = std::nan("");
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    const Array c = Array::of(dtype, {nan, nan, 1, INFINITY}, {4});
    const Array d = Array::of(dtype, {nan, 1, nan, INFINITY}, {4});
    for (const char* name : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
      check_compare(name, c, d);
    }
  }
}

TEST(logic) {
  for (const char* name : {"logical_and", "logical_or", "logical_xor"}) {
    const Array a = Array::random(DType::boolean, {5, 67}, 0, 2, 1);
    check_compare(name, a, Array::random(DType::boolean, {5, 67}, 0, 2, 2));
    check_compare(name, a, Array::random(DType::boolean, {5, 1}, 0, 2, 2).broadcast_to({5, 67}));
  }
  const Array x = Array::of(DType::boolean, {0, 1, 0, 1, 1}, {5});
  Array y = Array::empty(DType::boolean, {5});
  call("logical_not", {x}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{1, 0, 1, 0, 0}), 0);
}

TEST(tests_of_floats) {
  const double nan = std::nan("");
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    context() = name_of(dtype);
    const Array x = Array::of(dtype, {nan, INFINITY, -INFINITY, 0, -1e30, 1}, {6});
    const bool half = dtype == DType::float16;
    Array y = Array::empty(DType::boolean, {6});
    call("isnan", {x}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{1, 0, 0, 0, 0, 0}), 0);
    call("isinf", {x}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{0, 1, 1, 0, half ? 1.0 : 0.0, 0}), 0);
    call("isfinite", {x}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{0, 0, 0, 1, half ? 0.0 : 1.0, 1}), 0);
  }
}

TEST(select) {
  for (const DType dtype : kReal) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{10}, Shape{5, 67}, Shape{70, 3}}) {
      context() = std::string(name_of(dtype)) + " " + show(shape);
      const Array condition = Array::random(DType::boolean, shape, 0, 2, 1);
      const Array a = Array::random(dtype, shape, 0, 2, 2);
      const Array b = Array::random(dtype, shape, 0, 2, 3);
      const Array one = Array::random(dtype, {}, 0, 2, 4).broadcast_to(shape);
      for (const auto& [x, z] : {std::pair{a, b}, std::pair{a, one}, std::pair{one, b}, std::pair{a.with_gaps(), b}}) {
        Array y = Array::empty(dtype, shape);
        call("select", {condition, x, z}, {y});
        for (int64_t i = 0; i < y.size(); ++i) CHECK(y.at(i) == (condition.at(i) != 0 ? x.at(i) : z.at(i)));
      }
    }
  }
  const Array condition = Array::of(DType::boolean, {1, 0}, {2});
  const Array a = Array::of(std::vector<std::complex<double>>{{1, 2}, {3, 4}}, {2});
  const Array b = Array::of(std::vector<std::complex<double>>{{5, 6}, {7, 8}}, {2});
  Array y = Array::empty(DType::complex128, {2});
  call("select", {condition, a, b}, {y});
  CHECK(y.identical(Array::of(std::vector<std::complex<double>>{{1, 2}, {7, 8}}, {2})));
}

TEST(cast_between_all_real_dtypes) {
  for (const DType from : kReal) {
    for (const DType to : kReal) {
      context() = std::string(name_of(from)) + " to " + name_of(to);
      const bool negative = from != DType::boolean && (is_float(from) || std::string(name_of(from))[0] == 'i') &&
                            (is_float(to) || std::string(name_of(to))[0] == 'i');
      for (const Array& x : {Array::random(from, {3, 700}, negative ? -100 : 0, from == DType::boolean ? 2 : 100),
                             Array::random(from, {31, 3}, 0, from == DType::boolean ? 2 : 100).transposed({1, 0})}) {
        Array y = Array::empty(to, x.shape());
        call("cast", {x}, {y});
        for (int64_t i = 0; i < x.size(); ++i) {
          double want = x.at(i);
          if (to == DType::boolean) {
            want = want != 0;
          } else if (!is_float(to)) {
            want = std::trunc(want);
          }
          CHECK_NEAR(y.at(i), want, is_half(to) ? 8e-3 : to == DType::float32 ? 1e-7 : 0);
        }
      }
    }
  }
}

TEST(cast_out_of_range) {
  const double nan = std::nan("");
  for (const DType from : {DType::float32, DType::float64}) {
    const Array x = Array::of(from, {nan, 1e30, -1e30, INFINITY, -1, 200.7, -128.5}, {7});
    const auto check = [&](auto zero, const std::vector<double>& want) {
      using T = decltype(zero);
      context() = std::string(name_of(from)) + " to " + name_of(DTypeOf<T>::value);
      Array y = Array::empty(DTypeOf<T>::value, {7});
      call("cast", {x}, {y});
      CHECK_ALL_NEAR(y, want, 0);
    };
    check(int8_t{}, {-128, -128, -128, -128, -1, -128, -128});
    check(uint8_t{}, {0, 0, 0, 0, 0, 200, 0});
    check(int16_t{}, {-32768, -32768, -32768, -32768, -1, 200, -128});
    check(uint16_t{}, {0, 0, 0, 0, 0, 200, 0});
    check(int32_t{}, {-0x1p31, -0x1p31, -0x1p31, -0x1p31, -1, 200, -128});
    check(uint32_t{}, {0, 0, 0, 0, 0, 200, 0});
    check(int64_t{}, {-0x1p63, -0x1p63, -0x1p63, -0x1p63, -1, 200, -128});
    check(uint64_t{}, {0, 0, 0, 0, 0, 200, 0});
  }
  // Integers wrap around.
  const Array x = Array::of(std::vector<int32_t>{-1, 300, 65536 + 7}, {3});
  Array y = Array::empty(DType::uint8, {3});
  call("cast", {x}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{255, 44, 7}), 0);
  Array z = Array::empty(DType::uint64, {3});
  call("cast", {x}, {z});
  CHECK(z.identical(Array::of(std::vector<uint64_t>{0xffffffffffffffffu, 300, 65543}, {3})));
}

TEST(cast_to_and_from_complex) {
  for (const DType from : kReal) {
    context() = name_of(from);
    const Array x = Array::random(from, {700}, 0, from == DType::boolean ? 2 : 100);
    Array c64 = Array::empty(DType::complex64, {700});
    Array c128 = Array::empty(DType::complex128, {700});
    Array back = Array::empty(from, {700});
    call("cast", {x}, {c64});
    for (int64_t i = 0; i < 700; ++i) {
      CHECK(c64.data<float>()[2 * i] == static_cast<float>(x.at(i)) && c64.data<float>()[2 * i + 1] == 0);
    }
    call("cast", {x}, {c128});
    for (int64_t i = 0; i < 700; ++i)
      CHECK(c128.data<double>()[2 * i] == x.at(i) && c128.data<double>()[2 * i + 1] == 0);
    call("cast", {c128}, {back});
    CHECK(back.identical(x));
    call("cast", {c128}, {c64});
    call("cast", {c64}, {c128});
    for (int64_t i = 0; i < 700; ++i) CHECK(c128.data<double>()[2 * i] == static_cast<float>(x.at(i)));
  }
  const Array x = Array::of(std::vector<std::complex<float>>{{0, 2}, {3, 4}, {0, 0}}, {3});
  Array y = Array::empty(DType::boolean, {3});
  call("cast", {x}, {y});
  CHECK_ALL_NEAR(y, (std::vector<double>{1, 1, 0}), 0);
}

}  // namespace
