// The innermost loops of matrix products: one tile of the output, a few rows by a few vectors, held in registers.
//
// The left operand is read one element at a time where it lies and the right one a vector at a time, either where it
// lies or from panels that gemm_pack.h made. The blocking around it follows Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication" (2008), but the left operand is seldom packed.
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

/// x in every lane. Unlike 0 + x, x - 0 is x for -0 too, so that nothing is added.
template <class T>
[[gnu::always_inline]] inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}

}  // namespace

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

/// Runs the tile of `rows` by `vectors` (1, 2, or 4 where rows <= kWideTileRows). kAdjacent in gemm_tile.cpp says what
/// `adjacent` means. Compiled once for each instruction set, since there are many tiles: Tile and these two are
/// therefore outside of the unnamed namespace.
void run_tile(const Tile<float>& tile, int64_t rows, int64_t vectors, bool adjacent);
void run_tile(const Tile<double>& tile, int64_t rows, int64_t vectors, bool adjacent);

}  // namespace keratin::KERATIN_ISA
