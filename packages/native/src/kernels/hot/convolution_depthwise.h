// Depthwise convolution, where each channel has filter taps of its own: lanes
// are channels, and nothing is shared between them.
#pragma once

#include "kernels/hot/convolution_geometry.h"

namespace keratin::KERATIN_ISA {
namespace {

/// Channels that are not mixed. Each gives one output, or several (Geometry::o): then it is repeated.
inline bool is_depthwise(const Geometry& g) { return g.c == 1 && g.groups > 1; }

/// Where a tap reads, from the first one of a window, and which elements of the filter it takes.
struct DepthwiseTap {
  int64_t x;
  int64_t filter;
};

/// Neighbouring output positions that meet the same taps; x is where the first position's first tap would be.
template <class T>
struct DepthwiseRow {
  const T* x;
  int64_t x_step;  // between positions
  int64_t positions;
  int64_t channels;
  int64_t num_taps;
  const DepthwiseTap* taps;
  T* y;  // or dy, for the filter gradient
  int64_t y_step;
};

template <int n>
struct Number {
  static constexpr int value = n;
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
  for (int64_t t = 0; t < row.num_taps; ++t) {
    const V tap = load<V>(filter + row.taps[t].filter + channel);
    const T* at = x + row.taps[t].x;
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
    // A few positions at a time, all their channels: memory is read in the order in which it lies.
    int64_t position = 0;
    const auto all_channels = [&](auto positions) {
      constexpr int kPositions = decltype(positions)::value;
      for (int64_t channel = 0; channel < channels; channel += lanes<T>) {
        // The last vector begins early enough to be whole: some channels are computed twice, to the same bits.
        const int64_t c = min_of(channel, channels - lanes<T>);
        depthwise_vector<T, kPositions>(row, filter, bias, floor, position, c);
      }
      position += kPositions;
    };
    while (position + 8 <= row.positions) all_channels(Number<8>{});
    while (position + 2 <= row.positions) all_channels(Number<2>{});
    if (position < row.positions) all_channels(Number<1>{});
  } else {
    for (int64_t position = 0; position < row.positions; ++position) {
      for (int64_t c = 0; c < channels; ++c) {
        T sum = bias == nullptr ? T{0} : bias[c];
        const T* x = row.x + position * row.x_step + c;
        for (int64_t t = 0; t < row.num_taps; ++t) sum += x[row.taps[t].x] * filter[row.taps[t].filter + c];
        row.y[position * row.y_step + c] = sum < floor ? floor : sum;
      }
    }
  }
  if (needs_pass(activation)) {
    apply_epilogue<T>(row.y, row.y_step, row.positions, channels, nullptr, activation);
  }
}

// Positions whose products are summed in registers: their channels lie near each other in memory.
constexpr int64_t kGradientPositions = 32;

/// sums[t, c] += sum over positions of x dy, for `kTaps` taps and one vector of
/// channels, of which the first `skip` are left out.
template <class T, int kTaps>
[[gnu::always_inline]] inline void depthwise_gradient_vector(const DepthwiseRow<T>& row, T* sums, int64_t tap,
                                                             int64_t begin, int64_t end, int64_t channel,
                                                             int64_t skip) {
  using V = Vec<T>;
  V sum[kTaps] = {};
  const T* at[kTaps];
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; ++t) at[t] = row.x + row.taps[tap + t].x + channel;
  const T* dy = row.y + begin * row.y_step + channel;
  for (int64_t position = begin; position < end; ++position) {
    const V gradient = load<V>(dy);
#pragma GCC unroll 9
    for (int t = 0; t < kTaps; ++t) sum[t] += load<V>(at[t] + position * row.x_step) * gradient;
    dy += row.y_step;
  }
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; ++t) {
    T* to = sums + row.taps[tap + t].filter + channel;
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
    for (int64_t begin = 0; begin < row.positions; begin += kGradientPositions) {
      const int64_t end = min_of(begin + kGradientPositions, row.positions);
      for (int64_t channel = 0; channel < channels; channel += lanes<T>) {
        const int64_t c = min_of(channel, channels - lanes<T>);
        const int64_t skip = channel - c;
        int64_t t = 0;
        for (; t + 9 <= row.num_taps; t += 9) depthwise_gradient_vector<T, 9>(row, sums, t, begin, end, c, skip);
        for (; t + 3 <= row.num_taps; t += 3) depthwise_gradient_vector<T, 3>(row, sums, t, begin, end, c, skip);
        for (; t < row.num_taps; ++t) depthwise_gradient_vector<T, 1>(row, sums, t, begin, end, c, skip);
      }
    }
    return;
  }
  for (int64_t t = 0; t < row.num_taps; ++t) {
    T* to = sums + row.taps[t].filter;
    for (int64_t position = 0; position < row.positions; ++position) {
      const T* x = row.x + row.taps[t].x + position * row.x_step;
      const T* dy = row.y + position * row.y_step;
      for (int64_t c = 0; c < channels; ++c) to[c] += x[c] * dy[c];
    }
  }
}

