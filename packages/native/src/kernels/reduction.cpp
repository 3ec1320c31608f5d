// sum, mean, prod, max, min, any and all for every dtype, one element at a time. The hot family replaces sum, mean, max
// and min of float32 and float64.
#include <algorithm>
#include <complex>
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
template <class T>
constexpr bool is_complex = std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

// Sums and products: double takes the rounding error out of long runs of floats; integers wrap modulo 2^64, hence also
// modulo their own size.
template <class T>
using Wide =
    std::conditional_t<is_floating<T>, double, std::conditional_t<is_complex<T>, std::complex<double>, uint64_t>>;

struct Sum {
  template <class T>
  using Accumulator = Wide<T>;
  template <class T>
  static Wide<T> identity() {
    return 0;
  }
  template <class A>
  static A join(A a, A b) {
    return a + b;
  }
};

struct Prod : Sum {
  template <class T>
  static Wide<T> identity() {
    return 1;
  }
  template <class A>
  static A join(A a, A b) {
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
  static A join(A a, A b) {
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
  static A join(A a, A b) {
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
  static uint8_t join(uint8_t a, uint8_t b) { return a | b; }
  static constexpr uint8_t kDecides = 1;
};

struct All {
  template <class T>
  using Accumulator = uint8_t;
  template <class T>
  static uint8_t identity() {
    return 1;
  }
  static uint8_t join(uint8_t a, uint8_t b) { return a & b; }
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
      for (int64_t l = 0; l < 4; ++l) lane[l] = Op::join(lane[l], static_cast<A>(p[(i + l) * stride]));
    }
    for (; i < n; ++i) lane[0] = Op::join(lane[0], static_cast<A>(p[i * stride]));
    return Op::join(Op::join(lane[0], lane[1]), Op::join(lane[2], lane[3]));
  } else {
    for (int64_t i = 0; i < n; ++i) total = Op::join(total, static_cast<A>(p[i * stride]));
    return total;
  }
}

/// Adds `rows` rows of `width` columns to the running values `acc`.
template <class Op, class T>
void fold_rows(void* running, const void* x, int64_t width, int64_t column_stride, int64_t rows, int64_t row_stride) {
  using A = typename Op::template Accumulator<T>;
  A* const acc = static_cast<A*>(running);
  const T* p = static_cast<const T*>(x);
  if (width == 1) {
    acc[0] = fold<Op>(acc[0], p, rows, row_stride);
    return;
  }
  for (int64_t r = 0; r < rows; ++r, p += row_stride) {
    for (int64_t j = 0; j < width; ++j) acc[j] = Op::join(acc[j], static_cast<A>(p[j * column_stride]));
  }
}

template <class Op, class T>
void start(void* running, int64_t width) {
  using A = typename Op::template Accumulator<T>;
  std::fill_n(static_cast<A*>(running), width, static_cast<A>(Op::template identity<T>()));
}

template <class Op, class T>
void join_into(void* running, const void* other, int64_t width) {
  using A = typename Op::template Accumulator<T>;
  for (int64_t j = 0; j < width; ++j) {
    static_cast<A*>(running)[j] = Op::join(static_cast<A*>(running)[j], static_cast<const A*>(other)[j]);
  }
}

/// Divides by `count` where it is not negative: for the mean.
template <class Op, class T>
void finish(const void* running, int64_t width, void* y, int64_t stride, int64_t count) {
  using A = typename Op::template Accumulator<T>;
  for (int64_t j = 0; j < width; ++j) {
    A total = static_cast<const A*>(running)[j];
    if constexpr (std::is_same_v<A, double> || is_complex<A>) {
      if (count >= 0) total /= static_cast<double>(count);
    }
    if constexpr (is_half<T>) {
      static_cast<T*>(y)[j * stride] = T(static_cast<float>(total));
    } else {
      static_cast<T*>(y)[j * stride] = static_cast<T>(total);
    }
  }
}

/// What differs between operations and dtypes; the way through the operands is the same for all.
struct Body {
  int64_t element_size;
  int64_t accumulator_size;
  void (*start)(void* running, int64_t width);
  void (*fold_rows)(void* running, const void* x, int64_t width, int64_t column_stride, int64_t rows,
                    int64_t row_stride);
  void (*join_into)(void* running, const void* other, int64_t width);
  void (*finish)(const void* running, int64_t width, void* y, int64_t stride, int64_t count);
};

/// The reduced positions [begin, end) of `width` neighbouring outputs.
void reduce_block(const Body& body, void* acc, int64_t width, const char* base, int64_t column_stride,
                  const ReductionAxes& reduced, int64_t begin, int64_t end) {
  body.start(acc, width);
  if (begin >= end) return;
  const ReductionAxis& inner = reduced.axes[reduced.count - 1];
  Odometer outer(reduced.axes, reduced.count - 1, begin / inner.size);
  int64_t within = begin % inner.size;
  for (int64_t i = begin; i < end; outer.next(), within = 0) {
    const int64_t take = std::min(inner.size - within, end - i);
    body.fold_rows(acc, base + (outer.in + within * inner.in) * body.element_size, width, column_stride, take,
                   inner.in);
    i += take;
  }
}

void reduce(const Call& call, const Body& body, bool is_mean) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  ReductionPlan plan;
  make_plan(x, y, call.attributes, call.num_attributes, plan);
  const int64_t n = plan.reduced.positions;
  if (plan.reduced.count == 0) plan.reduced.axes[plan.reduced.count++] = {n, 1, 0};
  const char* from = static_cast<const char*>(x.data) + plan.in_start * body.element_size;
  char* to = static_cast<char*>(y.data) + plan.out_start * body.element_size;

