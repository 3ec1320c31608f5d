// Column sums and moments of [n, c] matrices for any c, in an order that depends on the shape alone.
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

/// block[k][j] += the sum over the rows [row, stop) of term(position in the matrix, wide column, part, k).
template <class T, int K, class Term>
[[gnu::always_inline]] inline void add_rows(int64_t width, int64_t row, int64_t stop, T* block, const Term& term) {
  for (; row + 4 <= stop; row += 4) {
    const int64_t at = row * width;
    for_vectors<T>(width, [&](int64_t j, auto part) __attribute__((always_inline)) {
      for (int k = 0; k < K; ++k) {
        T* sum = block + k * width + j;
        const Vec<T> first = term(at + j, j, part, k) + term(at + width + j, j, part, k);
        const Vec<T> second = term(at + 2 * width + j, j, part, k) + term(at + 3 * width + j, j, part, k);
        part.store(sum, part.load(sum) + (first + second));
      }
    });
  }
  for (; row < stop; ++row) {
    for_vectors<T>(width, [&](int64_t j, auto part) __attribute__((always_inline)) {
      for (int k = 0; k < K; ++k) {
        T* sum = block + k * width + j;
        part.store(sum, part.load(sum) + term(row * width + j, j, part, k));
      }
    });
  }
}

/// How many elements of scratch memory column_sums takes.
template <int K>
int64_t column_sums_scratch(const Columns& s) {
  return 2 * K * s.chunks * s.width;
}

/// result[k][j] = sum over the rows of term(position in the matrix, wide column, part, k).
template <class T, int K, class Term>
void column_sums(const Columns& s, T* scratch, T* result, const Term& term) {
  constexpr auto bytes = [](int64_t n) { return static_cast<size_t>(n) * sizeof(T); };
  const int64_t width = s.width;
  parallel_chunks(s.chunks, [&](int64_t chunk) {
    T* total = scratch + chunk * 2 * K * width;
    T* block = total + K * width;
    memset(total, 0, bytes(K * width));
    const int64_t end = s.end_row(chunk);
    for (int64_t row = s.first_row(chunk); row < end; row += kRowBlock) {
      memset(block, 0, bytes(K * width));
      add_rows<T, K>(width, row, row + kRowBlock < end ? row + kRowBlock : end, block, term);
      add_to(K * width, block, total);
    }
    if (s.has_rest(chunk)) {
      for_vectors<T>(s.rest, [&](int64_t j, auto part) __attribute__((always_inline)) {
        for (int k = 0; k < K; ++k) {
          T* sum = total + k * width + j;
          part.store(sum, part.load(sum) + term(s.rows * width + j, j, part, k));
        }
      });
    }
  });
  for (int64_t chunk = 1; chunk < s.chunks; ++chunk) add_to(K * width, scratch + chunk * 2 * K * width, scratch);
  for (int k = 0; k < K; ++k) {
    const T* wide = scratch + k * width;
    memcpy(result + k * s.c, wide, bytes(s.c));
    for (int64_t i = s.c; i < width; i += s.c) add_to(s.c, wide + i, result + k * s.c);
  }
}

/// Joins the moments of two sets of rows: means, and sums of squared deviations from them (Chan, Golub and LeVeque,
/// "Updating formulae and a pairwise algorithm for computing sample variances", 1979). `a` may be empty.
template <class T>
void merge_moments(int64_t n, int64_t count_a, T* __restrict mean_a, T* __restrict squares_a, int64_t count_b,
                   const T* __restrict mean_b, const T* __restrict squares_b) {
  const double share = static_cast<double>(count_b) / static_cast<double>(count_a + count_b);
  const auto weight = static_cast<T>(share);
  const auto factor = static_cast<T>(static_cast<double>(count_a) * share);
  for (int64_t i = 0; i < n; ++i) {
    const T d = mean_b[i] - mean_a[i];
    mean_a[i] += d * weight;
    squares_a[i] += squares_b[i] + d * d * factor;
  }
}

