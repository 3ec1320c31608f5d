// e^x for vectors of x <= 0, as softmax needs it: less work than math::exp, which covers every x.
#pragma once

#include "kernels/hot/lanes.h"
#include "kernels/hot/math.h"

namespace keratin::KERATIN_ISA {
namespace {

/// p 2^n, where `shifted` holds n (see math::ExpReduction) and 2^n is a normal number; 0 where x < lowest.
[[gnu::always_inline]] inline vf scale_by_power(vf p, vf shifted, vf x, float lowest) {
#if defined(__AVX512F__)
  const vf n = shifted - math::Format<vf>::shifter;
  const __mmask16 counts = _mm512_cmp_ps_mask(__m512(x), __m512(splat<vf>(lowest)), _CMP_NLT_UQ);
  return vf(_mm512_maskz_scalef_ps(counts, __m512(p), __m512(n)));
#else
  const vf power = math::power_of_two<vf>(math::exponent_of(shifted));
  return vf(vi(p * power) & ~vi(x < lowest));
#endif
}

[[gnu::always_inline]] inline vd scale_by_power(vd p, vd shifted, vd x, double lowest) {
#if defined(__AVX512F__)
  const vd n = shifted - math::Format<vd>::shifter;
  const __mmask8 counts = _mm512_cmp_pd_mask(__m512d(x), __m512d(splat<vd>(lowest)), _CMP_NLT_UQ);
  return vd(_mm512_maskz_scalef_pd(counts, __m512d(p), __m512d(n)));
#else
  const vd power = math::power_of_two<vd>(math::exponent_of(shifted));
  return vd(vl(p * power) & ~vl(x < lowest));
#endif
}

/// 1 ulp for x <= 0; NaN stays. Results below the smallest normal number are zero: TensorFlow's kernels flush them too.
template <class V>
[[gnu::always_inline]] inline V exp_of_negative(V x) {
  using T = typename math::Format<V>::T;
  // ln of the smallest normal number
  constexpr T lowest = sizeof(T) == 4 ? static_cast<T>(-87.336544) : static_cast<T>(-708.3964185322641);
  const math::ExpReduction<V> reduced = math::reduce_exp(larger(splat<V>(lowest), x));
  const V r = reduced.r;
  return scale_by_power(math::exp_tail(r) * (r * r) + r + 1, reduced.shifted, x, lowest);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
