// Elementwise functions of complex numbers: parts and construction, arithmetic, and the functions that have a
// continuation to the complex plane, each with the branch cuts of the C standard (annex G).
#include <cmath>
#include <complex>

#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

template <class T>
using Complex = std::complex<T>;

// The operator of the standard library looks for NaN and infinities after every product; this one vectorizes.
template <class T>
Complex<T> product(Complex<T> a, Complex<T> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

template <class T>
Complex<T> logistic(Complex<T> z) {
  // By the sign of the real part, so that exp never overflows.
  const Complex<T> e = std::exp(z.real() < 0 ? z : -z);
  return z.real() < 0 ? e / (T(1) + e) : T(1) / (T(1) + e);
}

// e^x e^iy - 1 = expm1(x) cos(y) - 2 sin(y/2)^2 + i e^x sin(y)
template <class T>
Complex<T> exp_minus_one(Complex<T> z) {
  const T half = std::sin(z.imag() / 2);
  return {std::expm1(z.real()) * std::cos(z.imag()) - 2 * half * half, std::exp(z.real()) * std::sin(z.imag())};
}

// |1 + z|^2 = 1 + x (2 + x) + y^2
template <class T>
Complex<T> log_one_plus(Complex<T> z) {
  const T x = z.real();
  const T y = z.imag();
  const bool near = std::abs(x) < T(0.5) && std::abs(y) < T(0.5);
  const T size = near ? std::log1p(x * (2 + x) + y * y) / 2 : std::log(std::hypot(1 + x, y));
  return {size, std::atan2(y, 1 + x)};
}

template <class T>
Complex<T> direction(Complex<T> z) {
  const T size = std::abs(z);
  return size == 0 ? Complex<T>(0) : z / size;
}

// Powers with small whole exponents are products, which are exact for Gaussian integers; 0 has powers of its own, since
// its logarithm is infinite.
template <class T>
Complex<T> power(Complex<T> a, Complex<T> b) {
  constexpr T kMostProducts = 64;
  if (a == Complex<T>(0)) {
    if (b == Complex<T>(0)) return 1;
    return b.real() > 0 ? Complex<T>(0) : Complex<T>(NAN, NAN);
  }
  if (b.imag() == 0 && b.real() == std::trunc(b.real()) && std::abs(b.real()) <= kMostProducts) {
    Complex<T> result = 1;
    Complex<T> square = a;
    for (int rest = std::abs(static_cast<int>(b.real())); rest != 0; rest >>= 1) {
      if (rest & 1) result = product(result, square);
      square = product(square, square);
    }
    return b.real() < 0 ? T(1) / result : result;
  }
  return std::exp(product(b, std::log(a)));
}

#define KERATIN_UNARY(Name, expression) \
  struct Name {                         \
    template <class Z>                  \
    static auto apply(Z z) {            \
      return expression;                \
    }                                   \
  };
#define KERATIN_BINARY(Name, expression) \
  struct Name {                          \
    template <class Z>                   \
    static auto apply(Z a, Z b) {        \
      return expression;                 \
    }                                    \
  };

KERATIN_UNARY(Real, z.real())
KERATIN_UNARY(Imaginary, z.imag())
KERATIN_UNARY(Magnitude, std::abs(z))
KERATIN_UNARY(Phase, std::arg(z))
KERATIN_BINARY(Construct, (Complex<Z>{a, b}))

KERATIN_UNARY(Conjugate, std::conj(z))
KERATIN_UNARY(Negative, -z)
KERATIN_UNARY(Square, product(z, z))
KERATIN_UNARY(Sqrt, std::sqrt(z))
KERATIN_UNARY(Rsqrt, Z(1) / std::sqrt(z))
KERATIN_UNARY(Exp, std::exp(z))
KERATIN_UNARY(Expm1, exp_minus_one(z))
KERATIN_UNARY(Log, std::log(z))
KERATIN_UNARY(Log1p, log_one_plus(z))
KERATIN_UNARY(Sin, std::sin(z))
KERATIN_UNARY(Cos, std::cos(z))
KERATIN_UNARY(Tan, std::tan(z))
KERATIN_UNARY(Asin, std::asin(z))
KERATIN_UNARY(Acos, std::acos(z))
KERATIN_UNARY(Atan, std::atan(z))
KERATIN_UNARY(Sinh, std::sinh(z))
KERATIN_UNARY(Cosh, std::cosh(z))
KERATIN_UNARY(Tanh, std::tanh(z))
KERATIN_UNARY(Asinh, std::asinh(z))
KERATIN_UNARY(Acosh, std::acosh(z))
KERATIN_UNARY(Atanh, std::atanh(z))
KERATIN_UNARY(Sigmoid, logistic(z))
KERATIN_UNARY(Reciprocal, Z(1) / z)
KERATIN_UNARY(Sign, direction(z))

KERATIN_BINARY(Add, a + b)
KERATIN_BINARY(Subtract, a - b)
KERATIN_BINARY(Multiply, product(a, b))
KERATIN_BINARY(Divide, a / b)
KERATIN_BINARY(Power, power(a, b))
// The squared distance, a real number.
KERATIN_BINARY(SquaredDifference, Z(std::norm(a - b)))
KERATIN_BINARY(SigmoidGradient, product(a, product(b, Z(1) - b)))
KERATIN_BINARY(TanhGradient, product(a, Z(1) - product(b, b)))
KERATIN_BINARY(Equal, a == b)
KERATIN_BINARY(NotEqual, a != b)
KERATIN_UNARY(IsNan, std::isnan(z.real()) || std::isnan(z.imag()))
KERATIN_UNARY(IsInf, std::isinf(z.real()) || std::isinf(z.imag()))
KERATIN_UNARY(IsFinite, std::isfinite(z.real()) && std::isfinite(z.imag()))

#undef KERATIN_UNARY
#undef KERATIN_BINARY

template <class Op, int inputs, int64_t grain>
void add_complex(Registry& registry, const char* name) {
  using C64 = Complex<float>;
  using C128 = Complex<double>;
  registry.add(name, DType::complex64, &elementwise_kernel<body_of<Op, inputs, C64, C64>(), grain>);
  registry.add(name, DType::complex128, &elementwise_kernel<body_of<Op, inputs, C128, C128>(), grain>);
}

template <class Op, int inputs>
void add_test(Registry& registry, const char* name) {
  registry.add(name, DType::complex64,
               &elementwise_kernel<body_of<Op, inputs, Complex<float>, uint8_t>(), kCheapGrain>);
  registry.add(name, DType::complex128,
               &elementwise_kernel<body_of<Op, inputs, Complex<double>, uint8_t>(), kCheapGrain>);
}

template <class Op, int64_t grain>
void add_part(Registry& registry, const char* name) {
  registry.add(name, DType::complex64, &elementwise_kernel<body_of<Op, 1, Complex<float>, float>(), grain>);
  registry.add(name, DType::complex128, &elementwise_kernel<body_of<Op, 1, Complex<double>, double>(), grain>);
}

}  // namespace

