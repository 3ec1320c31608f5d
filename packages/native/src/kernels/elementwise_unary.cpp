// Functions of one operand. The float32 and float64 ones that matter have vector bodies in kernels/hot/elementwise.cpp.
#include <cmath>

#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

#define KERATIN_UNARY(Name, expression) \
  struct Name {                         \
    template <class T>                  \
    static T apply(T x) {               \
      return expression;                \
    }                                   \
  };

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;
// Klambauer et al., "Self-normalizing neural networks", 2017.
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kSeluScale = 1.0507009873554804934193349852946;

// The logistic function by the sign of x, so that exp never overflows.
template <class T>
T logistic(T x) {
  const T e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
template <class T>
T log_one_plus_exp(T x) {
  return (x < 0 ? T(0) : x) + std::log1p(std::exp(-std::abs(x)));
}

// Half to even, without depending on the rounding mode of the thread: x - floor(x) is exact where it matters.
template <class T>
T round_half_even(T x) {
  const T below = std::floor(x);
  const T part = x - below;
  const bool up = part > T(0.5) || (part == T(0.5) && std::fmod(below, T(2)) != 0);
  return x == below || std::isnan(x) ? x : std::copysign(up ? below + 1 : below, x);
}

KERATIN_UNARY(Sqrt, std::sqrt(x))
KERATIN_UNARY(Rsqrt, 1 / std::sqrt(x))
KERATIN_UNARY(Exp, std::exp(x))
KERATIN_UNARY(Expm1, std::expm1(x))
KERATIN_UNARY(Log, std::log(x))
KERATIN_UNARY(Log1p, std::log1p(x))
KERATIN_UNARY(Sin, std::sin(x))
KERATIN_UNARY(Cos, std::cos(x))
KERATIN_UNARY(Tan, std::tan(x))
KERATIN_UNARY(Asin, std::asin(x))
KERATIN_UNARY(Acos, std::acos(x))
KERATIN_UNARY(Atan, std::atan(x))
KERATIN_UNARY(Sinh, std::sinh(x))
KERATIN_UNARY(Cosh, std::cosh(x))
KERATIN_UNARY(Tanh, std::tanh(x))
KERATIN_UNARY(Asinh, std::asinh(x))
KERATIN_UNARY(Acosh, std::acosh(x))
KERATIN_UNARY(Atanh, std::atanh(x))
KERATIN_UNARY(Sigmoid, logistic(x))
KERATIN_UNARY(Softplus, log_one_plus_exp(x))
KERATIN_UNARY(LogSigmoid, -log_one_plus_exp(-x))
KERATIN_UNARY(Erf, std::erf(x))
KERATIN_UNARY(Reciprocal, 1 / x)
KERATIN_UNARY(Relu, x < 0 ? T(0) : x)
KERATIN_UNARY(Relu6, x < 0 ? T(0) : x > 6 ? T(6) : x)
KERATIN_UNARY(Silu, x* logistic(x))
KERATIN_UNARY(Gelu, T(0.5) * x * (1 + std::erf(x * T(kSqrtHalf))))
KERATIN_UNARY(GeluTanh, T(0.5) * x * (1 + std::tanh(T(kSqrtTwoOverPi) * (x + T(0.044715) * x * x * x))))
KERATIN_UNARY(Elu, x < 0 ? std::expm1(x) : x)
KERATIN_UNARY(Selu, x < 0 ? T(kSeluScale * kSeluAlpha) * std::expm1(x) : T(kSeluScale) * x)
KERATIN_UNARY(Softsign, x / (1 + std::abs(x)))

KERATIN_UNARY(Negative, -x)
KERATIN_UNARY(Abs, std::abs(x))
KERATIN_UNARY(Square, x* x)
KERATIN_UNARY(Floor, std::floor(x))
KERATIN_UNARY(Ceil, std::ceil(x))
KERATIN_UNARY(Round, round_half_even(x))
KERATIN_UNARY(Sign, x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x)

KERATIN_UNARY(Same, x)
KERATIN_UNARY(WrapNegative, static_cast<T>(Wrapping<T>{0} - Wrapping<T>{x}))
KERATIN_UNARY(WrapSquare, static_cast<T>(Wrapping<T>{x} * Wrapping<T>{x}))
KERATIN_UNARY(IntegerAbs, x < 0 ? static_cast<T>(Wrapping<T>{0} - static_cast<Wrapping<T>>(x)) : x)
KERATIN_UNARY(IntegerSign, static_cast<T>((x > 0) - (x < 0)))

#undef KERATIN_UNARY

}  // namespace

