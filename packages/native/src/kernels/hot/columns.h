// Column sums of [n, c] matrices for any c, in an order that depends on the shape alone.
//
// Rows of few columns are taken several at a time: [n, c] is read as [n / k, k c], so that loops run over whole
// vectors, and the k groups are folded at the end. What belongs to a column (a mean, a scale) is repeated k times for
// that.
#pragma once

#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// Rows longer than this are not widened.
constexpr int64_t kWide = 256;
// Elements of a chunk (20 to 50 us of memory traffic), and the most chunks whose partial sums are kept.
constexpr int64_t kColumnGrain = 32768;
constexpr int64_t kMaxChunks = 64;
// Rows that are added up in the storage dtype before they join the sum of their chunk: keeps float32 sums accurate.
constexpr int64_t kRowBlock = 128;

/// [n, c] as `rows` rows of `width` = k * c elements and a last one of `rest` < width.
struct Columns {
  int64_t n, c, repeats, width, rows, rest, chunk_rows, chunks;

  Columns(int64_t n_, int64_t c_, int64_t num_lanes) : n(n_), c(c_) {
    repeats = 1;
    if (c < kWide) {
      // The fewest rows that end on a vector, then multiples of them.
      while (c * repeats % num_lanes != 0) ++repeats;
      repeats *= (kWide + c * repeats - 1) / (c * repeats);
      if (repeats > n) repeats = n > 0 ? n : 1;
    }
    width = repeats * c;
    rows = n / repeats;
    rest = (n - rows * repeats) * c;
    const int64_t all = rows + (rest > 0 ? 1 : 0);
    chunk_rows = (kColumnGrain + width - 1) / width;
    if (chunk_rows * kMaxChunks < all) chunk_rows = (all + kMaxChunks - 1) / kMaxChunks;
    chunks = all > chunk_rows ? (all + chunk_rows - 1) / chunk_rows : 1;
  }

  int64_t first_row(int64_t chunk) const { return chunk * chunk_rows; }
  /// The end of the chunk's rows of full width.
  int64_t end_row(int64_t chunk) const { return chunk + 1 < chunks ? (chunk + 1) * chunk_rows : rows; }
  bool has_rest(int64_t chunk) const { return rest > 0 && chunk + 1 == chunks; }
};

/// y[0, width) = x[0, c) repeated.
template <class T>
void repeat_columns(const Columns& s, const T* x, T* y) {
  for (int64_t i = 0; i < s.width; i += s.c) memcpy(y + i, x, static_cast<size_t>(s.c) * sizeof(T));
}

/// to[i] += from[i]
template <class T>
void add_to(int64_t n, const T* __restrict from, T* __restrict to) {
  for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

/// result[k][j] = sum over the rows of term(position in the matrix, wide column, part, k). `scratch` holds
/// column_scratch<K>(s) elements. Lanes outside of `part` are dropped.
template <class T, int K>
int64_t column_scratch(const Columns& s) {
  return 2 * K * s.chunks * s.width;
}

template <class T, int K, class Term>
void column_sums(const Columns& s, T* scratch, T* result, const Term& term) {
  constexpr auto bytes = [](int64_t n) { return static_cast<size_t>(n) * sizeof(T); };
  const int64_t width = s.width;
  parallel_chunks(s.chunks, [&](int64_t chunk) {
    T* total = scratch + chunk * 2 * K * width;
    T* block = total + K * width;
    memset(total, 0, bytes(K * width));
    int64_t row = s.first_row(chunk);
    const int64_t end = s.end_row(chunk);
    while (row < end || s.has_rest(chunk)) {
      memset(block, 0, bytes(K * width));
      const int64_t stop = row + kRowBlock < end ? row + kRowBlock : end;
      for (; row + 4 <= stop; row += 4) {
        const int64_t at = row * width;
        for_vectors<T>(
            width, [&](int64_t j, auto part) __attribute__((always_inline)) {
              for (int k = 0; k < K; ++k) {
                T* sum = block + k * width + j;
                part.store(sum, part.load(sum) +
                                    ((term(at + j, j, part, k) + term(at + width + j, j, part, k)) +
                                     (term(at + 2 * width + j, j, part, k) + term(at + 3 * width + j, j, part, k))));
              }
            });
      }
      for (; row < stop; ++row) {
        for_vectors<T>(
            width, [&](int64_t j, auto part) __attribute__((always_inline)) {
              for (int k = 0; k < K; ++k) {
                T* sum = block + k * width + j;
                part.store(sum, part.load(sum) + term(row * width + j, j, part, k));
              }
            });
      }
      const bool last = row == end;
      if (last && s.has_rest(chunk)) {
        for_vectors<T>(
            s.rest, [&](int64_t j, auto part) __attribute__((always_inline)) {
              for (int k = 0; k < K; ++k) {
                T* sum = block + k * width + j;
                part.store(sum, part.load(sum) + term(s.rows * width + j, j, part, k));
              }
            });
      }
      add_to(K * width, block, total);
      if (last) break;
    }
  });
  for (int64_t chunk = 1; chunk < s.chunks; ++chunk) add_to(K * width, scratch + chunk * 2 * K * width, scratch);
  for (int k = 0; k < K; ++k) {
    const T* wide = scratch + k * width;
    memcpy(result + k * s.c, wide, bytes(s.c));
    for (int64_t i = s.c; i < width; i += s.c) add_to(s.c, wide + i, result + k * s.c);
  }
}

/// body(position in the matrix, wide column, part) for every vector, in parallel.
template <class T, class Body>
void for_columns(const Columns& s, const Body& body) {
  parallel_chunks(s.chunks, [&](int64_t chunk) {
    const int64_t end = s.end_row(chunk);
    for (int64_t row = s.first_row(chunk); row < end; ++row) {
      for_vectors<T>(
          s.width, [&](int64_t j, auto part) __attribute__((always_inline)) { body(row * s.width + j, j, part); });
    }
    if (s.has_rest(chunk)) {
      for_vectors<T>(
          s.rest, [&](int64_t j, auto part) __attribute__((always_inline)) { body(s.rows * s.width + j, j, part); });
    }
  });
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
