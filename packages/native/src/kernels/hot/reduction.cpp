// sum, mean, max and min of float32 and float64.
//
// Sums run through several vector accumulators over blocks, and the blocks' sums through a binary tree, so that the
// rounding error grows with the logarithm of the count (N. Higham, "The accuracy of floating point summation", 1993).
// Blocks and tree depend on shapes and strides alone.
#include "kernels/hot/lanes.h"
#include "kernels/hot/simd.h"
#include "kernels/reduction_plan.h"

namespace keratin::KERATIN_ISA {
namespace {

struct Sum {
  template <class T>
  static constexpr T identity = 0;
  template <class V>
  [[gnu::always_inline]] static inline V join(V a, V b) {
    return a + b;
  }
};

// The first comparison alone is one instruction, and keeps a NaN of a; the second lets one of b in.
struct Max {
  template <class T>
  static constexpr T identity = -static_cast<T>(__builtin_inff());
  template <class V>
  [[gnu::always_inline]] static inline V join(V a, V b) {
    const V larger = b > a ? b : a;
    return b != b ? b : larger;
  }
};

struct Min {
  template <class T>
  static constexpr T identity = static_cast<T>(__builtin_inff());
  template <class V>
  [[gnu::always_inline]] static inline V join(V a, V b) {
    const V smaller = b < a ? b : a;
    return b != b ? b : smaller;
  }
};

/// In a loop of a few rounds: keeps the compiler from making vector code for it, which would only be larger.
[[gnu::always_inline]] inline void keep_scalar() { asm volatile(""); }

/// Partial results of equal blocks, combined as a binary tree: the way a counter carries.
template <class Op, class T>
struct Tree {
  T level[64];
  uint64_t count = 0;

  inline void push(T value) {
    int l = 0;
    for (uint64_t c = count++; (c & 1) != 0; c >>= 1) value = Op::join(level[l++], value);
    level[l] = value;
  }

