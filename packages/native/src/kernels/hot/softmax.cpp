// Softmax and log-softmax over the last axis, cross-entropy with logits, and their gradients.
//
// The maximum of a row is subtracted first, so nothing overflows; losses are log(sum e^(x - max)) - (x - max), which
// stays exact where a probability rounds to zero (tensorflow/core/kernels/{softmax,xent,sparse_xent}_op.h).
#include "kernels/hot/exp.h"
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// Elements of a chunk of rows.
constexpr int64_t kGrain = 65536;

template <class T>
const T* input(const Call& call, int32_t index) {
  return static_cast<const T*>(call.inputs[index].data);
}

template <class T>
T* output(const Call& call, int32_t index) {
  return static_cast<T*>(call.outputs[index].data);
}

float natural_log(float x) { return __builtin_logf(x); }
double natural_log(double x) { return __builtin_log(x); }

/// body(row, position of the row, c) for all rows of the last axis.
template <class Body>
void for_rows(const Operand& x, const Body& body) {
  if (x.size == 0) return;
  const int64_t c = x.shape[x.rank - 1];
  parallel_range(x.size / c, (kGrain + c - 1) / c, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row, row * c, c);
  });
}

/// A NaN may get lost here, but not in x - max, so it reaches the sum.
template <class T>
T row_max(const T* x, int64_t c) {
  using V = Vec<T>;
  constexpr int64_t step = lanes<T>;
  const T lowest = static_cast<T>(-__builtin_inf());
  V m[4] = {splat<V>(lowest), splat<V>(lowest), splat<V>(lowest), splat<V>(lowest)};
  const auto join = [](V & a, V v) __attribute__((always_inline)) { a = v > a ? v : a; };
  int64_t i = 0;
  for (; i + 4 * step <= c; i += 4 * step) {
    join(m[0], load<V>(x + i));
    join(m[1], load<V>(x + i + step));
    join(m[2], load<V>(x + i + 2 * step));
    join(m[3], load<V>(x + i + 3 * step));
  }
  for (; i + step <= c; i += step) join(m[0], load<V>(x + i));
  if (i < c) join(m[1], Part<T>{c - i}.load(x + i, lowest));
  join(m[0], m[1]);
  join(m[2], m[3]);
  join(m[0], m[2]);
  return max_lanes<T>(m[0]);
}

template <class T>
struct RowStatistics {
  T max, sum;
};

/// y = softmax(x), and what it took.
template <class T>
[[gnu::always_inline]] inline RowStatistics<T> softmax_row(const T* x, T* y, int64_t c) {
  using V = Vec<T>;
  const T max = row_max(x, c);
  const T sum = sum_lanes<T>(sum_vectors<T>(
      c, [&](int64_t i, auto part) __attribute__((always_inline)) {
        const V e = exponential(V(part.load(x + i) - max));
        part.store(y + i, e);
        return e;
      }));
  const T inverse = 1 / sum;
  for_vectors<T>(
      c, [&](int64_t i, auto part) __attribute__((always_inline)) { part.store(y + i, part.load(y + i) * inverse); });
  return {max, sum};
}

template <class T>
void softmax(const Call& call) {
  const T* x = input<T>(call, 0);
  T* y = output<T>(call, 0);
  for_rows(call.inputs[0], [&](int64_t, int64_t at, int64_t c) { softmax_row(x + at, y + at, c); });
}

template <class T>
void log_softmax(const Call& call) {
  using V = Vec<T>;
  for_rows(call.inputs[0], [&](int64_t, int64_t at, int64_t c) {
    const T* x = input<T>(call, 0) + at;
    T* y = output<T>(call, 0) + at;
    const T max = row_max(x, c);
    const T log_sum = natural_log(sum_lanes<T>(sum_vectors<T>(
        c, [&](int64_t i, auto part)
               __attribute__((always_inline)) { return exponential(V(part.load(x + i) - max)); })));
    for_vectors<T>(
        c, [&](int64_t i, auto part)
               __attribute__((always_inline)) { part.store(y + i, part.load(x + i) - max - log_sum); });
  });
}

// dx = y (dy - sum(dy y))
template <class T>
void softmax_gradient(const Call& call) {
  using V = Vec<T>;
  for_rows(call.inputs[0], [&](int64_t, int64_t at, int64_t c) {
    const T* dy = input<T>(call, 0) + at;
    const T* y = input<T>(call, 1) + at;
    T* dx = output<T>(call, 0) + at;
    const T dot = sum_lanes<T>(sum_vectors<T>(
        c, [&](int64_t i, auto part)
               __attribute__((always_inline)) { return V(part.load(dy + i) * part.load(y + i)); }));
    for_vectors<T>(
        c, [&](int64_t i, auto part)
               __attribute__((always_inline)) { part.store(dx + i, part.load(y + i) * (part.load(dy + i) - dot)); });
  });
}

