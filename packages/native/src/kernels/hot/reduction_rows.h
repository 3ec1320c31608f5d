// Reductions whose reduced elements lie next to each other; and the operations.
//
// Sums run through several vector accumulators over blocks, and the blocks' sums through a binary tree, so that the
// rounding error grows with the logarithm of the count (N. Higham, "The accuracy of floating point summation", 1993).
// Blocks and tree depend on shapes and strides alone.
#pragma once

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

template <class T>
[[gnu::noinline]] void gather(T* to, const T* from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    keep_scalar();
    to[i] = from[i * stride];
  }
}

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

}  // namespace
}  // namespace keratin::KERATIN_ISA
