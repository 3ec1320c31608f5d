// Convolution as a matrix product whose left operand is never built: the rows are windows, read where they lie.
//
// One row of output positions is a tile's rows; a window's elements are a few stretches of neighbouring memory
// (Tile::offsets). So no patches are copied; where windows reach beyond the image, the image is copied once with zeros
// around it.
#pragma once

#include "kernels/hot/convolution_geometry.h"

namespace keratin::KERATIN_ISA {
namespace {

/// y[n, p, o] = activation(sum over taps t and channels c of x[n, p * stride + t * dilation - low, c] filter[t, c, o] +
/// bias[o])
template <class T>
struct Correlation {
  Geometry geometry;
  const T* x;
  const T* filter;
  T* y;
  int64_t y_image;        // between images
  int64_t y_step[kAxes];  // between neighbouring positions
  const T* bias;
  Activation activation;
};

/// The filter as panels, group after group.
template <class T>
struct PackedFilter {
  RightOperand<T> right;  // of group 0
  int64_t group;          // elements between groups' panels
};

// Inner elements of one pass over a chunk, if the window has more.
constexpr int64_t kWindowBlock = 1024;

/// Images [begin, end).
template <class T>
void correlate_images(const Correlation<T>& q, const PackedFilter<T>& filter, int64_t begin, int64_t end) {
  const Geometry& g = q.geometry;
  const int64_t length = stretch_length(g);
  const int64_t stretches = num_stretches(g);
  const int64_t padded = padded_elements(g);
  const int64_t header = divide_up(stretches * static_cast<int64_t>(sizeof(int64_t)), 64) * 64;
  const Scratch scratch(header + padded * static_cast<int64_t>(sizeof(T)));
  int64_t* offsets = static_cast<int64_t*>(scratch.data);
  T* copy = padded == 0 ? nullptr : reinterpret_cast<T*>(static_cast<char*>(scratch.data) + header);
  const int64_t per_pass = max_of(kWindowBlock / max_of(length, 1), 1);

  Block<T> block{};
  block.m = g.out[2];
  block.k = length;
  block.inner_total = stretches * length;
  block.c_row = q.y_step[2];
  for (int64_t image = begin; image < end; ++image) {
    const Windows<T> windows = windows_of(g, q.x + image * g.in_image(), copy);
    if (image == begin) stretch_offsets(g, windows, offsets);
    block.a.row = g.stride[2] * windows.step[2];
    block.a.column = 1;
    for (int64_t group = 0; group < g.groups; ++group) {
      RightOperand<T> right = filter.right;
      right.matrix.data += group * g.o;
      right.packed += group * filter.group;
      block.bias = q.bias == nullptr ? nullptr : q.bias + group * g.o;
      for (int64_t first = 0; first < stretches; first += per_pass) {
        block.runs = min_of(per_pass, stretches - first);
        block.offsets = offsets + first;
        block.inner_first = first * length;
        block.accumulate = first > 0;
        block.activation = first + per_pass >= stretches ? q.activation : kNone;
        for (int64_t j = 0; j < g.o; j = block.end) {
          block.begin = j;
          block.end = min_of(j + panel_vectors<T>(g.o - j, right.panel) * lanes<T>, g.o);
          for (int64_t d = 0; d < g.out[0]; ++d) {
            for (int64_t h = 0; h < g.out[1]; ++h) {
              block.a.data =
                  windows.first + d * g.stride[0] * windows.step[0] + h * g.stride[1] * windows.step[1] + group * g.c;
              block.c = q.y + image * q.y_image + d * q.y_step[0] + h * q.y_step[1] + group * g.o;
              multiply_block(block, right);
            }
          }
        }
      }
    }
  }
}

/// Rows [begin, end) of output positions along one axis, as a problem of its own.
template <class T>
inline Correlation<T> part_of(const Correlation<T>& q, int axis, int64_t begin, int64_t end) {
  Correlation<T> part = q;
  part.geometry.low[axis] -= begin * q.geometry.stride[axis];
  part.geometry.out[axis] = end - begin;
  part.y += begin * q.y_step[axis];
  return part;
}

template <class T>
[[gnu::noinline]] void correlate(const Correlation<T>& q) {
  const Geometry& g = q.geometry;
  if (g.images == 0 || g.out_image() == 0) return;
  // A filter for few positions is read where it lies.
  const int64_t inner = g.taps() * g.c;
  PackedFilter<T> filter{};
  RightOperand<T>& right = filter.right;
  right.panel = g.out[2] <= kWideTileRows ? 4 : 2;
  const int64_t width = right.panel * lanes<T>;
  right.matrix = {q.filter, g.outputs(), 1};
  right.first_packed = g.images * g.positions() <= 4 * kTileRows ? g.o / width * width : 0;
  filter.group = round_up_to_vectors<T>(g.o - right.first_packed) * inner;
  const Scratch panels(filter.group * g.groups * static_cast<int64_t>(sizeof(T)));
  right.packed = static_cast<const T*>(panels.data);
  if (filter.group > 0) {
    const int64_t columns = g.o - right.first_packed;
    const int64_t across = divide_up(columns, width);
    parallel_range(across * g.groups, max_of((int64_t{1} << 16) / (width * max_of(inner, 1)), 1),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) {
                       const int64_t group = i / across;
                       const int64_t j = i % across * width;
                       const Matrix<T> rest{q.filter + group * g.o + right.first_packed, g.outputs(), 1};
                       pack_columns(rest, inner, j, min_of(j + width, columns), right.panel,
                                    static_cast<T*>(panels.data) + group * filter.group);
                     }
                   });
  }

  // Chunks of whole images, or of parts of one where there are few or large ones.
  const int64_t work = max_of(g.work(), 1);
  const int axis = g.out[0] >= g.out[1] && g.out[0] > 1 ? 0 : g.out[1] > 1 ? 1 : 2;
  const int64_t large = (g.in_image() + g.out_image()) / (int64_t{1} << 18);
  const int64_t parts = min_of(min_of(max_of(32 / g.images, large), work / kChunkWork), g.out[axis]);
  if (parts <= 1) {
    parallel_range(g.images, divide_up(kChunkWork, work),
                   [&](int64_t begin, int64_t end) { correlate_images(q, filter, begin, end); });
    return;
  }
  const int64_t rows = divide_up(g.out[axis], parts);
  const int64_t count = divide_up(g.out[axis], rows);
  parallel_chunks(g.images * count, [&](int64_t i) {
    const int64_t begin = i % count * rows;
    const Correlation<T> part = part_of(q, axis, begin, min_of(begin + rows, g.out[axis]));
    correlate_images(part, filter, i / count, i / count + 1);
  });
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
