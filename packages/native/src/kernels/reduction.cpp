// sum, mean, prod, max, min, any and all for every dtype, one element at a time. The hot family replaces sum, mean, max
// and min of float32 and float64.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/half.h"
#include "kernels/reduction_arg.h"
#include "kernels/reduction_plan.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

template <class T>
constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <class T>
constexpr bool is_floating = std::is_floating_point_v<T> || is_half<T>;

// Sums and products: double takes the rounding error out of long runs of floats; integers wrap modulo 2^64, hence also
// modulo their own size.
template <class T>
using Wide = std::conditional_t<is_floating<T>, double, uint64_t>;

struct Sum {
  template <class T>
  using Accumulator = Wide<T>;
  template <class T>
  static Wide<T> identity() {
    return 0;
  }
  template <class A>
  static A combine(A a, A b) {
    return a + b;
  }
};

struct Prod : Sum {
  template <class T>
  static Wide<T> identity() {
    return 1;
  }
  template <class A>
  static A combine(A a, A b) {
    return a * b;
  }
};

// Comparing keeps the element's own type; halves compare as float.
template <class T>
using Comparable = std::conditional_t<is_half<T>, float, T>;

struct Max {
  template <class T>
  using Accumulator = Comparable<T>;
  template <class T>
  static Comparable<T> identity() {
    using Limits = std::numeric_limits<Comparable<T>>;
    return is_floating<T> ? -Limits::infinity() : Limits::lowest();
  }
  // b != b keeps a NaN of b; a NaN of a stays since no comparison with it is true.
  template <class A>
  static A combine(A a, A b) {
    return b > a || b != b ? b : a;
  }
};

struct Min {
  template <class T>
  using Accumulator = Comparable<T>;
  template <class T>
  static Comparable<T> identity() {
    using Limits = std::numeric_limits<Comparable<T>>;
    return is_floating<T> ? Limits::infinity() : Limits::max();
  }
  template <class A>
  static A combine(A a, A b) {
    return b < a || b != b ? b : a;
  }
};

struct Any {
  template <class T>
  using Accumulator = uint8_t;
  template <class T>
  static uint8_t identity() {
    return 0;
  }
  static uint8_t combine(uint8_t a, uint8_t b) { return a | b; }
  static constexpr uint8_t kDecides = 1;
};

struct All {
  template <class T>
  using Accumulator = uint8_t;
  template <class T>
  static uint8_t identity() {
    return 1;
  }
  static uint8_t combine(uint8_t a, uint8_t b) { return a & b; }
  static constexpr uint8_t kDecides = 0;
};

// Outputs that one task works on: that many columns, or one row.
constexpr int64_t kMaxWidth = 256;

/// Folds `n` elements.
template <class Op, class T, class A>
A fold(A total, const T* p, int64_t n, int64_t stride) {
  if constexpr (std::is_same_v<Op, Any> || std::is_same_v<Op, All>) {
    // Booleans are 0 or 1: one byte that decides is enough.
    if (stride == 1) {
      return n > 0 && std::memchr(p, Op::kDecides, static_cast<size_t>(n)) != nullptr ? Op::kDecides : total;
    }
  }
  if constexpr (is_floating<T>) {
    // The additions of one accumulator wait for each other.
    A lane[4] = {total, Op::template identity<T>(), Op::template identity<T>(), Op::template identity<T>()};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
      for (int64_t l = 0; l < 4; ++l) lane[l] = Op::combine(lane[l], static_cast<A>(p[(i + l) * stride]));
    }
    for (; i < n; ++i) lane[0] = Op::combine(lane[0], static_cast<A>(p[i * stride]));
    return Op::combine(Op::combine(lane[0], lane[1]), Op::combine(lane[2], lane[3]));
  } else {
    for (int64_t i = 0; i < n; ++i) total = Op::combine(total, static_cast<A>(p[i * stride]));
    return total;
  }
}

/// The reduced positions [begin, end) of `width` neighbouring outputs.
template <class Op, class T, class A>
void reduce_block(A* acc, int64_t width, const T* base, int64_t column_stride, const ReductionAxes& reduced,
                  int64_t begin, int64_t end) {
  std::fill(acc, acc + width, Op::template identity<T>());
  if (begin >= end) return;
  const ReductionAxis& inner = reduced.axes[reduced.count - 1];
  Odometer outer(reduced.axes, reduced.count - 1, begin / inner.size);
  int64_t within = begin % inner.size;
  for (int64_t i = begin; i < end; outer.next(), within = 0) {
    const int64_t take = std::min(inner.size - within, end - i);
    const T* p = base + outer.in + within * inner.in;
    i += take;
    if (width == 1) {
      acc[0] = fold<Op>(acc[0], p, take, inner.in);
      continue;
    }
    for (int64_t r = 0; r < take; ++r, p += inner.in) {
      for (int64_t j = 0; j < width; ++j) acc[j] = Op::combine(acc[j], static_cast<A>(p[j * column_stride]));
    }
  }
}

template <class T, class A>
T finish(A total, int64_t count, bool is_mean) {
  if constexpr (std::is_same_v<A, double>) {
    if (is_mean) total /= static_cast<double>(count);
  }
  return static_cast<T>(total);
}