void register_complex(Registry& registry) {
  add_part<Real, kCheapGrain>(registry, "real");
  add_part<Imaginary, kCheapGrain>(registry, "imag");
  add_part<Magnitude, kCostlyGrain>(registry, "magnitude");
  add_part<Phase, kCostlyGrain>(registry, "phase");
  registry.add("complex", DType::float32,
               &elementwise_kernel<body_of<Construct, 2, float, Complex<float>>(), kCheapGrain>);
  registry.add("complex", DType::float64,
               &elementwise_kernel<body_of<Construct, 2, double, Complex<double>>(), kCheapGrain>);

  add_complex<Conjugate, 1, kCheapGrain>(registry, "conjugate");
  add_complex<Negative, 1, kCheapGrain>(registry, "negative");
  add_complex<Square, 1, kCheapGrain>(registry, "square");
  add_complex<Sqrt, 1, kCostlyGrain>(registry, "sqrt");
  add_complex<Rsqrt, 1, kCostlyGrain>(registry, "rsqrt");
  add_complex<Exp, 1, kCostlyGrain>(registry, "exp");
  add_complex<Expm1, 1, kCostlyGrain>(registry, "expm1");
  add_complex<Log, 1, kCostlyGrain>(registry, "log");
  add_complex<Log1p, 1, kCostlyGrain>(registry, "log1p");
  add_complex<Sin, 1, kCostlyGrain>(registry, "sin");
  add_complex<Cos, 1, kCostlyGrain>(registry, "cos");
  add_complex<Tan, 1, kCostlyGrain>(registry, "tan");
  add_complex<Asin, 1, kCostlyGrain>(registry, "asin");
  add_complex<Acos, 1, kCostlyGrain>(registry, "acos");
  add_complex<Atan, 1, kCostlyGrain>(registry, "atan");
  add_complex<Sinh, 1, kCostlyGrain>(registry, "sinh");
  add_complex<Cosh, 1, kCostlyGrain>(registry, "cosh");
  add_complex<Tanh, 1, kCostlyGrain>(registry, "tanh");
  add_complex<Asinh, 1, kCostlyGrain>(registry, "asinh");
  add_complex<Acosh, 1, kCostlyGrain>(registry, "acosh");
  add_complex<Atanh, 1, kCostlyGrain>(registry, "atanh");
  add_complex<Sigmoid, 1, kCostlyGrain>(registry, "sigmoid");
  add_complex<Reciprocal, 1, kCheapGrain>(registry, "reciprocal");
  add_complex<Sign, 1, kCostlyGrain>(registry, "sign");

  add_complex<Add, 2, kCheapGrain>(registry, "add");
  add_complex<Subtract, 2, kCheapGrain>(registry, "subtract");
  add_complex<Multiply, 2, kCheapGrain>(registry, "multiply");
  add_complex<Divide, 2, kCostlyGrain>(registry, "divide");
  add_complex<Power, 2, kCostlyGrain>(registry, "power");
  add_complex<SquaredDifference, 2, kCheapGrain>(registry, "squared_difference");
  add_complex<SigmoidGradient, 2, kCheapGrain>(registry, "sigmoid_gradient");
  add_complex<TanhGradient, 2, kCheapGrain>(registry, "tanh_gradient");
  add_test<Equal, 2>(registry, "equal");
  add_test<NotEqual, 2>(registry, "not_equal");
  add_test<IsNan, 1>(registry, "isnan");
  add_test<IsInf, 1>(registry, "isinf");
  add_test<IsFinite, 1>(registry, "isfinite");
}

}  // namespace keratin::generic
