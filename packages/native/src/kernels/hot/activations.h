// Activation functions of vectors, for elementwise kernels and for what follows products.
#pragma once

#include "kernels/hot/math.h"
#include "kernels/hot/math_wide.h"

namespace keratin::KERATIN_ISA {
namespace {

// The scalar type of a vector, for constants.
template <class V>
using ScalarOf = typename math::Format<V>::T;

#define KERATIN_ACTIVATION(Name, expression)     \
  struct Name {                                  \
    template <class V>                           \
    [[gnu::always_inline]] static V apply(V x) { \
      return expression;                         \
    }                                            \
  };

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;

KERATIN_ACTIVATION(Relu, x < 0 ? V{} : x)
KERATIN_ACTIVATION(Sigmoid, math::sigmoid(x))
KERATIN_ACTIVATION(Tanh, math::tanh(x))
KERATIN_ACTIVATION(Silu, x* math::sigmoid(x))
KERATIN_ACTIVATION(Gelu, ScalarOf<V>(0.5) * x * (1 + math::erf(x * ScalarOf<V>(kSqrtHalf))))
KERATIN_ACTIVATION(GeluTanh,
                   ScalarOf<V>(0.5) * x *
                       (1 + math::tanh(ScalarOf<V>(kSqrtTwoOverPi) * (x + ScalarOf<V>(0.044715) * x * x * x))))
KERATIN_ACTIVATION(Elu, x < 0 ? math::expm1(x) : x)
KERATIN_ACTIVATION(Softplus, math::softplus(x))

#undef KERATIN_ACTIVATION

}  // namespace
}  // namespace keratin::KERATIN_ISA
