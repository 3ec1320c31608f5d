// Optimizer steps: one pass over the gradient, the variable and its slots, in place.
//
// The formulas and the places where a hyper-parameter is rounded to the variable's dtype are those of Keras on
// TensorFlow (keras/src/optimizers/{sgd,rmsprop,adam,nadam}.py). The loops are plain: compilers turn them into vectors
// of the instruction set, square roots and divisions included, and memory sets the speed.
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// 12 to 36 bytes move per element: a chunk is some 20 to 50 us of memory traffic.
constexpr int64_t kGrain = 32768;

template <class T>
const T* gradient_of(const Call& call) {
  return static_cast<const T*>(call.inputs[0].data);
}

template <class T>
T* slot_of(const Call& call, int32_t index) {
  return static_cast<T*>(call.outputs[index].data);
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
  const T* g = gradient_of<T>(call);
  T* w = slot_of<T>(call, 0);
  T* velocity = call.num_outputs > 1 ? slot_of<T>(call, 1) : nullptr;
  parallel_range(call.inputs[0].size, kGrain, [&](int64_t begin, int64_t end) {
    const int64_t n = end - begin;
    if (velocity == nullptr) {
      sgd_step(n, g + begin, w + begin, rate);
    } else if (nesterov) {
      momentum_step<T, true>(n, g + begin, w + begin, velocity + begin, rate, momentum);
    } else {
      momentum_step<T, false>(n, g + begin, w + begin, velocity + begin, rate, momentum);
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
  const T* g = gradient_of<T>(call);
  T* w = slot_of<T>(call, 0);
  T* velocity = slot_of<T>(call, 1);
  T* moment = kMomentum ? slot_of<T>(call, 2) : nullptr;
  T* average = kCentered ? slot_of<T>(call, kMomentum ? 3 : 2) : nullptr;
  parallel_range(call.inputs[0].size, kGrain, [&](int64_t begin, int64_t end) {
    rmsprop_step<T, kMomentum, kCentered>(end - begin, g + begin, w + begin, velocity + begin,
                                          kMomentum ? moment + begin : nullptr, kCentered ? average + begin : nullptr,
                                          h);
  });
}

template <class T>
void rmsprop_update(const Call& call) {
  const bool centered = call.attributes[4] != 0;
  const bool momentum = call.num_outputs > (centered ? 3 : 2);
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
  const T* g = gradient_of<T>(call);
  T* w = slot_of<T>(call, 0);
  T* first = slot_of<T>(call, 1);
  T* second = slot_of<T>(call, 2);
  T* largest = amsgrad ? slot_of<T>(call, 3) : nullptr;
  parallel_range(call.inputs[0].size, kGrain, [&](int64_t begin, int64_t end) {
    if (amsgrad) {
      adam_step<T, true>(end - begin, g + begin, w + begin, first + begin, second + begin, largest + begin, h);
    } else {
      adam_step<T, false>(end - begin, g + begin, w + begin, first + begin, second + begin, nullptr, h);
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
  const T* g = gradient_of<T>(call);
  T* w = slot_of<T>(call, 0);
  T* first = slot_of<T>(call, 1);
  T* second = slot_of<T>(call, 2);
  parallel_range(call.inputs[0].size, kGrain, [&](int64_t begin, int64_t end) {
    nadam_step(end - begin, g + begin, w + begin, first + begin, second + begin, h);
  });
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
