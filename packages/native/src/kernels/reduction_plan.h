// How a reduction walks over its input: axes sorted by stride and merged, kept and reduced ones apart.
//
// Everything has internal linkage, so that the files compiled once per instruction set may include this header.
#pragma once

#include "runtime/call.h"

namespace keratin {
namespace {

struct ReductionAxis {
  int64_t size;
  int64_t in;   // stride in the input, not negative
  int64_t out;  // stride in the output; 0 for reduced axes
};

/// The axes that a list of positions runs over, outermost first.
struct ReductionAxes {
  int count = 0;
  int64_t positions = 1;  // product of the sizes
  ReductionAxis axes[kMaxRank];

  // Sorted insertion: large strides outside. A broadcast axis (stride 0) re-reads the same memory: outermost.
  inline void insert(const ReductionAxis& axis) {
    positions *= axis.size;
    if (axis.size == 1) return;
    int place = count++;
    const auto rank = [](const ReductionAxis& a) { return static_cast<uint64_t>(a.in) - 1; };
    for (; place > 0 && rank(axes[place - 1]) < rank(axis); --place) axes[place] = axes[place - 1];
    axes[place] = axis;
  }

  // Neighbours that are evenly spaced in both operands become one axis.
  inline void merge() {
    int last = 0;
    for (int i = 1; i < count; ++i) {
      ReductionAxis& outer = axes[last];
      const ReductionAxis& inner = axes[i];
      if (outer.in == inner.size * inner.in && outer.out == inner.size * inner.out) {
        outer = {outer.size * inner.size, inner.in, inner.out};
      } else {
        axes[++last] = inner;
      }
    }
    if (count > 0) count = last + 1;
  }
};

struct ReductionPlan {
  ReductionAxes kept;
  ReductionAxes reduced;
  int64_t in_start = 0;  // where axes with a negative stride begin once they are turned round
  int64_t out_start = 0;
  // Whether the innermost axis in memory is a reduced one: rows to be folded up. Otherwise columns are added up.
  bool rows = true;
};

[[gnu::noinline, maybe_unused]] void make_plan(const Operand& x, const Operand& y, const double* reduced_axes,
                                               int num_reduced, ReductionPlan& plan) {
  uint32_t mask = 0;
  for (int i = 0; i < num_reduced; ++i) mask |= 1u << static_cast<int>(reduced_axes[i]);
  for (int i = 0; i < x.rank; ++i) {
    const bool reduced = (mask >> i & 1) != 0;
    ReductionAxis axis{x.shape[i], x.strides[i], reduced ? 0 : y.strides[i]};
    if (axis.in < 0) {
      plan.in_start += (axis.size - 1) * axis.in;
      plan.out_start += (axis.size - 1) * axis.out;
      axis.in = -axis.in;
      axis.out = -axis.out;
    }
    (reduced ? plan.reduced : plan.kept).insert(axis);
  }
  plan.kept.merge();
  plan.reduced.merge();
  if (plan.kept.count == 0) return;
  if (plan.reduced.count == 0) {
    plan.rows = false;
    return;
  }
  const int64_t kept = plan.kept.axes[plan.kept.count - 1].in;
  const int64_t reduced = plan.reduced.axes[plan.reduced.count - 1].in;
  plan.rows = static_cast<uint64_t>(reduced) - 1 < static_cast<uint64_t>(kept) - 1;
}

/// Walks over the first `count` axes from a position on, as nested loops would.
struct Odometer {
  int64_t in = 0;
  int64_t out = 0;

  [[gnu::noinline]] Odometer(const ReductionAxis* all, int num_axes, int64_t position) : axes(all), count(num_axes) {
    for (int i = count - 1; i >= 0; --i) {
      const int64_t size = axes[i].size;
      const int64_t q = position / size;
      at[i] = position - q * size;
      position = q;
      in += at[i] * axes[i].in;
      out += at[i] * axes[i].out;
    }
  }

  inline void next() {
    if (count == 0) return;
    const ReductionAxis& inner = axes[count - 1];
    in += inner.in;
    out += inner.out;
    if (++at[count - 1] == inner.size) carry();
  }

 private:
  [[gnu::noinline]] void carry() {
    for (int i = count - 1; i >= 0 && at[i] == axes[i].size; --i) {
      in -= axes[i].size * axes[i].in;
      out -= axes[i].size * axes[i].out;
      at[i] = 0;
      if (i == 0) return;
      in += axes[i - 1].in;
      out += axes[i - 1].out;
      ++at[i - 1];
    }
  }

  const ReductionAxis* axes;
  int count;
  int64_t at[kMaxRank];
};

/// Elements of one chunk of work, about 20 us on one thread: less than two chunks stay on the calling thread.
constexpr int64_t kReductionChunk = 1 << 17;

/// How many equal parts the reduced positions of each output are split into. From the shapes alone.
inline int64_t reduced_parts(int64_t num_outputs, int64_t num_reduced) {
  if (num_outputs >= 16 || num_outputs * num_reduced < 2 * kReductionChunk) return 1;
  const int64_t parts = num_reduced / kReductionChunk;
  return parts < 1 ? 1 : parts > 1024 ? 1024 : parts;
}

}  // namespace
}  // namespace keratin
