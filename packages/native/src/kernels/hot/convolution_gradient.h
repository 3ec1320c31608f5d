// Gradients of a convolution, out of the same parts as the convolution itself.
#pragma once

#include "kernels/hot/convolution_forward.h"

namespace keratin::KERATIN_ISA {
namespace {

inline int64_t greatest_common_divisor(int64_t a, int64_t b) { return b == 0 ? a : greatest_common_divisor(b, a % b); }

/// Input elements i with (i + low) mod stride = r along one axis, and the taps
/// t that reach them: those with t * dilation mod stride = r. Element first + u
/// * stride meets tap tap + v * tap_step at the output position u - v *
/// dilation + start.
struct Phase {
  int64_t first;
  int64_t count;
  int64_t tap;
  int64_t tap_step;
  int64_t taps;
  int64_t dilation;
  int64_t start;
};

inline Phase phase_of(const Geometry& g, int axis, int64_t r) {
  const int64_t stride = g.stride[axis];
  const int64_t common = greatest_common_divisor(g.dilation[axis], stride);
  Phase phase{};
  phase.first = ((r - g.low[axis]) % stride + stride) % stride;
  phase.count = phase.first < g.in[axis] ? divide_up(g.in[axis] - phase.first, stride) : 0;
  phase.tap_step = stride / common;
  phase.dilation = g.dilation[axis] / common;
  while (phase.tap < phase.tap_step && phase.tap * g.dilation[axis] % stride != r) ++phase.tap;
  phase.taps = phase.tap < phase.tap_step && phase.tap < g.window[axis]
                   ? divide_up(g.window[axis] - phase.tap, phase.tap_step)
                   : 0;
  phase.start = (phase.first + g.low[axis] - phase.tap * g.dilation[axis]) / stride;
  return phase;
}

/// The taps of a phase in reverse order, each transposed: [taps, o, c * groups]
/// out of [taps, c, o * groups]. Channels that are not mixed stay as they are: [taps, o * groups].
template <class T>
void flip_filter(const Geometry& g, const Phase* phase, const T* filter, T* flipped) {
  const int64_t channels = g.channels();
  for (int64_t d = phase[0].taps - 1; d >= 0; --d) {
    for (int64_t h = phase[1].taps - 1; h >= 0; --h) {
      for (int64_t w = phase[2].taps - 1; w >= 0; --w) {
        const int64_t from_d = phase[0].tap + d * phase[0].tap_step;
        const int64_t from_h = phase[1].tap + h * phase[1].tap_step;
        const int64_t from_w = phase[2].tap + w * phase[2].tap_step;
        const T* tap = filter + ((from_d * g.window[1] + from_h) * g.window[2] + from_w) * g.c * g.outputs();
        if (is_depthwise(g)) {
          memcpy(flipped, tap, static_cast<size_t>(g.outputs()) * sizeof(T));
          flipped += g.outputs();
          continue;
        }
        for (int64_t group = 0; group < g.groups; ++group) {
          copy_transposed(tap + group * g.o, g.outputs(), g.c, g.o, flipped + group * g.c, channels);
        }
        flipped += g.o * channels;
      }
    }
  }
}

/// A strided convolution's input gradient is one convolution of dy, without a
/// stride, for each remainder that input positions leave when divided by the
/// strides.
template <class T>
void input_gradient(const Geometry& g, const T* dy, const T* filter, T* dx) {
  const int64_t channels = g.channels();
  const int64_t dx_step[kAxes] = {g.in[1] * g.in[2] * channels, g.in[2] * channels, channels};
  bool covered = g.out_image() > 0;
  for (int axis = 0; axis < kAxes; ++axis) {
    for (int64_t r = 0; r < g.stride[axis]; ++r) {
      const Phase phase = phase_of(g, axis, r);
      if (phase.count > 0 && phase.taps == 0) covered = false;
    }
  }
  if (!covered) memset(dx, 0, static_cast<size_t>(g.images * g.in_image()) * sizeof(T));
  if (g.out_image() == 0) return;

  const Scratch flipped(g.taps() * g.o * channels * static_cast<int64_t>(sizeof(T)));
  for (int64_t r = 0; r < g.stride[0] * g.stride[1] * g.stride[2]; ++r) {
    const Phase phase[kAxes] = {phase_of(g, 0, r / (g.stride[1] * g.stride[2])),
                                phase_of(g, 1, r / g.stride[2] % g.stride[1]), phase_of(g, 2, r % g.stride[2])};
    Correlation<T> q{};
    Geometry& turned = q.geometry;
    turned.images = g.images;
    turned.groups = g.groups;
    turned.c = g.o;
    turned.o = g.c;
    if (is_depthwise(g)) {
      turned.groups = g.outputs();
      turned.c = 1;
      q.fold = g.o;
    }
    q.x = dy;
    q.filter = static_cast<const T*>(flipped.data);
    q.y = dx;
    q.y_image = g.in_image();
    for (int axis = 0; axis < kAxes; ++axis) {
      const Phase& p = phase[axis];
      turned.in[axis] = g.out[axis];
      turned.out[axis] = p.count;
      turned.window[axis] = p.taps;
      turned.stride[axis] = 1;
      turned.dilation[axis] = p.dilation;
      turned.low[axis] = (p.taps - 1) * p.dilation - p.start;
      q.y += p.first * dx_step[axis];
      q.y_step[axis] = g.stride[axis] * dx_step[axis];
    }
    if (turned.positions() == 0 || turned.taps() == 0) continue;
    flip_filter(g, phase, filter, static_cast<T*>(flipped.data));
    correlate(q);
  }
}

/// How the filter gradient is shared out: images in segments, each with sums of
/// its own, and within them taps and columns.
struct GradientPlan {
  int64_t segments;
  int64_t images;     // of a segment
  int64_t stretches;  // parts of the window
  int64_t columns;    // output channels of a part
};

template <class T>
inline GradientPlan plan_filter_gradient(const Geometry& g) {
  const int64_t size = max_of(g.taps() * g.c * g.outputs(), 1);
  const int64_t work = g.work() * g.images;
  const int64_t wanted = max_of(min_of(work / kChunkWork, 16), 1);
  GradientPlan plan{};
  // Sums of all segments together stay below 16 MB of float32.
  const int64_t segments = min_of(min_of(wanted, g.images), max_of((int64_t{1} << 22) / size, 1));
  plan.images = divide_up(g.images, segments);
  plan.segments = divide_up(g.images, plan.images);
  const int64_t parts = divide_up(wanted, plan.segments);
  // A row of vectors of channels serves all taps at once.
  const bool whole = plan.segments >= 4 || is_by_channels<T>(g);
  plan.stretches = whole ? 1 : min_of(parts, num_stretches(g));
  const int64_t width = 4 * lanes<T>;
  const int64_t across = whole ? 1 : min_of(divide_up(parts, plan.stretches), divide_up(g.o, width));
  plan.columns = divide_up(divide_up(g.o, across), width) * width;
  return plan;
}

/// Sums of images [begin, end) by vectors of channels.
template <class T>
void channel_filter_gradient(const Geometry& g, const T* x, const T* dy, T* sums, int64_t begin, int64_t end) {
  using Image = PlainImage<T>;
  const int64_t outputs = g.outputs();
  const int64_t header = divide_up(Image::num_taps(g) * static_cast<int64_t>(sizeof(DepthwiseTap)), 64) * 64;
  const Scratch scratch(header + Image::elements(g) * static_cast<int64_t>(sizeof(T)));
  T* memory = reinterpret_cast<T*>(static_cast<char*>(scratch.data) + header);
  memset(sums, 0, static_cast<size_t>(g.taps() * g.c * outputs) * sizeof(T));
  for (int64_t i = begin; i < end; ++i) {
    Image image(g, x + i * g.in_image(), memory, static_cast<DepthwiseTap*>(scratch.data));
    for (int64_t run = 0; run < g.out[0] * g.out[1]; ++run) {
      // The rows of a piece are written by the convolution and only read here.
      T* row = const_cast<T*>(dy) + i * g.out_image() + run * g.out[2] * outputs;
      image.for_pieces(run / g.out[1], run % g.out[1], row, outputs, [&](const DepthwiseRow<T>& piece) {
        if (is_depthwise(g)) {
          depthwise_gradient_row(piece, sums);
        } else {
          narrow_gradient_row(g, piece, sums);
        }
      });
    }
  }
}

/// Sums of images [begin, end), stretches [first, last) of the window and
/// columns [left, right) of each group.
template <class T>
void filter_gradient_part(const Geometry& g, const T* x, const T* dy, T* sums, int64_t begin, int64_t end,
                          int64_t first, int64_t last, int64_t left, int64_t right_end) {
  if (is_by_channels<T>(g)) {
    channel_filter_gradient(g, x, dy, sums, begin, end);
    return;
  }
  const int64_t length = stretch_length(g);
  const int64_t stretches = num_stretches(g);
  const int64_t runs = g.out[0] * g.out[1];
  const int64_t positions = g.positions();
  const int64_t outputs = g.outputs();
  const int64_t panel = length <= kWideTileRows ? 4 : 2;
  const int64_t width = panel * lanes<T>;
  const int64_t whole = left + (right_end - left) / width * width;
  const int64_t edge = round_up_to_vectors<T>(right_end - whole) * positions;
  const int64_t padded = padded_elements(g);
  const int64_t header = divide_up((stretches + runs) * static_cast<int64_t>(sizeof(int64_t)), 64) * 64;
  const Scratch scratch(header + (padded + divide_up(edge, 64) * 64) * static_cast<int64_t>(sizeof(T)));
  int64_t* offsets = static_cast<int64_t*>(scratch.data);
  int64_t* rows = offsets + stretches;
  T* packed = reinterpret_cast<T*>(static_cast<char*>(scratch.data) + header);
  T* copy = padded == 0 ? nullptr : packed + divide_up(edge, 64) * 64;

  const int64_t per_pass = divide_up(kInnerBlock, g.out[2]);
  Block<T> block{};
  block.m = length;
  block.begin = left;
  block.end = right_end;
  block.k = g.out[2];
  block.inner_total = positions;
  block.c_row = outputs;
  for (int64_t image = begin; image < end; ++image) {
    const Windows<T> windows = windows_of(g, x + image * g.in_image(), copy);
    if (image == begin) {
      stretch_offsets(g, windows, offsets);
      for (int64_t run = 0; run < runs; ++run) {
        rows[run] = run / g.out[1] * g.stride[0] * windows.step[0] + run % g.out[1] * g.stride[1] * windows.step[1];
      }
    }
    const T* gradient = dy + image * g.out_image();
    for (int64_t group = 0; group < g.groups; ++group) {
      const RightOperand<T> right{{gradient + group * g.o, outputs, 1}, whole, packed, panel};
      if (whole < right_end) {
        pack_columns(Matrix<T>{right.matrix.data + whole, outputs, 1}, positions, 0, right_end - whole, panel, packed);
      }
      // Few positions at a time, for all taps: they reach nearly the same
      // elements.
      for (int64_t run = 0; run < runs; run += block.runs) {
        block.runs = min_of(per_pass, runs - run);
        block.offsets = rows + run;
        block.inner_first = run * g.out[2];
        block.accumulate = image > begin || run > 0;
        for (int64_t s = first; s < last; ++s) {
          block.a = {windows.first + offsets[s] + group * g.c, 1, g.stride[2] * windows.step[2]};
          block.c = sums + s * length * outputs + group * g.o;
          multiply_block(block, right);
        }
      }
    }
  }
}

template <class T>
void filter_gradient(const Geometry& g, const T* x, const T* dy, T* dfilter) {
  const int64_t size = g.taps() * g.c * g.outputs();
  if (g.images == 0 || g.positions() == 0) {
    memset(dfilter, 0, static_cast<size_t>(size) * sizeof(T));
    return;
  }
  const GradientPlan plan = plan_filter_gradient<T>(g);
  const int64_t stretches = num_stretches(g);
  const int64_t per_part = divide_up(stretches, plan.stretches);
  const int64_t down = divide_up(stretches, per_part);
  const int64_t across = divide_up(g.o, plan.columns);
  const Scratch scratch(plan.segments == 1 ? 0 : plan.segments * size * static_cast<int64_t>(sizeof(T)));
  T* sums = plan.segments == 1 ? dfilter : static_cast<T*>(scratch.data);
  parallel_chunks(plan.segments * down * across, [&](int64_t i) {
    const int64_t segment = i / (down * across);
    const int64_t first = i / across % down * per_part;
    const int64_t left = i % across * plan.columns;
    const int64_t begin = segment * plan.images;
    filter_gradient_part(g, x, dy, sums + segment * size, begin, min_of(begin + plan.images, g.images), first,
                         min_of(first + per_part, stretches), left, min_of(left + plan.columns, g.o));
  });
  if (plan.segments == 1) return;
  parallel_range(size, int64_t{1} << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) dfilter[i] = sums[i];
    for (int64_t segment = 1; segment < plan.segments; ++segment) {
      const T* part = sums + segment * size;
      for (int64_t i = begin; i < end; ++i) dfilter[i] += part[i];
    }
  });
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