/// For the kinds of convolution whose vectors hold channels: windows over an image that lies in memory without padding.
/// Each row of output positions is cut into pieces that meet the same taps, those beyond the image left out. Channels
/// that give several outputs are repeated in copies of the few rows that a row of outputs reads.
template <class T>
class PlainImage {
 public:
  /// Elements that `memory` needs, and the number of taps that `taps` does.
  static int64_t elements(const Geometry& g) {
    return !repeats(g) ? 0 : g.window[0] * g.window[1] * g.in[2] * g.outputs();
  }
  static bool repeats(const Geometry& g) { return g.c == 1 && g.o > 1; }
  static int64_t num_taps(const Geometry& g) { return 2 * g.taps(); }

  PlainImage(const Geometry& g, const T* image, T* memory, DepthwiseTap* taps)
      : g_(g),
        width_(repeats(g) ? g.outputs() : g.channels()),
        image_(image),
        memory_(memory),
        taps_(taps),
        border_(taps + g.taps()) {
    const int64_t beyond = g.in[2] + g.low[2] - (g.window[2] - 1) * g.dilation[2];
    first_ = min_of(max_of(divide_up(max_of(g.low[2], 0), g.stride[2]), 0), g.out[2]);
    last_ = beyond <= 0 ? first_ : max_of(min_of(divide_up(beyond, g.stride[2]), g.out[2]), first_);
  }

  /// Calls body(row) for the pieces of the output positions (d, h, ...), whose row begins at y.
  template <class Body>
  void for_pieces(int64_t d, int64_t h, T* y, int64_t y_step, const Body& body) {
    const int64_t count = find_taps(d, h);
    DepthwiseRow<T> row{nullptr, g_.stride[2] * width_, 1, g_.outputs(), count, taps_, nullptr, y_step};
    const T* const origin = (repeats(g_) ? memory_ : image_) - g_.low[2] * width_;
    const auto piece = [&](int64_t position, int64_t positions, const DepthwiseTap* taps, int64_t num_taps) {
      row.x = origin + position * row.x_step;
      row.positions = positions;
      row.taps = taps;
      row.num_taps = num_taps;
      row.y = y + position * y_step;
      body(row);
    };
    for (int64_t p = 0; p < first_; ++p) piece(p, 1, border_, taps_inside(p, count));
    if (first_ < last_) piece(first_, last_ - first_, taps_, count);
    for (int64_t p = last_; p < g_.out[2]; ++p) piece(p, 1, border_, taps_inside(p, count));
  }

 private:
  /// The taps whose rows are in the image; repeats the channels of these rows where they give several outputs.
  int64_t find_taps(int64_t d, int64_t h) {
    int64_t count = 0;
    for (int64_t i = 0; i < g_.window[0] * g_.window[1]; ++i) {
      const int64_t from_d = d * g_.stride[0] - g_.low[0] + i / g_.window[1] * g_.dilation[0];
      const int64_t from_h = h * g_.stride[1] - g_.low[1] + i % g_.window[1] * g_.dilation[1];
      if (from_d < 0 || from_d >= g_.in[0] || from_h < 0 || from_h >= g_.in[1]) continue;
      int64_t at = (from_d * g_.in[1] + from_h) * g_.in[2] * g_.channels();
      if (repeats(g_)) {
        T* to = memory_ + i * g_.in[2] * width_;
        repeat(image_ + at, to);
        at = to - memory_;
      }
      for (int64_t w = 0; w < g_.window[2]; ++w) {
        taps_[count++] = {at + w * g_.dilation[2] * width_, (i * g_.window[2] + w) * g_.c * g_.outputs()};
      }
    }
    return count;
  }

  void repeat(const T* from, T* to) const {
    const int64_t n = g_.in[2] * g_.groups;
    if (g_.o == 2) {
      for (int64_t i = 0; i < n; ++i) to[2 * i] = to[2 * i + 1] = from[i];
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < g_.o; ++j) *to++ = from[i];
    }
  }

  /// Those of the first `count` taps that one position meets, in border_.
  int64_t taps_inside(int64_t position, int64_t count) {
    int64_t inside = 0;
    for (int64_t t = 0; t < count; ++t) {
      const int64_t from = position * g_.stride[2] - g_.low[2] + t % g_.window[2] * g_.dilation[2];
      if (from >= 0 && from < g_.in[2]) border_[inside++] = taps_[t];
    }
    return inside;
  }

  const Geometry& g_;
  const int64_t width_;  // channels of the memory that is read
  const T* image_;
  T* memory_;
  DepthwiseTap* taps_;
  DepthwiseTap* border_;
  int64_t first_, last_;  // positions whose windows lie inside the last axis
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
