// The tiles of every height and width.
#include "kernels/hot/gemm_tile.h"

namespace keratin::KERATIN_ISA {
namespace {

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

template <class T>
[[gnu::always_inline]] inline void run_tile_of(const Tile<T>& tile, int64_t rows, int64_t vectors, bool adjacent) {
  using Adjacent = TileKernels<T, true>;
  using Separate = TileKernels<T, false>;
  const TileKernel<T>* kernels = vectors == 1   ? (adjacent ? Adjacent::narrow : Separate::narrow)
                                 : vectors == 2 ? (adjacent ? Adjacent::plain : Separate::plain)
                                                : (adjacent ? Adjacent::wide : Separate::wide);
  kernels[rows - 1](tile);
}

}  // namespace

void run_tile(const Tile<float>& tile, int64_t rows, int64_t vectors, bool adjacent) {
  run_tile_of(tile, rows, vectors, adjacent);
}

void run_tile(const Tile<double>& tile, int64_t rows, int64_t vectors, bool adjacent) {
  run_tile_of(tile, rows, vectors, adjacent);
}

}  // namespace keratin::KERATIN_ISA
