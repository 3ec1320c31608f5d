// Optimizer steps: one pass over gradients, variables and their slots, in place.
//
// A call takes any number of variables: inputs are their gradients, outputs each variable with its slots. Two
// attributes more than a step needs are a weight decay and the rate that it is taken with: w -= w decay rate comes
// first.
//
// The formulas and the places where a hyper-parameter is rounded to the variable's dtype are those of Keras on
// TensorFlow (keras/src/optimizers/{sgd,rmsprop,adam,nadam}.py). The loops are plain: compilers turn them into vectors
// of the instruction set, square roots and divisions included, and memory sets the speed.
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// 12 to 36 bytes move per element: a chunk is some 20 to 50 us of memory traffic.
constexpr int64_t kGrain = 32768;

// Elements of the operands of one step that stay in the first-level cache: where weights decay first, they are still
// there for the step.
constexpr int64_t kDecayBlock = 2048;
constexpr int kMostSlots = 4;

template <class T>
[[gnu::noinline]] void decay_step(int64_t n, T* __restrict w, T decay, T rate) {
  for (int64_t i = 0; i < n; ++i) w[i] -= w[i] * decay * rate;
}

/// `step(n, gradient, slots)` over all variables, cut into chunks as if they lay one behind the other: many small ones
/// cost as much as a large one. `attributes` is how many the step itself has.
template <class T, class Step>
void for_each_variable(const Call& call, int32_t attributes, const Step& step) {
  const int32_t slots = call.num_outputs / call.num_inputs;
  const bool decays = call.num_attributes >= attributes + 2;
  const T decay = decays ? static_cast<T>(call.attributes[attributes]) : 0;
  const T rate = decays ? static_cast<T>(call.attributes[attributes + 1]) : 0;
  int64_t total = 0;
  for (int32_t v = 0; v < call.num_inputs; ++v) total += call.inputs[v].size;
  parallel_range(total, kGrain, [&](int64_t begin, int64_t end) {
    int32_t v = 0;
    int64_t at = begin;  // within the variable
    for (; at >= call.inputs[v].size; ++v) at -= call.inputs[v].size;
    for (int64_t left = end - begin; left > 0; ++v, at = 0) {
      const int64_t own = call.inputs[v].size - at;
      const int64_t stop = at + (own < left ? own : left);
      left -= stop - at;
      while (at < stop) {
        const int64_t n = decays && stop - at > kDecayBlock ? kDecayBlock : stop - at;
        T* part[kMostSlots] = {};
        for (int32_t k = 0; k < slots; ++k) part[k] = static_cast<T*>(call.outputs[v * slots + k].data) + at;
        if (decays) decay_step(n, part[0], decay, rate);
        step(n, static_cast<const T*>(call.inputs[v].data) + at, part);
        at += n;
      }
    }
  });
}

// Each step is a function of restricted pointers and values: what a lambda captured could alias its stores, for all
// that the compiler knows, and would keep the loop scalar.

template <class T>
[[gnu::noinline]] void sgd_step(int64_t n, const T* __restrict g, T* __restrict w, T rate) {
  for (int64_t i = 0; i < n; ++i) w[i] -= g[i] * rate;
}

// m = momentum m - rate g; w += m, or with Nesterov's look-ahead w += momentum m - rate g
template <class T, bool kNesterov>
[[gnu::noinline]] void momentum_step(int64_t n, const T* __restrict g, T* __restrict w, T* __restrict velocity, T rate,
                                     T momentum) {
  for (int64_t i = 0; i < n; ++i) {
    const T step = g[i] * rate;
    const T m = velocity[i] * momentum - step;
    velocity[i] = m;
    w[i] += kNesterov ? m * momentum - step : m;
  }
}

template <class T>
void sgd_update(const Call& call) {
  const auto rate = static_cast<T>(call.attributes[0]);
  const auto momentum = static_cast<T>(call.attributes[1]);
  const bool nesterov = call.attributes[2] != 0;
  const bool has_momentum = call.num_outputs > call.num_inputs;
  for_each_variable<T>(call, 3, [&](int64_t n, const T* g, T* const* slots) {
    if (!has_momentum) {
      sgd_step(n, g, slots[0], rate);
    } else if (nesterov) {
      momentum_step<T, true>(n, g, slots[0], slots[1], rate, momentum);
    } else {
      momentum_step<T, false>(n, g, slots[0], slots[1], rate, momentum);
    }
  });
}

template <class T>
struct Rmsprop {
  T rate, rho, rest, momentum, epsilon;
};

// `moment` and `average` may be null where the flags leave them out.
template <class T, bool kMomentum, bool kCentered>
[[gnu::noinline]] void rmsprop_step(int64_t n, const T* __restrict g, T* __restrict w, T* __restrict velocity,
                                    T* __restrict moment, T* __restrict average, Rmsprop<T> h) {
  for (int64_t i = 0; i < n; ++i) {
    const T v = h.rho * velocity[i] + h.rest * (g[i] * g[i]);
    velocity[i] = v;
    T denominator = v;
    if constexpr (kCentered) {
      const T a = h.rho * average[i] + h.rest * g[i];
      average[i] = a;
      denominator -= a * a;
    }
    T increment = h.rate * g[i] / root(denominator + h.epsilon);
    if constexpr (kMomentum) {
      increment += h.momentum * moment[i];
      moment[i] = increment;
    }
    w[i] -= increment;
  }
}

