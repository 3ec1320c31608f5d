// sin, cos and pow: float32 vectors by way of float64, where the reduction of the argument needs the precision; float64
// vectors by the C library, lane by lane.
#pragma once

#include "kernels/hot/math.h"

// Declared here since <cmath> would bring inline overloads.
extern "C" {
float sinf(float) noexcept;
float cosf(float) noexcept;
double sin(double) noexcept;
double cos(double) noexcept;
double pow(double, double) noexcept;
}

namespace keratin::KERATIN_ISA::math {
namespace {

#define KERATIN_INLINE [[gnu::always_inline]] inline

template <class Mask>
KERATIN_INLINE bool any(Mask mask) {
  int64_t parts[sizeof(Mask) / 8];
  memcpy(parts, &mask, sizeof(mask));
  int64_t all = 0;
  for (const int64_t part : parts) all |= part;
  return all != 0;
}

using half_vf = float __attribute__((vector_size(KERATIN_VECTOR_BYTES / 2)));

/// The lanes of a vf as two vd.
struct Doubles {
  vd low, high;
};

KERATIN_INLINE Doubles to_doubles(vf x) {
  half_vf part[2];
  memcpy(part, &x, sizeof(x));
  return {__builtin_convertvector(part[0], vd), __builtin_convertvector(part[1], vd)};
}

KERATIN_INLINE vf to_floats(Doubles x) {
  const half_vf part[2] = {__builtin_convertvector(x.low, half_vf), __builtin_convertvector(x.high, half_vf)};
  vf result;
  memcpy(&result, part, sizeof(result));
  return result;
}

// x - n pi / 2 and n, in float64: exact to float32 for all |x| below kTrigonometricLimit, multiples of pi / 2 included.
constexpr float kTrigonometricLimit = 0x1p22f;

struct Quadrant {
  vd r, n;
};

KERATIN_INLINE Quadrant reduce_quadrant(vd x) {
  constexpr double shifter = Format<vd>::shifter;
  const vd n = (x * 0x1.45f306dc9c883p-1 + shifter) - shifter;
  // The first part of pi / 2 has 30 bits, so that its product with n is exact.
  return {(x - n * 0x1.921fb544p0) - n * 0x1.0b4611a626331p-34, n};
}

// sin(x + quarter pi / 2)
KERATIN_INLINE vf sine(vf x, int32_t quarter) {
  const Doubles wide = to_doubles(x);
  const Quadrant low = reduce_quadrant(wide.low);
  const Quadrant high = reduce_quadrant(wide.high);
  const vf r = to_floats({low.r, high.r});
  const vf n = to_floats({low.n, high.n});
  const vf shifter = vf{} + Format<vf>::shifter;
  const vu quadrant = (bits(n + shifter) - bits(shifter)) + static_cast<uint32_t>(quarter);
  const vf z = r * r;
  const vf s = r + r * z * polynomial(z, -0.1666666664f, 0.008333329384f, -0.0001983933408f, 2.718304232e-6f);
  const vf c =
      1 - z * 0.5f + z * z * polynomial(z, 0.04166666662f, -0.001388888375f, 2.479951919e-5f, -2.721016924e-7f);
  const vf result = (quadrant & 1) != 0 ? c : s;
  return from_bits<vf>(bits(result) ^ ((quadrant & 2) << 30));
}

/// 2 ulp.
KERATIN_INLINE vf sin(vf x) {
  if (any(abs(x) > kTrigonometricLimit)) {
    for (int64_t i = 0; i < kFloats; ++i) x[i] = ::sinf(x[i]);
    return x;
  }
  return x == 0 ? x : sine(x, 0);
}

/// 2 ulp.
KERATIN_INLINE vf cos(vf x) {
  if (any(abs(x) > kTrigonometricLimit)) {
    for (int64_t i = 0; i < kFloats; ++i) x[i] = ::cosf(x[i]);
    return x;
  }
  return sine(x, 1);
}

KERATIN_INLINE vd sin(vd x) {
  for (int64_t i = 0; i < kDoubles; ++i) x[i] = ::sin(x[i]);
  return x;
}

KERATIN_INLINE vd cos(vd x) {
  for (int64_t i = 0; i < kDoubles; ++i) x[i] = ::cos(x[i]);
  return x;
}

/// x^y in 1 ulp: e^(y log |x|) in float64, then the cases of the C standard (F.10.4.4).
KERATIN_INLINE vf pow(vf x, vf y) {
  const Doubles base = to_doubles(abs(x));
  const Doubles exponent = to_doubles(y);
  vf result = to_floats({exp<vd>(log(base.low) * exponent.low), exp<vd>(log(base.high) * exponent.high)});
  // Beyond 2^24 every float is even.
  const vf half = y * 0.5f;
  const auto integer = round(y) == y;
  const auto odd = integer & (round(half) != half);
  const auto negative = x < 0;
  const auto finite = abs(x) < Format<vf>::infinity;
  result = negative & finite & ~integer ? splat<vf>(Format<vf>::nan) : result;
  const vu sign = bits(x) & (reinterpret_cast<vu>(odd) & Format<vf>::sign);
  result = from_bits<vf>(bits(result) ^ sign);
  result = (x == -1) & (abs(y) == Format<vf>::infinity) ? splat<vf>(1.0f) : result;
  return (x == 1) | (y == 0) ? splat<vf>(1.0f) : result;
}

KERATIN_INLINE vd pow(vd x, vd y) {
  for (int64_t i = 0; i < kDoubles; ++i) x[i] = ::pow(x[i], y[i]);
  return x;
}

#undef KERATIN_INLINE

}  // namespace
}  // namespace keratin::KERATIN_ISA::math
