// Shapes of a convolution over one to three spatial axes, channels last, always
// seen as three axes: missing ones have size 1.
#pragma once

#include "kernels/hot/gemm.h"

namespace keratin::KERATIN_ISA {
namespace {

constexpr int kAxes = 3;

struct Geometry {
  int64_t images;
  int64_t in[kAxes];
  int64_t out[kAxes];
  int64_t window[kAxes];
  int64_t stride[kAxes];
  int64_t dilation[kAxes];
  int64_t low[kAxes];  // padding before the first element; negative: elements
                       // left out
  int64_t groups;
  int64_t c;  // input channels of one group
  int64_t o;  // output channels of one group

  int64_t channels() const { return groups * c; }
  int64_t outputs() const { return groups * o; }
  int64_t taps() const { return window[0] * window[1] * window[2]; }
  int64_t positions() const { return out[0] * out[1] * out[2]; }
  int64_t in_image() const { return in[0] * in[1] * in[2] * channels(); }
  int64_t out_image() const { return positions() * outputs(); }
  /// Multiplications for one image.
  int64_t work() const { return positions() * taps() * c * outputs(); }
};

/// Attributes: r, strides r, padding low r, padding high r (implied by the
/// shapes), dilations r, groups.
inline Geometry geometry_of(const Operand& x, const Operand& filter, const Operand& y, const double* attributes) {
  const int r = static_cast<int>(attributes[0]);
  Geometry g{};
  g.images = x.shape[0];
  for (int axis = 0; axis < kAxes; ++axis) {
    const int s = axis - (kAxes - r);  // among the r spatial axes
    const bool present = s >= 0;
    g.in[axis] = present ? x.shape[1 + s] : 1;
    g.out[axis] = present ? y.shape[1 + s] : 1;
    g.window[axis] = present ? filter.shape[s] : 1;
    g.stride[axis] = present ? static_cast<int64_t>(attributes[1 + s]) : 1;
    g.low[axis] = present ? static_cast<int64_t>(attributes[1 + r + s]) : 0;
    g.dilation[axis] = present ? static_cast<int64_t>(attributes[1 + 3 * r + s]) : 1;
  }
  g.groups = static_cast<int64_t>(attributes[1 + 4 * r]);
  g.c = x.shape[1 + r] / g.groups;
  g.o = y.shape[1 + r] / g.groups;
  return g;
}

/// Input elements along each axis that the windows reach, from the first one's
/// first tap to the last one's last.
inline void reach_of(const Geometry& g, int64_t* reach) {
  for (int axis = 0; axis < kAxes; ++axis) {
    reach[axis] = (g.out[axis] - 1) * g.stride[axis] + (g.window[axis] - 1) * g.dilation[axis] + 1;
  }
}

/// Whether windows reach beyond the input, so that they need a padded copy.
inline bool needs_padding(const Geometry& g) {
  int64_t reach[kAxes];
  reach_of(g, reach);
  for (int axis = 0; axis < kAxes; ++axis) {
    if (g.low[axis] > 0 || reach[axis] - g.low[axis] > g.in[axis]) return true;
  }
  return false;
}

/// The part of an image that the windows reach, with zeros around it.
template <class T>
[[gnu::noinline]] void copy_padded(const Geometry& g, const T* image, const int64_t* reach, T* to) {
  const int64_t channels = g.channels();
  const int64_t row = reach[2] * channels;
  const int64_t before = min_of(max_of(g.low[2], 0), reach[2]);
  const int64_t first = max_of(-g.low[2], 0);
  const int64_t inside = max_of(min_of(g.in[2] - first, reach[2] - before), 0);
  for (int64_t d = 0; d < reach[0]; ++d) {
    for (int64_t h = 0; h < reach[1]; ++h, to += row) {
      const int64_t from_d = d - g.low[0];
      const int64_t from_h = h - g.low[1];
      if (from_d < 0 || from_d >= g.in[0] || from_h < 0 || from_h >= g.in[1] || inside == 0) {
        memset(to, 0, static_cast<size_t>(row) * sizeof(T));
        continue;
      }
      const T* from = image + ((from_d * g.in[1] + from_h) * g.in[2] + first) * channels;
      memset(to, 0, static_cast<size_t>(before * channels) * sizeof(T));
      memcpy(to + before * channels, from, static_cast<size_t>(inside * channels) * sizeof(T));
      memset(to + (before + inside) * channels, 0, static_cast<size_t>(row - (before + inside) * channels) * sizeof(T));
    }
  }
}

/// Images as the windows read them: a pointer to the first window's first tap
/// and the strides from there.
template <class T>
struct Windows {
  const T* first;
  int64_t step[kAxes];  // between neighbouring elements along each axis
};

/// Reads in place, or from a copy in `padded` (needs padded_elements).
template <class T>
inline Windows<T> windows_of(const Geometry& g, const T* image, T* padded) {
  const int64_t channels = g.channels();
  if (padded != nullptr) {
    int64_t reach[kAxes];
    reach_of(g, reach);
    copy_padded(g, image, reach, padded);
    return {padded, {reach[1] * reach[2] * channels, reach[2] * channels, channels}};
  }
  Windows<T> windows{image, {g.in[1] * g.in[2] * channels, g.in[2] * channels, channels}};
  for (int axis = 0; axis < kAxes; ++axis) windows.first -= g.low[axis] * windows.step[axis];
  return windows;
}

/// Elements of memory for a padded image; 0 where none is needed.
inline int64_t padded_elements(const Geometry& g) {
  if (!needs_padding(g)) return 0;
  int64_t reach[kAxes];
  reach_of(g, reach);
  return reach[0] * reach[1] * reach[2] * g.channels();
}

/// Taps that lie side by side in memory, with all their channels, make one
/// stretch.
inline bool joins_taps(const Geometry& g) { return g.groups == 1 && (g.dilation[2] == 1 || g.window[2] == 1); }

inline int64_t stretch_length(const Geometry& g) { return joins_taps(g) ? g.window[2] * g.c : g.c; }
inline int64_t num_stretches(const Geometry& g) { return joins_taps(g) ? g.window[0] * g.window[1] : g.taps(); }

/// Where each stretch of a window begins, relative to the window's first tap;
/// the order is the filter's.
template <class T>
inline void stretch_offsets(const Geometry& g, const Windows<T>& windows, int64_t* offsets) {
  const int64_t last = joins_taps(g) ? 1 : g.window[2];
  for (int64_t d = 0; d < g.window[0]; ++d) {
    for (int64_t h = 0; h < g.window[1]; ++h) {
      for (int64_t w = 0; w < last; ++w) {
        *offsets++ = d * g.dilation[0] * windows.step[0] + h * g.dilation[1] * windows.step[1] +
                     w * g.dilation[2] * windows.step[2];
      }
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