template <class T, bool kMomentum, bool kCentered>
void rmsprop_all(const Call& call) {
  const double* a = call.attributes;
  const Rmsprop<T> h{static_cast<T>(a[0]), static_cast<T>(a[1]), static_cast<T>(1 - a[1]), static_cast<T>(a[2]),
                     static_cast<T>(a[3])};
  for_each_variable<T>(call, 5, [&](int64_t n, const T* g, T* const* slots) {
    T* moment = kMomentum ? slots[2] : nullptr;
    T* average = kCentered ? slots[kMomentum ? 3 : 2] : nullptr;
    rmsprop_step<T, kMomentum, kCentered>(n, g, slots[0], slots[1], moment, average, h);
  });
}

template <class T>
void rmsprop_update(const Call& call) {
  const bool centered = call.attributes[4] != 0;
  const bool momentum = call.num_outputs > call.num_inputs * (centered ? 3 : 2);
  if (momentum) return centered ? rmsprop_all<T, true, true>(call) : rmsprop_all<T, true, false>(call);
  return centered ? rmsprop_all<T, false, true>(call) : rmsprop_all<T, false, false>(call);
}

template <class T>
struct Adam {
  T rate, rest1, rest2, epsilon;
};

template <class T, bool kAmsgrad>
[[gnu::noinline]] void adam_step(int64_t n, const T* __restrict g, T* __restrict w, T* __restrict first,
                                 T* __restrict second, T* __restrict largest, Adam<T> h) {
  for (int64_t i = 0; i < n; ++i) {
    const T m = first[i] + (g[i] - first[i]) * h.rest1;
    T v = second[i] + (g[i] * g[i] - second[i]) * h.rest2;
    first[i] = m;
    second[i] = v;
    if constexpr (kAmsgrad) {
      // A NaN in v stays there, so taking v where the comparison fails passes it on.
      v = largest[i] >= v ? largest[i] : v;
      largest[i] = v;
    }
    w[i] -= m * h.rate / (root(v) + h.epsilon);
  }
}

template <class T>
void adam_update(const Call& call) {
  const double* a = call.attributes;
  const Adam<T> h{static_cast<T>(a[0]), static_cast<T>(1 - a[1]), static_cast<T>(1 - a[2]), static_cast<T>(a[3])};
  const bool amsgrad = a[4] != 0;
  for_each_variable<T>(call, 5, [&](int64_t n, const T* g, T* const* slots) {
    if (amsgrad) {
      adam_step<T, true>(n, g, slots[0], slots[1], slots[2], slots[3], h);
    } else {
      adam_step<T, false>(n, g, slots[0], slots[1], slots[2], nullptr, h);
    }
  });
}

// m_hat = u_t1 m / (1 - product_t1) + (1 - u_t) g / (1 - product_t) and v_hat = v / (1 - beta2^t): the factors of m, g
// and v.
template <class T>
struct Nadam {
  T rate, rest1, rest2, epsilon, of_m, of_g, of_v;
};

template <class T>
[[gnu::noinline]] void nadam_step(int64_t n, const T* __restrict g, T* __restrict w, T* __restrict first,
                                  T* __restrict second, Nadam<T> h) {
  for (int64_t i = 0; i < n; ++i) {
    const T m = first[i] + (g[i] - first[i]) * h.rest1;
    const T v = second[i] + (g[i] * g[i] - second[i]) * h.rest2;
    first[i] = m;
    second[i] = v;
    w[i] -= (h.of_m * m + h.of_g * g[i]) * h.rate / (root(v * h.of_v) + h.epsilon);
  }
}

// Keras holds the betas as tensors of the variable's dtype here, so 1 - beta is taken after the rounding, unlike in
// Adam.
template <class T>
void nadam_update(const Call& call) {
  const double* a = call.attributes;
  const T one{1};
  Nadam<T> h;
  h.rate = static_cast<T>(a[0]);
  h.rest1 = one - static_cast<T>(a[1]);
  h.rest2 = one - static_cast<T>(a[2]);
  h.epsilon = static_cast<T>(a[3]);
  h.of_m = static_cast<T>(a[5]) / (one - static_cast<T>(a[7]));
  h.of_g = (one - static_cast<T>(a[4])) / (one - static_cast<T>(a[6]));
  h.of_v = one / (one - static_cast<T>(a[8]));
  for_each_variable<T>(
      call, 9, [&](int64_t n, const T* g, T* const* slots) { nadam_step(n, g, slots[0], slots[1], slots[2], h); });
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "sgd_update", dtype, &sgd_update<T>);
  add_kernel(registry, "rmsprop_update", dtype, &rmsprop_update<T>);
  add_kernel(registry, "adam_update", dtype, &adam_update<T>);
  add_kernel(registry, "nadam_update", dtype, &nadam_update<T>);
}

}  // namespace

void register_optimizer(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
