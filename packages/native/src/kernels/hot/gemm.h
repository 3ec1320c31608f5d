// Matrix products of any size and strides, blocked for the caches and shared out over the threads.
//
// Each output element is summed by one thread, over the inner axis from its first element to its last, so results do
// not depend on the number of threads.
#pragma once

#include "kernels/hot/gemm_dot.h"
#include "kernels/hot/gemm_pack.h"
#include "kernels/hot/gemm_plan.h"

namespace keratin::KERATIN_ISA {
namespace {

// Elements on the stack, so that small products need no memory from the pool.
constexpr int64_t kLocalElements = 2048;

/// The right operand as tiles read it: columns below `first_packed` where they lie (neighbours in memory), the others
/// from panels (pack_columns, for the matrix that begins with column first_packed). Where the columns in place end
/// within a panel, the tile reads whole vectors that end there, and its first columns are dropped.
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
    const bool in_place = j < right.first_packed;
    int64_t vectors = panel_vectors<T>(n - j, right.panel);
    // Two vectors that end with the row would begin before it.
    if (in_place && vectors == 2 && n < 2 * kLanes) vectors = 1;
    const int64_t width = vectors * kLanes;
    const int64_t columns = min_of(width, n - j);
    const int64_t dropped = in_place ? width - columns : 0;
    if (in_place) {
      tile.b = right.matrix.data + block.inner_first * right.matrix.row + j - dropped;
      tile.b_step = right.matrix.row;
    } else {
      tile.b = right.packed + (j - right.first_packed) * block.inner_total + block.inner_first * width;
      tile.b_step = width;
    }
    const bool whole = columns == width || (block.padded && dropped == 0);
    const T* bias = nullptr;
    if (!block.accumulate && block.bias != nullptr) {
      bias = block.bias + j;
      if (columns < width) {
        for (int64_t x = 0; x < width; ++x) {
          edge_bias[x] = x >= dropped && x < dropped + columns ? bias[x - dropped] : T{0};
        }
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
          for (int64_t r = 0; r < rows; ++r) copy_row(c + r * block.c_row, edge + r * width + dropped, columns);
        }
      }
      if (block.accumulate) {
        tile.start = tile.c;
        tile.start_row = tile.c_row;
      }
      run_tile(tile, rows, vectors, adjacent);
      if (!whole) {
        for (int64_t r = 0; r < rows; ++r) copy_row(edge + r * width + dropped, c + r * block.c_row, columns);
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

/// One chunk of the output, of `q` that is swapped if the plan says so. `shared` has the right operand's panels unless
/// the chunk makes them itself.
template <class T>
void multiply_chunk(const Product<T>& q, const Plan& plan, const RightOperand<T>& shared, int64_t chunk) {
  const int64_t width = plan.panel * lanes<T>;
  const int64_t panels_across = divide_up(q.n, width);
  // Threads begin far from each other: what the chunks of one of them have in common is the smaller operand.
  const bool wide_output = q.n > q.m;
  const int64_t down = wide_output ? chunk % plan.m_parts : chunk / plan.n_parts;
  const int64_t across = wide_output ? chunk / plan.m_parts : chunk % plan.n_parts;
  const int64_t i = q.m * down / plan.m_parts;
  const int64_t m = q.m * (down + 1) / plan.m_parts - i;
  const int64_t j = panels_across * across / plan.n_parts * width;
  const int64_t n = min_of(panels_across * (across + 1) / plan.n_parts * width, q.n) - j;
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
  const RightOperand<T> right{q.b, plan.direct ? q.n : 0, packed, plan.panel};
  if (plan.shared && !plan.direct) pack_columns(q.b, q.k, 0, q.n, plan.panel, packed);
  const auto multiply_one = [&](int64_t chunk) { multiply_chunk(q, plan, right, chunk); };
  if (plan.brief) {
    parallel_brief(plan.m_parts * plan.n_parts, multiply_one);
  } else {
    parallel_chunks(plan.m_parts * plan.n_parts, multiply_one);
  }
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
  const int64_t elements = plan.shared && !plan.direct ? round_up_to_vectors<T>(q.n) * q.k : 0;
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
