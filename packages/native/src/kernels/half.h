// float16 and bfloat16: 16 bits of storage that convert to and from float32, rounding to the nearest even.
//
// For the generic families only: these inline functions must not reach the files that are compiled once per instruction
// set.
#pragma once

#include <bit>
#include <cstdint>

namespace keratin {

/// Exact. The rebiasing of the exponent is Fabian Giesen's ("Half to float done quick", 2012): subnormals are
/// renormalized by one float subtraction instead of a loop.
inline float half_to_float(uint16_t half) {
  constexpr uint32_t kExponent = 0x7c00u << 13;
  const uint32_t shifted = (half & 0x7fffu) << 13;
  const uint32_t exponent = shifted & kExponent;
  // All three cases are computed and one chosen, so that loops become vectors.
  const uint32_t normal = shifted + ((127u - 15u) << 23);
  const uint32_t special = normal + ((128u - 16u) << 23);  // infinity and NaN
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(normal + (1u << 23)) - std::bit_cast<float>(113u << 23));
  const uint32_t bits = exponent == kExponent ? special : exponent == 0 ? subnormal : normal;
  return std::bit_cast<float>(bits | (half & 0x8000u) << 16);
}

/// Rounds to the nearest even; beyond 65504 (after rounding) to infinity; NaN stays NaN.
inline uint16_t float_to_half(float x) {
  const uint32_t all = std::bit_cast<uint32_t>(x);
  const uint32_t sign = all & 0x80000000u;
  const uint32_t bits = all ^ sign;
  const uint32_t normal = (bits + 0xfffu + ((bits >> 13) & 1u) - ((127u - 15u) << 23)) >> 13;
  // Adding 0.5 lets the float adder shift and round.
  const uint32_t subnormal = std::bit_cast<uint32_t>(std::bit_cast<float>(bits) + 0.5f) - (126u << 23);
  const uint32_t special = bits > 0x7f800000u ? 0x7e00u : 0x7c00u;
  // Signed comparisons, which the baseline's vectors have.
  const int32_t magnitude = static_cast<int32_t>(bits);
  const uint32_t finite = magnitude < 113 << 23 ? subnormal : normal;
  const uint32_t half = magnitude >= 0x47800000 ? special : finite;
  return static_cast<uint16_t>(half | sign >> 16);
}

/// Exact.
inline float bfloat16_to_float(uint16_t half) { return std::bit_cast<float>(static_cast<uint32_t>(half) << 16); }

/// Rounds to the nearest even; NaN stays NaN.
inline uint16_t float_to_bfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet = bits >> 16 | 0x40u;  // rounding could carry a NaN over to infinity or zero
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

/// One float16 in memory. Arithmetic happens in float.
struct Half {
  uint16_t bits;
  Half() = default;
  Half(float x) : bits(float_to_half(x)) {}
  operator float() const { return half_to_float(bits); }
};

/// One bfloat16 in memory. Arithmetic happens in float.
struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  BFloat16(float x) : bits(float_to_bfloat16(x)) {}
  operator float() const { return bfloat16_to_float(bits); }
};

static_assert(sizeof(Half) == 2 && sizeof(BFloat16) == 2);

namespace generic {
using keratin::BFloat16;
using keratin::Half;
}  // namespace generic

}  // namespace keratin