template <>
Half finish(double total, int64_t count, bool is_mean) {
  return Half(static_cast<float>(is_mean ? total / static_cast<double>(count) : total));
}

template <>
BFloat16 finish(double total, int64_t count, bool is_mean) {
  return BFloat16(static_cast<float>(is_mean ? total / static_cast<double>(count) : total));
}

template <class Op, class T>
void reduce(const Call& call, bool is_mean) {
  using A = typename Op::template Accumulator<T>;
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  ReductionPlan plan;
  make_plan(x, y, call.attributes, call.num_attributes, plan);
  const int64_t n = plan.reduced.positions;
  if (plan.reduced.count == 0) plan.reduced.axes[plan.reduced.count++] = {n, 1, 0};
  const T* from = static_cast<const T*>(x.data) + plan.in_start;
  T* to = static_cast<T*>(y.data) + plan.out_start;

  // A row is a column of width one.
  const bool has_columns = !plan.rows && plan.kept.count > 0;
  const ReductionAxis columns = has_columns ? plan.kept.axes[plan.kept.count - 1] : ReductionAxis{1, 1, 1};
  const int num_outer_axes = plan.kept.count - (has_columns ? 1 : 0);
  const int64_t block = std::min(columns.size, kMaxWidth);
  const int64_t num_blocks = (columns.size + block - 1) / block;
  const int64_t num_units = plan.kept.positions / columns.size * num_blocks;
  const int64_t parts = std::min(reduced_parts(num_units, n * block), std::max(n, int64_t{1}));
  const int64_t step = (n + parts - 1) / parts;
  const auto reduce_unit = [&](A* acc, int64_t unit, int64_t part) {
    const Odometer at(plan.kept.axes, num_outer_axes, unit / num_blocks);
    const int64_t first = unit % num_blocks * block;
    const int64_t width = std::min(columns.size - first, block);
    const int64_t begin = std::min(part * step, n);
    reduce_block<Op>(acc, width, from + at.in + first * columns.in, columns.in, plan.reduced, begin,
                     std::min(begin + step, n));
  };
  const auto write_unit = [&](const A* acc, int64_t unit) {
    const Odometer at(plan.kept.axes, num_outer_axes, unit / num_blocks);
    const int64_t first = unit % num_blocks * block;
    const int64_t width = std::min(columns.size - first, block);
    T* out = to + at.out + first * columns.out;
    for (int64_t j = 0; j < width; ++j) out[j * columns.out] = finish<T>(acc[j], n, is_mean);
  };

  if (parts == 1) {
    const int64_t grain = std::max(int64_t{1}, kReductionChunk / 4 / (n * block + 8));
    parallel_range(num_units, grain, [&](int64_t begin, int64_t end) {
      A acc[kMaxWidth];
      for (int64_t unit = begin; unit < end; ++unit) {
        reduce_unit(acc, unit, 0);
        write_unit(acc, unit);
      }
    });
    return;
  }
  const Scratch scratch(num_units * parts * block * static_cast<int64_t>(sizeof(A)));
  A* partial = static_cast<A*>(scratch.data);
  parallel_chunks(num_units * parts,
                  [&](int64_t task) { reduce_unit(partial + task * block, task / parts, task % parts); });
  for (int64_t unit = 0; unit < num_units; ++unit) {
    A* acc = partial + unit * parts * block;
    const int64_t width = std::min(columns.size - unit % num_blocks * block, block);
    for (int64_t part = 1; part < parts; ++part) {
      for (int64_t j = 0; j < width; ++j) acc[j] = Op::combine(acc[j], acc[part * block + j]);
    }
    write_unit(acc, unit);
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

template <class T>
void add_number(Registry& registry, DType dtype) {
  registry.add("sum", dtype, &fold_kernel<Sum, T>);
  registry.add("prod", dtype, &fold_kernel<Prod, T>);
  registry.add("max", dtype, &fold_kernel<Max, T>);
  registry.add("min", dtype, &fold_kernel<Min, T>);
  if constexpr (is_floating<T>) registry.add("mean", dtype, &mean_kernel<T>);
}

}  // namespace

void register_reduction(Registry& registry) {
  add_number<float>(registry, DType::float32);
  add_number<double>(registry, DType::float64);
  add_number<Half>(registry, DType::float16);
  add_number<BFloat16>(registry, DType::bfloat16);
  add_number<int8_t>(registry, DType::int8);
  add_number<int16_t>(registry, DType::int16);
  add_number<int32_t>(registry, DType::int32);
  add_number<int64_t>(registry, DType::int64);
  add_number<uint8_t>(registry, DType::uint8);
  add_number<uint16_t>(registry, DType::uint16);
  add_number<uint32_t>(registry, DType::uint32);
  add_number<uint64_t>(registry, DType::uint64);
  registry.add("any", DType::boolean, &fold_kernel<Any, uint8_t>);
  registry.add("all", DType::boolean, &fold_kernel<All, uint8_t>);
  register_reduction_arg(registry);
}

}  // namespace keratin::generic
