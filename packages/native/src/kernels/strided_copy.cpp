#include "kernels/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/parallel.h"

namespace keratin::generic {
namespace {

// One chunk for a thread: about 10 us of copying.
constexpr int64_t kChunkBytes = 131072;
struct Axis {
  int64_t extent;
  int64_t from;  // strides in elements
  int64_t to;
};

// Axes from the innermost (the smallest stride of the output) outwards, without those of length 1, neighbours merged.
struct Plan {
  const char* from;
  char* to;
  int rank;
  Axis axes[kMaxRank];
};

Plan make_plan(const Operand& x, const Operand& y) {
  Plan plan;
  plan.from = static_cast<const char*>(x.data);
  plan.to = static_cast<char*>(y.data);
  Axis axes[kMaxRank];
  int count = 0;
  for (int axis = y.rank - 1; axis >= 0; --axis) {
    if (y.shape[axis] != 1) axes[count++] = {y.shape[axis], x.strides[axis], y.strides[axis]};
  }
  std::stable_sort(axes, axes + count, [](const Axis& a, const Axis& b) { return std::abs(a.to) < std::abs(b.to); });
  plan.rank = 0;
  for (int i = 0; i < count; ++i) {
    if (plan.rank > 0) {
      Axis& inner = plan.axes[plan.rank - 1];
      if (axes[i].from == inner.from * inner.extent && axes[i].to == inner.to * inner.extent) {
        inner.extent *= axes[i].extent;
        continue;
      }
    }
    plan.axes[plan.rank++] = axes[i];
  }
  if (plan.rank == 0) plan.axes[plan.rank++] = {1, 1, 1};
  return plan;
}

struct Element16 {
  uint64_t low, high;
};

template <class U>
void copy_row(const U* from, U* to, const Axis& axis, int64_t n) {
  if (axis.to == 1 && axis.from == 1) {
    if (n >= 16) {
      std::memcpy(to, from, static_cast<size_t>(n) * sizeof(U));
    } else {
      for (int64_t i = 0; i < n; ++i) to[i] = from[i];
    }
  } else if (axis.to == 1 && axis.from == 0) {
    std::fill_n(to, n, *from);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * axis.to] = from[i * axis.from];
  }
}

// Rows [begin, end) of the outer axes; a row is the innermost axis, of a length known at compile time where it is
// short.
template <class U, int64_t length>
void copy_rows(const Plan& plan, int64_t begin, int64_t end) {
  int64_t index[kMaxRank];
  const U* from = reinterpret_cast<const U*>(plan.from);
  U* to = reinterpret_cast<U*>(plan.to);
  int64_t rest = begin;
  for (int d = 1; d < plan.rank; ++d) {
    index[d] = rest % plan.axes[d].extent;
    rest /= plan.axes[d].extent;
    from += index[d] * plan.axes[d].from;
    to += index[d] * plan.axes[d].to;
  }
  const Axis& inner = plan.axes[0];
  for (int64_t row = begin; row < end; ++row) {
    if constexpr (length > 0) {
      for (int64_t i = 0; i < length; ++i) to[i * inner.to] = from[i * inner.from];
    } else {
      copy_row(from, to, inner, inner.extent);
    }
    for (int d = 1; d < plan.rank; ++d) {
      const Axis& axis = plan.axes[d];
      from += axis.from;
      to += axis.to;
      if (++index[d] < axis.extent) break;
      index[d] = 0;
      from -= axis.extent * axis.from;
      to -= axis.extent * axis.to;
    }
  }
}

// Transposing copies go by squares whose side is one cache line, so that every line of both sides is touched once.
template <class U>
constexpr int64_t kTile = 64 / static_cast<int64_t>(sizeof(U));
// Squares taken one after the other along the lines of the input, which the prefetcher then runs ahead of.
constexpr int64_t kStrip = 4;

// to[i * to_stride + j] = from[j * from_stride + i] for i in [0, rows), j in [0, columns).
template <class U>
void transpose_part(const U* from, int64_t from_stride, U* to, int64_t to_stride, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[i * to_stride + j] = from[j * from_stride + i];
  }
}

template <class U>
using Lanes [[gnu::vector_size(16)]] = U;

// The lower or upper halves of a and b, alternating.
template <class U, int64_t first, size_t... lane>
Lanes<U> interleave(Lanes<U> a, Lanes<U> b, std::index_sequence<lane...>) {
  return __builtin_shufflevector(a, b, (first + lane / 2 + lane % 2 * sizeof...(lane))...);
}

// Transposes a square of vectors: interleaving row i with row i + N / 2 moves every bit of the element's position by
// one place, so that log2 N rounds exchange the row's bits with the column's.
template <class U>
void transpose_square(const U* from, U* to, int64_t to_stride) {
  constexpr int64_t N = 16 / static_cast<int64_t>(sizeof(U));
  constexpr auto all = std::make_index_sequence<N>();
  Lanes<U> rows[N];
  for (int64_t i = 0; i < N; ++i) std::memcpy(&rows[i], from + i * kTile<U>, 16);
  for (int64_t round = 1; round < N; round *= 2) {
    Lanes<U> next[N];
    for (int64_t i = 0; i < N / 2; ++i) {
      next[2 * i] = interleave<U, 0>(rows[i], rows[i + N / 2], all);
      next[2 * i + 1] = interleave<U, N / 2>(rows[i], rows[i + N / 2], all);
    }
    std::memcpy(rows, next, sizeof(rows));
  }
  for (int64_t i = 0; i < N; ++i) std::memcpy(to + i * to_stride, &rows[i], 16);
}

