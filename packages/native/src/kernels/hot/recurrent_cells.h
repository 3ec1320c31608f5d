// The cells: what follows from the sums of one step, forward and backward.
//
// LSTM (Hochreiter and Schmidhuber, "Long short-term memory", 1997): i, f, g, o = activated (x W + h U + b),
//   c' = f c + i g, h' = o tanh(c').
// GRU with the reset after the product (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014;
// this variant is cuDNN's): z, r = sigmoid(x W + h U + b), g = tanh(x W + b + r (h U + b')), h' = z h + (1 - z) g.
// Simple: h' = tanh(x W + h U + b).
#pragma once

#include "kernels/hot/recurrent.h"

namespace keratin::KERATIN_ISA {
namespace {

/// Rows of one sample and step, forward. `z`: the sums of the gates, which become the activated gates.
template <class T>
struct Forward {
  T* z;
  const T* h_before;
  const T* c_before;
  T* h;
  T* c;
  int64_t u;
  bool keep;  // z is read again
};

/// The same backward. `reach`: the gradient of h that comes from the next step, then what reaches the step before past
/// the product; `carry`: that of c. `dz`: gradients of the sums.
template <class T>
struct Backward {
  const T* gates;
  const T* h;
  const T* h_before;
  const T* c;
  const T* c_before;
  const T* dh;  // null: none
  T* reach;
  T* carry;
  T* dz;
  int64_t u;
};

struct Lstm {
  static constexpr int64_t kGates = 4, kApart = 0;
  // Whether something reaches the state before past the product.
  static constexpr bool kPasses = false;

  template <class T, class P>
  [[gnu::always_inline]] static void forward(const Forward<T>& s, int64_t i, const P& part) {
    using V = Vec<T>;
    T* z = s.z + i;
    const V in = math::sigmoid(part.load(z));
    const V forget = math::sigmoid(part.load(z + s.u));
    const V candidate = math::tanh(part.load(z + 2 * s.u));
    const V out = math::sigmoid(part.load(z + 3 * s.u));
    const V state = forget * part.load(s.c_before + i) + in * candidate;
    if (s.keep) {
      part.store(z, in);
      part.store(z + s.u, forget);
      part.store(z + 2 * s.u, candidate);
      part.store(z + 3 * s.u, out);
    }
    part.store(s.c + i, state);
    part.store(s.h + i, out * math::tanh(state));
  }

  template <class T, class P>
  [[gnu::always_inline]] static void backward(const Backward<T>& s, int64_t i, const P& part) {
    using V = Vec<T>;
    const T* gates = s.gates + i;
    const V in = part.load(gates), forget = part.load(gates + s.u);
    const V candidate = part.load(gates + 2 * s.u), out = part.load(gates + 3 * s.u);
    const V squashed = math::tanh(part.load(s.c + i));
    V dstate = part.load(s.reach + i);
    if (s.dh != nullptr) dstate += part.load(s.dh + i);
    const V dcell = part.load(s.carry + i) + dstate * out * (1 - squashed * squashed);
    T* dz = s.dz + i;
    part.store(dz, dcell * candidate * in * (1 - in));
    part.store(dz + s.u, dcell * part.load(s.c_before + i) * forget * (1 - forget));
    part.store(dz + 2 * s.u, dcell * in * (1 - candidate * candidate));
    part.store(dz + 3 * s.u, dstate * squashed * out * (1 - out));
    part.store(s.carry + i, dcell * forget);
  }
};

struct Gru {
  static constexpr int64_t kGates = 3, kApart = 1;
  static constexpr bool kPasses = true;

  template <class T, class P>
  [[gnu::always_inline]] static void forward(const Forward<T>& s, int64_t i, const P& part) {
    using V = Vec<T>;
    T* z = s.z + i;
    const V update = math::sigmoid(part.load(z));
    const V reset = math::sigmoid(part.load(z + s.u));
    const V own = part.load(z + 3 * s.u);
    const V candidate = math::tanh(V(part.load(z + 2 * s.u) + reset * own));
    if (s.keep) {
      part.store(z, update);
      part.store(z + s.u, reset);
      part.store(z + 2 * s.u, candidate);
    }
    part.store(s.h + i, update * part.load(s.h_before + i) + (1 - update) * candidate);
  }

  template <class T, class P>
  [[gnu::always_inline]] static void backward(const Backward<T>& s, int64_t i, const P& part) {
    using V = Vec<T>;
    const T* gates = s.gates + i;
    const V update = part.load(gates), reset = part.load(gates + s.u);
    const V candidate = part.load(gates + 2 * s.u), own = part.load(gates + 3 * s.u);
    V dstate = part.load(s.reach + i);
    if (s.dh != nullptr) dstate += part.load(s.dh + i);
    const V dcandidate = dstate * (1 - update) * (1 - candidate * candidate);
    T* dz = s.dz + i;
    part.store(dz, dstate * (part.load(s.h_before + i) - candidate) * update * (1 - update));
    part.store(dz + s.u, dcandidate * own * reset * (1 - reset));
    part.store(dz + 2 * s.u, dcandidate);
    part.store(dz + 3 * s.u, dcandidate * reset);
    part.store(s.reach + i, dstate * update);
  }
};

struct Simple {
  static constexpr int64_t kGates = 1, kApart = 0;
  static constexpr bool kPasses = false;

  template <class T, class P>
  [[gnu::always_inline]] static void forward(const Forward<T>& s, int64_t i, const P& part) {
    part.store(s.h + i, math::tanh(part.load(s.z + i)));
  }

  template <class T, class P>
  [[gnu::always_inline]] static void backward(const Backward<T>& s, int64_t i, const P& part) {
    using V = Vec<T>;
    const V y = part.load(s.h + i);
    V dstate = part.load(s.reach + i);
    if (s.dh != nullptr) dstate += part.load(s.dh + i);
    part.store(s.dz + i, dstate * (1 - y * y));
  }
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
