// Layer and batch normalization with their gradients.
//
// Moments take two passes, the mean and then the mean of squared deviations, so that a mean far from zero costs no
// digits. With xhat = (x - mean) rstd and g = dy gamma, over the m elements that share a mean:
//   dx = rstd (g - sum(g) / m - xhat sum(g xhat) / m), dgamma = sum(dy xhat), dbeta = sum(dy)
// (Ioffe and Szegedy, "Batch normalization", 2015; Ba, Kiros and Hinton, "Layer normalization", 2016).
#include "kernels/hot/columns.h"

namespace keratin::KERATIN_ISA {
namespace {

constexpr int64_t kLayerGrain = 16384;

template <class T>
const T* input(const Call& call, int32_t index) {
  return static_cast<const T*>(call.inputs[index].data);
}

template <class T>
T* output(const Call& call, int32_t index) {
  return static_cast<T*>(call.outputs[index].data);
}

int64_t last_axis(const Operand& x) { return x.shape[x.rank - 1]; }

template <class T>
void layer_row(const T* x, const T* gamma, const T* beta, T* y, int64_t c, T epsilon, T& mean, T& rstd) {
  using V = Vec<T>;
  const T m = sum_lanes<T>(sum_vectors<T>(
                  c, [&](int64_t i, auto part) __attribute__((always_inline)) { return part.load(x + i); })) /
              static_cast<T>(c);
  const T variance = sum_lanes<T>(sum_vectors<T>(c,
                                                 [&](int64_t i, auto part) __attribute__((always_inline)) {
                                                   const V d = part.load(x + i) - m;
                                                   return V(d * d);
                                                 })) /
                     static_cast<T>(c);
  const T r = 1 / root(variance + epsilon);
  for_vectors<T>(c, [&](int64_t i, auto part) __attribute__((always_inline)) {
    part.store(y + i, (part.load(x + i) - m) * r * part.load(gamma + i) + part.load(beta + i));
  });
  mean = m;
  rstd = r;
}

template <class T>
void layer_normalization(const Call& call) {
  const int64_t c = last_axis(call.inputs[0]);
  if (call.inputs[0].size == 0) return;
  const int64_t n = call.inputs[0].size / c;
  const T* x = input<T>(call, 0);
  const T* gamma = input<T>(call, 1);
  const T* beta = input<T>(call, 2);
  T* y = output<T>(call, 0);
  T* mean = output<T>(call, 1);
  T* rstd = output<T>(call, 2);
  const auto epsilon = static_cast<T>(call.attributes[0]);
  parallel_range(n, (kLayerGrain + c - 1) / c, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      layer_row(x + row * c, gamma, beta, y + row * c, c, epsilon, mean[row], rstd[row]);
    }
  });
}

// One row: writes dx and adds to the sums of dgamma and dbeta.
template <class T>
void layer_gradient_row(const T* dy, const T* x, const T* gamma, T* dx, T* dgamma, T* dbeta, int64_t c, T mean,
                        T rstd) {
  using V = Vec<T>;
  V plain[2]{};
  V scaled[2]{};
  const auto add = [&](int64_t i, int slot, auto part) __attribute__((always_inline)) {
    const V d = part.load(dy + i);
    const V xhat = part.keep((part.load(x + i) - mean) * rstd);
    const V g = d * part.load(gamma + i);
    part.store(dbeta + i, part.load(dbeta + i) + d);
    part.store(dgamma + i, part.load(dgamma + i) + d * xhat);
    plain[slot] += g;
    scaled[slot] += g * xhat;
  };
  constexpr int64_t step = lanes<T>;
  int64_t i = 0;
  for (; i + 2 * step <= c; i += 2 * step) {
    add(i, 0, Whole<T>{});
    add(i + step, 1, Whole<T>{});
  }
  for (; i + step <= c; i += step) add(i, 0, Whole<T>{});
  if (i < c) add(i, 1, Part<T>{c - i});
  const T offset = sum_lanes<T>(plain[0] + plain[1]) / static_cast<T>(c);
  const T slope = sum_lanes<T>(scaled[0] + scaled[1]) / static_cast<T>(c);
  for_vectors<T>(c, [&](int64_t j, auto part) __attribute__((always_inline)) {
    const V xhat = (part.load(x + j) - mean) * rstd;
    part.store(dx + j, (part.load(dy + j) * part.load(gamma + j) - offset - xhat * slope) * rstd);
  });
}

template <class T>
void layer_normalization_gradient(const Call& call) {
  const int64_t c = last_axis(call.inputs[0]);
  const T* dy = input<T>(call, 0);
  const T* x = input<T>(call, 1);
  const T* gamma = input<T>(call, 2);
  const T* mean = input<T>(call, 3);
  const T* rstd = input<T>(call, 4);
  T* dx = output<T>(call, 0);
  const size_t bytes = static_cast<size_t>(c) * sizeof(T);
  memset(output<T>(call, 1), 0, bytes);
  memset(output<T>(call, 2), 0, bytes);
  if (call.inputs[0].size == 0) return;
  const int64_t n = call.inputs[0].size / c;
  int64_t grain = (kLayerGrain + c - 1) / c;
  if (grain * kMaxChunks < n) grain = (n + kMaxChunks - 1) / kMaxChunks;
  const int64_t chunks = (n + grain - 1) / grain;
  // Per chunk dgamma and dbeta, and the same for a block of rows.
  const Scratch scratch(chunks * 4 * c * static_cast<int64_t>(sizeof(T)));
  T* sums = static_cast<T*>(scratch.data);
  parallel_chunks(chunks, [&](int64_t chunk) {
    T* total = sums + chunk * 4 * c;
    T* block = total + 2 * c;
    memset(total, 0, 2 * bytes);
    const int64_t end = (chunk + 1) * grain < n ? (chunk + 1) * grain : n;
    for (int64_t row = chunk * grain; row < end;) {
      memset(block, 0, 2 * bytes);
      const int64_t stop = row + kRowBlock < end ? row + kRowBlock : end;
      for (; row < stop; ++row) {
        layer_gradient_row(dy + row * c, x + row * c, gamma, dx + row * c, block, block + c, c, mean[row], rstd[row]);
      }
      add_to(2 * c, block, total);
    }
  });
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    add_to(c, sums + chunk * 4 * c, output<T>(call, 1));
    add_to(c, sums + chunk * 4 * c + c, output<T>(call, 2));
  }
}

