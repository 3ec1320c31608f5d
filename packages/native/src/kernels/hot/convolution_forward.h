// Convolution as a matrix product whose left operand is never built: the rows
// are windows, read where they lie.
//
// One row of output positions is a tile's rows; a window's elements are a few
// stretches of neighbouring memory (Tile::offsets). So no patches are copied;
// where windows reach beyond the image, the image is copied once with zeros
// around it.
#pragma once

#include "kernels/hot/convolution_grouped.h"

namespace keratin::KERATIN_ISA {
namespace {

/// y[n, p, o] = activation(sum over taps t and channels c of x[n, p * stride +
/// t * dilation - low, c] filter[t, c, o] + bias[o])
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
  int64_t fold;  // depthwise only: so many neighbouring channels are added up to one of y; 0 or 1: none
};

/// Whether vectors hold channels; other kinds are matrix products.
template <class T>
inline bool is_by_channels(const Geometry& g) {
  return is_depthwise(g) || is_narrow<T>(g);
}

/// Images [begin, end) by vectors of channels.
template <class T>
void correlate_channels(const Correlation<T>& q, int64_t begin, int64_t end) {
  const Geometry& g = q.geometry;
  using Image = PlainImage<T>;
  const int64_t channels = g.outputs();
  const int64_t header = divide_up(Image::num_taps(g) * static_cast<int64_t>(sizeof(DepthwiseTap)), 64) * 64;
  const int64_t row_elements = q.fold > 1 ? g.out[2] * channels : 0;
  const Scratch scratch(header + (Image::elements(g) + row_elements) * static_cast<int64_t>(sizeof(T)));
  DepthwiseTap* taps = static_cast<DepthwiseTap*>(scratch.data);
  T* memory = reinterpret_cast<T*>(static_cast<char*>(scratch.data) + header);
  T* sums = memory + Image::elements(g);
  for (int64_t i = begin; i < end; ++i) {
    Image image(g, q.x + i * g.in_image(), memory, taps);
    for (int64_t d = 0; d < g.out[0]; ++d) {
      for (int64_t h = 0; h < g.out[1]; ++h) {
        T* y = q.y + i * q.y_image + d * q.y_step[0] + h * q.y_step[1];
        const auto body = [&](const DepthwiseRow<T>& row) {
          if (is_depthwise(g)) {
            depthwise_row(row, q.filter, q.bias, q.activation);
          } else {
            narrow_row(g, row, q.filter, q.bias, q.activation);
          }
        };
        if (q.fold <= 1) {
          image.for_pieces(d, h, y, q.y_step[2], body);
          continue;
        }
        image.for_pieces(d, h, sums, channels, body);
        const T* from = sums;
        for (int64_t p = 0; p < g.out[2]; ++p) {
          for (int64_t c = 0; c < channels / q.fold; ++c) {
            T sum = *from++;
            for (int64_t j = 1; j < q.fold; ++j) sum += *from++;
            y[p * q.y_step[2] + c] = sum;
          }
        }
      }
    }
  }
}

/// The filter as panels, group after group.
template <class T>
struct PackedFilter {
  RightOperand<T> right;  // of group 0
  int64_t group;          // elements between groups' panels
};

// Inner elements of one pass over a chunk, if the window has more.
constexpr int64_t kWindowBlock = 1024;
// Elements of a filter, and of images, beyond which a chunk takes only a part
// of the filter.
constexpr int64_t kLargeFilter = int64_t{1} << 18;

/// Images [begin, end) and output channels [left, right) of each group.
template <class T>
void correlate_images(const Correlation<T>& q, const PackedFilter<T>& filter, int64_t begin, int64_t end, int64_t left,
                      int64_t right_end) {
  const Geometry& g = q.geometry;
  if (is_by_channels<T>(g)) {
    correlate_channels(q, begin, end);
    return;
  }
  const int64_t length = stretch_length(g);
  const int64_t stretches = num_stretches(g);
  const int64_t padded = padded_elements(g);
  const int64_t header = divide_up(stretches * static_cast<int64_t>(sizeof(int64_t)), 64) * 64;
  const Scratch scratch(header + (end - begin) * padded * static_cast<int64_t>(sizeof(T)));
  int64_t* offsets = static_cast<int64_t*>(scratch.data);
  T* copies = reinterpret_cast<T*>(static_cast<char*>(scratch.data) + header);
  const Windows<T> windows = windows_of(g, q.x + begin * g.in_image(), padded == 0 ? nullptr : copies);
  if (padded > 0) {
    for (int64_t image = begin + 1; image < end; ++image) {
      windows_of(g, q.x + image * g.in_image(), copies + (image - begin) * padded);
    }
  }
  const int64_t x_image = padded == 0 ? g.in_image() : padded;
  stretch_offsets(g, windows, offsets);

  /// Calls body(x, y) for each row of positions.
  const auto for_rows = [&](int64_t x_channel, int64_t y_channel, const auto& body) {
    for (int64_t image = begin; image < end; ++image) {
      for (int64_t d = 0; d < g.out[0]; ++d) {
        for (int64_t h = 0; h < g.out[1]; ++h) {
          body(windows.first + (image - begin) * x_image + d * g.stride[0] * windows.step[0] +
                   h * g.stride[1] * windows.step[1] + x_channel,
               q.y + image * q.y_image + d * q.y_step[0] + h * q.y_step[1] + y_channel);
        }
      }
    }
  };
  const int64_t per_pass = max_of(kWindowBlock / max_of(length, 1), 1);
  Block<T> block{};
  block.m = g.out[2];
  block.k = length;
  block.inner_total = stretches * length;
  block.c_row = q.y_step[2];
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
      for (int64_t j = left; j < right_end; j = block.end) {
        block.begin = j;
        block.end = min_of(j + panel_vectors<T>(right_end - j, right.panel) * lanes<T>, right_end);
        for_rows(group * g.c, group * g.o, [&](const T* x, T* y) {
          block.a.data = x;
          block.c = y;
          multiply_block(block, right);
        });
      }
    }
  }
}

