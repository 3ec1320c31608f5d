#include "check.h"

namespace {

const Shape kShapes[] = {{}, {1}, {0, 4}, {7}, {10}, {3, 5}, {2, 1, 7}, {33, 3}, {5, 129}, {4, 3, 67}, {70001}};

double tolerance_of(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return 1e-14;
    case DType::float32:
      return 1e-6;
    case DType::float16:
      return 1e-3;
    default:
      return 8e-3;
  }
}

// ---- Unary -------------------------------------------------------------------------------------------------------

struct Unary {
  const char* name;
  double (*reference)(double);
  double low, high;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

const Unary kUnary[] = {
    {"sqrt", [](double x) { return std::sqrt(x); }, 0, 100},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 0.01, 100},
    {"exp", [](double x) { return std::exp(x); }, -20, 10},
    {"expm1", [](double x) { return std::expm1(x); }, -20, 5},
    {"log", [](double x) { return std::log(x); }, 1e-3, 100},
    {"log1p", [](double x) { return std::log1p(x); }, -0.9, 10},
    {"sin", [](double x) { return std::sin(x); }, -100, 100},
    {"cos", [](double x) { return std::cos(x); }, -100, 100},
    {"tan", [](double x) { return std::tan(x); }, -1.5, 1.5},
    {"asin", [](double x) { return std::asin(x); }, -1, 1},
    {"acos", [](double x) { return std::acos(x); }, -1, 1},
    {"atan", [](double x) { return std::atan(x); }, -10, 10},
    {"sinh", [](double x) { return std::sinh(x); }, -5, 5},
    {"cosh", [](double x) { return std::cosh(x); }, -5, 5},
    {"tanh", [](double x) { return std::tanh(x); }, -10, 10},
    {"asinh", [](double x) { return std::asinh(x); }, -10, 10},
    {"acosh", [](double x) { return std::acosh(x); }, 1, 10},
    {"atanh", [](double x) { return std::atanh(x); }, -0.95, 0.95},
    {"sigmoid", sigmoid, -20, 20},
    {"softplus", softplus, -20, 20},
    {"log_sigmoid", [](double x) { return -softplus(-x); }, -20, 20},
    {"erf", [](double x) { return std::erf(x); }, -5, 5},
    {"reciprocal", [](double x) { return 1 / x; }, 0.1, 10},
    {"relu", [](double x) { return std::max(x, 0.0); }, -5, 5},
    {"relu6", [](double x) { return std::min(std::max(x, 0.0), 6.0); }, -5, 10},
    {"silu", [](double x) { return x * sigmoid(x); }, -20, 20},
    {"gelu", [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }, -6, 6},
    {"gelu_tanh", [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); },
     -6, 6},
    {"elu", [](double x) { return x < 0 ? std::expm1(x) : x; }, -10, 5},
    {"selu", [](double x) { return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * std::expm1(x) : x); }, -10, 5},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); }, -5, 5},
    {"negative", [](double x) { return -x; }, -5, 5},
    {"abs", [](double x) { return std::abs(x); }, -5, 5},
    {"sign", [](double x) { return static_cast<double>((x > 0) - (x < 0)); }, -5, 5},
    {"square", [](double x) { return x * x; }, -5, 5},
    {"floor", [](double x) { return std::floor(x); }, -5, 5},
    {"ceil", [](double x) { return std::ceil(x); }, -5, 5},
    {"round", [](double x) { return std::nearbyint(x); }, -5, 5},
};

void check_unary(const Unary& op, const Array& x) {
  Array y = Array::empty(x.dtype(), x.shape());
  call(op.name, {x}, {y});
  std::vector<double> expected = x.values();
  for (double& v : expected) v = op.reference(v);
  CHECK_ALL_NEAR(y, expected, tolerance_of(x.dtype()));
}

TEST(unary_functions_of_contiguous_operands) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    for (const Unary& op : kUnary) {
      for (const Shape& shape : kShapes) {
        context() = std::string(op.name) + " " + name_of(dtype) + " " + show(shape);
        check_unary(op, Array::random(dtype, shape, op.low, op.high));
      }
    }
  }
}

