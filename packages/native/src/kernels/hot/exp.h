// e^x for vectors: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial in r, and 2^n put together from its bits.
//
// Within 1 ulp or so, subnormal results, infinities and NaN included. The float polynomial is that of Cephes expf
// (Moshier, "Methods and programs for mathematical functions", 1989); in double the Taylor series is short enough.
#pragma once

#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {
namespace {

/// 2^n for whole n (as floating numbers) whose power is a normal number.
[[gnu::always_inline]] inline vf power_of_two(vf n) { return vf((__builtin_convertvector(n, vi) + 127) << 23); }
[[gnu::always_inline]] inline vd power_of_two(vd n) {
  // There is no fast conversion from double to 64-bit integers before AVX-512: the low bits of 2^52 + 2^51 + n are n.
  return vd((vl(n + 0x1.8p52) + 1023) << 52);
}

/// p 2^n in two steps, since 2^n alone may be too small or too large where p 2^n is not.
template <class V>
[[gnu::always_inline]] inline V scale_by_power(V p, V n, V half) {
  return p * power_of_two(half) * power_of_two(V(n - half));
}

[[gnu::always_inline]] inline vf exponential(vf x) {
  // Adding 1.5 2^23 rounds to a whole number. Comparisons with NaN fail, so it passes.
  constexpr float kRound = 0x1.8p23f;
  x = x < -105.0f ? splat<vf>(-105.0f) : x;
  x = x > 89.0f ? splat<vf>(89.0f) : x;
  const vf n = (x * 0x1.715476p+0f + kRound) - kRound;
  const vf half = (n * 0.5f + kRound) - kRound;
  const vf r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  vf p = splat<vf>(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return scale_by_power(p, n, half);
}

[[gnu::always_inline]] inline vd exponential(vd x) {
  constexpr double kRound = 0x1.8p52;
  x = x < -746.0 ? splat<vd>(-746.0) : x;
  x = x > 710.0 ? splat<vd>(710.0) : x;
  const vd n = (x * 0x1.71547652b82fep+0 + kRound) - kRound;
  const vd half = (n * 0.5 + kRound) - kRound;
  const vd r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
  // 1 / k! from k = 13 down
  vd p = splat<vd>(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * (r * r) + r + 1.0;
  return scale_by_power(p, n, half);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
