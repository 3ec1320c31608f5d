// sum, mean, max and min of float32 and float64.
#include "kernels/hot/reduction_columns.h"
#include "kernels/hot/reduction_rows.h"

namespace keratin::KERATIN_ISA {
namespace {

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

/// A row that lies in the cache, for programs over rows.
template <class Op, class T, bool kMean>
void row_fold(const void* x, int64_t n, void* y) {
  const T total = reduce_contiguous<Op>(static_cast<const T*>(x), n);
  *static_cast<T*>(y) = kMean ? total / static_cast<T>(n) : total;
}

template <class Op, class T, bool kMean>
void add_columns(Registry& registry, const char* name, DType dtype) {
  const auto start = [](void* sums, int64_t n) { set_all(static_cast<T*>(sums), n, Op::template identity<T>); };
  const auto add = [](void* sums, int64_t n, const void* rows, int64_t pitch, int64_t count) {
    add_rows<Op>(static_cast<T*>(sums), n, static_cast<const T*>(rows), pitch, count);
  };
  const auto join = [](void* sums, const void* others, int64_t n) {
    combine_into<Op>(static_cast<T*>(sums), static_cast<const T*>(others), n);
  };
  const auto finish = [](void* y, const void* sums, int64_t n, int64_t rows) {
    write_out(static_cast<T*>(y), 1, static_cast<const T*>(sums), n, kMean ? static_cast<T>(rows) : T{1});
  };
  add_column_fold(registry, name, dtype, {kColumnBlock<T>, &rows_side_by_side<T>, start, add, join, finish});
}

template <class Op>
void add_fold(Registry& registry, const char* name) {
  add_kernel(registry, name, DType::float32, &fold_kernel<Op, float>);
  add_kernel(registry, name, DType::float64, &fold_kernel<Op, double>);
  add_row_fold(registry, name, DType::float32, &row_fold<Op, float, false>);
  add_row_fold(registry, name, DType::float64, &row_fold<Op, double, false>);
  add_columns<Op, float, false>(registry, name, DType::float32);
  add_columns<Op, double, false>(registry, name, DType::float64);
}

}  // namespace

void register_reduction(Registry& registry) {
  add_fold<Sum>(registry, "sum");
  add_fold<Max>(registry, "max");
  add_fold<Min>(registry, "min");
  add_kernel(registry, "mean", DType::float32, &mean_kernel<float>);
  add_kernel(registry, "mean", DType::float64, &mean_kernel<double>);
  add_row_fold(registry, "mean", DType::float32, &row_fold<Sum, float, true>);
  add_row_fold(registry, "mean", DType::float64, &row_fold<Sum, double, true>);
  add_columns<Sum, float, true>(registry, "mean", DType::float32);
  add_columns<Sum, double, true>(registry, "mean", DType::float64);
}

}  // namespace keratin::KERATIN_ISA
