// Recurrent cells over whole sequences: the product of each step with the recurrent kernel and, while its sums are in
// the cache, everything that follows from them. x holds the inputs times their kernel, with the bias, for all steps.
//
// LSTM (Hochreiter and Schmidhuber, "Long short-term memory", 1997): i, f, g, o = activated (x + h U),
//   c' = f c + i g, h' = o tanh(c').
// GRU with the reset after the product (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014;
// this variant is cuDNN's): z, r = sigmoid(x + h U + b), g = tanh(x + r (h U + b)), h' = z h + (1 - z) g.
// Simple: h' = tanh(x + h U).
//
// Backwards the same, from the last step to the first: the gradient of a step's state is that of the output and the
// product of the following step's gate gradients with the transposed kernel.
#include "kernels/hot/recurrent.h"

namespace keratin::KERATIN_ISA {
namespace {

template <class T>
const T* input(const Call& call, int32_t index) {
  return static_cast<const T*>(call.inputs[index].data);
}

template <class T>
T* output(const Call& call, int32_t index) {
  return static_cast<T*>(call.outputs[index].data);
}

// ---- LSTM --------------------------------------------------------------------------------------------------------

/// x [t, b, 4 u], h0, c0 [b, u], kernel [u, 4 u] -> h, c [t, b, u], gates [t, b, 4 u]
template <class T>
void lstm_sequence(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.outputs[0];
  const int64_t n = shape.shape[1], u = shape.shape[2];
  if (shape.size == 0) return;
  const SequencePlan p = plan_sequence<T>(shape.shape[0], n, u, 4);
  const T *x = input<T>(call, 0), *h0 = input<T>(call, 1), *c0 = input<T>(call, 2);
  T *h = output<T>(call, 0), *c = output<T>(call, 1), *gates = output<T>(call, 2);
  const PackedKernel<T> kernel(p, input<T>(call, 3), false);
  for_steps<T>(p, kernel, 0, p.steps, 1, [&](int64_t t, const Patch& patch, T* sums) {
    kernel.multiply((t == 0 ? h0 : h + (t - 1) * n * u) + patch.sample * u, patch, sums);
    const T* before = t == 0 ? c0 : c + (t - 1) * n * u;
    const int64_t stride = kernel.stride(patch), next = stride / 4;
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const int64_t at = row * u + patch.unit + i;
      const int64_t wide = (t * n + row) * 4 * u + patch.unit + i;
      const T* s = sums + r * stride + i;
      const V in = math::sigmoid(V(part.load(x + wide) + load<V>(s)));
      const V forget = math::sigmoid(V(part.load(x + wide + u) + load<V>(s + next)));
      const V candidate = math::tanh(V(part.load(x + wide + 2 * u) + load<V>(s + 2 * next)));
      const V out = math::sigmoid(V(part.load(x + wide + 3 * u) + load<V>(s + 3 * next)));
      const V state = forget * part.load(before + at) + in * candidate;
      part.store(gates + wide, in);
      part.store(gates + wide + u, forget);
      part.store(gates + wide + 2 * u, candidate);
      part.store(gates + wide + 3 * u, out);
      part.store(c + t * n * u + at, state);
      part.store(h + t * n * u + at, out * math::tanh(state));
    });
  });
}

/// dh [t, b, u], dc [t or 0, b, u], gates [t, b, 4 u], c [t, b, u], c0 [b, u], kernel [u, 4 u]
/// -> dx [t, b, 4 u], dh0, dc0 [b, u]
template <class T>
void lstm_sequence_gradient(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.inputs[0];
  const int64_t steps = shape.shape[0], n = shape.shape[1], u = shape.shape[2];
  if (n * u == 0) return;
  const SequencePlan p = plan_sequence<T>(steps, n, u, 4);
  const T *dh = input<T>(call, 0), *gates = input<T>(call, 2), *c = input<T>(call, 3), *c0 = input<T>(call, 4);
  const T* dc = call.inputs[1].size == 0 ? nullptr : input<T>(call, 1);
  // dc0 holds the gradient of the state between the steps.
  T *dx = output<T>(call, 0), *dh0 = output<T>(call, 1), *carry = output<T>(call, 2);
  memset(carry, 0, static_cast<size_t>(n * u) * sizeof(T));
  const PackedKernel<T> kernel(p, input<T>(call, 5), true);
  for_steps<T>(p, kernel, steps - 1, steps + 1, -1, [&](int64_t t, const Patch& patch, T* sums) {
    if (t + 1 < steps) {
      kernel.multiply(dx + ((t + 1) * n + patch.sample) * 4 * u, patch, sums);
    } else {
      memset(sums, 0, static_cast<size_t>(kernel.sums(patch)) * sizeof(T));
    }
    const int64_t stride = kernel.stride(patch);
    const T* before = t == 0 ? c0 : c + (t - 1) * n * u;
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const int64_t at = row * u + patch.unit + i;
      const V product = load<V>(sums + r * stride + i);
      if (t < 0) {
        part.store(dh0 + at, product);
        return;
      }
      const int64_t wide = (t * n + row) * 4 * u + patch.unit + i;
      const V in = part.load(gates + wide), forget = part.load(gates + wide + u);
      const V candidate = part.load(gates + wide + 2 * u), out = part.load(gates + wide + 3 * u);
      const V squashed = math::tanh(part.load(c + t * n * u + at));
      const V dstate = part.load(dh + t * n * u + at) + product;
      V dcell = part.load(carry + at) + dstate * out * (1 - squashed * squashed);
      if (dc != nullptr) dcell += part.load(dc + t * n * u + at);
      part.store(dx + wide, dcell * candidate * in * (1 - in));
      part.store(dx + wide + u, dcell * part.load(before + at) * forget * (1 - forget));
      part.store(dx + wide + 2 * u, dcell * in * (1 - candidate * candidate));
      part.store(dx + wide + 3 * u, dstate * squashed * out * (1 - out));
      part.store(carry + at, dcell * forget);
    });
  });
}

