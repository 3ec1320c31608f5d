// Matrix products of any size and strides, blocked for the caches and shared out over the threads.
//
// Each output element is summed by one thread, over the inner axis from its first element to its last, so results do
// not depend on the number of threads.
#pragma once

#include "kernels/hot/gemm_dot.h"
#include "kernels/hot/gemm_pack.h"

namespace keratin::KERATIN_ISA {
namespace {

// Inner elements per pass: a panel of the right operand that is two vectors wide then stays in the first-level cache or
// streams from the second level, and the sums in c are read again only once a pass.
constexpr int64_t kInnerBlock = 512;
// Rows and columns of a chunk: what it reads of both operands in one pass fits in the second-level cache.
constexpr int64_t kChunkRows = 18 * kTileRows;
constexpr int64_t kChunkColumns = 256;
// Multiplications per chunk, about 50 us; calls of less than two chunks stay on the calling thread.
constexpr int64_t kChunkWork = int64_t{3} << 20;
// More chunks than these only where the caches ask for it.
constexpr int64_t kManyChunks = 16;
// So many share the work of a few threads out evenly enough where more would move more memory.
constexpr int64_t kFewChunks = 4;
// Up to so many elements the right operand is packed once for all chunks; a larger one would leave the caches
// meanwhile, so each chunk packs what it reads next.
constexpr int64_t kSharedElements = int64_t{1} << 16;
// A right operand of so few elements stays in the nearest caches without a copy.
constexpr int64_t kDirectElements = 3 * (int64_t{1} << 14);
// Elements on the stack, so that small products need no memory from the pool.
constexpr int64_t kLocalElements = 2048;

/// The right operand as tiles read it: columns below `first_packed` where they lie (neighbours in memory), the others
/// from panels (pack_columns, for the matrix that begins with column first_packed).
template <class T>
struct RightOperand {
  Matrix<T> matrix;
  int64_t first_packed;
  const T* packed;
  int64_t panel;  // vectors
};

/// Part of a product, or of a sum of products: c = [c +] a b, on one thread.
template <class T>
struct Block {
  int64_t m;
  int64_t begin, end;  // columns
  // The inner axis: `runs` stretches of `k` elements, as in Tile. `offsets` may be null for a single one.
  int64_t k;
  int64_t runs;
  const int64_t* offsets;
  // Where these elements are among those of the right operand.
  int64_t inner_first;
  int64_t inner_total;
  Matrix<T> a;        // row or column stride 1
  const T* packed_a;  // instead of a, if not null: made by pack_rows
  T* c;               // row 0, column 0
  int64_t c_row;
  bool padded;            // rows of c have room for whole vectors
  bool accumulate;        // c holds the sums so far; bias is not added again
  const T* bias;          // null for none
  Activation activation;  // of the finished sums
  const T* addend;        // row 0, column 0; null for none, or where sums are not finished
  int64_t addend_row;
};

/// Rows [0, m) and columns [begin, end) on the calling thread.
template <class T>
[[gnu::noinline]] void multiply_block(const Block<T>& block, const RightOperand<T>& right) {
  constexpr int64_t kLanes = lanes<T>;
  const bool adjacent = block.packed_a != nullptr || (block.a.row == 1 && block.a.column != 1);
  const RowBlocks blocks(block.m, right.panel);
  const int64_t n = block.end;

  alignas(64) T edge[kTileRows * 2 * kLanes];
  alignas(64) T edge_bias[2 * kLanes];
  Tile<T> tile;
  tile.a_row = block.a.row;
  tile.a_step = block.a.column;
  tile.k = block.k;
  tile.runs = block.runs;
  tile.offsets = block.offsets;
  const bool finish = needs_pass(block.activation) || block.addend != nullptr;
  tile.floor = block.activation == kRelu && !finish ? T{0} : -static_cast<T>(__builtin_inff());
  for (int64_t j = block.begin; j < n;) {
    const int64_t vectors = panel_vectors<T>(n - j, right.panel);
    const int64_t width = vectors * kLanes;
    const int64_t columns = min_of(width, n - j);
    if (j < right.first_packed) {
      tile.b = right.matrix.data + block.inner_first * right.matrix.row + j;
      tile.b_step = right.matrix.row;
    } else {
      tile.b = right.packed + (j - right.first_packed) * block.inner_total + block.inner_first * width;
      tile.b_step = width;
    }
    const bool whole = columns == width || block.padded;
    const T* bias = nullptr;
    if (!block.accumulate && block.bias != nullptr) {
      bias = block.bias + j;
      if (columns < width) {
        for (int64_t x = 0; x < width; ++x) edge_bias[x] = x < columns ? bias[x] : T{0};
        bias = edge_bias;
      }
    }
    int64_t i = 0;
    for (int64_t row_block = 0; row_block < blocks.count; ++row_block) {
      const int64_t rows = blocks.rows(row_block);
      T* c = block.c + i * block.c_row + j;
      if (block.packed_a != nullptr) {
        tile.a = block.packed_a + i * block.k;
        tile.a_step = rows;
      } else {
        tile.a = block.a.data + i * block.a.row;
      }
      tile.start = bias;
      tile.start_row = 0;
      if (whole) {
        tile.c = c;
        tile.c_row = block.c_row;
      } else {
        tile.c = edge;
        tile.c_row = width;
        if (block.accumulate) {
          for (int64_t r = 0; r < rows; ++r) copy_row(c + r * block.c_row, edge + r * width, columns);
        }
      }
      if (block.accumulate) {
        tile.start = tile.c;
        tile.start_row = tile.c_row;
      }
      run_tile(tile, rows, vectors, adjacent);
      if (!whole) {
        for (int64_t r = 0; r < rows; ++r) copy_row(edge + r * width, c + r * block.c_row, columns);
      }
      if (finish) {
        const T* addend = block.addend == nullptr ? nullptr : block.addend + i * block.addend_row + j;
        apply_epilogue<T>(c, block.c_row, rows, columns, Addends<T>{nullptr, addend, block.addend_row},
                          block.activation);
      }
      i += rows;
    }
    j += width;
  }
}

/// How a product is computed; depends on its shape and strides only.
struct Plan {
  bool swapped;    // as the transposed product: rows of c become columns
  bool direct;     // the right operand is read where it lies
  bool shared;     // it is packed once, before the chunks
  bool pack_left;  // each chunk packs the left operand too
  int64_t panel;   // vectors of a panel
  int64_t m_chunk;
  int64_t n_chunk;
  int64_t chunks;
};

/// Rough cycles for `tiles of rows` and for moving operands; the ratios were measured.
template <class T>
inline double tile_cycles(int64_t m, int64_t n, int64_t k) {
  const int64_t vectors = divide_up(n, lanes<T>);
  // One or two rows wait for the latency of their own sums.
  const double rows = m < 4 ? (m == 1 ? 2.0 : 1.0 * static_cast<double>(m) + 0.5) : static_cast<double>(m);
  return 0.5 * rows * static_cast<double>(vectors * k);
}

template <class T>
inline Product<T> transposed(const Product<T>& p) {
  return {p.n,
          p.m,
          p.k,
          {p.b.data, p.b.column, p.b.row},
          {p.a.data, p.a.column, p.a.row},
          p.c,
          p.c_row,
          p.bias,
          p.activation,
          p.accumulate,
          p.addend,
          p.addend_row};
}

/// Whether the right operand need not be packed: few rows would not repay the copy, nor would many if it is small.
template <class T>
inline bool reads_directly(const Product<T>& p) {
  if (p.b.column != 1) return false;
  return p.m <= 4 * kTileRows || (p.m <= 10 * kTileRows && p.n * p.k <= kDirectElements);
}

template <class T>
inline double cycles(const Product<T>& p) {
  const double right = static_cast<double>(p.k) * static_cast<double>(p.n);
  const double left = static_cast<double>(p.k) * static_cast<double>(p.m);
  double sum = tile_cycles<T>(p.m, p.n, p.k);
  sum += reads_directly(p) ? 0 : right * (p.b.column == 1 ? 2.0 : 6.0) / static_cast<double>(lanes<T>);
  if (p.a.row != 1 && p.a.column != 1) sum += left;
  return sum;
}

/// Halves the chunks until there are enough of them. Each chunk packs what it reads, so it should use that often:
/// chunks become neither very low nor very narrow.
template <class T>
inline void choose_chunks(const Product<T>& q, Plan& plan) {
  const int64_t width = plan.panel * lanes<T>;
  const int64_t work = q.m * q.n * max_of(q.k, 1);
  if (work < 2 * kChunkWork) {
    plan.m_chunk = q.m;
    plan.n_chunk = q.n;
    plan.chunks = 1;
    return;
  }
  const int64_t wanted = min_of(work / kChunkWork, kManyChunks);
  const int64_t fewest_rows = plan.direct ? 1 : 4;
  // Narrow chunks of a transposed left operand read a few elements of each of its rows, and pack the other for little.
  const bool narrow_reads = !plan.direct && q.n * q.k > kSharedElements && q.a.row == 1 && q.a.column != 1;
  int64_t m_parts = divide_up(q.m, kChunkRows);
  int64_t n_parts = divide_up(q.n, kChunkColumns);
  for (;;) {
    plan.m_chunk = divide_up(divide_up(q.m, m_parts), kTileRows) * kTileRows;
    plan.n_chunk = divide_up(divide_up(q.n, n_parts), width) * width;
    if (m_parts * n_parts >= wanted) break;
    if (plan.n_chunk > 4 * width) {
      n_parts *= 2;
    } else if (plan.m_chunk > 12 * kTileRows) {
      m_parts *= 2;
    } else if (narrow_reads && m_parts * n_parts >= kFewChunks) {
      break;
    } else if (plan.n_chunk > 2 * width || (plan.direct && plan.n_chunk > width)) {
      n_parts *= 2;
    } else if (plan.m_chunk >= 2 * fewest_rows * kTileRows && (plan.direct || m_parts * n_parts < kManyChunks / 2)) {
      m_parts *= 2;
    } else {
      break;
    }
  }
  plan.m_chunk = min_of(plan.m_chunk, q.m);
  plan.chunks = divide_up(q.m, plan.m_chunk) * divide_up(q.n, plan.n_chunk);
}

template <class T>
inline Plan plan_product(const Product<T>& p) {
  Plan plan{};
  const Product<T> other = transposed(p);
  const double moved = 8.0 / static_cast<double>(lanes<T>) * static_cast<double>(p.m) * static_cast<double>(p.n);
  // A swapped product is computed beside c, which does not hold sums then.
  plan.swapped = !p.accumulate && cycles(other) + moved < cycles(p);
  const Product<T>& q = plan.swapped ? other : p;
  plan.direct = reads_directly(q);
  plan.panel = q.m <= kWideTileRows ? 4 : 2;
  choose_chunks(q, plan);
  plan.shared = plan.direct || q.n * q.k <= kSharedElements;
  // Rows that are neighbours lie a whole matrix row apart along the inner axis: packed, they do not need a page each.
  plan.pack_left =
      q.k > kInnerBlock / 2 && q.a.row == 1 && q.a.column != 1 && q.m > 1 && plan.n_chunk >= 8 * plan.panel * lanes<T>;
  return plan;
}

/// One chunk of the output: c[i ..][j ..] as `q` (swapped if the plan says so) numbers rows and columns. `shared` has
/// the right operand's panels unless the chunk makes them itself.
template <class T>
void multiply_chunk(const Product<T>& q, const Plan& plan, const RightOperand<T>& shared, int64_t i, int64_t j) {
  const int64_t m = min_of(plan.m_chunk, q.m - i);
  const int64_t n = min_of(plan.n_chunk, q.n - j);
  const int64_t passes = max_of(divide_up(q.k, kInnerBlock), 1);
  const int64_t length = divide_up(q.k, passes);
  const int64_t wide = round_up_to_vectors<T>(n);
  // Rows of a swapped product are columns of c: they are computed beside it, then turned over.
  const int64_t turned = plan.swapped ? divide_up(m * wide, 16) * 16 : 0;
  const int64_t right_elements = plan.shared ? 0 : wide * length;
  const int64_t left_elements = plan.pack_left ? m * length + kTileRows + lanes<T> : 0;
  const auto compute = [&](T* memory) {
    RightOperand<T> right = shared;
    Block<T> block{};
    block.m = m;
    block.begin = j;
    block.end = j + n;
    block.runs = 1;
    block.c = plan.swapped ? memory - j : q.c + i * q.c_row;
    block.c_row = plan.swapped ? wide : q.c_row;
    block.padded = plan.swapped;
    block.bias = plan.swapped ? nullptr : q.bias;
    T* panels = memory + turned;
    T* rows = panels + right_elements;
    for (int64_t pass = 0; pass < passes; ++pass) {
      const int64_t p = pass * length;
      block.k = min_of(length, q.k - p);
      block.accumulate = pass > 0 || q.accumulate;
      const bool finishes = pass == passes - 1 && !plan.swapped;
      block.activation = finishes ? q.activation : kNone;
      block.addend = finishes && q.addend != nullptr ? q.addend + i * q.addend_row : nullptr;
      block.addend_row = q.addend_row;
      block.a = {q.a.data + i * q.a.row + p * q.a.column, q.a.row, q.a.column};
      if (plan.shared) {
        block.inner_first = p;
        block.inner_total = q.k;
      } else {
        block.inner_total = block.k;
        right.first_packed = j;
        right.packed = panels;
        pack_columns(Matrix<T>{q.b.data + p * q.b.row + j * q.b.column, q.b.row, q.b.column}, block.k, 0, n, plan.panel,
                     panels);
      }
      if (plan.pack_left) {
        pack_rows(block.a, m, block.k, plan.panel, rows);
        block.packed_a = rows;
      }
      multiply_block(block, right);
    }
    if (plan.swapped) {
      T* c = q.c + j * q.c_row + i;
      copy_transposed(memory, wide, m, n, c, q.c_row);
      if (q.bias != nullptr || q.addend != nullptr || q.activation != kNone) {
        const T* addend = q.addend == nullptr ? nullptr : q.addend + j * q.addend_row + i;
        apply_epilogue<T>(c, q.c_row, n, m, Addends<T>{q.bias == nullptr ? nullptr : q.bias + i, addend, q.addend_row},
                          q.activation);
      }
    }
  };
  const int64_t elements = turned + right_elements + left_elements;
  if (elements <= kLocalElements) {
    alignas(64) T local[kLocalElements];
    compute(local);
  } else {
    const Scratch scratch(elements * static_cast<int64_t>(sizeof(T)));
    compute(static_cast<T*>(scratch.data));
  }
}

/// `q` is swapped if the plan says so; `packed` has room for the panels that the chunks share.
template <class T>
void multiply_planned(const Product<T>& q, const Plan& plan, T* packed) {
  const int64_t width = plan.panel * lanes<T>;
  const int64_t first = plan.direct ? q.n / width * width : 0;
  const RightOperand<T> right{q.b, first, packed, plan.panel};
  if (plan.shared && first < q.n) {
    pack_columns(Matrix<T>{q.b.data + first * q.b.column, q.b.row, q.b.column}, q.k, 0, q.n - first, plan.panel,
                 packed);
  }
  const int64_t across = divide_up(q.n, plan.n_chunk);
  parallel_chunks(plan.chunks, [&](int64_t chunk) {
    multiply_chunk(q, plan, right, chunk / across * plan.m_chunk, chunk % across * plan.n_chunk);
  });
}

/// For a left operand with neither rows nor columns adjacent.
template <class T>
void copy_dense(const Matrix<T>& from, int64_t rows, int64_t columns, T* to) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[i * columns + j] = from.data[i * from.row + j * from.column];
  }
}

template <class T>
[[gnu::noinline]] void multiply(const Product<T>& product) {
  if (product.m == 0 || product.n == 0) return;
  if (!product.accumulate && is_dot_product(product)) {
    multiply_dots(product);
    return;
  }
  const Plan plan = plan_product(product);
  Product<T> q = plan.swapped ? transposed(product) : product;
  if (q.a.row != 1 && q.a.column != 1) {
    const Scratch copy(q.m * q.k * static_cast<int64_t>(sizeof(T)));
    copy_dense(q.a, q.m, q.k, static_cast<T*>(copy.data));
    q.a = {static_cast<T*>(copy.data), q.k, 1};
    multiply(plan.swapped ? transposed(q) : q);
    return;
  }
  const int64_t width = plan.panel * lanes<T>;
  const int64_t elements = plan.shared ? round_up_to_vectors<T>(plan.direct ? q.n % width : q.n) * q.k : 0;
  if (elements <= kLocalElements) {
    alignas(64) T local[kLocalElements];
    multiply_planned(q, plan, local);
  } else {
    const Scratch scratch(elements * static_cast<int64_t>(sizeof(T)));
    multiply_planned(q, plan, static_cast<T*>(scratch.data));
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