// dx = dy - e^y sum(dy)
template <class T>
void log_softmax_gradient(const Call& call) {
  for_rows(call.inputs[0], [&](int64_t, int64_t at, int64_t c) {
    const T* dy = input<T>(call, 0) + at;
    const T* y = input<T>(call, 1) + at;
    T* dx = output<T>(call, 0) + at;
    const T sum = sum_lanes<T>(sum_vectors<T>(
        c, [&](int64_t i, auto part) __attribute__((always_inline)) { return part.load(dy + i); }));
    for_vectors<T>(
        c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          part.store(dx + i, part.load(dy + i) - exponential(part.load(y + i)) * sum);
        });
  });
}

// A row without classes has no label inside (NaN), and the empty sum is zero.
template <class T>
void fill_losses(const Call& call, T value) {
  if (call.inputs[0].size > 0) return;
  for (int64_t row = 0; row < call.outputs[0].size; ++row) output<T>(call, 0)[row] = value;
}

int64_t label_at(const Operand& labels, int64_t row) {
  return labels.dtype == DType::int64 ? static_cast<const int64_t*>(labels.data)[row]
                                      : static_cast<const int32_t*>(labels.data)[row];
}

template <class T>
void sparse_softmax_cross_entropy(const Call& call) {
  using V = Vec<T>;
  fill_losses(call, static_cast<T>(__builtin_nan("")));
  for_rows(call.inputs[0], [&](int64_t row, int64_t at, int64_t c) {
    const T* x = input<T>(call, 0) + at;
    T* probabilities = output<T>(call, 1) + at;
    T& loss = output<T>(call, 0)[row];
    const int64_t label = label_at(call.inputs[1], row);
    if (label < 0 || label >= c) {
      loss = static_cast<T>(__builtin_nan(""));
      const T nan = loss;
      for_vectors<T>(
          c, [&](int64_t i, auto part)
                 __attribute__((always_inline)) { part.store(probabilities + i, splat<V>(nan)); });
      return;
    }
    const RowStatistics<T> s = softmax_row(x, probabilities, c);
    loss = natural_log(s.sum) - (x[label] - s.max);
  });
}

// dlogits = (probabilities - one_hot(label)) dloss; the NaN row of a label outside stays NaN.
template <class T>
void sparse_softmax_cross_entropy_gradient(const Call& call) {
  for_rows(call.inputs[1], [&](int64_t row, int64_t at, int64_t c) {
    const T scale = input<T>(call, 0)[row];
    const T* probabilities = input<T>(call, 1) + at;
    T* dlogits = output<T>(call, 0) + at;
    const int64_t label = label_at(call.inputs[2], row);
    const bool inside = label >= 0 && label < c;
    const T at_label = inside ? (probabilities[label] - 1) * scale : T{0};
    for_vectors<T>(
        c, [&](int64_t i, auto part)
               __attribute__((always_inline)) { part.store(dlogits + i, part.load(probabilities + i) * scale); });
    if (inside) dlogits[label] = at_label;
  });
}

// loss = sum(labels (log(sum) - (x - max)))
template <class T>
void softmax_cross_entropy(const Call& call) {
  using V = Vec<T>;
  fill_losses(call, T{0});
  for_rows(call.inputs[0], [&](int64_t row, int64_t at, int64_t c) {
    const T* x = input<T>(call, 0) + at;
    const T* labels = input<T>(call, 1) + at;
    const RowStatistics<T> s = softmax_row(x, output<T>(call, 1) + at, c);
    const T log_sum = natural_log(s.sum);
    output<T>(call, 0)[row] = sum_lanes<T>(sum_vectors<T>(
        c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          return V(part.load(labels + i) * (log_sum - (part.load(x + i) - s.max)));
        }));
  });
}

template <class T>
void softmax_cross_entropy_gradient(const Call& call) {
  for_rows(call.inputs[1], [&](int64_t row, int64_t at, int64_t c) {
    const T scale = input<T>(call, 0)[row];
    const T* probabilities = input<T>(call, 1) + at;
    const T* labels = input<T>(call, 2) + at;
    T* dlogits = output<T>(call, 0) + at;
    const T sum = sum_lanes<T>(sum_vectors<T>(
        c, [&](int64_t i, auto part) __attribute__((always_inline)) { return part.load(labels + i); }));
    for_vectors<T>(
        c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          part.store(dlogits + i, (part.load(probabilities + i) * sum - part.load(labels + i)) * scale);
        });
  });
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "softmax", dtype, &softmax<T>);
  add_kernel(registry, "log_softmax", dtype, &log_softmax<T>);
  add_kernel(registry, "softmax_gradient", dtype, &softmax_gradient<T>);
  add_kernel(registry, "log_softmax_gradient", dtype, &log_softmax_gradient<T>);
  add_kernel(registry, "sparse_softmax_cross_entropy", dtype, &sparse_softmax_cross_entropy<T>);
  add_kernel(registry, "sparse_softmax_cross_entropy_gradient", dtype, &sparse_softmax_cross_entropy_gradient<T>);
  add_kernel(registry, "softmax_cross_entropy", dtype, &softmax_cross_entropy<T>);
  add_kernel(registry, "softmax_cross_entropy_gradient", dtype, &softmax_cross_entropy_gradient<T>);
}

}  // namespace

void register_softmax(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
