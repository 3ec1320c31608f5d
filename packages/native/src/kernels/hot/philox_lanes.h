// The random bits of kernels/philox.h, many blocks at a time.
#pragma once

#include "kernels/hot/simd.h"
#include "kernels/philox.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace keratin::KERATIN_ISA {
namespace {

using vu = uint32_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using vul = uint64_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));

constexpr int64_t kWords = 4 * kBlocksOfGroup;

/// Products of the lower halves. The compiler's own 64-bit multiplication takes three times as long.
[[gnu::always_inline]] inline vul multiply_low(vul a, uint32_t b) {
#if defined(__AVX512F__)
  // Masked by all ones: gcc 12 warns of its own unmasked form.
  return reinterpret_cast<vul>(_mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), _mm512_set1_epi64(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<vul>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<vul>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), _mm_set1_epi64x(b)));
#else
  return (a & 0xffffffffu) * uint64_t{b};
#endif
}

/// The four words of some blocks, one block a lane, each word in the lower half of its lane; upper halves hold rubbish.
struct LaneWords {
  vul word[4];
};

[[gnu::always_inline]] inline LaneWords philox_lanes(vul index, const RandomStream& stream) {
  vul c0 = index;
  vul c1 = index >> 32;
  vul c2 = vul{} + stream.call[0];
  vul c3 = vul{} + stream.call[1];
  uint32_t key0 = stream.seed[0];
  uint32_t key1 = stream.seed[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const vul p0 = multiply_low(c0, kPhiloxMultiplier0);
    const vul p1 = multiply_low(c2, kPhiloxMultiplier1);
    c0 = (p1 >> 32) ^ c1 ^ uint64_t{key0};
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ uint64_t{key1};
    c3 = p0;
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return {{c0, c1, c2, c3}};
}

[[gnu::always_inline]] inline vul block_numbers(int64_t first, uint64_t step) {
  vul index;
  for (int64_t i = 0; i < kDoubles; ++i) index[i] = static_cast<uint64_t>(first) + step * static_cast<uint64_t>(i);
  return index;
}

/// The bits of the 64 elements of a group that take one word each.
[[gnu::always_inline]] inline void fill_words(uint32_t* bits, int64_t group, const RandomStream& stream) {
  const vul even = block_numbers(group * kBlocksOfGroup, 2);
  for (int64_t b = 0; b < kBlocksOfGroup; b += kFloats) {
    const LaneWords low = philox_lanes(even + static_cast<uint64_t>(b), stream);
    const LaneWords high = philox_lanes(even + static_cast<uint64_t>(b + 1), stream);
    for (int64_t w = 0; w < 4; ++w) {
      store(bits + w * kBlocksOfGroup + b, (low.word[w] & 0xffffffffu) | high.word[w] << 32);
    }
  }
}

/// The bits of the 32 elements of a group that take two words each.
[[gnu::always_inline]] inline void fill_double_words(uint64_t* bits, int64_t group, const RandomStream& stream) {
  const vul first = block_numbers(group * kBlocksOfGroup, 1);
  for (int64_t b = 0; b < kBlocksOfGroup; b += kDoubles) {
    const LaneWords words = philox_lanes(first + static_cast<uint64_t>(b), stream);
    for (int64_t h = 0; h < 2; ++h) {
      store(bits + h * kBlocksOfGroup + b, (words.word[2 * h] & 0xffffffffu) | words.word[2 * h + 1] << 32);
    }
  }
}

/// A word for each element of a dtype, and how a group of them is filled.
template <class T>
struct Bits;
template <>
struct Bits<float> {
  using Word = uint32_t;
  using Vector = vu;
  [[gnu::always_inline]] static inline void fill(uint32_t* bits, int64_t group, const RandomStream& stream) {
    fill_words(bits, group, stream);
  }
};
template <>
struct Bits<double> {
  using Word = uint64_t;
  using Vector = vul;
  [[gnu::always_inline]] static inline void fill(uint64_t* bits, int64_t group, const RandomStream& stream) {
    fill_double_words(bits, group, stream);
  }
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
