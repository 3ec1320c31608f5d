// Copies that matrix products make of their operands: panels of the right operand, and transposed blocks.
#pragma once

#include "kernels/hot/gemm_product.h"
#include "kernels/hot/gemm_tile.h"

namespace keratin::KERATIN_ISA {
namespace {

#define KERATIN_LOW_2 0, 2
#define KERATIN_LOW_4 0, 4, 1, 5
#define KERATIN_LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define KERATIN_LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define KERATIN_HIGH_2 1, 3
#define KERATIN_HIGH_4 2, 6, 3, 7
#define KERATIN_HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define KERATIN_HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31

/// a0 b0 a1 b1 ... of the lower (kHigh: upper) halves.
template <bool kHigh, class V>
[[gnu::always_inline]] inline V interleave(V a, V b) {
  constexpr int kLanes = sizeof(V) / sizeof(a[0]);
  if constexpr (kLanes == 2) {
    return kHigh ? __builtin_shufflevector(a, b, KERATIN_HIGH_2) : __builtin_shufflevector(a, b, KERATIN_LOW_2);
  } else if constexpr (kLanes == 4) {
    return kHigh ? __builtin_shufflevector(a, b, KERATIN_HIGH_4) : __builtin_shufflevector(a, b, KERATIN_LOW_4);
  } else if constexpr (kLanes == 8) {
    return kHigh ? __builtin_shufflevector(a, b, KERATIN_HIGH_8) : __builtin_shufflevector(a, b, KERATIN_LOW_8);
  } else {
    return kHigh ? __builtin_shufflevector(a, b, KERATIN_HIGH_16) : __builtin_shufflevector(a, b, KERATIN_LOW_16);
  }
}

#undef KERATIN_LOW_2
#undef KERATIN_LOW_4
#undef KERATIN_LOW_8
#undef KERATIN_LOW_16
#undef KERATIN_HIGH_2
#undef KERATIN_HIGH_4
#undef KERATIN_HIGH_8
#undef KERATIN_HIGH_16

/// Transposes lanes x lanes elements: a perfect shuffle of the rows, log2(lanes) times.
template <class T>
[[gnu::always_inline]] inline void transpose_square(const T* from, int64_t from_row, T* to, int64_t to_row) {
  using V = Vec<T>;
  constexpr int kLanes = static_cast<int>(lanes<T>);
  V row[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) row[i] = load<V>(from + i * from_row);
#pragma GCC unroll 4
  for (int round = 1; round < kLanes; round *= 2) {
    V next[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = interleave<false>(row[i], row[i + kLanes / 2]);
      next[2 * i + 1] = interleave<true>(row[i], row[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) row[i] = next[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) store(to + i * to_row, row[i]);
}

/// to[j][i] = from[i][j] for i < rows, j < columns.
template <class T>
[[gnu::noinline]] void copy_transposed(const T* from, int64_t from_row, int64_t rows, int64_t columns, T* to,
                                       int64_t to_row) {
  constexpr int64_t kLanes = lanes<T>;
  const int64_t whole_rows = rows / kLanes * kLanes;
  const int64_t whole_columns = columns / kLanes * kLanes;
  for (int64_t i = 0; i < whole_rows; i += kLanes) {
    for (int64_t j = 0; j < whole_columns; j += kLanes) {
      transpose_square(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) to[j * to_row + i] = from[i * from_row + j];
  }
}

/// Plain loads and stores, so that short rows do not pay for a call of memcpy.
template <class T>
[[gnu::always_inline]] inline void copy_row(const T* from, T* to, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) store(to + j, load<Vec<T>>(from + j));
  for (; j < n; ++j) to[j] = from[j];
}

/// Vectors of the panel that begins where `columns` are left, in a matrix whose panels have `panel` vectors (2 or 4).
template <class T>
[[gnu::always_inline]] inline int64_t panel_vectors(int64_t columns, int64_t panel) {
  if (columns >= panel * lanes<T>) return panel;
  return columns > lanes<T> ? 2 : 1;
}

template <class T>
[[gnu::always_inline]] inline int64_t round_up_to_vectors(int64_t columns) {
  return (columns + lanes<T> - 1) / lanes<T> * lanes<T>;
}

/// `k` rows of one panel, `width` elements wide, of which the matrix has `columns`; the rest becomes zero.
template <class T>
[[gnu::noinline]] void pack_panel(const Matrix<T>& b, int64_t k, int64_t columns, T* to, int64_t width) {
  if (columns < width) memset(to, 0, static_cast<size_t>(k * width) * sizeof(T));
  if (b.column == 1) {
    for (int64_t p = 0; p < k; ++p) copy_row(b.data + p * b.row, to + p * width, columns);
  } else if (b.row == 1) {
    copy_transposed(b.data, b.column, columns, k, to, width);
  } else {
    for (int64_t p = 0; p < k; ++p) {
      for (int64_t j = 0; j < columns; ++j) to[p * width + j] = b.data[p * b.row + j * b.column];
    }
  }
}

/// How rows are divided into tiles: as few as possible, of nearly equal height.
struct RowBlocks {
  int64_t count;
  int64_t base;
  int64_t larger;
  RowBlocks(int64_t m, int64_t panel) {
    count = divide_up(m, panel == 4 ? kWideTileRows : kTileRows);
    base = m / count;
    larger = m % count;
  }
  int64_t rows(int64_t block) const { return base + (block < larger ? 1 : 0); }
};

/// The rows of `a` (neighbours in memory), tile after tile; a tile's rows side by side for each of `k` inner elements.
/// Writes up to a vector beyond the m * k elements.
template <class T>
[[gnu::noinline]] void pack_rows(const Matrix<T>& a, int64_t m, int64_t k, int64_t panel, T* to) {
  const RowBlocks blocks(m, panel);
  for (int64_t p = 0; p < k; ++p) {
    const T* from = a.data + p * a.column;
    const T* end = from + m;
    T* out = to;
    for (int64_t block = 0; block < blocks.count; ++block) {
      const int64_t rows = blocks.rows(block);
      // A whole vector may be read where more rows follow, and written where the excess is not yet written or a later
      // element overwrites it.
      if (rows <= lanes<T> && end - from >= lanes<T> && (p + 1 < k || block + 1 == blocks.count)) {
        store(out + p * rows, load<Vec<T>>(from));
      } else {
        copy_row(from, out + p * rows, rows);
      }
      from += rows;
      out += rows * k;
    }
  }
}

/// Columns [begin, end) of a k x n matrix, in panels of `panel` vectors; `to` is where column 0's panel would be.
/// `begin` is the first column of a panel, `end` too or n. The panel of column j begins at to + j * k.
template <class T>
void pack_columns(const Matrix<T>& b, int64_t k, int64_t begin, int64_t end, int64_t panel, T* to) {
  int64_t j = begin;
  if (b.column == 1) {
    // Row by row through all whole panels: short pieces far apart would defeat the prefetching of memory.
    const int64_t width = panel * lanes<T>;
    const int64_t panels = (end - begin) / width;
    for (int64_t p = 0; p < k; ++p) {
      const T* from = b.data + p * b.row + begin;
      T* row = to + begin * k + p * width;
      for (int64_t i = 0; i < panels; ++i, from += width, row += width * k) {
        for (int64_t x = 0; x < width; x += lanes<T>) store(row + x, load<Vec<T>>(from + x));
      }
    }
    j += panels * width;
  }
  while (j < end) {
    const int64_t width = panel_vectors<T>(end - j, panel) * lanes<T>;
    const int64_t columns = end - j < width ? end - j : width;
    pack_panel(Matrix<T>{b.data + j * b.column, b.row, b.column}, k, columns, to + j * k, width);
    j += width;
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
