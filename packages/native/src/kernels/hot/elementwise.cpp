// Functions of two float32 or float64 operands, and the registration of the family.
#include "kernels/hot/elementwise.h"

#include "kernels/hot/math.h"
#include "kernels/hot/math_wide.h"

namespace keratin::KERATIN_ISA {
namespace {

#define KERATIN_BINARY(Name, expression)              \
  struct Name {                                       \
    template <class V>                                \
    [[gnu::always_inline]] static V apply(V a, V b) { \
      return expression;                              \
    }                                                 \
  };

KERATIN_BINARY(Add, a + b)
KERATIN_BINARY(Subtract, a - b)
KERATIN_BINARY(Multiply, a* b)
KERATIN_BINARY(Divide, a / b)
KERATIN_BINARY(Power, math::pow(a, b))
// NaN passes on: the comparison is false for it.
KERATIN_BINARY(Maximum, a != a ? a : (a > b ? a : b))
KERATIN_BINARY(Minimum, a != a ? a : (a < b ? a : b))
KERATIN_BINARY(FloorDivide, math::floor<V>(a / b))
KERATIN_BINARY(SquaredDifference, (a - b) * (a - b))
KERATIN_BINARY(ReluGradient, b > 0 ? a : V{})
KERATIN_BINARY(SigmoidGradient, a * b * (1 - b))
KERATIN_BINARY(TanhGradient, a * (1 - b * b))

// Powers whose exponent is one small number.
struct Cube {
  template <class V>
  [[gnu::always_inline]] static V apply(V x) {
    return x * x * x;
  }
};
struct Square {
  template <class V>
  [[gnu::always_inline]] static V apply(V x) {
    return x * x;
  }
};

// A power of -0 or of minus infinity is not negative, nor a NaN, as a root of them would be.
struct Root {
  template <class V>
  [[gnu::always_inline]] static V apply(V x) {
    constexpr auto kInfinity = static_cast<typename math::Format<V>::T>(__builtin_inff());
    return x == -kInfinity ? -x : math::sqrt(x + 0);
  }
};
struct Inverse {
  template <class V>
  [[gnu::always_inline]] static V apply(V x) {
    return 1 / x;
  }
};

#undef KERATIN_BINARY

template <class T>
void power(const void* const* in, const int64_t* steps, void* out, int64_t n) {
  if (steps[1] == 0) {
    const T exponent = *static_cast<const T*>(in[1]);
    if (exponent == 2) return unary_body<T, Square>(in, steps, out, n);
    if (exponent == 3) return unary_body<T, Cube>(in, steps, out, n);
    if (exponent == T{0.5}) return unary_body<T, Root>(in, steps, out, n);
    if (exponent == -1) return unary_body<T, Inverse>(in, steps, out, n);
  }
  binary_body<T, Power>(in, steps, out, n);
}

}  // namespace

void register_elementwise(Registry& registry) {
  register_elementwise_unary(registry);
  register_elementwise_half();
  add_binary<Add, kCheapGrain>(registry, "add");
  add_binary<Subtract, kCheapGrain>(registry, "subtract");
  add_binary<Multiply, kCheapGrain>(registry, "multiply");
  add_binary<Divide, kCheapGrain>(registry, "divide");
  add_binary<Maximum, kCheapGrain>(registry, "maximum");
  add_binary<Minimum, kCheapGrain>(registry, "minimum");
  add_binary<FloorDivide, kCheapGrain>(registry, "floor_divide");
  add_binary<SquaredDifference, kCheapGrain>(registry, "squared_difference");
  add_binary<ReluGradient, kCheapGrain>(registry, "relu_gradient");
  add_binary<SigmoidGradient, kCheapGrain>(registry, "sigmoid_gradient");
  add_binary<TanhGradient, kCheapGrain>(registry, "tanh_gradient");
  add_kernel(registry, "power", DType::float32, &kernel<&power<float>, 2, kCostlyGrain>);
  add_kernel(registry, "power", DType::float64, &kernel<&power<double>, 2, kCostlyGrain>);
  add_body(registry, "power", DType::float32, {&power<float>, 2, false, true});
  add_body(registry, "power", DType::float64, {&power<double>, 2, false, true});
}

}  // namespace keratin::KERATIN_ISA
