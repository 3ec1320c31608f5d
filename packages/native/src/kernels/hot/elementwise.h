// The loops of the elementwise kernels of one instruction set.
#pragma once

#include "kernels/elementwise_loop.h"
#include "kernels/hot/lanes.h"
#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {

void register_elementwise_unary(Registry& registry);
void register_elementwise_half();

namespace {

/// Vectors of an input that advances, or of a scalar that all lanes share: then `at` stays at the copy.
template <class T>
struct Source {
  const T* at;
  int64_t step;
  Vec<T> shared;

  [[gnu::always_inline]] Source(const void* data, int64_t element_step)
      : at(static_cast<const T*>(data)), step(element_step) {
    if (step != 0) return;
    shared = splat<Vec<T>>(*at);
    at = reinterpret_cast<const T*>(&shared);
  }
  Source(const Source&) = delete;
};

/// Op::apply over vectors of T.
template <class T, class Op>
void unary_body(const void* const* in, const int64_t* steps, void* out, int64_t n) {
  constexpr int64_t L = lanes<T>;
  const Source<T> source(in[0], steps[0]);
  const T* x = source.at;
  const int64_t step = source.step;
  T* y = static_cast<T*>(out);
  int64_t i = 0;
  for (; i + L <= n; i += L) store(y + i, Op::apply(load<Vec<T>>(x + i * step)));
  if (i < n) {
    const Part<T> part{n - i};
    part.store(y + i, Op::apply(part.load(x + i * step)));
  }
}

template <class T, class Op>
void binary_body(const void* const* in, const int64_t* steps, void* out, int64_t n) {
  using V = Vec<T>;
  constexpr int64_t L = lanes<T>;
  const Source<T> left(in[0], steps[0]);
  const Source<T> right(in[1], steps[1]);
  const T* a = left.at;
  const T* b = right.at;
  const int64_t p = left.step * L;
  const int64_t q = right.step * L;
  T* y = static_cast<T*>(out);
  for (; n >= 4 * L; n -= 4 * L) {
    // One at a time in this order: y may be a or b.
    const V y0 = Op::apply(load<V>(a), load<V>(b));
    const V y1 = Op::apply(load<V>(a + p), load<V>(b + q));
    const V y2 = Op::apply(load<V>(a + 2 * p), load<V>(b + 2 * q));
    const V y3 = Op::apply(load<V>(a + 3 * p), load<V>(b + 3 * q));
    store(y, y0);
    store(y + L, y1);
    store(y + 2 * L, y2);
    store(y + 3 * L, y3);
    a += 4 * p;
    b += 4 * q;
    y += 4 * L;
  }
  for (; n >= L; n -= L) {
    store(y, Op::apply(load<V>(a), load<V>(b)));
    a += p;
    b += q;
    y += L;
  }
  if (n > 0) {
    const Part<T> part{n};
    part.store(y, Op::apply(part.load(a), part.load(b)));
  }
}

// 1 where the operand advances with the output, 0 where it is one element, -1 where it is neither.
[[gnu::always_inline]] inline int64_t simple_step(const Operand& x) {
  if (x.contiguous) return 1;
  for (int32_t axis = 0; axis < x.rank; ++axis) {
    if (x.strides[axis] != 0 && x.shape[axis] != 1) return -1;
  }
  return 0;
}

/// The kernel around a body: small calls of contiguous and scalar operands skip the general loop.
template <LoopBody body, int inputs, int64_t grain>
void kernel(const Call& call) {
  const Operand& y = call.outputs[0];
  if (y.size < 2 * grain) {
    if (y.size == 0) return;
    const void* in[2];
    int64_t steps[2];
    bool simple = true;
    for (int i = 0; i < inputs; ++i) {
      in[i] = call.inputs[i].data;
      steps[i] = simple_step(call.inputs[i]);
      simple = simple && steps[i] >= 0;
    }
    if (simple) {
      body(in, steps, y.data, y.size);
      return;
    }
  }
  elementwise_loop(call, body, grain, true);
}

template <class Op, int64_t grain>
void add_unary(Registry& registry, const char* name) {
  add_kernel(registry, name, DType::float32, &kernel<&unary_body<float, Op>, 1, grain>);
  add_kernel(registry, name, DType::float64, &kernel<&unary_body<double, Op>, 1, grain>);
  add_body(registry, name, DType::float32, {&unary_body<float, Op>, 1, false, true});
  add_body(registry, name, DType::float64, {&unary_body<double, Op>, 1, false, true});
}

template <class Op, int64_t grain>
void add_binary(Registry& registry, const char* name) {
  add_kernel(registry, name, DType::float32, &kernel<&binary_body<float, Op>, 2, grain>);
  add_kernel(registry, name, DType::float64, &kernel<&binary_body<double, Op>, 2, grain>);
  add_body(registry, name, DType::float32, {&binary_body<float, Op>, 2, false, true});
  add_body(registry, name, DType::float64, {&binary_body<double, Op>, 2, false, true});
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
