// The largest errors that kernels/README.md states for the elementary functions, over all magnitudes: patterns of bits
// at even distances, so that subnormal numbers, infinities and NaN are among them.
//
// KERATIN_ACCURACY_BITS says how many patterns of float32, as a power of two (default 18; 32 is every one of them);
// KERATIN_ACCURACY_SHOW prints the errors that were found.
#include <cfloat>

#include "check.h"

namespace {

using Wide = long double;

struct Function {
  const char* name;
  Wide (*reference)(Wide);
  double single;         // the largest error in units of the last place in float32
  double wide;           // and in float64
  bool flushes = false;  // results below the smallest normal number may be zero
};

Wide sigmoid(Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
Wide softplus(Wide x) { return std::max(x, Wide{0}) + std::log1p(std::exp(-std::abs(x))); }

const Function kFunctions[] = {
    {"sqrt", [](Wide x) { return std::sqrt(x); }, 0.5, 0.5},
    {"exp", [](Wide x) { return std::exp(x); }, 1, 1},
    {"expm1", [](Wide x) { return std::expm1(x); }, 2, 2},
    {"log", [](Wide x) { return std::log(x); }, 1, 1},
    {"log1p", [](Wide x) { return std::log1p(x); }, 2, 2},
    {"tanh", [](Wide x) { return std::tanh(x); }, 3, 3},
    {"sigmoid", sigmoid, 3, 3, true},
    {"softplus", softplus, 2, 2},
    {"erf", [](Wide x) { return std::erf(x); }, 2, 2},
    {"sin", [](Wide x) { return std::sin(x); }, 2, 1},
    {"cos", [](Wide x) { return std::cos(x); }, 2, 1},
};

/// Of a result, in units of the last place of the exact value; what rounds to infinity may be the largest number too.
template <class T>
double error_of(T y, Wide want) {
  if (std::isnan(want)) return std::isnan(y) ? 0 : INFINITY;
  if (std::isnan(y)) return INFINITY;
  constexpr T largest = std::is_same_v<T, float> ? T(FLT_MAX) : T(DBL_MAX);
  constexpr int digits = std::is_same_v<T, float> ? FLT_MANT_DIG : DBL_MANT_DIG;
  constexpr int least = std::is_same_v<T, float> ? FLT_MIN_EXP : DBL_MIN_EXP;
  const T rounded = static_cast<T>(want);
  if (std::isinf(rounded) || std::isinf(y)) {
    return y == rounded || (std::abs(want) >= largest && std::abs(y) == largest) ? 0 : INFINITY;
  }
  int exponent = 0;
  std::frexp(want, &exponent);
  const Wide unit = std::ldexp(Wide{1}, std::max(exponent, least) - digits);
  return static_cast<double>(std::abs(static_cast<Wide>(y) - want) / unit);
}

struct Worst {
  double error = 0;
  double at = 0;
};

/// Patterns `first`, `first` + `step`, ... of T's bits.
template <class T, class Bits>
Worst worst_of(const Function& function, DType dtype, Bits first, Bits step, int64_t count) {
  constexpr int64_t kBlock = 4096;
  constexpr Wide smallest = std::is_same_v<T, float> ? Wide{FLT_MIN} : Wide{DBL_MIN};
  Worst worst;
  const Array x = Array::empty(dtype, {kBlock});
  const Array y = Array::empty(dtype, {kBlock});
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    for (int64_t i = 0; i < kBlock; ++i) {
      const Bits bits = first + static_cast<Bits>(begin + i) * step;
      std::memcpy(x.data<T>() + i, &bits, sizeof(bits));
    }
    call(function.name, {x}, {y});
    for (int64_t i = 0; i < kBlock; ++i) {
      const Wide want = function.reference(static_cast<Wide>(x.data<T>()[i]));
      if (function.flushes && y.data<T>()[i] == 0 && std::abs(want) < smallest) continue;
      const double error = error_of(y.data<T>()[i], want);
      if (error > worst.error) worst = {error, static_cast<double>(x.data<T>()[i])};
    }
  }
  return worst;
}

void check_worst(const Function& function, DType dtype, Worst worst, double bound) {
  context() =
      std::string(function.name) + " " + name_of(dtype) + " error " + show(worst.error) + " ulp at " + show(worst.at);
  if (std::getenv("KERATIN_ACCURACY_SHOW")) std::printf("    %s\n", context().c_str());
  CHECK(worst.error <= bound);
}

TEST(functions_are_as_accurate_as_stated) {
  const char* given = std::getenv("KERATIN_ACCURACY_BITS");
  const int bits = given == nullptr ? 18 : std::min(std::max(std::atoi(given), 12), 32);
  const int64_t count = int64_t{1} << bits;
  for (const Function& function : kFunctions) {
    // Odd steps, so that the low bits differ too.
    const uint32_t step = bits == 32 ? 1 : (uint32_t{1} << (32 - bits)) + 1;
    check_worst(function, DType::float32, worst_of<float, uint32_t>(function, DType::float32, 0, step, count),
                function.single);
    const uint64_t wide_step = (uint64_t{1} << (64 - bits + 2)) + 0x9e3779b9u;
    check_worst(function, DType::float64, worst_of<double, uint64_t>(function, DType::float64, 0, wide_step, count / 4),
                function.wide);
  }
}

}  // namespace