// ---- GRU ---------------------------------------------------------------------------------------------------------

/// x [t, b, 3 u], h0 [b, u], kernel [u, 3 u], bias [3 u] -> h [t, b, u], gates [t, b, 4 u]: z, r, g and the candidate's
/// part of h U + b
template <class T>
void gru_sequence(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.outputs[0];
  const int64_t n = shape.shape[1], u = shape.shape[2];
  if (shape.size == 0) return;
  const SequencePlan p = plan_sequence<T>(shape.shape[0], n, u, 3);
  const T *x = input<T>(call, 0), *h0 = input<T>(call, 1), *bias = input<T>(call, 3);
  T *h = output<T>(call, 0), *gates = output<T>(call, 1);
  const PackedKernel<T> kernel(p, input<T>(call, 2), false);
  for_steps<T>(p, kernel, 0, p.steps, 1, [&](int64_t t, const Patch& patch, T* sums) {
    const T* before = t == 0 ? h0 : h + (t - 1) * n * u;
    kernel.multiply(before + patch.sample * u, patch, sums);
    const int64_t stride = kernel.stride(patch), next = stride / 3;
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const int64_t at = row * u + patch.unit + i;
      const T* from = x + (t * n + row) * 3 * u + patch.unit + i;
      T* to = gates + (t * n + row) * 4 * u + patch.unit + i;
      const T* s = sums + r * stride + i;
      const T* b = bias + patch.unit + i;
      const V update = math::sigmoid(V(part.load(from) + load<V>(s) + part.load(b)));
      const V reset = math::sigmoid(V(part.load(from + u) + load<V>(s + next) + part.load(b + u)));
      const V own = load<V>(s + 2 * next) + part.load(b + 2 * u);
      const V candidate = math::tanh(V(part.load(from + 2 * u) + reset * own));
      part.store(to, update);
      part.store(to + u, reset);
      part.store(to + 2 * u, candidate);
      part.store(to + 3 * u, own);
      part.store(h + t * n * u + at, update * part.load(before + at) + (1 - update) * candidate);
    });
  });
}

