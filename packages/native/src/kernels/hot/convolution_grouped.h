// Convolution of groups of a few channels: a vector holds the channels of several groups, and each of a group's inputs
// reaches its outputs by a permutation of lanes.
#pragma once

#include "kernels/hot/convolution_depthwise.h"

namespace keratin::KERATIN_ISA {
namespace {

/// Groups of 2, 4 or 8 inputs and as many outputs, that fill at most half a vector and together whole ones.
template <class T>
inline bool is_narrow(const Geometry& g) {
  const bool few = g.c == 2 || g.c == 4 || g.c == 8;
  return kPermutes<T> && g.groups > 1 && few && g.c == g.o && 2 * g.o <= lanes<T> && g.outputs() % lanes<T> == 0;
}

/// Lane l of permutation i takes input i of the lane's group.
template <class T, int kChannels>
struct GroupLanes {
  typename VectorOf<T>::integer from[kChannels];

  GroupLanes() {
    for (int i = 0; i < kChannels; ++i) {
      for (int64_t lane = 0; lane < lanes<T>; ++lane) {
        from[i][lane] = static_cast<decltype(from[i][lane] + 0)>(lane / kChannels * kChannels + i);
      }
    }
  }
};

template <class T, int kChannels, int kPositions>
[[gnu::always_inline]] inline void narrow_vector(const DepthwiseRow<T>& row, const T* filter, const T* bias, T floor,
                                                 const GroupLanes<T, kChannels>& group, int64_t position,
                                                 int64_t channel) {
  using V = Vec<T>;
  const V start = bias == nullptr ? V{} : load<V>(bias + channel);
  V sum[kPositions];
#pragma GCC unroll 4
  for (int p = 0; p < kPositions; ++p) sum[p] = start;
  const T* x = row.x + position * row.x_step + channel;
  for (int64_t t = 0; t < row.num_taps; ++t) {
    const T* tap = filter + row.taps[t].filter + channel;
    const T* at = x + row.taps[t].x;
    V in[kPositions];
#pragma GCC unroll 4
    for (int p = 0; p < kPositions; ++p) in[p] = load<V>(at + p * row.x_step);
#pragma GCC unroll 8
    for (int i = 0; i < kChannels; ++i) {
      const V weight = load<V>(tap + i * row.channels);
#pragma GCC unroll 4
      for (int p = 0; p < kPositions; ++p) sum[p] += permute(in[p], group.from[i]) * weight;
    }
  }
  T* y = row.y + position * row.y_step + channel;
  const V low = broadcast(floor);
#pragma GCC unroll 4
  for (int p = 0; p < kPositions; ++p) store(y + p * row.y_step, sum[p] < low ? low : sum[p]);
}

template <class T, int kChannels>
void narrow_row_of(const DepthwiseRow<T>& row, const T* filter, const T* bias, T floor) {
  const GroupLanes<T, kChannels> group;
  int64_t position = 0;
  for (; position + 4 <= row.positions; position += 4) {
    for (int64_t c = 0; c < row.channels; c += lanes<T>) {
      narrow_vector<T, kChannels, 4>(row, filter, bias, floor, group, position, c);
    }
  }
  for (; position < row.positions; ++position) {
    for (int64_t c = 0; c < row.channels; c += lanes<T>) {
      narrow_vector<T, kChannels, 1>(row, filter, bias, floor, group, position, c);
    }
  }
}

/// y = activation(sum over taps and inputs of a group + bias) for one row.
template <class T>
[[gnu::noinline]] void narrow_row(const Geometry& g, const DepthwiseRow<T>& row, const T* filter, const T* bias,
                                  Activation activation) {
  const T floor = activation == kRelu ? T{0} : -static_cast<T>(__builtin_inff());
  if (g.c == 2) narrow_row_of<T, 2>(row, filter, bias, floor);
  if (g.c == 4) narrow_row_of<T, 4>(row, filter, bias, floor);
  if (g.c == 8) narrow_row_of<T, 8>(row, filter, bias, floor);
  if (needs_pass(activation)) {
    apply_epilogue<T>(row.y, row.y_step, row.positions, row.channels, nullptr, activation);
  }
}

template <class T, int kChannels, int kTaps>
[[gnu::always_inline]] inline void narrow_gradient_vector(const DepthwiseRow<T>& row, T* sums,
                                                          const GroupLanes<T, kChannels>& group, int64_t tap,
                                                          int64_t begin, int64_t end, int64_t channel) {
  using V = Vec<T>;
  V sum[kTaps][kChannels] = {};
  const T* at[kTaps];
#pragma GCC unroll 3
  for (int t = 0; t < kTaps; ++t) at[t] = row.x + row.taps[tap + t].x + channel;
  const T* dy = row.y + begin * row.y_step + channel;
  for (int64_t position = begin; position < end; ++position) {
    const V gradient = load<V>(dy);
#pragma GCC unroll 3
    for (int t = 0; t < kTaps; ++t) {
      const V in = load<V>(at[t] + position * row.x_step);
#pragma GCC unroll 8
      for (int i = 0; i < kChannels; ++i) sum[t][i] += permute(in, group.from[i]) * gradient;
    }
    dy += row.y_step;
  }
#pragma GCC unroll 3
  for (int t = 0; t < kTaps; ++t) {
#pragma GCC unroll 8
    for (int i = 0; i < kChannels; ++i) {
      T* to = sums + row.taps[tap + t].filter + i * row.channels + channel;
      store(to, load<V>(to) + sum[t][i]);
    }
  }
}

template <class T, int kChannels>
void narrow_gradient_row_of(const DepthwiseRow<T>& row, T* sums) {
  constexpr int kTaps = kChannels == 8 ? 1 : 3;
  const GroupLanes<T, kChannels> group;
  for (int64_t begin = 0; begin < row.positions; begin += kGradientPositions) {
    const int64_t end = min_of(begin + kGradientPositions, row.positions);
    for (int64_t c = 0; c < row.channels; c += lanes<T>) {
      int64_t t = 0;
      for (; t + kTaps <= row.num_taps; t += kTaps) {
        narrow_gradient_vector<T, kChannels, kTaps>(row, sums, group, t, begin, end, c);
      }
      for (; t < row.num_taps; ++t) narrow_gradient_vector<T, kChannels, 1>(row, sums, group, t, begin, end, c);
    }
  }
}

/// Adds one row's part of the filter gradient to `sums`.
template <class T>
[[gnu::noinline]] void narrow_gradient_row(const Geometry& g, const DepthwiseRow<T>& row, T* sums) {
  if (g.c == 2) narrow_gradient_row_of<T, 2>(row, sums);
  if (g.c == 4) narrow_gradient_row_of<T, 4>(row, sums);
  if (g.c == 8) narrow_gradient_row_of<T, 8>(row, sums);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
