// Reductions whose kept elements lie next to each other: rows are added to rows.
#pragma once

#include "kernels/hot/reduction_rows.h"

namespace keratin::KERATIN_ISA {
namespace {

// Columns that one task adds up: the running sums stay in the first-level cache.
template <class T>
constexpr int64_t kColumnBlock = 4096 / static_cast<int64_t>(sizeof(T));
// Narrow rows are folded into wider ones of at most this many elements.
template <class T>
constexpr int64_t kMaxFolded = 4 * kColumnBlock<T>;
// Rows that are added to the running sums before these go into the tree.
constexpr int64_t kRowsOfLeaf = 128;

/// acc[j] = combine(acc[j], other[j])
template <class Op, class T>
[[gnu::noinline]] void combine_into(T* acc, const T* other, int64_t width) {
  using V = Vec<T>;
  constexpr int64_t L = lanes<T>;
  int64_t j = 0;
  for (; j + L <= width; j += L) store(acc + j, Op::join(load<V>(acc + j), load<V>(other + j)));
  for (; j < width; ++j) {
    keep_scalar();
    acc[j] = Op::join(acc[j], other[j]);
  }
}

template <class Op, class T>
[[gnu::noinline]] void add_rows(T* acc, int64_t width, const T* p, int64_t stride, int64_t rows) {
  using V = Vec<T>;
  constexpr int64_t L = lanes<T>;
  for (; rows >= 8; rows -= 8, p += 8 * stride) {
    const auto eight = [&](auto kind, int64_t j) __attribute__((always_inline)) {
      using W = decltype(kind);
      const T* q = p + j;
      const auto row = [&](int64_t i) __attribute__((always_inline)) { return load<W>(q + i * stride); };
      const W low = Op::join(Op::join(row(0), row(1)), Op::join(row(2), row(3)));
      const W high = Op::join(Op::join(row(4), row(5)), Op::join(row(6), row(7)));
      store(acc + j, Op::join(load<W>(acc + j), Op::join(low, high)));
    };
    int64_t j = 0;
    for (; j + L <= width; j += L) eight(V{}, j);
    for (; j < width; ++j) {
      keep_scalar();
      eight(T{}, j);
    }
  }
  for (; rows > 0; --rows, p += stride) combine_into<Op>(acc, p, width);
}

template <class T>
[[gnu::noinline]] void set_all(T* p, int64_t n, T value) {
  for (int64_t i = 0; i < n; ++i) p[i] = value;
}

/// out[j * stride] = sums[j] / divisor
template <class T>
[[gnu::noinline]] void write_out(T* out, int64_t stride, const T* sums, int64_t width, T divisor) {
  if (stride == 1) {
    for (int64_t j = 0; j < width; ++j) out[j] = sums[j] / divisor;
    return;
  }
  for (int64_t j = 0; j < width; ++j) out[j * stride] = sums[j] / divisor;
}

/// Rows [begin, end) of the reduced positions, `width` columns from `base` on, into acc[0, width). `work` has room for
/// one gathered row when the columns have gaps, and for the levels of the tree.
template <class Op, class T>
void reduce_rows_of_columns(T* acc, const T* base, int64_t width, int64_t column_stride, const ReductionAxes& reduced,
                            int64_t begin, int64_t end, T* work) {
  const bool gathers = column_stride != 1;
  T* gathered = work;
  T* levels = gathers ? work + width : work;
  set_all(acc, width, Op::template identity<T>);
  if (begin >= end) return;
  uint64_t leaves = 0;
  const auto push = [&] {
    int64_t l = 0;
    for (uint64_t c = leaves++; (c & 1) != 0; c >>= 1) combine_into<Op>(acc, levels + l++ * width, width);
    memcpy(levels + l * width, acc, static_cast<size_t>(width) * sizeof(T));
  };
  const ReductionAxis& inner = reduced.axes[reduced.count - 1];
  Odometer outer(reduced.axes, reduced.count - 1, begin / inner.size);
  int64_t within = begin % inner.size;
  int64_t pending = 0;
  for (int64_t i = begin; i < end; outer.next(), within = 0) {
    const T* p = base + outer.in + within * inner.in;
    int64_t left = inner.size - within < end - i ? inner.size - within : end - i;
    i += left;
    while (left > 0) {
      if (pending == kRowsOfLeaf) {
        push();
        set_all(acc, width, Op::template identity<T>);
        pending = 0;
      }
      const int64_t take = left < kRowsOfLeaf - pending ? left : kRowsOfLeaf - pending;
      if (gathers) {
        for (int64_t r = 0; r < take; ++r) {
          gather(gathered, p + r * inner.in, column_stride, width);
          combine_into<Op>(acc, gathered, width);
        }
      } else {
        add_rows<Op>(acc, width, p, inner.in, take);
      }
      p += take * inner.in;
      pending += take;
      left -= take;
    }
  }
  int64_t l = 0;
  for (uint64_t c = leaves; c != 0; c >>= 1, ++l) {
    if ((c & 1) != 0) combine_into<Op>(acc, levels + l * width, width);
  }
}

/// The same with its own working space.
template <class Op, class T>
[[gnu::noinline]] void reduce_block_of_columns(T* acc, const T* base, int64_t width, int64_t column_stride,
                                               const ReductionAxes& reduced, int64_t begin, int64_t end) {
  int64_t num_rows = column_stride != 1 ? 1 : 0;
  if (end - begin > kRowsOfLeaf) ++num_rows;
  for (int64_t leaves = (end - begin) / kRowsOfLeaf; leaves > 1; leaves /= 2) ++num_rows;
  if (num_rows * width <= 256) {
    T work[256];
    reduce_rows_of_columns<Op>(acc, base, width, column_stride, reduced, begin, end, work);
    return;
  }
  const Scratch scratch(num_rows * width * static_cast<int64_t>(sizeof(T)));
  T* work = static_cast<T*>(scratch.data);
  reduce_rows_of_columns<Op>(acc, base, width, column_stride, reduced, begin, end, work);
}

/// How many rows of a few elements without gaps are read as one, so that vectors are full.
template <class T>
inline int64_t rows_side_by_side(int64_t width, int64_t rows) {
  constexpr int64_t L = lanes<T>;
  constexpr int64_t kWide = kColumnBlock<T> / 4;
  if (width >= kWide) return 1;
  const int64_t common = width & -width;  // the power of two in the width
  const int64_t unit = common >= L ? 1 : L / common;
  const int64_t wanted = (kWide + unit * width - 1) / (unit * width) * unit;
  const int64_t most = rows / (8 * unit) * unit;
  return wanted < most ? wanted : most > 1 ? most : 1;
}

/// Rows of a few elements without gaps are read as longer rows that hold `k` of them.
template <class Op, class T>
[[gnu::noinline]] bool reduce_folded(T* acc, const T* base, int64_t width, const ReductionAxes& reduced, int64_t begin,
                                     int64_t end) {
  if (reduced.count != 1 || reduced.axes[0].in != width) return false;
  const int64_t k = rows_side_by_side<T>(width, end - begin);
  if (k <= 1) return false;
  const int64_t folded = (end - begin) / k;
  const int64_t wide = k * width;
  T sums[kMaxFolded<T>];
  ReductionAxes rows;
  rows.insert({folded, wide, 0});
  if (rows.count == 0) rows.axes[rows.count++] = {1, wide, 0};
  const T* p = base + begin * width;
  reduce_block_of_columns<Op>(sums, p, wide, 1, rows, 0, folded);
  memcpy(acc, sums, static_cast<size_t>(width) * sizeof(T));
  for (int64_t i = 1; i < k; ++i) combine_into<Op>(acc, sums + i * width, width);
  for (int64_t i = folded * k; i < end - begin; ++i) combine_into<Op>(acc, p + i * width, width);
  return true;
}

template <class Op, class T>
[[gnu::noinline]] void reduce_columns(const ReductionPlan& plan, const T* x, T* y, T divisor) {
  const ReductionAxis& columns = plan.kept.axes[plan.kept.count - 1];
  const int64_t n = plan.reduced.positions;
  const int64_t block = columns.size < kColumnBlock<T> ? columns.size : kColumnBlock<T>;
  const int64_t num_blocks = (columns.size + block - 1) / block;
  const int64_t num_outer = plan.kept.positions / columns.size;
  const int64_t wanted = reduced_parts(num_outer * num_blocks, n * block);
  const int64_t parts = wanted < n ? wanted : 1;
  const int64_t step = (n + parts - 1) / parts;
  const auto reduce = [&](T* acc, const T* base, int64_t width, int64_t begin, int64_t end) {
    if (columns.in == 1 && num_blocks == 1 && reduce_folded<Op>(acc, base, width, plan.reduced, begin, end)) return;
    reduce_block_of_columns<Op>(acc, base, width, columns.in, plan.reduced, begin, end);
  };
  const auto width_of = [&](int64_t b) { return columns.size - b * block < block ? columns.size - b * block : block; };
  if (parts == 1) {
    const int64_t work = n * block;
    parallel_range(num_outer * num_blocks, work >= kReductionChunk ? 1 : kReductionChunk / (work + 16),
                   [&](int64_t begin, int64_t end) {
                     alignas(64) T acc[kColumnBlock<T>];
                     Odometer at(plan.kept.axes, plan.kept.count - 1, begin / num_blocks);
                     int64_t b = begin % num_blocks;
                     for (int64_t i = begin; i < end; ++i) {
                       const int64_t width = width_of(b);
                       reduce(acc, x + at.in + b * block * columns.in, width, 0, n);
                       T* out = y + at.out + b * block * columns.out;
                       write_out(out, columns.out, acc, width, divisor);
                       if (++b == num_blocks) {
                         b = 0;
                         at.next();
                       }
                     }
                   });
    return;
  }
  Scratch scratch(num_outer * num_blocks * parts * block * static_cast<int64_t>(sizeof(T)));
  T* partial = static_cast<T*>(scratch.data);
  parallel_chunks(num_outer * num_blocks * parts, [&](int64_t task) {
    const int64_t part = task % parts;
    const int64_t b = task / parts % num_blocks;
    const Odometer at(plan.kept.axes, plan.kept.count - 1, task / parts / num_blocks);
    const int64_t begin = part * step < n ? part * step : n;
    const int64_t end = begin + step < n ? begin + step : n;
    reduce(partial + task * block, x + at.in + b * block * columns.in, width_of(b), begin, end);
  });
  Odometer at(plan.kept.axes, plan.kept.count - 1, 0);
  for (int64_t o = 0; o < num_outer; ++o, at.next()) {
    for (int64_t b = 0; b < num_blocks; ++b) {
      T* sums = partial + (o * num_blocks + b) * parts * block;
      const int64_t width = width_of(b);
      for (int64_t s = 1; s < parts; s *= 2) {
        for (int64_t i = 0; i + s < parts; i += 2 * s)
          combine_into<Op>(sums + i * block, sums + (i + s) * block, width);
      }
      T* out = y + at.out + b * block * columns.out;
      write_out(out, columns.out, sums, width, divisor);
    }
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