/// dh [t, b, u], gates [t, b, 4 u], h [t, b, u], h0 [b, u], kernel [u, 3 u]
/// -> dx and that of h U + b [t, b, 3 u], dh0 [b, u]
template <class T>
void gru_sequence_gradient(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.inputs[0];
  const int64_t steps = shape.shape[0], n = shape.shape[1], u = shape.shape[2];
  if (n * u == 0) return;
  const SequencePlan p = plan_sequence<T>(steps, n, u, 3);
  const T *dh = input<T>(call, 0), *gates = input<T>(call, 1), *h = input<T>(call, 2), *h0 = input<T>(call, 3);
  // dh0 holds what reaches the state past the product between the steps.
  T *dx = output<T>(call, 0), *dproduct = output<T>(call, 1), *carry = output<T>(call, 2);
  memset(carry, 0, static_cast<size_t>(n * u) * sizeof(T));
  const PackedKernel<T> kernel(p, input<T>(call, 4), true);
  for_steps<T>(p, kernel, steps - 1, steps + 1, -1, [&](int64_t t, const Patch& patch, T* sums) {
    if (t + 1 < steps) {
      kernel.multiply(dproduct + ((t + 1) * n + patch.sample) * 3 * u, patch, sums);
    } else {
      memset(sums, 0, static_cast<size_t>(kernel.sums(patch)) * sizeof(T));
    }
    const int64_t stride = kernel.stride(patch);
    const T* before = t == 0 ? h0 : h + (t - 1) * n * u;
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const int64_t at = row * u + patch.unit + i;
      V dstate = part.load(carry + at) + load<V>(sums + r * stride + i);
      if (t < 0) {
        part.store(carry + at, dstate);
        return;
      }
      dstate += part.load(dh + t * n * u + at);
      const T* from = gates + (t * n + row) * 4 * u + patch.unit + i;
      const int64_t to = (t * n + row) * 3 * u + patch.unit + i;
      const V update = part.load(from), reset = part.load(from + u);
      const V candidate = part.load(from + 2 * u), own = part.load(from + 3 * u);
      const V dupdate = dstate * (part.load(before + at) - candidate) * update * (1 - update);
      const V dcandidate = dstate * (1 - update) * (1 - candidate * candidate);
      const V dreset = dcandidate * own * reset * (1 - reset);
      part.store(dx + to, dupdate);
      part.store(dx + to + u, dreset);
      part.store(dx + to + 2 * u, dcandidate);
      part.store(dproduct + to, dupdate);
      part.store(dproduct + to + u, dreset);
      part.store(dproduct + to + 2 * u, dcandidate * reset);
      part.store(carry + at, dstate * update);
    });
  });
}

// ---- Simple ------------------------------------------------------------------------------------------------------

/// x [t, b, u], h0 [b, u], kernel [u, u] -> h [t, b, u]
template <class T>
void simple_sequence(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.outputs[0];
  const int64_t n = shape.shape[1], u = shape.shape[2];
  if (shape.size == 0) return;
  const SequencePlan p = plan_sequence<T>(shape.shape[0], n, u, 1);
  const T *x = input<T>(call, 0), *h0 = input<T>(call, 1);
  T* h = output<T>(call, 0);
  const PackedKernel<T> kernel(p, input<T>(call, 2), false);
  for_steps<T>(p, kernel, 0, p.steps, 1, [&](int64_t t, const Patch& patch, T* sums) {
    kernel.multiply((t == 0 ? h0 : h + (t - 1) * n * u) + patch.sample * u, patch, sums);
    const int64_t stride = kernel.stride(patch);
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const int64_t at = (t * n + row) * u + patch.unit + i;
      part.store(h + at, math::tanh(V(part.load(x + at) + load<V>(sums + r * stride + i))));
    });
  });
}

/// dh, h [t, b, u], kernel [u, u] -> dx [t, b, u], dh0 [b, u]
template <class T>
void simple_sequence_gradient(const Call& call) {
  using V = Vec<T>;
  const Operand& shape = call.inputs[0];
  const int64_t steps = shape.shape[0], n = shape.shape[1], u = shape.shape[2];
  if (n * u == 0) return;
  const SequencePlan p = plan_sequence<T>(steps, n, u, 1);
  const T *dh = input<T>(call, 0), *h = input<T>(call, 1);
  T *dx = output<T>(call, 0), *dh0 = output<T>(call, 1);
  const PackedKernel<T> kernel(p, input<T>(call, 2), true);
  for_steps<T>(p, kernel, steps - 1, steps + 1, -1, [&](int64_t t, const Patch& patch, T* sums) {
    if (t + 1 < steps) {
      kernel.multiply(dx + ((t + 1) * n + patch.sample) * u, patch, sums);
    } else {
      memset(sums, 0, static_cast<size_t>(kernel.sums(patch)) * sizeof(T));
    }
    const int64_t stride = kernel.stride(patch);
    for_patch<T>(patch, [&](int64_t r, int64_t row, int64_t i, auto part) __attribute__((always_inline)) {
      const V product = load<V>(sums + r * stride + i);
      if (t < 0) {
        part.store(dh0 + row * u + patch.unit + i, product);
        return;
      }
      const int64_t at = (t * n + row) * u + patch.unit + i;
      const V y = part.load(h + at);
      part.store(dx + at, (part.load(dh + at) + product) * (1 - y * y));
    });
  });
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "lstm_sequence", dtype, &lstm_sequence<T>);
  add_kernel(registry, "lstm_sequence_gradient", dtype, &lstm_sequence_gradient<T>);
  add_kernel(registry, "gru_sequence", dtype, &gru_sequence<T>);
  add_kernel(registry, "gru_sequence_gradient", dtype, &gru_sequence_gradient<T>);
  add_kernel(registry, "simple_rnn_sequence", dtype, &simple_sequence<T>);
  add_kernel(registry, "simple_rnn_sequence_gradient", dtype, &simple_sequence_gradient<T>);
}

}  // namespace

void register_recurrent(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