TEST(unary_functions_of_strided_and_broadcast_operands) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16}) {
    for (const Unary& op : kUnary) {
      context() = std::string(op.name) + " " + name_of(dtype);
      check_unary(op, Array::random(dtype, {13, 77}, op.low, op.high).transposed({1, 0}));
      check_unary(op, Array::random(dtype, {5, 3, 4}, op.low, op.high).with_gaps());
      check_unary(op, Array::random(dtype, {100}, op.low, op.high).sliced(0, 99, 50, -2));
      check_unary(op, Array::random(dtype, {3, 1}, op.low, op.high).broadcast_to({4, 3, 100}));
      check_unary(op, Array::random(dtype, {}, op.low, op.high).broadcast_to({1000}));
    }
  }
}

TEST(unary_functions_write_in_place) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    for (const Unary& op : kUnary) {
      context() = std::string(op.name) + " " + name_of(dtype);
      const Array x = Array::random(dtype, {1037}, op.low, op.high);
      Array y = Array::empty(dtype, {1037});
      call(op.name, {x}, {y});
      call(op.name, {x}, {x});
      CHECK(x.identical(y));
    }
  }
}

TEST(unary_functions_of_special_values) {
  const double nan = std::nan("");
  const double inf = INFINITY;
  const std::vector<double> x = {nan, inf, -inf, 0.0, -0.0, 1e-30, -1e-30, 3e38, -3e38, 88.5, -88.5, 1, -1};
  const char* exact[] = {"exp",   "log",  "expm1", "log1p", "tanh", "sqrt", "rsqrt",      "relu", "relu6", "softplus",
                         "floor", "ceil", "round", "abs",   "sign", "erf",  "reciprocal", "sin",  "cos",   "negative"};
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Unary& op : kUnary) {
      if (std::none_of(std::begin(exact), std::end(exact),
                       [&](const char* name) { return op.name == std::string(name); }))
        continue;
      context() = std::string(op.name) + " " + name_of(dtype);
      Array a = Array::of(dtype, x, {13});
      Array y = Array::empty(dtype, {13});
      call(op.name, {a}, {y});
      for (int64_t i = 0; i < 13; ++i) {
        double want = std::isnan(a.at(i)) ? nan : op.reference(a.at(i));
        if (dtype == DType::float32) want = static_cast<float>(want);
        if (std::string("sin cos").find(op.name) != std::string::npos && std::abs(a.at(i)) > 1e30) continue;
        CHECK_NEAR(y.at(i) / std::max(1.0, std::isinf(want) ? 1.0 : std::abs(want)),
                   want / std::max(1.0, std::isinf(want) ? 1.0 : std::abs(want)), 2e-6);
      }
    }
    context() = name_of(dtype);
    Array y = Array::empty(dtype, {3});
    call("sigmoid", {Array::of(dtype, {inf, -inf, nan}, {3})}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{1, 0, nan}), 0);
  }
}

TEST(round_is_half_to_even) {
  const std::vector<double> x = {0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 8388609, 0.49999997, -8388607.5, 3.5};
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    Array a = Array::of(dtype, x, {10});
    Array y = Array::empty(dtype, {10});
    call("round", {a}, {y});
    for (int64_t i = 0; i < 10; ++i) CHECK(y.at(i) == std::nearbyint(a.at(i)));
  }
}

// The largest error in units of the last place of the float32 result, over many magnitudes.
double largest_error(const char* name, double (*reference)(double), double low, double high) {
  const int64_t n = 200001;
  Array x = Array::empty(DType::float32, {n});
  for (int64_t i = 0; i < n; ++i) {
    x.data<float>()[i] = static_cast<float>(low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1));
  }
  Array y = Array::empty(DType::float32, {n});
  call(name, {x}, {y});
  double worst = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double want = reference(static_cast<double>(x.data<float>()[i]));
    const float rounded = static_cast<float>(want);
    if (std::abs(want) < 1e-37 || std::isinf(rounded)) continue;
    const double ulp = std::abs(static_cast<double>(std::nextafter(rounded, INFINITY)) - static_cast<double>(rounded));
    worst = std::max(worst, std::abs(static_cast<double>(y.data<float>()[i]) - want) / ulp);
  }
  return worst;
}

