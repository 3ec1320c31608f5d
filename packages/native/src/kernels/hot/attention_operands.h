// What attention is given, and how blocks of it are read: query [b, t, h, d], key [b, s, g, d] and value [b, s, g, e]
// where they lie, bias and mask [b, h, t, s], dropout by Philox.
#pragma once

#include "kernels/hot/exp.h"
#include "kernels/hot/gemm.h"
#include "kernels/hot/lanes.h"
#include "kernels/hot/philox_lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// Queries and keys of a block of scores, which stays in the nearest caches.
constexpr int64_t kQueryBlock = 64;
constexpr int64_t kKeyBlock = 128;

/// What becomes of the scores of keys that a query does not see.
enum Unseen : int32_t {
  kReplaced = 0,  // a number below all others: a query without keys takes the mean of all values
  kDropped = 1,   // the same, but a query without keys gives zero
  kShifted = 2,   // a number is added to them
};

/// A tensor of rank 4 in memory; strides count elements.
template <class T>
struct Grid {
  T* data;
  int64_t stride[4];
  T* at(int64_t i, int64_t j, int64_t k) const { return data + i * stride[0] + j * stride[1] + k * stride[2]; }
};

template <class T>
Grid<T> grid_of(const Operand& x) {
  Grid<T> grid{static_cast<T*>(x.data), {x.strides[0], x.strides[1], x.strides[2], x.strides[3]}};
  if (x.shape[3] == 1) grid.stride[3] = 1;
  return grid;
}

/// Whether one element stands for all.
inline bool is_uniform(const Operand& x) {
  for (int axis = 0; axis < x.rank; ++axis) {
    if (x.shape[axis] != 1 && x.strides[axis] != 0) return false;
  }
  return x.size > 0;
}

template <class T>
struct Attention {
  int64_t batch, queries, keys, heads, groups, size, value_size;
  Grid<const T> q, k, v;
  Grid<const T> bias;        // data null for none
  Grid<const uint8_t> mask;  // data null for none
  T scale;
  bool causal;
  Unseen unseen;
  T low;  // instead of unseen scores, or added to them
  double rate;
  T kept_factor;  // 1 / (1 - rate)
  RandomStream stream;

  /// Inputs begin at `first`: query, key, value, bias, mask. Attributes: scale, causal, Unseen, low, rate, state.
  Attention(const Call& call, int first) : stream(call.attributes + 5) {
    const Operand& query = call.inputs[first];
    const Operand& key = call.inputs[first + 1];
    const Operand& value = call.inputs[first + 2];
    const Operand& added = call.inputs[first + 3];
    const Operand& seen = call.inputs[first + 4];
    batch = query.shape[0];
    queries = query.shape[1];
    heads = query.shape[2];
    size = query.shape[3];
    keys = key.shape[1];
    groups = key.shape[2];
    value_size = value.shape[3];
    q = grid_of<const T>(query);
    k = grid_of<const T>(key);
    v = grid_of<const T>(value);
    bias = grid_of<const T>(added);
    if (is_uniform(added) && *bias.data == 0) bias.data = nullptr;
    mask = grid_of<const uint8_t>(seen);
    if (is_uniform(seen) && *mask.data != 0) mask.data = nullptr;
    scale = static_cast<T>(call.attributes[0]);
    causal = call.attributes[1] != 0;
    unseen = static_cast<Unseen>(static_cast<int32_t>(call.attributes[2]));
    low = static_cast<T>(call.attributes[3]);
    rate = call.attributes[4];
    kept_factor = static_cast<T>(1 / (1 - rate));
  }

  /// A query whose largest score is no larger sees no key.
  T nothing_seen() const { return unseen == kShifted ? low / 2 : low; }
};

/// Columns of a block of scores, in whole vectors.
template <class T>
constexpr int64_t score_width(int64_t keys) {
  return (keys + lanes<T> - 1) / lanes<T> * lanes<T>;
}

/// Part of a grid as a matrix: the rows are along axis 1, from the first one on.
template <class T>
Matrix<T> rows_of(const Grid<const T>& grid, int64_t sample, int64_t first, int64_t head) {
  return {grid.at(sample, first, head), grid.stride[1], grid.stride[3]};
}

/// The matrix as left operand: its columns are neighbours, in `copy` where they are not by themselves.
template <class T>
Matrix<T> as_left(const Matrix<T>& x, int64_t rows, int64_t columns, T* copy) {
  if (x.column == 1) return x;
  copy_dense(x, rows, columns, copy);
  return {copy, columns, 1};
}

constexpr int64_t kPanel = 2;

/// The matrix as right operand: where it lies if whole vectors cover its rows, else in panels.
template <class T>
RightOperand<T> as_right(const Matrix<T>& x, int64_t rows, int64_t columns, T* panels) {
  if (x.column == 1 && columns % lanes<T> == 0) return {x, columns, nullptr, kPanel};
  pack_columns(x, rows, 0, columns, kPanel, panels);
  return {x, 0, panels, kPanel};
}

/// The transposed matrix as right operand.
template <class T>
RightOperand<T> as_transposed(const Matrix<T>& x, int64_t rows, int64_t columns, T* panels) {
  const Matrix<T> turned{x.data, x.column, x.row};
  pack_columns(turned, columns, 0, rows, kPanel, panels);
  return {turned, 0, panels, kPanel};
}

