// Arithmetic of two operands.
#include <cmath>
#include <limits>

#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

#define KERATIN_BINARY(Name, expression) \
  struct Name {                          \
    template <class T>                   \
    static T apply(T a, T b) {           \
      return expression;                 \
    }                                    \
  };

// The remainder with the sign of the divisor, as TensorFlow's floormod.
template <class T>
T floor_mod(T a, T b) {
  const T remainder = std::fmod(a, b);
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

KERATIN_BINARY(Add, a + b)
KERATIN_BINARY(Subtract, a - b)
KERATIN_BINARY(Multiply, a* b)
KERATIN_BINARY(Divide, a / b)
KERATIN_BINARY(Power, std::pow(a, b))
KERATIN_BINARY(Maximum, a > b || a != a ? a : b)
KERATIN_BINARY(Minimum, a < b || a != a ? a : b)
KERATIN_BINARY(Mod, floor_mod(a, b))
KERATIN_BINARY(FloorDivide, std::floor(a / b))
KERATIN_BINARY(SquaredDifference, (a - b) * (a - b))
KERATIN_BINARY(Atan2, std::atan2(a, b))
KERATIN_BINARY(ReluGradient, b > 0 ? a : T(0))
KERATIN_BINARY(SigmoidGradient, a * b * (1 - b))
KERATIN_BINARY(TanhGradient, a * (1 - b * b))

KERATIN_BINARY(WrapAdd, static_cast<T>(Wrapping<T>{a} + Wrapping<T>{b}))
KERATIN_BINARY(WrapSubtract, static_cast<T>(Wrapping<T>{a} - Wrapping<T>{b}))
KERATIN_BINARY(WrapMultiply, static_cast<T>(Wrapping<T>{a} * Wrapping<T>{b}))
KERATIN_BINARY(WrapSquaredDifference,
               static_cast<T>((Wrapping<T>{a} - Wrapping<T>{b}) * (Wrapping<T>{a} - Wrapping<T>{b})))

#undef KERATIN_BINARY

struct IntegerMaximum {
  template <class T>
  static T apply(T a, T b) {
    return a > b ? a : b;
  }
};

struct IntegerMinimum {
  template <class T>
  static T apply(T a, T b) {
    return a < b ? a : b;
  }
};

// By squaring. A negative exponent gives the integer part of the fraction: 0, except for bases of 1 and -1.
struct IntegerPower {
  template <class T>
  static T apply(T base, T exponent) {
    if constexpr (std::is_signed_v<T>) {
      if (exponent < 0) return base == 1 ? T(1) : base == T(-1) ? (exponent % 2 != 0 ? T(-1) : T(1)) : T(0);
    }
    Wrapping<T> square = static_cast<Wrapping<T>>(base);
    Wrapping<T> result = 1;
    for (auto rest = static_cast<std::make_unsigned_t<T>>(exponent); rest != 0; rest >>= 1) {
      if (rest & 1) result *= square;
      square *= square;
    }
    return static_cast<T>(result);
  }
};

// True where a / b would trap: the quotient does not fit.
template <class T>
bool overflows(T a, T b) {
  return std::is_signed_v<T> && a == std::numeric_limits<T>::min() && b == T(-1);
}

struct IntegerFloorDivide {
  template <class T>
  static T apply(T a, T b) {
    if (b == 0) return 0;
    if (overflows(a, b)) return a;
    const T quotient = static_cast<T>(a / b);
    return static_cast<T>(quotient - (a % b != 0 && (a < 0) != (b < 0)));
  }
};

struct IntegerMod {
  template <class T>
  static T apply(T a, T b) {
    if (b == 0 || overflows(a, b)) return 0;
    const T remainder = static_cast<T>(a % b);
    return static_cast<T>(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder);
  }
};

}  // namespace

void register_binary(Registry& registry) {
  add_floats<Add, 2, kCheapGrain>(registry, "add");
  add_floats<Subtract, 2, kCheapGrain>(registry, "subtract");
  add_floats<Multiply, 2, kCheapGrain>(registry, "multiply");
  add_floats<Divide, 2, kCheapGrain>(registry, "divide");
  add_floats<Power, 2, kCostlyGrain>(registry, "power");
  add_floats<Maximum, 2, kCheapGrain>(registry, "maximum");
  add_floats<Minimum, 2, kCheapGrain>(registry, "minimum");
  add_floats<Mod, 2, kCostlyGrain>(registry, "mod");
  add_floats<FloorDivide, 2, kCheapGrain>(registry, "floor_divide");
  add_floats<SquaredDifference, 2, kCheapGrain>(registry, "squared_difference");
  add_floats<Atan2, 2, kCostlyGrain>(registry, "atan2");
  add_floats<ReluGradient, 2, kCheapGrain>(registry, "relu_gradient");
  add_floats<SigmoidGradient, 2, kCheapGrain>(registry, "sigmoid_gradient");
  add_floats<TanhGradient, 2, kCheapGrain>(registry, "tanh_gradient");

  add_widths<WrapAdd, 2, kCheapGrain>(registry, "add");
  add_widths<WrapSubtract, 2, kCheapGrain>(registry, "subtract");
  add_widths<WrapMultiply, 2, kCheapGrain>(registry, "multiply");
  add_widths<WrapSquaredDifference, 2, kCheapGrain>(registry, "squared_difference");
  add_integers<IntegerPower, 2, kCostlyGrain>(registry, "power");
  add_integers<IntegerMaximum, 2, kCheapGrain>(registry, "maximum");
  add_integers<IntegerMinimum, 2, kCheapGrain>(registry, "minimum");
  add_integers<IntegerFloorDivide, 2, kCostlyGrain>(registry, "floor_divide");
  add_integers<IntegerMod, 2, kCostlyGrain>(registry, "mod");
}

}  // namespace keratin::generic