TEST(float32_functions_are_accurate_to_a_few_ulp) {
  const auto check = [](const char* name, double (*reference)(double), double low, double high, double ulps) {
    context() = name;
    const double error = largest_error(name, reference, low, high);
    if (!(error <= ulps)) context() += " error " + show(error);
    CHECK(error <= ulps);
  };
  check("exp", [](double x) { return std::exp(x); }, -87, 88.7, 2);
  check("expm1", [](double x) { return std::expm1(x); }, -3, 3, 3);
  check("expm1", [](double x) { return std::expm1(x); }, -1e-3, 1e-3, 2);
  check("log", [](double x) { return std::log(x); }, 1e-30, 4, 2);
  check("log", [](double x) { return std::log(x); }, 0.9, 1.1, 2);
  check("log", [](double x) { return std::log(x); }, 1, 3e38, 2);
  check("log1p", [](double x) { return std::log1p(x); }, -0.5, 0.5, 3);
  check("log1p", [](double x) { return std::log1p(x); }, -1e-4, 1e-4, 3);
  check("tanh", [](double x) { return std::tanh(x); }, -10, 10, 4);
  check("tanh", [](double x) { return std::tanh(x); }, -1e-3, 1e-3, 4);
  check("sigmoid", sigmoid, -80, 20, 4);
  check("erf", [](double x) { return std::erf(x); }, -4, 4, 3);
  check("erf", [](double x) { return std::erf(x); }, -1e-3, 1e-3, 3);
  check("sin", [](double x) { return std::sin(x); }, -1000, 1000, 2);
  check("cos", [](double x) { return std::cos(x); }, -1000, 1000, 2);
  check("softplus", softplus, -80, 20, 4);
}

// ---- Binary ------------------------------------------------------------------------------------------------------

struct Binary {
  const char* name;
  double (*reference)(double, double);
  double low, high;
};

const Binary kBinary[] = {
    {"add", [](double a, double b) { return a + b; }, -5, 5},
    {"subtract", [](double a, double b) { return a - b; }, -5, 5},
    {"multiply", [](double a, double b) { return a * b; }, -5, 5},
    {"divide", [](double a, double b) { return a / b; }, 0.5, 5},
    {"power", [](double a, double b) { return std::pow(a, b); }, 0.1, 3},
    {"maximum", [](double a, double b) { return std::max(a, b); }, -5, 5},
    {"minimum", [](double a, double b) { return std::min(a, b); }, -5, 5},
    {"squared_difference", [](double a, double b) { return (a - b) * (a - b); }, -5, 5},
    {"atan2", [](double a, double b) { return std::atan2(a, b); }, -5, 5},
    {"relu_gradient", [](double a, double b) { return b > 0 ? a : 0; }, -5, 5},
    {"sigmoid_gradient", [](double a, double b) { return a * b * (1 - b); }, -1, 1},
    {"tanh_gradient", [](double a, double b) { return a * (1 - b * b); }, -1, 1},
};

void check_binary(const Binary& op, const Array& a, const Array& b) {
  Array y = Array::empty(a.dtype(), a.shape());
  call(op.name, {a, b}, {y});
  std::vector<double> expected = a.values();
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = op.reference(expected[i], b.at(static_cast<int64_t>(i)));
  CHECK_ALL_NEAR(y, expected, tolerance_of(a.dtype()));
}

TEST(binary_functions_of_contiguous_operands) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    for (const Binary& op : kBinary) {
      for (const Shape& shape : kShapes) {
        context() = std::string(op.name) + " " + name_of(dtype) + " " + show(shape);
        check_binary(op, Array::random(dtype, shape, op.low, op.high, 1),
                     Array::random(dtype, shape, op.low, op.high, 2));
      }
    }
  }
}

TEST(binary_functions_broadcast_and_stride) {
  const std::vector<std::pair<Shape, Shape>> broadcasts = {{{37, 5}, {5}},
                                                           {{37, 5}, {37, 1}},
                                                           {{37, 129}, {129}},
                                                           {{37, 129}, {37, 1}},
                                                           {{4, 5, 6}, {4, 1, 6}},
                                                           {{4, 5, 6}, {}},
                                                           {{90, 7, 3}, {7, 1}},
                                                           {{3, 200}, {}},
                                                           {{2, 3, 4, 5}, {3, 1, 5}},
                                                           {{50, 90}, {1, 1}},
                                                           {{3000, 3}, {3}},
                                                           {{3, 3000}, {3, 1}},
                                                           {{2, 70, 80}, {2, 1, 80}},
                                                           {{2, 70, 80}, {70, 1}}};
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16}) {
    for (const Binary& op : kBinary) {
      for (const auto& [shape, other] : broadcasts) {
        context() = std::string(op.name) + " " + name_of(dtype) + " " + show(shape) + " " + show(other);
        const Array a = Array::random(dtype, shape, op.low, op.high, 1);
        const Array b = Array::random(dtype, other, op.low, op.high, 2).broadcast_to(shape);
        check_binary(op, a, b);
        check_binary(op, b, a);
        check_binary(op, b, b);
      }
      context() = std::string(op.name) + " " + name_of(dtype) + " strided";
      const Array a = Array::random(dtype, {71, 90}, op.low, op.high, 1);
      const Array b = Array::random(dtype, {90, 71}, op.low, op.high, 2);
      check_binary(op, a, b.transposed({1, 0}));
      check_binary(op, b.transposed({1, 0}), a);
      check_binary(op, a.with_gaps(), a.sliced(0, 70, 71, -1));
      const Array c = Array::random(dtype, {6, 5, 4}, op.low, op.high, 3);
      check_binary(op, c.transposed({2, 0, 1}), c.transposed({2, 0, 1}).with_gaps());
    }
  }
}