template <class U>
void transpose_tile(const U* from, int64_t from_stride, U* to, int64_t to_stride) {
  constexpr int64_t side = kTile<U>;
  if constexpr (sizeof(U) == 16) {
    transpose_part(from, from_stride, to, to_stride, side, side);
  } else {
    constexpr int64_t N = 16 / static_cast<int64_t>(sizeof(U));
    // A copy first: rows a power of two apart would push each other out of the cache between their visits.
    alignas(64) U lines[side * side];
    for (int64_t j = 0; j < side; ++j) std::memcpy(lines + j * side, from + j * from_stride, 64);
    for (int64_t i = 0; i < side; i += N) {
      for (int64_t j = 0; j < side; j += N) transpose_square(lines + j * side + i, to + i * to_stride + j, to_stride);
    }
  }
}

// The output is contiguous along axis 0 and the input along `unit`: tiles of both.
template <class U>
void transpose_tiles(const Plan& plan, int unit, int64_t begin, int64_t end) {
  constexpr int64_t side = kTile<U>;
  const Axis& columns = plan.axes[0];
  const Axis& rows = plan.axes[unit];
  const int64_t across = (columns.extent + side - 1) / side;
  const int64_t strip = kStrip * side;
  const int64_t down = (rows.extent + strip - 1) / strip;
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t column = tile % across * side;
    const int64_t row = tile / across % down * strip;
    const U* from = reinterpret_cast<const U*>(plan.from) + column * columns.from + row;
    U* to = reinterpret_cast<U*>(plan.to) + column + row * rows.to;
    int64_t rest = tile / across / down;
    for (int d = 1; d < plan.rank; ++d) {
      if (d == unit) continue;
      const int64_t index = rest % plan.axes[d].extent;
      rest /= plan.axes[d].extent;
      from += index * plan.axes[d].from;
      to += index * plan.axes[d].to;
    }
    const int64_t width = std::min(side, columns.extent - column);
    const int64_t last = std::min(strip, rows.extent - row);
    for (int64_t i = 0; i < last; i += side) {
      if (i + side <= last && width == side) {
        transpose_tile(from + i, columns.from, to + i * rows.to, rows.to);
      } else {
        transpose_part(from + i, columns.from, to + i * rows.to, rows.to, std::min(side, last - i), width);
      }
    }
  }
}

template <class U>
void copy_elements(const Plan& plan) {
  int64_t size = 1;
  for (int d = 0; d < plan.rank; ++d) size *= plan.axes[d].extent;
  const bool large = size * static_cast<int64_t>(sizeof(U)) >= 2 * kChunkBytes;
  const int64_t grain = large ? kChunkBytes / static_cast<int64_t>(sizeof(U)) : size;
  const Axis& inner = plan.axes[0];
  if (plan.rank == 1) {
    parallel_range(inner.extent, grain, [&](int64_t begin, int64_t end) {
      copy_row(reinterpret_cast<const U*>(plan.from) + begin * inner.from,
               reinterpret_cast<U*>(plan.to) + begin * inner.to, inner, end - begin);
    });
    return;
  }
  int unit = 0;
  for (int d = 1; d < plan.rank; ++d) {
    if (plan.axes[d].from == 1) unit = d;
  }
  const bool transposes = inner.to == 1 && inner.from != 1 && inner.from != 0 && unit != 0;
  // Narrow ones (the channels of images) have few enough lines for plain rows.
  if (transposes && 2 * std::min(inner.extent, plan.axes[unit].extent) >= kTile<U>) {
    const int64_t strip = kStrip * kTile<U>;
    const int64_t tile_size = std::min(kTile<U>, inner.extent) * std::min(strip, plan.axes[unit].extent);
    int64_t tiles = size / inner.extent / plan.axes[unit].extent;
    tiles *= (inner.extent + kTile<U> - 1) / kTile<U> * ((plan.axes[unit].extent + strip - 1) / strip);
    parallel_range(tiles, std::max<int64_t>(1, grain / tile_size),
                   [&](int64_t begin, int64_t end) { transpose_tiles<U>(plan, unit, begin, end); });
    return;
  }
  parallel_range(size / inner.extent, std::max<int64_t>(1, grain / inner.extent), [&](int64_t begin, int64_t end) {
    switch (inner.extent) {
      case 2:
        return copy_rows<U, 2>(plan, begin, end);
      case 3:
        return copy_rows<U, 3>(plan, begin, end);
      case 4:
        return copy_rows<U, 4>(plan, begin, end);
      default:
        return copy_rows<U, 0>(plan, begin, end);
    }
  });
}

}  // namespace

void strided_copy(const Operand& x, const Operand& y) {
  if (y.size == 0) return;
  const int64_t bytes = size_of(y.dtype);
  if (x.contiguous && y.contiguous && y.size * bytes < 2 * kChunkBytes) {
    if (x.data != y.data) std::memcpy(y.data, x.data, static_cast<size_t>(y.size * bytes));
    return;
  }
  const Plan plan = make_plan(x, y);
  if (x.data == y.data && plan.rank == 1 && plan.axes[0].from == plan.axes[0].to) return;
  switch (bytes) {
    case 1:
      return copy_elements<uint8_t>(plan);
    case 2:
      return copy_elements<uint16_t>(plan);
    case 4:
      return copy_elements<uint32_t>(plan);
    case 8:
      return copy_elements<uint64_t>(plan);
    default:
      return copy_elements<Element16>(plan);
  }
}

}  // namespace keratin::generic
