// Portable vectors for the files that are compiled once per instruction set: GCC and Clang vector extensions, sized for
// the set being compiled (16 bytes on SSE2 and NEON, 32 on AVX2, 64 on AVX-512).
//
// Rule of these files: they share no inline function and no template instance with other translation units, since the
// linker may keep the copy that needs AVX-512 for everyone. So: no C++ standard library templates, everything in an
// unnamed namespace inside keratin::KERATIN_ISA, and only plain C functions (memcpy, memset) from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "runtime/parallel.h"
#include "runtime/registry_api.h"

#if !defined(KERATIN_ISA)
#error "KERATIN_ISA is set by binding.gyp: baseline, avx2 or avx512"
#endif

#if defined(__AVX512F__)
#define KERATIN_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define KERATIN_VECTOR_BYTES 32
#else
#define KERATIN_VECTOR_BYTES 16
#endif

namespace keratin::KERATIN_ISA {
namespace {

using vf = float __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using vd = double __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using vi = int32_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));
using vl = int64_t __attribute__((vector_size(KERATIN_VECTOR_BYTES)));

constexpr int64_t kFloats = KERATIN_VECTOR_BYTES / 4;
constexpr int64_t kDoubles = KERATIN_VECTOR_BYTES / 8;

/// The vector type of a scalar, and the integer vector of the same lanes.
template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using type = vf;
  using integer = vi;
};
template <>
struct VectorOf<double> {
  using type = vd;
  using integer = vl;
};
template <class T>
using Vec = typename VectorOf<T>::type;

template <class T>
constexpr int64_t lanes = KERATIN_VECTOR_BYTES / static_cast<int64_t>(sizeof(T));

template <class V, class T>
[[gnu::always_inline]] inline V load(const T* p) {
  V v;
  memcpy(&v, p, sizeof(V));
  return v;
}

template <class V, class T>
[[gnu::always_inline]] inline void store(T* p, V v) {
  memcpy(p, &v, sizeof(V));
}

template <class V, class T>
[[gnu::always_inline]] inline V splat(T x) {
  return V{} + x;
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
