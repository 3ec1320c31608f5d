// Functions that cannot be composed of the elementwise family: special functions, bits, and integers' common divisors.
#include <cmath>
#include <limits>

#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

constexpr double kTwoOverSqrtPi = 1.12837916709551257390;

// Halley's method on erf, or on erfc where erf is close to 1 and would cancel. The start for the tail is the rational
// approximation of Abramowitz and Stegun, 26.2.22.
double inverse_erf(double y) {
  const double size = std::abs(y);
  if (!(size < 1))
    return size == 1 ? y * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (size < 0.5) {
    double x = y / kTwoOverSqrtPi;
    for (int i = 0; i < 3; ++i) {
      const double error = std::erf(x) - y;
      x -= error / (kTwoOverSqrtPi * std::exp(-x * x) + x * error);
    }
    return x;
  }
  const double tail = 1 - size;
  const double t = std::sqrt(-2 * std::log(tail / 2));
  double x = -0.70711 * ((2.30753 + t * 0.27061) / (1 + t * (0.99229 + t * 0.04481)) - t);
  for (int i = 0; i < 3; ++i) {
    const double error = std::erfc(x) - tail;
    x += error / (kTwoOverSqrtPi * std::exp(-x * x) - x * error);
  }
  return std::copysign(x, y);
}

// The modified Bessel function of the first kind, of order 0 or 1: the power series has positive terms only.
double bessel_i(int order, double x) {
  const double quarter = x * x / 4;
  double term = order == 0 ? 1 : x / 2;
  double sum = term;
  for (int k = 1; std::abs(term) > std::abs(sum) * 1e-17 && std::isfinite(sum); ++k) {
    term *= quarter / (static_cast<double>(k) * (k + order));
    sum += term;
  }
  return sum;
}

#define KERATIN_UNARY(Name, expression) \
  struct Name {                         \
    template <class T>                  \
    static T apply(T x) {               \
      return expression;                \
    }                                   \
  };
#define KERATIN_BINARY(Name, expression) \
  struct Name {                          \
    template <class T>                   \
    static T apply(T a, T b) {           \
      return expression;                 \
    }                                    \
  };

KERATIN_UNARY(Erfc, std::erfc(x))
KERATIN_UNARY(ErfInv, static_cast<T>(inverse_erf(x)))
KERATIN_UNARY(BesselI0, static_cast<T>(bessel_i(0, x)))
KERATIN_UNARY(BesselI1, static_cast<T>(bessel_i(1, x)))
KERATIN_UNARY(Trunc, std::trunc(x))
KERATIN_BINARY(Fmod, std::fmod(a, b))
KERATIN_BINARY(NextAfter, std::nextafter(a, b))

KERATIN_UNARY(Same, x)
KERATIN_UNARY(BitwiseNot, static_cast<T>(~x))
KERATIN_BINARY(BitwiseAnd, static_cast<T>(a& b))
KERATIN_BINARY(BitwiseOr, static_cast<T>(a | b))
KERATIN_BINARY(BitwiseXor, static_cast<T>(a ^ b))

#undef KERATIN_UNARY
#undef KERATIN_BINARY

template <class T>
constexpr int kBits = static_cast<int>(sizeof(T)) * 8;

// Amounts beyond the width shift everything out.
struct LeftShift {
  template <class T>
  static T apply(T a, T b) {
    if (b < 0 || b >= static_cast<T>(kBits<T>)) return 0;
    return static_cast<T>(static_cast<Wrapping<T>>(a) << static_cast<int>(b));
  }
};

// Signed numbers keep their sign.
struct RightShift {
  template <class T>
  static T apply(T a, T b) {
    const bool outside = b < 0 || b >= static_cast<T>(kBits<T>);
    return static_cast<T>(a >> (outside ? kBits<T> - 1 : static_cast<int>(b)) >> (outside ? 1 : 0));
  }
};

// The sign of the dividend. By 0: 0.
struct IntegerFmod {
  template <class T>
  static T apply(T a, T b) {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
    return static_cast<T>(a % b);
  }
};

// Euclid's algorithm on magnitudes.
struct Gcd {
  template <class T>
  static T apply(T a, T b) {
    Wrapping<T> x = magnitude(a);
    Wrapping<T> y = magnitude(b);
    while (y != 0) {
      const Wrapping<T> rest = x % y;
      x = y;
      y = rest;
    }
    return static_cast<T>(x);
  }
  template <class T>
  static Wrapping<T> magnitude(T x) {
    return x < 0 ? Wrapping<T>{0} - static_cast<Wrapping<T>>(x) : static_cast<Wrapping<T>>(x);
  }
};

}  // namespace

void register_special(Registry& registry) {
  add_floats<Erfc, 1, kCostlyGrain>(registry, "erfc");
  add_floats<ErfInv, 1, kCostlyGrain>(registry, "erfinv");
  add_floats<BesselI0, 1, kCostlyGrain>(registry, "bessel_i0");
  add_floats<BesselI1, 1, kCostlyGrain>(registry, "bessel_i1");
  add_floats<Trunc, 1, kCheapGrain>(registry, "trunc");
  add_floats<Fmod, 2, kCostlyGrain>(registry, "fmod");
  registry.add("nextafter", DType::float32, &elementwise_kernel<body_of<NextAfter, 2, float, float>(), kCheapGrain>);
  registry.add("nextafter", DType::float64, &elementwise_kernel<body_of<NextAfter, 2, double, double>(), kCheapGrain>);

  add_widths<Same, 1, kCheapGrain>(registry, "trunc");
  add_integers<IntegerFmod, 2, kCostlyGrain>(registry, "fmod");
  add_integers<Gcd, 2, kCostlyGrain>(registry, "gcd");
  add_widths<BitwiseNot, 1, kCheapGrain>(registry, "bitwise_not");
  add_widths<BitwiseAnd, 2, kCheapGrain>(registry, "bitwise_and");
  add_widths<BitwiseOr, 2, kCheapGrain>(registry, "bitwise_or");
  add_widths<BitwiseXor, 2, kCheapGrain>(registry, "bitwise_xor");
  add_integers<LeftShift, 2, kCheapGrain>(registry, "left_shift");
  add_integers<RightShift, 2, kCheapGrain>(registry, "right_shift");
}

}  // namespace keratin::generic