  inline T result() const {
    T total = Op::template identity<T>;
    int l = 0;
    bool first = true;
    for (uint64_t c = count; c != 0; c >>= 1, ++l) {
      if ((c & 1) == 0) continue;
      total = first ? level[l] : Op::join(level[l], total);
      first = false;
    }
    return total;
  }
};

// ---- Rows: the reduced elements lie next to each other ------------------------------------------------------------

constexpr int64_t kRowBlock = 4096;

/// Fewer elements than a vector has, at least one.
template <class Op, class T>
[[gnu::always_inline]] inline T reduce_short(const T* p, int64_t n) {
  if (n >= 4) return fold_lanes<Op>(Part<T>{n}.load(p, Op::template identity<T>));
  T total = p[0];
  if (n > 1) total = Op::join(total, p[1]);
  if (n > 2) total = Op::join(total, p[2]);
  return total;
}

template <class Op, class T>
[[gnu::noinline]] T reduce_block(const T* p, int64_t n) {
  using V = Vec<T>;
  constexpr int64_t L = lanes<T>;
  if (n < L) return n == 0 ? Op::template identity<T> : reduce_short<Op>(p, n);
  V total = load<V>(p);
  int64_t i = L;
  if (n >= 8 * L) {
    V a0 = total, a1 = load<V>(p + L), a2 = load<V>(p + 2 * L), a3 = load<V>(p + 3 * L);
    V a4 = load<V>(p + 4 * L), a5 = load<V>(p + 5 * L), a6 = load<V>(p + 6 * L), a7 = load<V>(p + 7 * L);
    for (i = 8 * L; i + 8 * L <= n; i += 8 * L) {
      a0 = Op::join(a0, load<V>(p + i));
      a1 = Op::join(a1, load<V>(p + i + L));
      a2 = Op::join(a2, load<V>(p + i + 2 * L));
      a3 = Op::join(a3, load<V>(p + i + 3 * L));
      a4 = Op::join(a4, load<V>(p + i + 4 * L));
      a5 = Op::join(a5, load<V>(p + i + 5 * L));
      a6 = Op::join(a6, load<V>(p + i + 6 * L));
      a7 = Op::join(a7, load<V>(p + i + 7 * L));
    }
    total = Op::join(Op::join(Op::join(a0, a1), Op::join(a2, a3)), Op::join(Op::join(a4, a5), Op::join(a6, a7)));
  }
  for (; i + L <= n; i += L) total = Op::join(total, load<V>(p + i));
  if (i < n) total = Op::join(total, Part<T>{n - i}.load(p + i, Op::template identity<T>));
  return fold_lanes<Op>(total);
}

template <class Op, class T>
T reduce_contiguous(const T* p, int64_t n) {
  if (n <= kRowBlock) return reduce_block<Op>(p, n);
  Tree<Op, T> tree;
  for (int64_t i = 0; i < n; i += kRowBlock) tree.push(reduce_block<Op>(p + i, n - i < kRowBlock ? n - i : kRowBlock));
  return tree.result();
}

template <class T>
[[gnu::noinline]] void gather(T* to, const T* from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    keep_scalar();
    to[i] = from[i * stride];
  }
}

/// The reduced positions [begin, end) of the output whose elements start at `base`.
template <class Op, class T>
[[gnu::noinline]] T reduce_positions(const T* base, const ReductionAxes& reduced, int64_t begin, int64_t end) {
  if (begin >= end) return Op::template identity<T>;
  const ReductionAxis& inner = reduced.axes[reduced.count - 1];
  if (reduced.count == 1 && inner.in == 1) return reduce_contiguous<Op>(base + begin, end - begin);
  constexpr int64_t kGathered = 1024;
  T gathered[kGathered];
  int64_t filled = 0;
  Tree<Op, T> tree;
  Odometer outer(reduced.axes, reduced.count - 1, begin / inner.size);
  int64_t within = begin % inner.size;
  for (int64_t i = begin; i < end; outer.next(), within = 0) {
    const int64_t take = inner.size - within < end - i ? inner.size - within : end - i;
    const T* p = base + outer.in + within * inner.in;
    i += take;
    if (inner.in == 1 && inner.size >= 64) {
      tree.push(reduce_contiguous<Op>(p, take));
      continue;
    }
    for (int64_t done = 0; done < take;) {
      const int64_t some = take - done < kGathered - filled ? take - done : kGathered - filled;
      gather(gathered + filled, p + done * inner.in, inner.in, some);
      filled += some;
      done += some;
      if (filled == kGathered) {
        tree.push(reduce_block<Op>(gathered, filled));
        filled = 0;
      }
    }
  }
  if (filled > 0) tree.push(reduce_block<Op>(gathered, filled));
  return tree.result();
}

template <class Op, class T>
[[gnu::noinline]] void reduce_rows(const ReductionPlan& plan, const T* x, T* y, T divisor) {
  const int64_t n = plan.reduced.positions;
  const int64_t num_outputs = plan.kept.positions;
  const ReductionAxes& kept = plan.kept;
  const int64_t parts = reduced_parts(num_outputs, n);
  if (parts == 1) {
    const bool is_short = plan.reduced.count == 1 && plan.reduced.axes[0].in == 1 && n > 0 && n < lanes<T>;
    parallel_range(num_outputs, n >= kReductionChunk ? 1 : kReductionChunk / (n + 8), [&](int64_t begin, int64_t end) {
      Odometer at(kept.axes, kept.count, begin);
      for (int64_t i = begin; i < end; ++i, at.next()) {
        const T* base = x + at.in;
        T total;
        if (is_short) {
          total = reduce_short<Op>(base, n);
        } else {
          total = reduce_positions<Op>(base, plan.reduced, 0, n);
        }
        y[at.out] = total / divisor;
      }
    });
    return;
  }
  Scratch scratch(num_outputs * parts * static_cast<int64_t>(sizeof(T)));
  T* partial = static_cast<T*>(scratch.data);
  const int64_t step = (n + parts - 1) / parts;
  parallel_chunks(num_outputs * parts, [&](int64_t task) {
    const Odometer at(kept.axes, kept.count, task / parts);
    const int64_t begin = task % parts * step;
    const int64_t end = begin + step < n ? begin + step : n;
    partial[task] = reduce_positions<Op>(x + at.in, plan.reduced, begin, end);
  });
  Odometer at(kept.axes, kept.count, 0);
  for (int64_t i = 0; i < num_outputs; ++i, at.next()) {
    Tree<Op, T> tree;
    for (int64_t j = 0; j < parts; ++j) tree.push(partial[i * parts + j]);
    y[at.out] = tree.result() / divisor;
  }
}

// ---- Columns: the kept elements lie next to each other ------------------------------------------------------------

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

/// Rows of a few elements without gaps are read as longer rows that hold `k` of them: full vectors instead of tails.
template <class Op, class T>
[[gnu::noinline]] bool reduce_folded(T* acc, const T* base, int64_t width, const ReductionAxes& reduced, int64_t begin,
                                     int64_t end) {
  constexpr int64_t L = lanes<T>;
  constexpr int64_t kWide = kColumnBlock<T> / 4;
  if (reduced.count != 1 || reduced.axes[0].in != width || width >= kWide) return false;
  const int64_t common = width & -width;  // the power of two in the width
  const int64_t unit = common >= L ? 1 : L / common;
  int64_t k = (kWide + unit * width - 1) / (unit * width) * unit;
  if (const int64_t most = (end - begin) / (8 * unit) * unit; k > most) k = most;
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

template <class Op, class T>
[[gnu::noinline]] void reduce(const Call& call, bool is_mean) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  ReductionPlan plan;
  make_plan(x, y, call.attributes, call.num_attributes, plan);
  const int64_t n = plan.reduced.positions;
  if (plan.reduced.count == 0) plan.reduced.axes[plan.reduced.count++] = {n, 1, 0};
  const T divisor = is_mean ? static_cast<T>(n) : 1;
  const T* from = static_cast<const T*>(x.data) + plan.in_start;
  T* to = static_cast<T*>(y.data) + plan.out_start;
  if (plan.rows) {
    reduce_rows<Op>(plan, from, to, divisor);
  } else {
    reduce_columns<Op>(plan, from, to, divisor);
  }
}

template <class Op, class T>
void fold_kernel(const Call& call) {
  reduce<Op, T>(call, false);
}

template <class T>
void mean_kernel(const Call& call) {
  reduce<Sum, T>(call, true);
}

template <class Op>
void add_fold(Registry& registry, const char* name) {
  add_kernel(registry, name, DType::float32, &fold_kernel<Op, float>);
  add_kernel(registry, name, DType::float64, &fold_kernel<Op, double>);
}

}  // namespace

void register_reduction(Registry& registry) {
  add_fold<Sum>(registry, "sum");
  add_fold<Max>(registry, "max");
  add_fold<Min>(registry, "min");
  add_kernel(registry, "mean", DType::float32, &mean_kernel<float>);
  add_kernel(registry, "mean", DType::float64, &mean_kernel<double>);
}

}  // namespace keratin::KERATIN_ISA
