// Elementary functions of vectors of float32 (vf) and float64 (vd).
//
// Errors are given in units of the last place, the larger of the two dtypes, with or without FMA. Polynomials are
// minimax fits by Remez's exchange on the reduced interval; the reductions are those of W. J. Cody and W. Waite,
// "Software manual for the elementary functions", 1980. NaN gives NaN; infinities give the limits. Functions of float64
// that are seldom in a hot place call the C library lane by lane.
#pragma once

#include "kernels/hot/simd.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// The C library's function, declared here since <cmath> would bring inline overloads.
extern "C" double erf(double) noexcept;

namespace keratin::KERATIN_ISA::math {
namespace {

#define KERATIN_INLINE [[gnu::always_inline]] inline

using vu = uint32_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using vul = uint64_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));

// What differs between the two formats. `shifter` is 1.5 times the power of two whose last place is 1: adding it rounds
// to an integer (half to even), which then stands in the low bits.
template <class V>
struct Format;
template <>
struct Format<vf> {
  using T = float;
  using Bits = vu;
  using Signed = vi;
  using Scalar = uint32_t;
  static constexpr int mantissa = 23;
  static constexpr Scalar bias = 127;
  static constexpr Scalar sign = 0x80000000u;
  static constexpr Scalar sqrt_half = 0x3f3504f3u;
  static constexpr T shifter = 0x1.8p23f;
  static constexpr T integral = 0x1p23f;  // from here on every number is an integer
  static constexpr T smallest_normal = 0x1p-126f;
  static constexpr T infinity = __builtin_inff();
  static constexpr T nan = __builtin_nanf("");
  static constexpr T log2_e = 0x1.715476p0f;
  // ln 2 in two parts, the first short enough that multiples by an exponent are exact.
  static constexpr T ln2_high = 0x1.63p-1f;
  static constexpr T ln2_low = -0x1.bd0106p-13f;
  // exp is infinite above, zero below; expm1 is -1 below.
  static constexpr T exp_high = 89;
  static constexpr T exp_low = -105;
  static constexpr T expm1_low = -20;
};
template <>
struct Format<vd> {
  using T = double;
  using Bits = vul;
  using Signed = vl;
  using Scalar = uint64_t;
  static constexpr int mantissa = 52;
  static constexpr Scalar bias = 1023;
  static constexpr Scalar sign = 0x8000000000000000u;
  static constexpr Scalar sqrt_half = 0x3fe6a09e667f3bcdu;
  static constexpr T shifter = 0x1.8p52;
  static constexpr T integral = 0x1p52;
  static constexpr T smallest_normal = 0x1p-1022;
  static constexpr T infinity = __builtin_inf();
  static constexpr T nan = __builtin_nan("");
  static constexpr T log2_e = 0x1.71547652b82fep0;
  static constexpr T ln2_high = 0x1.62e42feep-1;
  static constexpr T ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr T exp_high = 710;
  static constexpr T exp_low = -746;
  static constexpr T expm1_low = -45;
};

template <class V>
KERATIN_INLINE typename Format<V>::Bits bits(V x) {
  return reinterpret_cast<typename Format<V>::Bits>(x);
}

template <class V>
KERATIN_INLINE V from_bits(typename Format<V>::Bits x) {
  return reinterpret_cast<V>(x);
}

/// c0 + c1 x + c2 x^2 + ... by Horner's rule.
template <class V, class T>
KERATIN_INLINE V polynomial(V, T c) {
  return splat<V>(c);
}
template <class V, class T, class... Rest>
KERATIN_INLINE V polynomial(V x, T c, Rest... rest) {
  return polynomial(x, rest...) * x + c;
}

template <class V>
KERATIN_INLINE V abs(V x) {
  return from_bits<V>(bits(x) & ~Format<V>::sign);
}

/// |x| with the sign of `sign`.
template <class V>
KERATIN_INLINE V copysign(V x, V sign) {
  return from_bits<V>((bits(x) & ~Format<V>::sign) | (bits(sign) & Format<V>::sign));
}

template <class V>
KERATIN_INLINE V max(V a, V b) {
  return a > b ? a : b;
}

template <class V>
KERATIN_INLINE V min(V a, V b) {
  return a < b ? a : b;
}

/// Correctly rounded.
KERATIN_INLINE vf sqrt(vf x) {
#if defined(__AVX512F__)
  return vf(_mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), __m512(x)));
#elif defined(__AVX2__)
  return vf(_mm256_sqrt_ps(__m256(x)));
#elif defined(__SSE2__)
  return vf(_mm_sqrt_ps(__m128(x)));
#elif defined(__aarch64__)
  return vf(vsqrtq_f32(float32x4_t(x)));
#else
  for (int64_t i = 0; i < kFloats; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

KERATIN_INLINE vd sqrt(vd x) {
#if defined(__AVX512F__)
  return vd(_mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), __m512d(x)));
#elif defined(__AVX2__)
  return vd(_mm256_sqrt_pd(__m256d(x)));