TEST(binary_functions_write_in_place) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    for (const Binary& op : kBinary) {
      for (const Shape& other : {Shape{31, 67}, Shape{67}, Shape{31, 1}, Shape{}}) {
        context() = std::string(op.name) + " " + name_of(dtype) + " " + show(other);
        const Array b = Array::random(dtype, other, op.low, op.high, 2).broadcast_to({31, 67});
        for (const bool first : {true, false}) {
          const Array a = Array::random(dtype, {31, 67}, op.low, op.high, 1);
          Array y = Array::empty(dtype, {31, 67});
          const std::vector<Array> in = first ? std::vector<Array>{a, b} : std::vector<Array>{b, a};
          call(op.name, in, {y});
          call(op.name, in, {a});
          CHECK(a.identical(y));
        }
      }
    }
  }
}

TEST(large_operands_run_in_chunks) {
  const Array a = Array::random(DType::float32, {700, 301}, -1, 1, 1);
  const Array b = Array::random(DType::float32, {301}, -1, 1, 2).broadcast_to({700, 301});
  const Array c = Array::random(DType::float32, {301, 700}, -1, 1, 3).transposed({1, 0});
  const Array d = Array::random(DType::float32, {700, 1}, -1, 1, 4).broadcast_to({700, 301});
  for (const Array& other : {a, b, c, d}) check_binary(kBinary[1], a, other);
  const Array e = Array::random(DType::float32, {70001, 3}, -1, 1, 5);
  check_binary(kBinary[1], e, Array::random(DType::float32, {3}, -1, 1, 6).broadcast_to({70001, 3}));
  check_binary(kBinary[1], e, Array::random(DType::float32, {70001, 1}, -1, 1, 6).broadcast_to({70001, 3}));
}

TEST(maximum_and_minimum_pass_nan_on) {
  const double nan = std::nan("");
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    const Array a = Array::of(dtype, {nan, 1, nan, 2}, {4});
    const Array b = Array::of(dtype, {1, nan, nan, 3}, {4});
    Array y = Array::empty(dtype, {4});
    call("maximum", {a, b}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{nan, nan, nan, 3}), 0);
    call("minimum", {a, b}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{nan, nan, nan, 2}), 0);
  }
}

TEST(mod_and_floor_divide_of_floats) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    const Array a = Array::of(dtype, {7, -7, 7, -7, 6, -6, 5.5, -0.25}, {8});
    const Array b = Array::of(dtype, {3, 3, -3, -3, 3, 3, 2, 1}, {8});
    Array y = Array::empty(dtype, {8});
    call("mod", {a, b}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{1, 2, -2, -1, 0, 0, 1.5, 0.75}), 0);
    call("floor_divide", {a, b}, {y});
    CHECK_ALL_NEAR(y, (std::vector<double>{2, -3, -3, 2, 2, -2, 2, -1}), 0);
  }
}

TEST(power_of_special_values) {
  const double nan = std::nan("");
  const double inf = INFINITY;
  const std::vector<double> bases = {0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, inf, -inf, nan, 3.7, -3.7, 1e-40, 1e30};
  const std::vector<double> exponents = {0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, inf, -inf, nan, 1.7, 101, -101, 16777216};
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const double base : bases) {
      for (const double exponent : exponents) {
        context() = std::string(name_of(dtype)) + " " + show(base) + " to " + show(exponent);
        const Array a = Array::filled(dtype, {3}, base);
        const Array b = Array::filled(dtype, {3}, exponent);
        const Array scalar = Array::filled(dtype, {}, exponent).broadcast_to({3});
        for (const Array& e : {b, scalar}) {
          Array y = Array::empty(dtype, {3});
          call("power", {a, e}, {y});
          double want = std::pow(a.at(1), b.at(1));
          if (dtype == DType::float32) want = static_cast<float>(want);
          const double scale = std::isfinite(want) && want != 0 ? std::abs(want) : 1;
          CHECK_NEAR(y.at(1) / scale, want / scale, 1e-6);
        }
      }
    }
  }
}