/// Rows [begin, end) of output positions along one axis, as a problem of its
/// own.
template <class T>
inline Correlation<T> part_of(const Correlation<T>& q, int axis, int64_t begin, int64_t end) {
  Correlation<T> part = q;
  part.geometry.low[axis] -= begin * q.geometry.stride[axis];
  part.geometry.out[axis] = end - begin;
  part.y += begin * q.y_step[axis];
  return part;
}

/// The filter's panels, or its own memory where there are few positions to use
/// it for.
template <class T>
PackedFilter<T> pack_filter(const Correlation<T>& q, bool in_place, T* panels) {
  const Geometry& g = q.geometry;
  const int64_t inner = g.taps() * g.c;
  PackedFilter<T> filter{};
  RightOperand<T>& right = filter.right;
  right.panel = g.out[2] <= kWideTileRows ? 4 : 2;
  const int64_t width = right.panel * lanes<T>;
  right.matrix = {q.filter, g.outputs(), 1};
  right.first_packed = in_place ? g.o / width * width : 0;
  right.packed = panels;
  filter.group = round_up_to_vectors<T>(g.o - right.first_packed) * inner;
  const int64_t columns = g.o - right.first_packed;
  const int64_t across = divide_up(columns, width);
  parallel_range(
      across * g.groups, max_of((int64_t{1} << 16) / (width * max_of(inner, 1)), 1), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t group = i / across;
          const int64_t j = i % across * width;
          const Matrix<T> rest{q.filter + group * g.o + right.first_packed, g.outputs(), 1};
          pack_columns(rest, inner, j, min_of(j + width, columns), right.panel, panels + group * filter.group);
        }
      });
  return filter;
}

/// Chunks of whole images, or of parts of one where there are few or large
/// ones; a large filter is divided by its output channels, and each part then
/// serves several images while it is in the caches.
template <class T>
void correlate_with(const Correlation<T>& q, const PackedFilter<T>& filter) {
  const Geometry& g = q.geometry;
  const int64_t work = max_of(g.work(), 1);
  const int64_t size = g.taps() * g.c * g.o;
  const int64_t width = filter.right.panel * lanes<T>;
  if (!is_by_channels<T>(g) && size > kLargeFilter) {
    const int64_t parts = min_of(divide_up(size, kLargeFilter), divide_up(g.o, width));
    const int64_t columns = divide_up(divide_up(g.o, parts), width) * width;
    const int64_t across = divide_up(g.o, columns);
    const int64_t fitting = max_of(kLargeFilter / max_of(g.in_image(), 1), 1);
    const int64_t images = min_of(min_of(fitting, divide_up(g.images * across, kManyChunks)), g.images);
    // Large images with large filters are divided as below.
    if (fitting > 1 || across >= kManyChunks) {
      parallel_chunks(divide_up(g.images, images) * across, [&](int64_t i) {
        const int64_t begin = i / across * images;
        const int64_t left = i % across * columns;
        correlate_images(q, filter, begin, min_of(begin + images, g.images), left, min_of(left + columns, g.o));
      });
      return;
    }
  }
  const int axis = g.out[0] >= g.out[1] && g.out[0] > 1 ? 0 : g.out[1] > 1 ? 1 : 2;
  const int64_t large = (g.in_image() + g.out_image()) / (int64_t{1} << 18);
  const int64_t parts = min_of(min_of(max_of(divide_up(kManyChunks, g.images), large), work / kChunkWork), g.out[axis]);
  if (parts <= 1) {
    parallel_range(g.images, divide_up(kChunkWork, work),
                   [&](int64_t begin, int64_t end) { correlate_images(q, filter, begin, end, 0, g.o); });
    return;
  }
  const int64_t rows = divide_up(g.out[axis], parts);
  const int64_t count = divide_up(g.out[axis], rows);
  parallel_chunks(g.images * count, [&](int64_t i) {
    const int64_t begin = i % count * rows;
    const Correlation<T> part = part_of(q, axis, begin, min_of(begin + rows, g.out[axis]));
    correlate_images(part, filter, i / count, i / count + 1, 0, g.o);
  });
}

template <class T>
[[gnu::noinline]] void correlate(const Correlation<T>& q) {
  const Geometry& g = q.geometry;
  if (g.images == 0 || g.out_image() == 0) return;
  if (is_by_channels<T>(g)) {
    correlate_with(q, PackedFilter<T>{});
    return;
  }
  const bool in_place = g.images * g.positions() <= 4 * kTileRows;
  const int64_t columns = in_place ? g.o % (4 * lanes<T>) : g.o;
  const Scratch panels(round_up_to_vectors<T>(columns) * g.taps() * g.c * g.groups * static_cast<int64_t>(sizeof(T)));
  correlate_with(q, pack_filter(q, in_place, static_cast<T*>(panels.data)));
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