#elif defined(__SSE2__)
  return vd(_mm_sqrt_pd(__m128d(x)));
#elif defined(__aarch64__)
  return vd(vsqrtq_f64(float64x2_t(x)));
#else
  for (int64_t i = 0; i < kDoubles; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

/// To the nearest integer, half to even. Exact.
template <class V>
KERATIN_INLINE V round(V x) {
  const V magnitude = abs(x);
  const V rounded = copysign((magnitude + Format<V>::integral) - Format<V>::integral, x);
  return magnitude < Format<V>::integral ? rounded : x;
}

/// Exact.
template <class V>
KERATIN_INLINE V floor(V x) {
  const V nearest = round(x);
  return copysign(nearest > x ? nearest - 1 : nearest, x);
}

/// Exact.
template <class V>
KERATIN_INLINE V ceil(V x) {
  const V nearest = round(x);
  return copysign(nearest < x ? nearest + 1 : nearest, x);
}

// x = n ln 2 + r with |r| <= ln 2 / 2. `shifted` holds n in its low bits.
template <class V>
struct ExpReduction {
  V r;
  V shifted;
};

template <class V>
KERATIN_INLINE ExpReduction<V> reduce_exp(V x) {
  using F = Format<V>;
  const V shifted = x * F::log2_e + F::shifter;
  const V n = shifted - F::shifter;
  return {(x - n * F::ln2_high) - n * F::ln2_low, shifted};
}

// 2^(n + offset), for exponents of normal numbers.
template <class V>
KERATIN_INLINE V power_of_two(typename Format<V>::Bits n) {
  using F = Format<V>;
  return from_bits<V>((n + F::bias) << F::mantissa);
}

template <class V>
KERATIN_INLINE typename Format<V>::Bits exponent_of(V shifted) {
  const V shifter = V{} + Format<V>::shifter;
  return bits(shifted) - bits(shifter);
}

// (e^r - 1 - r) / r^2 on the reduced interval.
KERATIN_INLINE vf exp_tail(vf r) {
  return polynomial(r, 0.4999999345f, 0.1666652063f, 0.04166838805f, 0.008368716879f, 0.001381459856f);
}
KERATIN_INLINE vd exp_tail(vd r) {
  return polynomial(r, 0.5, 0.166666666666666766, 0.0416666666666667014, 0.00833333333332161571, 0.00138888888888668365,
                    0.000198412698861587731, 0.0000248015873605576341, 2.75572441817064554e-6, 2.7557242759119134e-7,
                    2.51090449596593359e-8, 2.09244433276105766e-9);
}

/// 1 ulp; subnormal results are rounded twice.
template <class V>
KERATIN_INLINE V exp(V x) {
  using F = Format<V>;
  x = x > F::exp_high ? splat<V>(F::exp_high) : x;
  x = x < F::exp_low ? splat<V>(F::exp_low) : x;
  const ExpReduction<V> reduced = reduce_exp(x);
  const V r = reduced.r;
  const V p = exp_tail(r) * (r * r) + r + 1;
  // 2^n in two factors, since n goes beyond the exponents of normal numbers on both sides. The bias keeps the shift
  // unsigned.
  const auto n = exponent_of(reduced.shifted);
  const auto half = ((n + 2 * F::bias) >> 1) - F::bias;
  return p * power_of_two<V>(half) * power_of_two<V>(n - half);
}

/// e^x - 1 in 2 ulp, also near zero.
template <class V>
KERATIN_INLINE V expm1(V x) {
  using F = Format<V>;
  x = x > F::exp_high ? splat<V>(F::exp_high) : x;
  const V clamped = x < F::expm1_low ? splat<V>(F::expm1_low) : x;
  const ExpReduction<V> reduced = reduce_exp(clamped);
  const V r = reduced.r;
  const V p = exp_tail(r) * (r * r) + r;
  // 2^n p + (2^n - 1), halved so that the largest n does not overflow early.
  const V scale = power_of_two<V>(exponent_of(reduced.shifted) - 1);
  const V result = (scale * p + (scale - typename F::T(0.5))) * 2;
  return x == 0 ? x : result;
}

// log(1 + f) - f + f^2 / 2 for 1 + f in [sqrt(1/2), sqrt(2)].
KERATIN_INLINE vf log_tail(vf f) {
  return f * f * f *
         polynomial(f, 0.3333331673f, -0.250008104f, 0.2000228629f, -0.1662455413f, 0.1418119152f, -0.1312875351f,
                    0.1288165f, -0.07859618078f);
}
// By s = f / (2 + f): log(1 + f) = 2 atanh(s) = 2 s + s z R(z) with z = s^2, where 2 s = f - f s.
KERATIN_INLINE vd log_tail(vd f) {
  const vd s = f / (f + 2);
  const vd z = s * s;
  const vd series =
      z * polynomial(z, 0.66666666666667349, 0.399999999994110914, 0.285714287432628384, 0.222221984759734994,
                     0.181835697403343933, 0.153139032358063065, 0.147975077970069994);
  return s * (f * f * 0.5 + series);
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive normal x.
template <class V>
struct Decomposed {
  V m;
  V e;
};

template <class V>
KERATIN_INLINE Decomposed<V> decompose(V x) {
  using F = Format<V>;
  const V shifter = V{} + F::shifter;
  // The offset keeps the difference, and so the shift, unsigned.
  constexpr typename F::Scalar offset = F::bias + 1;
  const auto shifted = (bits(x) - F::sqrt_half + (offset << F::mantissa)) >> F::mantissa;
  const auto e = shifted - offset;
  return {from_bits<V>(bits(x) - (e << F::mantissa)), from_bits<V>(e + bits(shifter)) - F::shifter};
}

// log(2^e (1 + f)): e ln 2 + f - f^2 / 2 + tail, small terms first.
template <class V>
KERATIN_INLINE V log_of_parts(V e, V f) {
  using F = Format<V>;
  const V half_square = f * f * typename F::T(0.5);
  return e * F::ln2_high + (f - (half_square - (log_tail(f) + e * F::ln2_low)));
}

// The limits that the parts cannot give.
template <class V>
KERATIN_INLINE V log_limits(V x, V result) {
  using F = Format<V>;
  result = x > 0 ? result : splat<V>(F::nan);
  result = x == 0 ? splat<V>(-F::infinity) : result;
  return x == F::infinity ? x : result;
}

/// 1 ulp.
template <class V>
KERATIN_INLINE V log(V x) {
  using F = Format<V>;
  const auto subnormal = x < F::smallest_normal;
  const Decomposed<V> parts = decompose<V>(subnormal ? x * F::integral : x);
  const V e = subnormal ? parts.e - F::mantissa : parts.e;
  return log_limits(x, log_of_parts<V>(e, parts.m - 1));
}

// log(1 + x) for finite x > -1. What 1 + x rounds away is added to the reduced argument.
template <class V>
KERATIN_INLINE V log1p_finite(V x) {
  using F = Format<V>;
  const V sum = x + 1;
  const V lost = x < 1 ? x - (sum - 1) : 1 - (sum - x);
  const Decomposed<V> parts = decompose(sum);
  // 2^-e, by the exponent that took sum to m; in two factors, since the largest e has no normal inverse.
  constexpr auto half = (F::bias + 1) / 2;
  const V scale = from_bits<V>(bits(parts.m) - bits(sum) + ((F::bias + half) << F::mantissa));
  const V inverse = from_bits<V>(typename F::Bits{} + ((F::bias - half) << F::mantissa));
  return log_of_parts<V>(parts.e, (parts.m - 1) + lost * scale * inverse);
}

/// log(1 + x) in 2 ulp, also near zero.
template <class V>
KERATIN_INLINE V log1p(V x) {
  const V result = log_limits<V>(x + 1, log1p_finite(x));
  return x == 0 ? x : result;
}

/// 3 ulp.
template <class V>
KERATIN_INLINE V tanh(V x) {
  const V t = expm1(abs(x) * -2);
  return copysign(-t / (t + 2), x);
}

/// 1 / (1 + e^-x) in 3 ulp; where e^-x is infinite, zero, though the exact value may be subnormal.
template <class V>
KERATIN_INLINE V sigmoid(V x) {
  return 1 / (1 + exp(-x));
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), 2 ulp.
template <class V>
KERATIN_INLINE V softplus(V x) {
  return (x < 0 ? V{} : x) + log1p_finite(exp(-abs(x)));
}

/// 2 ulp. Below 0.93 an odd polynomial, above it 1 - e^-g with g = -log(erfc(x)), which is nearly a parabola.
KERATIN_INLINE vf erf(vf x) {
  const vf a = abs(x);
  const vf z = x * x;
  const vf small = x + x * polynomial(z, 0.1283791666f, -0.3761263319f, 0.1128368719f, -0.02685894152f, 0.005199906681f,
                                      -0.0008130012765f, 8.316775503e-5f);
  const vf b = a > 4.05f ? splat<vf>(4.05f) : a;
  const vf g = polynomial(b, 0.0001664479728f, 1.127797241f, 0.6369760857f, 0.1041136766f, -0.02231521204f,
                          0.00306549004f, -0.0001982196275f);
  const ExpReduction<vf> reduced = reduce_exp<vf>(-g);
  const vf r = reduced.r;
  const vf p = exp_tail(r) * (r * r) + r + 1;
  const vf large = 1 - p * power_of_two<vf>(exponent_of(reduced.shifted));
  return a < 0.93f ? small : copysign(large, x);
}

KERATIN_INLINE vd erf(vd x) {
  for (int64_t i = 0; i < kDoubles; ++i) x[i] = ::erf(x[i]);
  return x;
}

#undef KERATIN_INLINE

}  // namespace
}  // namespace keratin::KERATIN_ISA::math
