// Matrix products of any size and strides, blocked for the caches and shared out over the threads.
//
// Each output element is summed by one thread, over the inner axis from its first element to its last, so results do
// not depend on the number of threads.
#pragma once

#include "kernels/hot/gemm_epilogue.h"
#include "kernels/hot/gemm_pack.h"

namespace keratin::KERATIN_ISA {
namespace {

/// c [m, n] = activation(a [m, k] b [k, n] + bias [n]); bias may be null. Columns of c are neighbours.
template <class T>
struct Product {
  int64_t m;
  int64_t n;
  int64_t k;
  Matrix<T> a;
  Matrix<T> b;
  T* c;
  int64_t c_row;
  const T* bias;
  Activation activation;
};

// Inner elements per pass: a panel of the right operand that is two vectors wide then stays in the first-level cache or
// streams from the second level, and the sums in c are read again only once a pass.
constexpr int64_t kInnerBlock = 512;
// Rows and columns of a chunk: what it reads of both operands in one pass fits in the second-level cache.
constexpr int64_t kChunkRows = 18 * kTileRows;
constexpr int64_t kChunkColumns = 512;
// Multiplications per chunk, about 30 us; calls of less than two chunks stay on the calling thread.
constexpr int64_t kChunkWork = int64_t{1} << 20;
// Elements of the right operand that are packed at once.
constexpr int64_t kPackedElements = int64_t{1} << 22;
// Elements on the stack, so that small products need no memory from the pool.
constexpr int64_t kLocalElements = 2048;

inline int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

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
  Matrix<T> a;  // row or column stride 1
  T* c;         // row 0, column 0
  int64_t c_row;
  bool padded;            // rows of c have room for whole vectors
  bool accumulate;        // c holds the sums so far; bias is not added again
  const T* bias;          // null for none
  Activation activation;  // of the finished sums
};

/// Rows [0, m) and columns [begin, end) on the calling thread.
template <class T>
[[gnu::noinline]] void multiply_block(const Block<T>& block, const RightOperand<T>& right) {
  constexpr int64_t kLanes = lanes<T>;
  const bool adjacent = block.a.row == 1 && block.a.column != 1;
  const int64_t passes = block.runs == 1 ? max_of(divide_up(block.k, kInnerBlock), 1) : 1;
  const int64_t pass_length = divide_up(block.k, passes);
  const int64_t max_rows = right.panel == 4 ? kWideTileRows : kTileRows;
  const int64_t row_blocks = divide_up(block.m, max_rows);
  const int64_t base_rows = block.m / row_blocks;
  const int64_t larger_blocks = block.m % row_blocks;
  const int64_t n = block.end;

  alignas(64) T edge[kTileRows * 2 * kLanes];
  alignas(64) T edge_bias[2 * kLanes];
  Tile<T> tile;
  tile.a_row = block.a.row;
  tile.a_step = block.a.column;
  tile.runs = block.runs;
  tile.offsets = block.offsets;
  for (int64_t pass = 0; pass < passes; ++pass) {
    const int64_t p = pass * pass_length;
    tile.k = min_of(pass_length, block.k - p);
    const bool first = pass == 0 && !block.accumulate;
    const bool last = pass == passes - 1;
    tile.floor = last && block.activation == kRelu ? T{0} : -static_cast<T>(__builtin_inff());
    const bool finish = last && (block.activation == kSigmoid || block.activation == kTanh);
    for (int64_t j = block.begin; j < n;) {
      int64_t vectors = panel_vectors<T>(n - j, right.panel);
      const int64_t width = vectors * kLanes;
      const int64_t columns = min_of(width, n - j);
      if (j < right.first_packed) {
        tile.b = right.matrix.data + (block.inner_first + p) * right.matrix.row + j;
        tile.b_step = right.matrix.row;
      } else {
        tile.b = right.packed + (j - right.first_packed) * block.inner_total + (block.inner_first + p) * width;
        tile.b_step = width;
      }
      const bool whole = columns == width || block.padded;
      const T* bias = nullptr;
      if (first && block.bias != nullptr) {
        bias = block.bias + j;
        if (columns < width) {
          for (int64_t x = 0; x < width; ++x) edge_bias[x] = x < columns ? bias[x] : T{0};
          bias = edge_bias;
        }
      }
      int64_t i = 0;
      for (int64_t row_block = 0; row_block < row_blocks; ++row_block) {
        const int64_t rows = base_rows + (row_block < larger_blocks ? 1 : 0);
        T* c = block.c + i * block.c_row + j;
        tile.a = block.a.data + i * block.a.row + p * block.a.column;
        tile.start = bias;
        tile.start_row = 0;
        if (whole) {
          tile.c = c;
          tile.c_row = block.c_row;
        } else {
          tile.c = edge;
          tile.c_row = width;
          if (!first) {
            for (int64_t r = 0; r < rows; ++r) copy_row(c + r * block.c_row, edge + r * width, columns);
          }
        }
        if (!first) {
          tile.start = tile.c;
          tile.start_row = tile.c_row;
        }
        run_tile(tile, rows, vectors, adjacent);
        if (!whole) {
          for (int64_t r = 0; r < rows; ++r) copy_row(edge + r * width, c + r * block.c_row, columns);
        }
        if (finish) apply_epilogue<T>(c, block.c_row, rows, columns, nullptr, block.activation);
        i += rows;
      }
      j += width;
    }
  }
}

/// How a product is computed; depends on its shape and strides only.
struct Plan {
  bool swapped;   // as the transposed product: rows of c become columns
  bool direct;    // the right operand is read where it lies
  int64_t panel;  // vectors of a panel
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
  return {p.n,     p.m,    p.k,         {p.b.data, p.b.column, p.b.row}, {p.a.data, p.a.column, p.a.row}, p.c,
          p.c_row, p.bias, p.activation};
}

/// Whether the right operand need not be packed: few rows would not repay the copy.
template <class T>
inline bool reads_directly(const Product<T>& p) {
  return p.b.column == 1 && p.m <= 4 * kTileRows;
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

template <class T>
inline Plan plan_product(const Product<T>& p) {
  Plan plan{};
  const Product<T> other = transposed(p);
  const double moved = 8.0 / static_cast<double>(lanes<T>) * static_cast<double>(p.m) * static_cast<double>(p.n);
  plan.swapped = cycles(other) + moved < cycles(p);
  const Product<T>& q = plan.swapped ? other : p;
  plan.direct = reads_directly(q);
  plan.panel = q.m <= kWideTileRows ? 4 : 2;
  const int64_t width = plan.panel * lanes<T>;
  // Halves of chunks until there are enough of them.
  const int64_t work = q.m * q.n * max_of(q.k, 1);
  const int64_t wanted = min_of(work / kChunkWork, 64);
  int64_t m_parts = divide_up(q.m, kChunkRows);
  int64_t n_parts = divide_up(q.n, kChunkColumns);
  for (;;) {
    plan.m_chunk = divide_up(divide_up(q.m, m_parts), kTileRows) * kTileRows;
    plan.n_chunk = divide_up(divide_up(q.n, n_parts), width) * width;
    if (m_parts * n_parts >= wanted) break;
    const bool m_splits = plan.m_chunk > kTileRows;
    const bool n_splits = plan.n_chunk > width;
    if (m_splits && (plan.m_chunk >= plan.n_chunk || !n_splits)) {
      m_parts *= 2;
    } else if (n_splits) {
      n_parts *= 2;
    } else {
      break;
    }
  }
  plan.m_chunk = min_of(plan.m_chunk, q.m);
  plan.chunks = divide_up(q.m, plan.m_chunk) * divide_up(q.n, plan.n_chunk);
  return plan;
}

/// Elements of scratch memory for the panels.
template <class T>
inline int64_t packed_elements(const Product<T>& p, const Plan& plan) {
  const int64_t width = plan.panel * lanes<T>;
  const int64_t columns = plan.direct ? p.n % width : p.n;
  return round_up_to_vectors<T>(columns) * p.k;
}

/// One chunk of the output: c[i0 ..][j0 ..] as `q` (after swapping) numbers rows and columns.
template <class T>
void multiply_chunk(const Product<T>& q, const Plan& plan, const RightOperand<T>& right, int64_t i, int64_t j,
                    T* local) {
  const int64_t m = min_of(plan.m_chunk, q.m - i);
  const int64_t n = min_of(plan.n_chunk, q.n - j);
  Block<T> block{};
  block.m = m;
  block.k = q.k;
  block.inner_total = q.k;
  block.begin = j;
  block.end = j + n;
  block.a = {q.a.data + i * q.a.row, q.a.row, q.a.column};
  block.runs = 1;
  if (!plan.swapped) {
    block.c = q.c + i * q.c_row;
    block.c_row = q.c_row;
    block.bias = q.bias;
    block.activation = q.activation;
    multiply_block(block, right);
    return;
  }
  // Rows of q are columns of c: compute beside it, then turn the block over.
  const int64_t row = round_up_to_vectors<T>(n);
  const auto turn = [&](T* sums) {
    block.c = sums - j;
    block.c_row = row;
    block.padded = true;
    multiply_block(block, right);
    T* c = q.c + j * q.c_row + i;
    copy_transposed(sums, row, m, n, c, q.c_row);
    if (q.bias != nullptr || q.activation != kNone) {
      apply_epilogue<T>(c, q.c_row, n, m, q.bias == nullptr ? nullptr : q.bias + i, q.activation);
    }
  };
  if (local != nullptr && m * row <= kLocalElements) {
    turn(local);
  } else {
    const Scratch scratch(m * row * static_cast<int64_t>(sizeof(T)));
    turn(static_cast<T*>(scratch.data));
  }
}

/// `q` has been swapped if the plan says so; `packed` has room for packed_elements.
template <class T>
void multiply_planned(const Product<T>& q, const Plan& plan, T* packed) {
  const int64_t width = plan.panel * lanes<T>;
  RightOperand<T> right{q.b, plan.direct ? q.n / width * width : 0, packed, plan.panel};
  const int64_t first = right.first_packed;
  if (first < q.n) {
    const Matrix<T> rest{q.b.data + first * q.b.column, q.b.row, q.b.column};
    const int64_t columns = q.n - first;
    const int64_t panels = max_of((int64_t{1} << 16) / (width * max_of(q.k, 1)), 1);
    parallel_range(divide_up(columns, width), panels, [&](int64_t begin, int64_t end) {
      pack_columns(rest, q.k, begin * width, min_of(end * width, columns), plan.panel, packed);
    });
  }
  const int64_t across = divide_up(q.n, plan.n_chunk);
  parallel_chunks(plan.chunks, [&](int64_t chunk) {
    alignas(64) T local[kLocalElements];
    multiply_chunk(q, plan, right, chunk / across * plan.m_chunk, chunk % across * plan.n_chunk, local);
  });
}

/// Only for a left operand with neither rows nor columns adjacent: a copy.
template <class T>
void compact(const Matrix<T>& from, int64_t rows, int64_t columns, T* to) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[i * columns + j] = from.data[i * from.row + j * from.column];
  }
}

