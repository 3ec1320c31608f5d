// Functions of one float32 or float64 operand.
#include "kernels/hot/activations.h"
#include "kernels/hot/elementwise.h"

namespace keratin::KERATIN_ISA {
namespace {

#define KERATIN_UNARY(Name, expression)          \
  struct Name {                                  \
    template <class V>                           \
    [[gnu::always_inline]] static V apply(V x) { \
      return expression;                         \
    }                                            \
  };

// Klambauer et al., "Self-normalizing neural networks", 2017.
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kSeluScale = 1.0507009873554804934193349852946;

KERATIN_UNARY(Sqrt, math::sqrt(x))
KERATIN_UNARY(Rsqrt, 1 / math::sqrt(x))
KERATIN_UNARY(Exp, math::exp(x))
KERATIN_UNARY(Expm1, math::expm1(x))
KERATIN_UNARY(Log, math::log(x))
KERATIN_UNARY(Log1p, math::log1p(x))
KERATIN_UNARY(Sin, math::sin(x))
KERATIN_UNARY(Cos, math::cos(x))
KERATIN_UNARY(LogSigmoid, -math::softplus(-x))
KERATIN_UNARY(Erf, math::erf(x))
KERATIN_UNARY(Reciprocal, 1 / x)
KERATIN_UNARY(Relu6, (x < 0 ? V{} : (x > 6 ? splat<V>(ScalarOf<V>(6)) : x)))
KERATIN_UNARY(Selu, x < 0 ? ScalarOf<V>(kSeluScale * kSeluAlpha) * math::expm1(x) : ScalarOf<V>(kSeluScale) * x)
KERATIN_UNARY(Softsign, x / (1 + math::abs(x)))
KERATIN_UNARY(Negative, -x)
KERATIN_UNARY(Abs, math::abs(x))
KERATIN_UNARY(Square, x* x)
KERATIN_UNARY(Floor, math::floor(x))
KERATIN_UNARY(Ceil, math::ceil(x))
KERATIN_UNARY(Round, math::round(x))
// Zero (of either sign) gives zero and NaN itself.
KERATIN_UNARY(Sign, (x > 0 ? splat<V>(ScalarOf<V>(1)) : (x < 0 ? splat<V>(ScalarOf<V>(-1)) : (x == 0 ? V{} : x))))

#undef KERATIN_UNARY

}  // namespace

void register_elementwise_unary(Registry& registry) {
  add_unary<Sqrt, kCheapGrain>(registry, "sqrt");
  add_unary<Rsqrt, kCheapGrain>(registry, "rsqrt");
  add_unary<Exp, kCheapGrain>(registry, "exp");
  add_unary<Expm1, kCheapGrain>(registry, "expm1");
  add_unary<Log, kCheapGrain>(registry, "log");
  add_unary<Log1p, kCheapGrain>(registry, "log1p");
  add_unary<Sin, kCostlyGrain>(registry, "sin");
  add_unary<Cos, kCostlyGrain>(registry, "cos");
  add_unary<Tanh, kCheapGrain>(registry, "tanh");
  add_unary<Sigmoid, kCheapGrain>(registry, "sigmoid");
  add_unary<Softplus, kCheapGrain>(registry, "softplus");
  add_unary<LogSigmoid, kCheapGrain>(registry, "log_sigmoid");
  add_unary<Erf, kCostlyGrain>(registry, "erf");
  add_unary<Reciprocal, kCheapGrain>(registry, "reciprocal");
  add_unary<Relu, kCheapGrain>(registry, "relu");
  add_unary<Relu6, kCheapGrain>(registry, "relu6");
  add_unary<Silu, kCheapGrain>(registry, "silu");
  add_unary<Gelu, kCostlyGrain>(registry, "gelu");
  add_unary<GeluTanh, kCheapGrain>(registry, "gelu_tanh");
  add_unary<Elu, kCheapGrain>(registry, "elu");
  add_unary<Selu, kCheapGrain>(registry, "selu");
  add_unary<Softsign, kCheapGrain>(registry, "softsign");
  add_unary<Negative, kCheapGrain>(registry, "negative");
  add_unary<Abs, kCheapGrain>(registry, "abs");
  add_unary<Square, kCheapGrain>(registry, "square");
  add_unary<Floor, kCheapGrain>(registry, "floor");
  add_unary<Ceil, kCheapGrain>(registry, "ceil");
  add_unary<Round, kCheapGrain>(registry, "round");
  add_unary<Sign, kCheapGrain>(registry, "sign");
}

}  // namespace keratin::KERATIN_ISA