void register_unary(Registry& registry) {
  add_floats<Sqrt, 1, kCheapGrain>(registry, "sqrt");
  add_floats<Rsqrt, 1, kCheapGrain>(registry, "rsqrt");
  add_floats<Exp, 1, kCostlyGrain>(registry, "exp");
  add_floats<Expm1, 1, kCostlyGrain>(registry, "expm1");
  add_floats<Log, 1, kCostlyGrain>(registry, "log");
  add_floats<Log1p, 1, kCostlyGrain>(registry, "log1p");
  add_floats<Sin, 1, kCostlyGrain>(registry, "sin");
  add_floats<Cos, 1, kCostlyGrain>(registry, "cos");
  add_floats<Tan, 1, kCostlyGrain>(registry, "tan");
  add_floats<Asin, 1, kCostlyGrain>(registry, "asin");
  add_floats<Acos, 1, kCostlyGrain>(registry, "acos");
  add_floats<Atan, 1, kCostlyGrain>(registry, "atan");
  add_floats<Sinh, 1, kCostlyGrain>(registry, "sinh");
  add_floats<Cosh, 1, kCostlyGrain>(registry, "cosh");
  add_floats<Tanh, 1, kCostlyGrain>(registry, "tanh");
  add_floats<Asinh, 1, kCostlyGrain>(registry, "asinh");
  add_floats<Acosh, 1, kCostlyGrain>(registry, "acosh");
  add_floats<Atanh, 1, kCostlyGrain>(registry, "atanh");
  add_floats<Sigmoid, 1, kCostlyGrain>(registry, "sigmoid");
  add_floats<Softplus, 1, kCostlyGrain>(registry, "softplus");
  add_floats<LogSigmoid, 1, kCostlyGrain>(registry, "log_sigmoid");
  add_floats<Erf, 1, kCostlyGrain>(registry, "erf");
  add_floats<Reciprocal, 1, kCheapGrain>(registry, "reciprocal");
  add_floats<Relu, 1, kCheapGrain>(registry, "relu");
  add_floats<Relu6, 1, kCheapGrain>(registry, "relu6");
  add_floats<Silu, 1, kCostlyGrain>(registry, "silu");
  add_floats<Gelu, 1, kCostlyGrain>(registry, "gelu");
  add_floats<GeluTanh, 1, kCostlyGrain>(registry, "gelu_tanh");
  add_floats<Elu, 1, kCostlyGrain>(registry, "elu");
  add_floats<Selu, 1, kCostlyGrain>(registry, "selu");
  add_floats<Softsign, 1, kCheapGrain>(registry, "softsign");

  add_floats<Negative, 1, kCheapGrain>(registry, "negative");
  add_floats<Abs, 1, kCheapGrain>(registry, "abs");
  add_floats<Sign, 1, kCheapGrain>(registry, "sign");
  add_floats<Square, 1, kCheapGrain>(registry, "square");
  add_floats<Floor, 1, kCheapGrain>(registry, "floor");
  add_floats<Ceil, 1, kCheapGrain>(registry, "ceil");
  add_floats<Round, 1, kCheapGrain>(registry, "round");
  add_widths<WrapNegative, 1, kCheapGrain>(registry, "negative");
  add_integers<IntegerAbs, 1, kCheapGrain>(registry, "abs");
  add_integers<IntegerSign, 1, kCheapGrain>(registry, "sign");
  add_widths<WrapSquare, 1, kCheapGrain>(registry, "square");
  for (const char* name : {"floor", "ceil", "round"}) add_widths<Same, 1, kCheapGrain>(registry, name);
}

}  // namespace keratin::generic