template <class T>
void batch_normalization(const Call& call) {
  const int64_t c = last_axis(call.inputs[0]);
  if (c == 0) return;
  const int64_t n = call.inputs[0].size / c;
  const T* x = input<T>(call, 0);
  const T* gamma = input<T>(call, 1);
  const T* beta = input<T>(call, 2);
  T* y = output<T>(call, 0);
  T* mean = output<T>(call, 1);
  T* variance = output<T>(call, 2);
  const auto epsilon = static_cast<T>(call.attributes[0]);
  const Columns s(n, c, lanes<T>);
  const int64_t size = column_moments_scratch(s);
  const Scratch scratch((size + 3 * s.width) * static_cast<int64_t>(sizeof(T)));
  T* sums = static_cast<T*>(scratch.data);
  T* center = sums + size;
  T* scale = center + s.width;
  T* shift = scale + s.width;

  if (n > 0) {
    column_moments(s, x, sums, mean, variance);
  } else {
    for (int64_t j = 0; j < c; ++j) mean[j] = variance[j] = static_cast<T>(__builtin_nan(""));
  }
  for (int64_t j = 0; j < c; ++j) {
    variance[j] /= static_cast<T>(n);
    scale[j] = gamma[j] / root(variance[j] + epsilon);
  }
  repeat_columns(s, mean, center);
  for (int64_t j = c; j < s.width; ++j) scale[j] = scale[j - c];
  repeat_columns(s, beta, shift);
  for_columns<T>(s, [&](int64_t i, int64_t j, auto part) __attribute__((always_inline)) {
    part.store(y + i, (part.load(x + i) - part.load(center + j)) * part.load(scale + j) + part.load(shift + j));
  });
}

template <class T>
void batch_normalization_gradient(const Call& call) {
  using V = Vec<T>;
  const int64_t c = last_axis(call.inputs[0]);
  if (c == 0) return;
  const int64_t n = call.inputs[0].size / c;
  const T* dy = input<T>(call, 0);
  const T* x = input<T>(call, 1);
  const T* gamma = input<T>(call, 2);
  const T* mean = input<T>(call, 3);
  const T* variance = input<T>(call, 4);
  T* dx = output<T>(call, 0);
  T* dgamma = output<T>(call, 1);
  T* dbeta = output<T>(call, 2);
  const auto epsilon = static_cast<T>(call.attributes[0]);
  const auto count = static_cast<T>(n);
  const Columns s(n, c, lanes<T>);
  const int64_t size = column_sums_scratch<2>(s);
  const Scratch scratch((size + 4 * s.width + 2 * c) * static_cast<int64_t>(sizeof(T)));
  T* sums = static_cast<T*>(scratch.data);
  T* center = sums + size;
  T* scale = center + s.width;
  T* offset = scale + s.width;
  T* slope = offset + s.width;
  T* result = slope + s.width;

  // sum(dy) and sum(dy (x - mean)); the second still lacks its rstd.
  repeat_columns(s, mean, center);
  column_sums<T, 2>(s, sums, result, [&](int64_t i, int64_t j, auto part, int k) __attribute__((always_inline)) {
    const V d = part.load(dy + i);
    return k == 0 ? d : V(d * (part.load(x + i) - part.load(center + j)));
  });
  for (int64_t j = 0; j < c; ++j) {
    const T rstd = 1 / root(variance[j] + epsilon);
    dbeta[j] = result[j];
    dgamma[j] = result[c + j] * rstd;
    // dx = scale (dy - offset - (x - mean) slope)
    scale[j] = gamma[j] * rstd;
    offset[j] = dbeta[j] / count;
    slope[j] = dgamma[j] * rstd / count;
  }
  for (int64_t j = c; j < s.width; ++j) {
    scale[j] = scale[j - c];
    offset[j] = offset[j - c];
    slope[j] = slope[j - c];
  }
  for_columns<T>(s, [&](int64_t i, int64_t j, auto part) __attribute__((always_inline)) {
    const V d = part.load(x + i) - part.load(center + j);
    part.store(dx + i, part.load(scale + j) * (part.load(dy + i) - part.load(offset + j) - d * part.load(slope + j)));
  });
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "layer_normalization", dtype, &layer_normalization<T>);
  add_kernel(registry, "layer_normalization_gradient", dtype, &layer_normalization_gradient<T>);
  add_kernel(registry, "batch_normalization", dtype, &batch_normalization<T>);
  add_kernel(registry, "batch_normalization_gradient", dtype, &batch_normalization_gradient<T>);
}

}  // namespace

void register_normalization(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