template <class T>
[[gnu::noinline]] void multiply(const Product<T>& product) {
  if (product.m == 0 || product.n == 0) return;
  const Plan plan = plan_product(product);
  Product<T> q = plan.swapped ? transposed(product) : product;
  if (q.a.row != 1 && q.a.column != 1) {
    const Scratch copy(q.m * q.k * static_cast<int64_t>(sizeof(T)));
    compact(q.a, q.m, q.k, static_cast<T*>(copy.data));
    Product<T> dense = plan.swapped ? transposed(q) : q;
    (plan.swapped ? dense.b : dense.a) =
        plan.swapped ? Matrix<T>{static_cast<T*>(copy.data), 1, q.k} : Matrix<T>{static_cast<T*>(copy.data), q.k, 1};
    multiply(dense);
    return;
  }
  // Wide right operands go in slices, so that the panels do not take as much memory as the operand.
  const int64_t width = plan.panel * lanes<T>;
  const int64_t elements = packed_elements(q, plan);
  if (elements <= kLocalElements) {
    alignas(64) T local[kLocalElements];
    multiply_planned(q, plan, local);
  } else if (elements <= kPackedElements || plan.direct) {
    const Scratch scratch(elements * static_cast<int64_t>(sizeof(T)));
    multiply_planned(q, plan, static_cast<T*>(scratch.data));
  } else {
    const int64_t slice = max_of(kPackedElements / q.k / width, 1) * width;
    const Scratch scratch(slice * q.k * static_cast<int64_t>(sizeof(T)));
    for (int64_t j = 0; j < q.n; j += slice) {
      Product<T> part = q;
      part.n = min_of(slice, q.n - j);
      part.b.data += j * q.b.column;
      if (plan.swapped) {
        part.c += j * q.c_row;
      } else {
        part.c += j;
        if (part.bias != nullptr) part.bias += j;
      }
      Plan part_plan = plan;
      part_plan.chunks = divide_up(part.m, plan.m_chunk) * divide_up(part.n, plan.n_chunk);
      multiply_planned(part, part_plan, static_cast<T*>(scratch.data));
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
