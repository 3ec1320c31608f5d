// Rows that do not end on a vector: one body serves the whole vectors and the last, partial one.
#pragma once

#include "kernels/hot/simd.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace keratin::KERATIN_ISA {
namespace {

/// lane_indices<T>() = {0, 1, 2, ...} as integers of T's size.
template <class T>
[[gnu::always_inline]] inline typename VectorOf<T>::integer lane_indices() {
  typename VectorOf<T>::integer v{};
  for (int64_t i = 0; i < lanes<T>; ++i) v[i] = static_cast<decltype(v[0] + v[0])>(i);
  return v;
}

/// All lanes.
template <class T>
struct Whole {
  [[gnu::always_inline]] Vec<T> load(const T* p, T = T{0}) const { return KERATIN_ISA::load<Vec<T>>(p); }
  [[gnu::always_inline]] void store(T* p, Vec<T> v) const { KERATIN_ISA::store(p, v); }
  [[gnu::always_inline]] Vec<T> keep(Vec<T> v) const { return v; }
};

/// The first `count` lanes, 0 < count < lanes<T>. Memory beyond them is neither read nor written.
template <class T>
struct Part {
  int64_t count;

  /// Lanes from `count` on hold `rest`.
  [[gnu::always_inline]] Vec<T> load(const T* p, T rest = T{0}) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      return Vec<T>(_mm512_mask_loadu_ps(splat<Vec<T>>(rest), static_cast<__mmask16>((1u << count) - 1), p));
    } else {
      return Vec<T>(_mm512_mask_loadu_pd(splat<Vec<T>>(rest), static_cast<__mmask8>((1u << count) - 1), p));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
      return mask() ? Vec<T>(_mm256_maskload_ps(p, __m256i(mask()))) : splat<Vec<T>>(rest);
    } else {
      return mask() ? Vec<T>(_mm256_maskload_pd(p, __m256i(mask()))) : splat<Vec<T>>(rest);
    }
#else
    Vec<T> v = splat<Vec<T>>(rest);
    for (int64_t i = 0; i < lanes<T> - 1; ++i) {
      if (i < count) v[i] = p[i];
    }
    return v;
#endif
  }

  [[gnu::always_inline]] void store(T* p, Vec<T> v) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), __m512(v));
    } else {
      _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), __m512d(v));
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
      _mm256_maskstore_ps(p, __m256i(mask()), __m256(v));
    } else {
      _mm256_maskstore_pd(p, __m256i(mask()), __m256d(v));
    }
#else
    for (int64_t i = 0; i < lanes<T> - 1; ++i) {
      if (i < count) p[i] = v[i];
    }
#endif
  }

  /// v with zeros in the lanes that are not there.
  [[gnu::always_inline]] Vec<T> keep(Vec<T> v) const { return mask() ? v : Vec<T>{}; }

 private:
  [[gnu::always_inline]] auto mask() const {
    using Integer = typename VectorOf<T>::integer;
    return lane_indices<T>() < (Integer{} + static_cast<decltype(Integer{}[0] + 0)>(count));
  }
};

/// body(i, part) for every vector of [0, n): part is Whole<T>, or Part<T> for the last one.
template <class T, class Body>
[[gnu::always_inline]] inline void for_vectors(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) body(i, Whole<T>{});
  if (i < n) body(i, Part<T>{n - i});
}

/// Sum over [0, n) of term(i, part) in four running vectors, to hide the latency of the addition. Lanes outside `part`
/// are dropped.
template <class T, class Term>
[[gnu::always_inline]] inline Vec<T> sum_vectors(int64_t n, const Term& term) {
  constexpr int64_t step = lanes<T>;
  Vec<T> a{}, b{}, c{}, d{};
  int64_t i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    a += term(i, Whole<T>{});
    b += term(i + step, Whole<T>{});
    c += term(i + 2 * step, Whole<T>{});
    d += term(i + 3 * step, Whole<T>{});
  }
  for (; i + step <= n; i += step) a += term(i, Whole<T>{});
  if (i < n) {
    const Part<T> part{n - i};
    b += part.keep(term(i, part));
  }
  return (a + b) + (c + d);
}

