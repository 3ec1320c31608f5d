// float16 and bfloat16 to and from float32 where the instruction set converts whole vectors; else the generic loops
// stay (kernels/half.h says what is rounded how).
#include "kernels/hot/elementwise.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace keratin::KERATIN_ISA {
namespace {

#if defined(__AVX2__) || defined(__aarch64__)

using vu = uint32_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using half_vu = uint16_t __attribute__((vector_size(KERATIN_VECTOR_BYTES / 2)));

struct Float16 {
  [[gnu::always_inline]] static vf widen(half_vu x) {
#if defined(__AVX512F__)
    return vf(_mm512_maskz_cvtph_ps(static_cast<__mmask16>(-1), __m256i(x)));
#elif defined(__AVX2__)
    return vf(_mm256_cvtph_ps(__m128i(x)));
#else
    return vf(vcvt_f32_f16(float16x4_t(x)));
#endif
  }
  [[gnu::always_inline]] static half_vu narrow(vf x) {
#if defined(__AVX512F__)
    return half_vu(_mm512_maskz_cvtps_ph(static_cast<__mmask16>(-1), __m512(x), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
    return half_vu(_mm256_cvtps_ph(__m256(x), _MM_FROUND_TO_NEAREST_INT));
#else
    return half_vu(vcvt_f16_f32(float32x4_t(x)));
#endif
  }
};

struct BFloat16 {
  [[gnu::always_inline]] static vf widen(half_vu x) { return vf(__builtin_convertvector(x, vu) << 16); }
  [[gnu::always_inline]] static half_vu narrow(vf x) {
    const vu bits = vu(x);
    const vu rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    // Rounding could carry a NaN over to infinity or zero.
    const vu quiet = bits >> 16 | 0x40u;
    return __builtin_convertvector(x == x ? rounded : quiet, half_vu);
  }
};

template <class Format>
void widen(const void* const* in, const int64_t*, void* out, int64_t n) {
  const uint16_t* x = static_cast<const uint16_t*>(in[0]);
  float* y = static_cast<float*>(out);
  int64_t i = 0;
  for (; i + kFloats <= n; i += kFloats) store(y + i, Format::widen(load<half_vu>(x + i)));
  if (i == n) return;
  half_vu rest{};
  memcpy(&rest, x + i, static_cast<size_t>(n - i) * sizeof(uint16_t));
  const vf wide = Format::widen(rest);
  memcpy(y + i, &wide, static_cast<size_t>(n - i) * sizeof(float));
}

template <class Format>
void narrow(const void* const* in, const int64_t*, void* out, int64_t n) {
  const float* x = static_cast<const float*>(in[0]);
  uint16_t* y = static_cast<uint16_t*>(out);
  int64_t i = 0;
  for (; i + kFloats <= n; i += kFloats) store(y + i, Format::narrow(load<vf>(x + i)));
  if (i == n) return;
  vf rest{};
  memcpy(&rest, x + i, static_cast<size_t>(n - i) * sizeof(float));
  const half_vu narrowed = Format::narrow(rest);
  memcpy(y + i, &narrowed, static_cast<size_t>(n - i) * sizeof(uint16_t));
}

#endif

}  // namespace

void register_elementwise_half() {
#if defined(__AVX2__) || defined(__aarch64__)
  use_half_loops({&widen<Float16>, &narrow<Float16>, &widen<BFloat16>, &narrow<BFloat16>});
#endif
}

}  // namespace keratin::KERATIN_ISA
