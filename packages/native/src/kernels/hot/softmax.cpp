// Softmax and log-softmax over the last axis, cross-entropy with logits, and their gradients.
//
// The maximum of a row is subtracted first, so nothing overflows; losses are log(sum e^(x - max)) - (x - max), which
// stays exact where a probability rounds to zero (tensorflow/core/kernels/{softmax,xent,sparse_xent}_op.h).
#include "kernels/hot/exp.h"

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

/// body(row, position of the row, c) for all rows of the last axis.
template <class Body>
void for_rows(const Operand& x, const Body& body) {
  if (x.size == 0) return;
  const int64_t c = x.shape[x.rank - 1];
  parallel_range(x.size / c, (kGrain + c - 1) / c, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row, row * c, c);
  });
}

template <class T>
struct RowStatistics {
  T max, sum;
};

// The largest number of rows whose logarithms are taken together.
constexpr int64_t kBlock = 64;

/// For what needs the logarithm of a row's sum: first(row, position, c) gives the statistics of some rows, which are
/// few where rows are long, so that they stay in cache; then second(row, position, c, max, log(sum)) sees each of them
/// again.
template <class T, class First, class Second>
void for_rows_with_log(const Operand& x, const First& first, const Second& second) {
  if (x.size == 0) return;
  const int64_t c = x.shape[x.rank - 1];
  const int64_t block = c > 4096 ? 1 : c < 4096 / kBlock ? kBlock : 4096 / c;
  parallel_range(x.size / c, (kGrain + c - 1) / c, [&](int64_t begin, int64_t end) {
    T max[kBlock];
    T sum[kBlock + lanes<T>];
    for (int64_t row = begin; row < end; row += block) {
      const int64_t count = row + block < end ? block : end - row;
      for (int64_t i = 0; i < count; ++i) {
        const RowStatistics<T> s = first(row + i, (row + i) * c, c);
        max[i] = s.max;
        sum[i] = s.sum;
      }
      store(sum + count, splat<Vec<T>>(T{1}));
      for (int64_t i = 0; i < count; i += lanes<T>) store(sum + i, math::log(load<Vec<T>>(sum + i)));
      for (int64_t i = 0; i < count; ++i) second(row + i, (row + i) * c, c, max[i], sum[i]);
    }
  });
}

/// A NaN may get lost here, but not in x - max, so it reaches the sum.
template <class T>
T row_max(const T* x, int64_t c) {
  using V = Vec<T>;
  constexpr int64_t step = lanes<T>;
  const T lowest = static_cast<T>(-__builtin_inf());
  V m[4] = {splat<V>(lowest), splat<V>(lowest), splat<V>(lowest), splat<V>(lowest)};
  const auto join = [](V& a, V v) __attribute__((always_inline)) { a = larger(v, a); };
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

/// y = softmax(x), and what it took.
template <class T>
RowStatistics<T> softmax_row(const T* x, T* y, int64_t c) {
  using V = Vec<T>;
  if (c < lanes<T>) {
    // One vector holds the row: it stays in registers.
    const Part<T> part{c};
    const V v = part.load(x, static_cast<T>(-__builtin_inf()));
    const T max = max_lanes<T>(v);
    const V e = part.keep(exp_of_negative(V(v - max)));
    const T sum = sum_lanes<T>(e);
    part.store(y, e * (1 / sum));
    return {max, sum};
  }
  const T max = row_max(x, c);
  const T sum = sum_lanes<T>(sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
    const V e = exp_of_negative(V(part.load(x + i) - max));
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
  const T* x = input<T>(call, 0);
  T* y = output<T>(call, 0);
  for_rows_with_log<T>(
      call.inputs[0],
      [&](int64_t, int64_t at, int64_t c) {
        const T max = row_max(x + at, c);
        const V sum = sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          return exp_of_negative(V(part.load(x + at + i) - max));
        });
        return RowStatistics<T>{max, sum_lanes<T>(sum)};
      },
      [&](int64_t, int64_t at, int64_t c, T max, T log_sum) {
        for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          part.store(y + at + i, part.load(x + at + i) - max - log_sum);
        });
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
    const T dot = sum_lanes<T>(sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
      return V(part.load(dy + i) * part.load(y + i));
    }));
    for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
      part.store(dx + i, part.load(y + i) * (part.load(dy + i) - dot));
    });
  });
}

