// The innermost loops of matrix products: one tile of the output, a few rows by a few vectors, held in registers.
//
// The left operand is read one element at a time where it lies and the right one a vector at a time, either where it
// lies or from panels that gemm_pack.h made. The blocking around it follows Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication" (2008), without a packed left operand.
#pragma once

#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {
namespace {

// Rows of the largest tile that is two vectors wide: rows * 2 accumulators, 2 vectors of the right operand and one
// broadcast element have to fit in the registers (32 with AVX-512 and NEON, 16 otherwise).
#if defined(__AVX512F__)
constexpr int64_t kTileRows = 14;
#elif defined(__AVX2__)
constexpr int64_t kTileRows = 6;
#elif defined(__aarch64__)
constexpr int64_t kTileRows = 8;
#else
constexpr int64_t kTileRows = 4;
#endif
// Tiles of up to kTileRows / 2 rows may be four vectors wide: one row alone would wait for its own sums.
constexpr int64_t kWideTileRows = kTileRows / 2;
constexpr int64_t kMaxTileVectors = 4;

/// One tile. Strides and steps count elements.
template <class T>
struct Tile {
  const T* a;
  int64_t a_row;   // between rows; 1 where the kernel for adjacent rows is meant
  int64_t a_step;  // between elements of the inner axis; 1 where the kernel for separate rows is meant
  const T* b;
  int64_t b_step;
  T* c;
  int64_t c_row;
  // The inner axis: `runs` stretches of `k` elements. Stretch r of the left operand begins at a + offsets[r]; the right
  // operand goes on without a gap. `offsets` may be null for a single stretch.
  int64_t k;
  int64_t runs;
  const int64_t* offsets;
  // What the sums start from: null for zero; else rows `start_row` apart (0: a bias that all rows share).
  const T* start;
  int64_t start_row;
  T floor;  // results below it become it: 0 for relu, minus infinity for none
};

/// x in every lane. Unlike 0 + x, x - 0 is x for -0 too, so that nothing is added.
template <class T>
[[gnu::always_inline]] inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}

// Rows of the right operand read ahead: in place they may lie so far apart that the processor does not do it by itself.
constexpr int64_t kPrefetchRows = 8;

template <class T, int kVectors>
[[gnu::always_inline]] inline void prefetch_row(const T* row) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
#pragma GCC unroll 4
  for (int64_t j = 0; j < kVectors * lanes<T>; j += kLine) __builtin_prefetch(row + j);
}

/// `kRows` rows by `kVectors` vectors. kAdjacent: the left operand's rows are neighbours in memory (a transposed
/// matrix); otherwise its inner axis is.
template <class T, int kRows, int kVectors, bool kAdjacent>
[[gnu::noinline]] void tile_kernel(const Tile<T>& tile) {
  using V = Vec<T>;
  V sum[kRows][kVectors];
  if (tile.start != nullptr) {
    const T* start = tile.start;
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[i][j] = load<V>(start + j * lanes<T>);
      start += tile.start_row;
    }
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[i][j] = V{};
    }
  }
  const T* b = tile.b;
  const int64_t b_step = tile.b_step;
  for (int64_t r = 0; r < tile.runs; ++r) {
    const T* a = tile.offsets == nullptr ? tile.a : tile.a + tile.offsets[r];
    if constexpr (kAdjacent) {
      const int64_t a_step = tile.a_step;
      for (int64_t p = tile.k; p > 0; --p) {
        V right[kVectors];
        prefetch_row<T, kVectors>(b + kPrefetchRows * b_step);
#pragma GCC unroll 4
        for (int j = 0; j < kVectors; ++j) right[j] = load<V>(b + j * lanes<T>);
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
          const V left = broadcast(a[i]);
#pragma GCC unroll 4
          for (int j = 0; j < kVectors; ++j) sum[i][j] += left * right[j];
        }
        a += a_step;
        b += b_step;
      }
    } else {
      // One pointer for three rows: with one for each row they do not fit in the general registers.
      constexpr int kGroups = (kRows + 2) / 3;
      const int64_t a_row = tile.a_row;
      const T* rows[kGroups];
#pragma GCC unroll 16
      for (int g = 0; g < kGroups; ++g) rows[g] = a + 3 * g * a_row;
      for (int64_t p = tile.k; p > 0; --p) {
        V right[kVectors];
        prefetch_row<T, kVectors>(b + kPrefetchRows * b_step);
#pragma GCC unroll 4
        for (int j = 0; j < kVectors; ++j) right[j] = load<V>(b + j * lanes<T>);
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
          const V left = broadcast(rows[i / 3][i % 3 * a_row]);
#pragma GCC unroll 4
          for (int j = 0; j < kVectors; ++j) sum[i][j] += left * right[j];
        }
#pragma GCC unroll 16
        for (int g = 0; g < kGroups; ++g) {
          ++rows[g];
          // Keeps the compiler from deriving all rows anew from one pointer.
          asm("" : "+r"(rows[g]));
        }
        b += b_step;
      }
    }
  }
  T* c = tile.c;
  const V floor = broadcast(tile.floor);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) store(c + j * lanes<T>, sum[i][j] < floor ? floor : sum[i][j]);
    c += tile.c_row;
  }
}