  // A row is a column of width one.
  const bool has_columns = !plan.rows && plan.kept.count > 0;
  const ReductionAxis columns = has_columns ? plan.kept.axes[plan.kept.count - 1] : ReductionAxis{1, 1, 1};
  const int num_outer_axes = plan.kept.count - (has_columns ? 1 : 0);
  const int64_t block = std::min(columns.size, kMaxWidth);
  const int64_t num_blocks = (columns.size + block - 1) / block;
  const int64_t num_units = plan.kept.positions / columns.size * num_blocks;
  const int64_t parts = std::min(reduced_parts(num_units, n * block), std::max(n, int64_t{1}));
  const int64_t step = (n + parts - 1) / parts;
  const auto width_of = [&](int64_t unit) { return std::min(columns.size - unit % num_blocks * block, block); };
  const auto reduce_unit = [&](void* acc, int64_t unit, int64_t part) {
    const Odometer at(plan.kept.axes, num_outer_axes, unit / num_blocks);
    const int64_t first = at.in + unit % num_blocks * block * columns.in;
    const int64_t begin = std::min(part * step, n);
    reduce_block(body, acc, width_of(unit), from + first * body.element_size, columns.in, plan.reduced, begin,
                 std::min(begin + step, n));
  };
  const auto write_unit = [&](const void* acc, int64_t unit) {
    const Odometer at(plan.kept.axes, num_outer_axes, unit / num_blocks);
    const int64_t first = at.out + unit % num_blocks * block * columns.out;
    body.finish(acc, width_of(unit), to + first * body.element_size, columns.out, is_mean ? n : -1);
  };

  if (parts == 1) {
    const int64_t grain = std::max(int64_t{1}, kReductionChunk / 4 / (n * block + 8));
    parallel_range(num_units, grain, [&](int64_t begin, int64_t end) {
      alignas(16) char acc[kMaxWidth * sizeof(std::complex<double>)];  // the largest accumulator
      for (int64_t unit = begin; unit < end; ++unit) {
        reduce_unit(acc, unit, 0);
        write_unit(acc, unit);
      }
    });
    return;
  }
  const int64_t bytes = block * body.accumulator_size;
  const Scratch scratch(num_units * parts * bytes);
  char* partial = static_cast<char*>(scratch.data);
  parallel_chunks(num_units * parts,
                  [&](int64_t task) { reduce_unit(partial + task * bytes, task / parts, task % parts); });
  for (int64_t unit = 0; unit < num_units; ++unit) {
    char* acc = partial + unit * parts * bytes;
    for (int64_t part = 1; part < parts; ++part) body.join_into(acc, acc + part * bytes, width_of(unit));
    write_unit(acc, unit);
  }
}

template <class Op, class T>
constexpr Body kBody{sizeof(T),         sizeof(typename Op::template Accumulator<T>),
                     &start<Op, T>,     &fold_rows<Op, T>,
                     &join_into<Op, T>, &finish<Op, T>};

template <class Op, class T>
void fold_kernel(const Call& call) {
  reduce(call, kBody<Op, T>, false);
}

template <class T>
void mean_kernel(const Call& call) {
  reduce(call, kBody<Sum, T>, true);
}

template <class T>
void add_complex(Registry& registry, DType dtype) {
  registry.add("sum", dtype, &fold_kernel<Sum, T>);
  registry.add("prod", dtype, &fold_kernel<Prod, T>);
  registry.add("mean", dtype, &mean_kernel<T>);
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
  add_complex<std::complex<float>>(registry, DType::complex64);
  add_complex<std::complex<double>>(registry, DType::complex128);
  registry.add("any", DType::boolean, &fold_kernel<Any, uint8_t>);
  registry.add("all", DType::boolean, &fold_kernel<All, uint8_t>);
  register_reduction_arg(registry);
}

}  // namespace keratin::generic
