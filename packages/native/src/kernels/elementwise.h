// What the elementwise_*.cpp files share: the registration of bodies for groups of dtypes.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/elementwise_loop.h"
#include "runtime/registry.h"

namespace keratin::generic {

void register_chain(Registry& registry);
void register_rows(Registry& registry);
void register_columns(Registry& registry);
void register_unary(Registry& registry);
void register_binary(Registry& registry);
void register_compare(Registry& registry);
void register_select(Registry& registry);
void register_cast(Registry& registry);
void register_complex(Registry& registry);

/// Bodies that depend on two dtypes or on the size of an element; null where there is none.
LoopBody select_body_for(int64_t bytes);
LoopBody cast_body_for(DType from, DType to);
const HalfLoops& half_loops();

/// Runs a float32 body on float16 or bfloat16 inputs in blocks; the output is of the same dtype, or boolean.
void run_through_float(LoopBody body, int inputs, DType dtype, bool boolean_output, const void* const* in, void* out,
                       int64_t n);

/// Unsigned arithmetic that wraps around: at least as wide as int, so that no promotion makes it signed.
template <class T>
using Wrapping = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

/// The kernel around a body.
template <LoopBody body, int64_t grain>
void elementwise_kernel(const Call& call) {
  elementwise_loop(call, body, grain, false);
}

/// The float32 body as one for float16 or bfloat16.
template <LoopBody body, int inputs, DType dtype, bool boolean_output>
void half_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  run_through_float(body, inputs, dtype, boolean_output, in, out, n);
}

/// Op::apply over elements of T, giving elements of R.
template <class Op, class T, class R>
void unary_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  const T* x = static_cast<const T*>(in[0]);
  R* y = static_cast<R*>(out);
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(Op::apply(x[i]));
}

template <class Op, class T, class R>
void binary_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  const T* a = static_cast<const T*>(in[0]);
  const T* b = static_cast<const T*>(in[1]);
  R* y = static_cast<R*>(out);
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<R>(Op::apply(a[i], b[i]));
}

/// The body of Op for `inputs` inputs of T; R is T or, for tests and comparisons, bool stored as uint8_t.
template <class Op, int inputs, class T, class R>
constexpr LoopBody body_of() {
  if constexpr (inputs == 1) {
    return &unary_body<Op, T, R>;
  } else {
    return &binary_body<Op, T, R>;
  }
}

template <bool boolean_output, class T>
using ResultOf = std::conditional_t<boolean_output, uint8_t, T>;

/// float32, float64 and, through float32, float16 and bfloat16.
template <class Op, int inputs, int64_t grain, bool boolean_output = false>
void add_floats(Registry& registry, const char* name) {
  constexpr LoopBody single = body_of<Op, inputs, float, ResultOf<boolean_output, float>>();
  constexpr LoopBody wide = body_of<Op, inputs, double, ResultOf<boolean_output, double>>();
  constexpr LoopBody half = &half_body<single, inputs, DType::float16, boolean_output>;
  constexpr LoopBody brain = &half_body<single, inputs, DType::bfloat16, boolean_output>;
  registry.add(name, DType::float32, &elementwise_kernel<single, grain>);
  registry.add(name, DType::float64, &elementwise_kernel<wide, grain>);
  registry.add(name, DType::float16, &elementwise_kernel<half, kCostlyGrain>);
  registry.add(name, DType::bfloat16, &elementwise_kernel<brain, kCostlyGrain>);
  registry.add_body(name, DType::float32, {single, inputs, boolean_output, false});
  registry.add_body(name, DType::float64, {wide, inputs, boolean_output, false});
  registry.add_body(name, DType::float16, {half, inputs, boolean_output, false});
  registry.add_body(name, DType::bfloat16, {brain, inputs, boolean_output, false});
}

template <class Op, int inputs, int64_t grain, bool boolean_output, class T>
void add_integer(Registry& registry, const char* name, DType dtype) {
  constexpr LoopBody body = body_of<Op, inputs, T, ResultOf<boolean_output, T>>();
  registry.add(name, dtype, &elementwise_kernel<body, grain>);
  registry.add_body(name, dtype, {body, inputs, boolean_output, false});
}

/// The integer dtypes, one body each.
template <class Op, int inputs, int64_t grain, bool boolean_output = false>
void add_integers(Registry& registry, const char* name) {
  add_integer<Op, inputs, grain, boolean_output, int8_t>(registry, name, DType::int8);
  add_integer<Op, inputs, grain, boolean_output, int16_t>(registry, name, DType::int16);
  add_integer<Op, inputs, grain, boolean_output, int32_t>(registry, name, DType::int32);
  add_integer<Op, inputs, grain, boolean_output, int64_t>(registry, name, DType::int64);
  add_integer<Op, inputs, grain, boolean_output, uint8_t>(registry, name, DType::uint8);
  add_integer<Op, inputs, grain, boolean_output, uint16_t>(registry, name, DType::uint16);
  add_integer<Op, inputs, grain, boolean_output, uint32_t>(registry, name, DType::uint32);
  add_integer<Op, inputs, grain, boolean_output, uint64_t>(registry, name, DType::uint64);
}

/// The integer dtypes, one body for each width: for operations whose bits do not depend on the sign.
template <class Op, int inputs, int64_t grain, bool boolean_output = false>
void add_widths(Registry& registry, const char* name) {
  add_integer<Op, inputs, grain, boolean_output, uint8_t>(registry, name, DType::int8);
  add_integer<Op, inputs, grain, boolean_output, uint16_t>(registry, name, DType::int16);
  add_integer<Op, inputs, grain, boolean_output, uint32_t>(registry, name, DType::int32);
  add_integer<Op, inputs, grain, boolean_output, uint64_t>(registry, name, DType::int64);
  add_integer<Op, inputs, grain, boolean_output, uint8_t>(registry, name, DType::uint8);
  add_integer<Op, inputs, grain, boolean_output, uint16_t>(registry, name, DType::uint16);
  add_integer<Op, inputs, grain, boolean_output, uint32_t>(registry, name, DType::uint32);
  add_integer<Op, inputs, grain, boolean_output, uint64_t>(registry, name, DType::uint64);
}

}  // namespace keratin::generic