/// a > b ? a : b in every lane: b where either is NaN. Compilers do not find the instruction by themselves.
[[gnu::always_inline]] inline vf larger(vf a, vf b) {
#if defined(__AVX512F__)
  // The form with a mask: in GCC 12 the plain one warns of an uninitialized value.
  return vf(_mm512_maskz_max_ps(static_cast<__mmask16>(-1), __m512(a), __m512(b)));
#elif defined(__AVX2__)
  return vf(_mm256_max_ps(__m256(a), __m256(b)));
#elif defined(__SSE2__)
  return vf(_mm_max_ps(__m128(a), __m128(b)));
#else
  return a > b ? a : b;
#endif
}
[[gnu::always_inline]] inline vd larger(vd a, vd b) {
#if defined(__AVX512F__)
  return vd(_mm512_maskz_max_pd(static_cast<__mmask8>(-1), __m512d(a), __m512d(b)));
#elif defined(__AVX2__)
  return vd(_mm256_max_pd(__m256d(a), __m256d(b)));
#elif defined(__SSE2__)
  return vd(_mm_max_pd(__m128d(a), __m128d(b)));
#else
  return a > b ? a : b;
#endif
}

/// Whether lanes can be rearranged by an instruction.
template <class T>
#if defined(__AVX512F__)
constexpr bool kPermutes = true;
#elif defined(__AVX2__)
constexpr bool kPermutes = sizeof(T) == 4;
#else
constexpr bool kPermutes = false;
#endif

/// Lane i is v[from[i]], where kPermutes.
[[gnu::always_inline]] inline vf permute(vf v, [[maybe_unused]] vi from) {
#if defined(__AVX512F__)
  return vf(_mm512_maskz_permutexvar_ps(static_cast<__mmask16>(-1), __m512i(from), __m512(v)));
#elif defined(__AVX2__)
  return vf(_mm256_permutevar8x32_ps(__m256(v), __m256i(from)));
#else
  return v;
#endif
}
[[gnu::always_inline]] inline vd permute(vd v, [[maybe_unused]] vl from) {
#if defined(__AVX512F__)
  return vd(_mm512_maskz_permutexvar_pd(static_cast<__mmask8>(-1), __m512i(from), __m512d(v)));
#else
  return v;
#endif
}

// Halves of a vector are combined until one lane is left: the tree is always the same.
struct SumOp {
  template <class V>
  [[gnu::always_inline]] static V join(V a, V b) {
    return a + b;
  }
};
struct MaxOp {
  template <class V>
  [[gnu::always_inline]] static V join(V a, V b) {
    return a > b ? a : b;
  }
};

template <class Op>
[[gnu::always_inline]] inline float fold_lanes(vf v) {
#if KERATIN_VECTOR_BYTES == 64
  const auto h = Op::join(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                          __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  auto q = Op::join(__builtin_shufflevector(h, h, 0, 1, 2, 3), __builtin_shufflevector(h, h, 4, 5, 6, 7));
#elif KERATIN_VECTOR_BYTES == 32
  auto q = Op::join(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7));
#else
  auto q = v;
#endif
  q = Op::join(q, __builtin_shufflevector(q, q, 2, 3, 0, 1));
  return Op::join(q, __builtin_shufflevector(q, q, 1, 0, 3, 2))[0];
}

template <class Op>
[[gnu::always_inline]] inline double fold_lanes(vd v) {
#if KERATIN_VECTOR_BYTES == 64
  const auto h = Op::join(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7));
  const auto q = Op::join(__builtin_shufflevector(h, h, 0, 1), __builtin_shufflevector(h, h, 2, 3));
#elif KERATIN_VECTOR_BYTES == 32
  const auto q = Op::join(__builtin_shufflevector(v, v, 0, 1), __builtin_shufflevector(v, v, 2, 3));
#else
  const auto q = v;
#endif
  return Op::join(q, __builtin_shufflevector(q, q, 1, 0))[0];
}

template <class T>
[[gnu::always_inline]] inline T sum_lanes(Vec<T> v) {
  return fold_lanes<SumOp>(v);
}

/// The largest lane; which one of NaN and a number comes out is not defined.
template <class T>
[[gnu::always_inline]] inline T max_lanes(Vec<T> v) {
  return fold_lanes<MaxOp>(v);
}

/// Square root that compiles to the instruction (-fno-math-errno).
[[gnu::always_inline]] inline float root(float x) { return __builtin_sqrtf(x); }
[[gnu::always_inline]] inline double root(double x) { return __builtin_sqrt(x); }

}  // namespace
}  // namespace keratin::KERATIN_ISA