/// How many elements of scratch memory column_moments takes.
inline int64_t column_moments_scratch(const Columns& s) { return 4 * s.chunks * s.width; }

/// Means of the columns and sums of squared deviations from them, of at least one row. Each block of rows is summed
/// twice while it is in cache: as exact as two passes over the matrix, for the memory traffic of one.
template <class T>
void column_moments(const Columns& s, const T* x, T* scratch, T* mean, T* squares) {
  using V = Vec<T>;
  const int64_t width = s.width;
  const size_t bytes = static_cast<size_t>(width) * sizeof(T);
  int64_t block_rows = kColumnGrain / 2 / width;
  block_rows = block_rows < 8 ? 8 : block_rows > kRowBlock ? kRowBlock : block_rows;
  // Per chunk its mean and squares, and those of a block.
  parallel_chunks(s.chunks, [&](int64_t chunk) {
    T* total = scratch + chunk * 4 * width;
    T* center = total + 2 * width;
    T* block = center + width;
    memset(total, 0, 2 * bytes);
    const int64_t first = s.first_row(chunk);
    const int64_t end = s.end_row(chunk);
    for (int64_t row = first; row < end; row += block_rows) {
      const int64_t stop = row + block_rows < end ? row + block_rows : end;
      memset(center, 0, 2 * bytes);
      add_rows<T, 1>(width, row, stop, center, [&](int64_t i, int64_t, auto part, int) __attribute__((always_inline)) {
        return part.load(x + i);
      });
      const T inverse = 1 / static_cast<T>(stop - row);
      for (int64_t j = 0; j < width; ++j) center[j] *= inverse;
      add_rows<T, 1>(width, row, stop, block, [&](int64_t i, int64_t j, auto part, int) __attribute__((always_inline)) {
        const V d = part.load(x + i) - part.load(center + j);
        return V(d * d);
      });
      merge_moments(width, row - first, total, total + width, stop - row, center, block);
    }
  });
  T* wide = scratch;
  for (int64_t chunk = 1; chunk < s.chunks; ++chunk) {
    const T* next = scratch + chunk * 4 * width;
    const int64_t count = s.end_row(chunk) - s.first_row(chunk);
    if (count > 0) merge_moments(width, s.first_row(chunk), wide, wide + width, count, next, next + width);
  }
  // The last row reaches only some of the wide columns, always whole groups of c.
  if (s.rest > 0) {
    T* zeros = wide + 2 * width;
    memset(zeros, 0, bytes);
    merge_moments(s.rest, s.rows, wide, wide + width, 1, x + s.rows * width, zeros);
  }
  const size_t column_bytes = static_cast<size_t>(s.c) * sizeof(T);
  memcpy(mean, wide, column_bytes);
  memcpy(squares, wide + width, column_bytes);
  int64_t count = s.rows + (s.rest > 0 ? 1 : 0);
  for (int64_t i = s.c; i < width; i += s.c) {
    const int64_t group = s.rows + (i < s.rest ? 1 : 0);
    merge_moments(s.c, count, mean, squares, group, wide + i, wide + width + i);
    count += group;
  }
}

/// body(position in the matrix, wide column, part) for every vector, in parallel.
template <class T, class Body>
void for_columns(const Columns& s, const Body& body) {
  parallel_chunks(s.chunks, [&](int64_t chunk) {
    const int64_t end = s.end_row(chunk);
    for (int64_t row = s.first_row(chunk); row < end; ++row) {
      for_vectors<T>(s.width,
                     [&](int64_t j, auto part) __attribute__((always_inline)) { body(row * s.width + j, j, part); });
    }
    if (s.has_rest(chunk)) {
      for_vectors<T>(s.rest,
                     [&](int64_t j, auto part) __attribute__((always_inline)) { body(s.rows * s.width + j, j, part); });
    }
  });
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