// ---- Integers ----------------------------------------------------------------------------------------------------

template <class T>
void check_integers(const char* name, const std::vector<T>& a, const std::vector<T>& b,
                    const std::vector<T>& expected) {
  context() = std::string(name) + " " + name_of(DTypeOf<T>::value);
  const Shape shape = {static_cast<int64_t>(a.size())};
  Array y = Array::empty(DTypeOf<T>::value, shape);
  call(name, {Array::of(a, shape), Array::of(b, shape)}, {y});
  CHECK(y.identical(Array::of(expected, shape)));
}

template <class T>
void check_signed() {
  constexpr T low = std::numeric_limits<T>::min();
  constexpr T high = std::numeric_limits<T>::max();
  check_integers<T>("add", {high, 1, -5}, {1, 2, 3}, {low, 3, -2});
  check_integers<T>("subtract", {low, 1, -5}, {1, 2, 3}, {high, -1, -8});
  check_integers<T>("multiply", {high, low, -5}, {2, -1, 3}, {-2, low, -15});
  check_integers<T>("squared_difference", {1, -5}, {4, 3}, {9, 64});
  check_integers<T>("maximum", {1, -5}, {4, -6}, {4, -5});
  check_integers<T>("minimum", {1, -5}, {4, -6}, {1, -6});
  check_integers<T>("floor_divide", {7, -7, 7, -7, 6, 5, low}, {3, 3, -3, -3, 3, 0, -1}, {2, -3, -3, 2, 2, 0, low});
  check_integers<T>("mod", {7, -7, 7, -7, 6, 5, low}, {3, 3, -3, -3, 3, 0, -1}, {1, 2, -2, -1, 0, 0, 0});
  check_integers<T>("power", {2, -2, 3, 0, 5, 1, -1, -1, 7, 0}, {6, 3, 4, 0, -1, -9, -3, -4, 0, 5},
                    {64, -8, 81, 1, 0, 1, -1, 1, 1, 0});
  context() = name_of(DTypeOf<T>::value);
  const Array x = Array::of(std::vector<T>{low, -3, 0, 5}, {4});
  Array y = Array::empty(x.dtype(), {4});
  call("negative", {x}, {y});
  CHECK(y.identical(Array::of(std::vector<T>{low, 3, 0, -5}, {4})));
  call("abs", {x}, {y});
  CHECK(y.identical(Array::of(std::vector<T>{low, 3, 0, 5}, {4})));
  call("sign", {x}, {y});
  CHECK(y.identical(Array::of(std::vector<T>{-1, -1, 0, 1}, {4})));
  call("square", {x}, {y});
  CHECK(y.identical(Array::of(std::vector<T>{0, 9, 0, 25}, {4})));
  for (const char* name : {"floor", "ceil", "round"}) {
    call(name, {x}, {y});
    CHECK(y.identical(x));
  }
}

template <class T>
void check_unsigned() {
  constexpr T high = std::numeric_limits<T>::max();
  check_integers<T>("add", {high, 1}, {1, 2}, {0, 3});
  check_integers<T>("subtract", {0, 7}, {1, 2}, {high, 5});
  check_integers<T>("multiply", {high, 7}, {high, 2}, {1, 14});
  check_integers<T>("maximum", {high, 7}, {1, 9}, {high, 9});
  check_integers<T>("floor_divide", {high, 7, 7}, {2, 2, 0}, {high / 2, 3, 0});
  check_integers<T>("mod", {high, 7, 7}, {2, 4, 0}, {1, 3, 0});
  check_integers<T>("power", {2, 3, high}, {5, 4, 2}, {32, 81, 1});
  const Array x = Array::of(std::vector<T>{high, 0, 5}, {3});
  Array y = Array::empty(x.dtype(), {3});
  call("abs", {x}, {y});
  CHECK(y.identical(x));
  call("sign", {x}, {y});
  CHECK(y.identical(Array::of(std::vector<T>{1, 0, 1}, {3})));
}

TEST(integers_wrap_around_and_never_trap) {
  check_signed<int8_t>();
  check_signed<int16_t>();
  check_signed<int32_t>();
  check_signed<int64_t>();
  check_unsigned<uint8_t>();
  check_unsigned<uint16_t>();
  check_unsigned<uint32_t>();
  check_unsigned<uint64_t>();
}

}  // namespace