/// c [m, n] = [c +] a [m, k] right [k, n]
template <class T>
void multiply_small(const Matrix<T>& a, int64_t m, int64_t k, const RightOperand<T>& right, int64_t n, T* c,
                    int64_t c_row, bool padded, bool accumulate) {
  Block<T> block{};
  block.m = m;
  block.end = n;
  block.k = k;
  block.runs = 1;
  block.inner_total = k;
  block.a = a;
  block.c = c;
  block.c_row = c_row;
  block.padded = padded;
  block.accumulate = accumulate;
  multiply_block(block, right);
}

/// Room for the rows of a block that have to be copied, and for its random bits.
template <class T>
struct RowBuffers {
  alignas(64) T bias[kKeyBlock];
  alignas(64) uint8_t seen[kKeyBlock + 64];
  alignas(64) typename Bits<T>::Word bits[kKeyBlock + 2 * kWords];
};

template <class T>
const T* bias_row(const Grid<const T>& bias, int64_t sample, int64_t head, int64_t query, int64_t key, int64_t n,
                  T* copy) {
  const T* row = bias.at(sample, head, query) + key * bias.stride[3];
  if (bias.stride[3] == 1) return row;
  for (int64_t j = 0; j < n; ++j) copy[j] = row[j * bias.stride[3]];
  return copy;
}

/// Readable up to a whole vector.
inline const uint8_t* seen_row(const Grid<const uint8_t>& mask, int64_t sample, int64_t head, int64_t query,
                               int64_t key, int64_t n, uint8_t* copy) {
  const uint8_t* row = mask.at(sample, head, query) + key * mask.stride[3];
  if (mask.stride[3] == 1) {
    if (n % kFloats == 0) return row;
    memcpy(copy, row, static_cast<size_t>(n));
  } else {
    for (int64_t j = 0; j < n; ++j) copy[j] = row[j * mask.stride[3]];
  }
  memset(copy + n, 0, static_cast<size_t>(kFloats));
  return copy;
}

// As many bytes as a vector has lanes.
using BytesOfFloats = uint8_t __attribute__((vector_size(KERATIN_VECTOR_BYTES / 4)));
using BytesOfDoubles = uint8_t __attribute__((vector_size(KERATIN_VECTOR_BYTES / 8)));

/// Lanes whose byte is not zero.
template <class T>
[[gnu::always_inline]] inline typename VectorOf<T>::integer test_bytes(const uint8_t* bytes) {
  if constexpr (sizeof(T) == 4) {
    return __builtin_convertvector(load<BytesOfFloats>(bytes), vi) != 0;
  } else {
    return __builtin_convertvector(load<BytesOfDoubles>(bytes), vl) != 0;
  }
}

/// The random bits of the elements [first, first + n); gives where the first one's are.
template <class T>
const typename Bits<T>::Word* draw_bits(const RandomStream& stream, int64_t first, int64_t n,
                                        typename Bits<T>::Word* bits) {
  constexpr int64_t kSize = kWords * 4 / static_cast<int64_t>(sizeof(T));
  const int64_t group = first / kSize;
  const int64_t last = (first + n - 1) / kSize;
  for (int64_t i = group; i <= last; ++i) Bits<T>::fill(bits + (i - group) * kSize, i, stream);
  return bits + (first - group * kSize);
}

/// Which elements dropout keeps: those whose uniform number is no less than the rate, as random.uniform draws it.
template <class T>
struct Keep {
  using Integer = typename VectorOf<T>::integer;
  static constexpr int kShift = sizeof(T) == 4 ? 8 : 11;
  Integer least;

  explicit Keep(double rate) {
    const double steps = static_cast<double>(static_cast<T>(rate)) * (sizeof(T) == 4 ? 0x1p24 : 0x1p53);
    auto whole = static_cast<decltype(Integer{}[0] + 0)>(steps);
    if (static_cast<double>(whole) < steps) ++whole;
    least = Integer{} + whole;
  }
  [[gnu::always_inline]] Integer operator()(const typename Bits<T>::Word* bits) const {
    return reinterpret_cast<Integer>(load<typename Bits<T>::Vector>(bits) >> kShift) >= least;
  }
};

/// The scores of one query and `n` keys from its products: scaled, biased, and those of unseen keys made `low`. Lanes
/// beyond the keys become minus infinity. Gives the largest. `limit`: how many keys a causal query sees of them.
template <class T>
[[gnu::noinline]] T finish_scores(const Attention<T>& a, T* s, int64_t n, const T* bias, const uint8_t* seen,
                                  int64_t limit) {
  using V = Vec<T>;
  using Integer = typename VectorOf<T>::integer;
  const V none = splat<V>(static_cast<T>(-__builtin_inf()));
  const bool hides = seen != nullptr || limit < n;
  const Integer visible_end = Integer{} + static_cast<decltype(Integer{}[0] + 0)>(limit < n ? limit : n);
  const Integer end = Integer{} + static_cast<decltype(Integer{}[0] + 0)>(n);
  const V scale = broadcast(a.scale);
  const V low = broadcast(a.low);
  V largest[2] = {none, none};
  Integer place = lane_indices<T>();
  const auto step = [&](int64_t i, auto part) __attribute__((always_inline)) {
    V v = load<V>(s + i) * scale;
    if (bias != nullptr) v += part.load(bias + i);
    if (hides) {
      Integer visible = place < visible_end;
      if (seen != nullptr) visible &= test_bytes<T>(seen + i);
      v = visible ? v : (a.unseen == kShifted ? v + low : low);
    }
    if (i + lanes < T >> n) v = place < end ? v : none;
    store(s + i, v);
    V& most = largest[i / lanes<T> % 2];
    most = larger(v, most);
    place += static_cast<decltype(Integer{}[0] + 0)>(lanes<T>);
  };
  for_vectors<T>(n, step);
  return max_lanes<T>(larger(largest[0], largest[1]));
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
