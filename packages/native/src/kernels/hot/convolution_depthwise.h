// Depthwise convolution, where each channel has filter taps of its own: lanes
// are channels, and nothing is shared between them.
#pragma once

#include "kernels/hot/convolution_geometry.h"

namespace keratin::KERATIN_ISA {
namespace {

/// One output channel for each input channel.
inline bool is_depthwise(const Geometry& g) { return g.c == 1 && g.o == 1 && g.groups > 1; }

/// One row of output positions; x is the first position's first tap.
template <class T>
struct DepthwiseRow {
  const T* x;
  int64_t x_step;  // between positions
  int64_t positions;
  int64_t channels;
  int64_t taps;
  const int64_t* offsets;  // of the taps from the first one
  T* y;                    // or dy, for the filter gradient
  int64_t y_step;
};

template <class T, int kPositions>
[[gnu::always_inline]] inline void depthwise_vector(const DepthwiseRow<T>& row, const T* filter, const T* bias, T floor,
                                                    int64_t position, int64_t channel) {
  using V = Vec<T>;
  const V start = bias == nullptr ? V{} : load<V>(bias + channel);
  V sum[kPositions];
#pragma GCC unroll 8
  for (int i = 0; i < kPositions; ++i) sum[i] = start;
  const T* x = row.x + position * row.x_step + channel;
  for (int64_t t = 0; t < row.taps; ++t) {
    const V tap = load<V>(filter + t * row.channels + channel);
    const T* at = x + row.offsets[t];
#pragma GCC unroll 8
    for (int i = 0; i < kPositions; ++i) sum[i] += load<V>(at + i * row.x_step) * tap;
  }
  T* y = row.y + position * row.y_step + channel;
  const V low = broadcast(floor);
#pragma GCC unroll 8
  for (int i = 0; i < kPositions; ++i) store(y + i * row.y_step, sum[i] < low ? low : sum[i]);
}

/// y = activation(sum over taps + bias) for one row.
template <class T>
[[gnu::noinline]] void depthwise_row(const DepthwiseRow<T>& row, const T* filter, const T* bias,
                                     Activation activation) {
  const T floor = activation == kRelu ? T{0} : -static_cast<T>(__builtin_inff());
  const int64_t channels = row.channels;
  if (channels >= lanes<T>) {
    for (int64_t channel = 0; channel < channels; channel += lanes<T>) {
      // The last vector begins early enough to be whole: some channels are
      // computed twice, to the same bits.
      const int64_t c = min_of(channel, channels - lanes<T>);
      int64_t position = 0;
      for (; position + 8 <= row.positions; position += 8)
        depthwise_vector<T, 8>(row, filter, bias, floor, position, c);
      for (; position + 2 <= row.positions; position += 2)
        depthwise_vector<T, 2>(row, filter, bias, floor, position, c);
      for (; position < row.positions; ++position) depthwise_vector<T, 1>(row, filter, bias, floor, position, c);
    }
  } else {
    for (int64_t position = 0; position < row.positions; ++position) {
      for (int64_t c = 0; c < channels; ++c) {
        T sum = bias == nullptr ? T{0} : bias[c];
        const T* x = row.x + position * row.x_step + c;
        for (int64_t t = 0; t < row.taps; ++t) sum += x[row.offsets[t]] * filter[t * channels + c];
        row.y[position * row.y_step + c] = sum < floor ? floor : sum;
      }
    }
  }
  if (needs_pass(activation)) {
    apply_epilogue<T>(row.y, row.y_step, row.positions, channels, nullptr, activation);
  }
}

/// sums[t, c] += sum over positions of x dy, for `kTaps` taps and one vector of
/// channels, of which the first `skip` are left out.
template <class T, int kTaps>
[[gnu::always_inline]] inline void depthwise_gradient_vector(const DepthwiseRow<T>& row, T* sums, int64_t tap,
                                                             int64_t channel, int64_t skip) {
  using V = Vec<T>;
  V sum[kTaps] = {};
  const T* at[kTaps];
#pragma GCC unroll 8
  for (int t = 0; t < kTaps; ++t) at[t] = row.x + row.offsets[tap + t] + channel;
  const T* dy = row.y + channel;
  for (int64_t position = 0; position < row.positions; ++position) {
    const V gradient = load<V>(dy);
#pragma GCC unroll 8
    for (int t = 0; t < kTaps; ++t) sum[t] += load<V>(at[t] + position * row.x_step) * gradient;
    dy += row.y_step;
  }
#pragma GCC unroll 8
  for (int t = 0; t < kTaps; ++t) {
    T* to = sums + (tap + t) * row.channels + channel;
    if (skip == 0) {
      store(to, load<V>(to) + sum[t]);
    } else {
      for (int64_t lane = skip; lane < lanes<T>; ++lane) to[lane] += sum[t][lane];
    }
  }
}

/// Adds one row's part of the filter gradient to `sums`.
template <class T>
[[gnu::noinline]] void depthwise_gradient_row(const DepthwiseRow<T>& row, T* sums) {
  const int64_t channels = row.channels;
  if (channels >= lanes<T>) {
    for (int64_t channel = 0; channel < channels; channel += lanes<T>) {
      const int64_t c = min_of(channel, channels - lanes<T>);
      const int64_t skip = channel - c;
      int64_t t = 0;
      for (; t + 8 <= row.taps; t += 8) depthwise_gradient_vector<T, 8>(row, sums, t, c, skip);
      for (; t + 3 <= row.taps; t += 3) depthwise_gradient_vector<T, 3>(row, sums, t, c, skip);
      for (; t < row.taps; ++t) depthwise_gradient_vector<T, 1>(row, sums, t, c, skip);
    }
    return;
  }
  for (int64_t t = 0; t < row.taps; ++t) {
    for (int64_t position = 0; position < row.positions; ++position) {
      const T* x = row.x + row.offsets[t] + position * row.x_step;
      const T* dy = row.y + position * row.y_step;
      for (int64_t c = 0; c < channels; ++c) sums[t * channels + c] += x[c] * dy[c];
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