// dx = dy - e^y sum(dy)
template <class T>
void log_softmax_gradient(const Call& call) {
  for_rows(call.inputs[0], [&](int64_t, int64_t at, int64_t c) {
    const T* dy = input<T>(call, 0) + at;
    const T* y = input<T>(call, 1) + at;
    T* dx = output<T>(call, 0) + at;
    const T sum = sum_lanes<T>(
        sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) { return part.load(dy + i); }));
    for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
      part.store(dx + i, part.load(dy + i) - exp_of_negative(part.load(y + i)) * sum);
    });
  });
}

// Without classes the sum over them is zero.
template <class T>
void fill_losses(const Call& call) {
  if (call.inputs[0].size > 0) return;
  for (int64_t row = 0; row < call.outputs[0].size; ++row) output<T>(call, 0)[row] = T{0};
}

int64_t label_at(const Operand& labels, int64_t row) {
  return labels.dtype == DType::int64 ? static_cast<const int64_t*>(labels.data)[row]
                                      : static_cast<const int32_t*>(labels.data)[row];
}

// Before any work: a pass over the labels alone costs nothing beside that over the logits.
void check_labels(const Operand& labels, int64_t classes) {
  for (int64_t row = 0; row < labels.size; ++row) {
    const int64_t label = label_at(labels, row);
    if (label >= 0 && label < classes) continue;
    fail("index", "class %lld (sample %lld) is outside of the valid range [0, %lld) of %lld classes",
         static_cast<long long>(label), static_cast<long long>(row), static_cast<long long>(classes),
         static_cast<long long>(classes));
  }
}

template <class T>
void sparse_softmax_cross_entropy(const Call& call) {
  const T* x = input<T>(call, 0);
  const Operand& labels = call.inputs[1];
  T* loss = output<T>(call, 0);
  T* probabilities = output<T>(call, 1);
  check_labels(labels, call.inputs[0].shape[1]);
  for_rows_with_log<T>(
      call.inputs[0], [&](int64_t, int64_t at, int64_t c) { return softmax_row(x + at, probabilities + at, c); },
      [&](int64_t row, int64_t at, int64_t, T max, T log_sum) {
        loss[row] = log_sum - (x[at + label_at(labels, row)] - max);
      });
}

// dlogits = (probabilities - one_hot(label)) dloss. The forward pass refused labels outside; here they count as none.
template <class T>
void sparse_softmax_cross_entropy_gradient(const Call& call) {
  for_rows(call.inputs[1], [&](int64_t row, int64_t at, int64_t c) {
    const T scale = input<T>(call, 0)[row];
    const T* probabilities = input<T>(call, 1) + at;
    T* dlogits = output<T>(call, 0) + at;
    const int64_t label = label_at(call.inputs[2], row);
    const bool inside = label >= 0 && label < c;
    const T at_label = inside ? (probabilities[label] - 1) * scale : T{0};
    for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
      part.store(dlogits + i, part.load(probabilities + i) * scale);
    });
    if (inside) dlogits[label] = at_label;
  });
}

// loss = sum(labels (log(sum) - (x - max)))
template <class T>
void softmax_cross_entropy(const Call& call) {
  using V = Vec<T>;
  fill_losses<T>(call);
  const T* x = input<T>(call, 0);
  const T* labels = input<T>(call, 1);
  T* loss = output<T>(call, 0);
  T* probabilities = output<T>(call, 1);
  for_rows_with_log<T>(
      call.inputs[0], [&](int64_t, int64_t at, int64_t c) { return softmax_row(x + at, probabilities + at, c); },
      [&](int64_t row, int64_t at, int64_t c, T max, T log_sum) {
        loss[row] = sum_lanes<T>(sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
          return V(part.load(labels + at + i) * (log_sum - (part.load(x + at + i) - max)));
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
    const T sum = sum_lanes<T>(
        sum_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) { return part.load(labels + i); }));
    for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
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