template <class T>
using TileKernel = void (*)(const Tile<T>&);

template <class T, bool kAdjacent>
struct TileKernels {
#define KERATIN_ROW(rows, vectors) tile_kernel<T, (rows), (vectors), kAdjacent>
#if defined(__AVX512F__)
#define KERATIN_ROWS(v)                                                                                             \
  KERATIN_ROW(1, v), KERATIN_ROW(2, v), KERATIN_ROW(3, v), KERATIN_ROW(4, v), KERATIN_ROW(5, v), KERATIN_ROW(6, v), \
      KERATIN_ROW(7, v), KERATIN_ROW(8, v), KERATIN_ROW(9, v), KERATIN_ROW(10, v), KERATIN_ROW(11, v),              \
      KERATIN_ROW(12, v), KERATIN_ROW(13, v), KERATIN_ROW(14, v)
#define KERATIN_WIDE_ROWS                                                                                           \
  KERATIN_ROW(1, 4), KERATIN_ROW(2, 4), KERATIN_ROW(3, 4), KERATIN_ROW(4, 4), KERATIN_ROW(5, 4), KERATIN_ROW(6, 4), \
      KERATIN_ROW(7, 4)
#elif defined(__AVX2__)
#define KERATIN_ROWS(v) \
  KERATIN_ROW(1, v), KERATIN_ROW(2, v), KERATIN_ROW(3, v), KERATIN_ROW(4, v), KERATIN_ROW(5, v), KERATIN_ROW(6, v)
#define KERATIN_WIDE_ROWS KERATIN_ROW(1, 4), KERATIN_ROW(2, 4), KERATIN_ROW(3, 4)
#elif defined(__aarch64__)
#define KERATIN_ROWS(v)                                                                                             \
  KERATIN_ROW(1, v), KERATIN_ROW(2, v), KERATIN_ROW(3, v), KERATIN_ROW(4, v), KERATIN_ROW(5, v), KERATIN_ROW(6, v), \
      KERATIN_ROW(7, v), KERATIN_ROW(8, v)
#define KERATIN_WIDE_ROWS KERATIN_ROW(1, 4), KERATIN_ROW(2, 4), KERATIN_ROW(3, 4), KERATIN_ROW(4, 4)
#else
#define KERATIN_ROWS(v) KERATIN_ROW(1, v), KERATIN_ROW(2, v), KERATIN_ROW(3, v), KERATIN_ROW(4, v)
#define KERATIN_WIDE_ROWS KERATIN_ROW(1, 4), KERATIN_ROW(2, 4)
#endif
  static constexpr TileKernel<T> narrow[kTileRows] = {KERATIN_ROWS(1)};
  static constexpr TileKernel<T> plain[kTileRows] = {KERATIN_ROWS(2)};
  static constexpr TileKernel<T> wide[kWideTileRows] = {KERATIN_WIDE_ROWS};
#undef KERATIN_ROW
#undef KERATIN_ROWS
#undef KERATIN_WIDE_ROWS
};

/// Runs the tile of `rows` by `vectors` (1, 2, or 4 where rows <= kWideTileRows).
template <class T>
[[gnu::always_inline]] inline void run_tile(const Tile<T>& tile, int64_t rows, int64_t vectors, bool adjacent) {
  using Adjacent = TileKernels<T, true>;
  using Separate = TileKernels<T, false>;
  const TileKernel<T>* kernels = vectors == 1   ? (adjacent ? Adjacent::narrow : Separate::narrow)
                                 : vectors == 2 ? (adjacent ? Adjacent::plain : Separate::plain)
                                                : (adjacent ? Adjacent::wide : Separate::wide);
  kernels[rows - 1](tile);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
