// Elementwise functions, movement, loops and branches, reductions, sorting.
#include <limits>

#include "kernels/elementwise_chain.h"
#include "kernels/elementwise_rows.h"
#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Elementwise -------------------------------------------------------------------------------------------------

template <int kInputs>
const char* test(const Call& call) {
  if (const char* problem = shaped_like_output(call, kInputs)) return problem;
  EXPECT(out(call, 0).dtype == DType::boolean && in(call, 0).dtype == in(call, kInputs - 1).dtype, kDTypes);
  return nullptr;
}

const char* select(const Call& call) {
  if (const char* problem = shaped_like_output(call, 3)) return problem;
  EXPECT(in(call, 0).dtype == DType::boolean && in(call, 1).dtype == out(call, 0).dtype &&
             in(call, 2).dtype == out(call, 0).dtype,
         kDTypes);
  return nullptr;
}

const char* part(const Call& call) {
  if (const char* problem = shaped_like_output(call, 1)) return problem;
  EXPECT(is_complex(in(call, 0)) && out(call, 0).dtype == part_of(in(call, 0).dtype), kDTypes);
  return nullptr;
}

const char* construct(const Call& call) {
  if (const char* problem = shaped_like_output(call, 2)) return problem;
  EXPECT(is_complex(out(call, 0)), kDTypes);
  for (int i = 0; i < 2; ++i) EXPECT(in(call, i).dtype == part_of(out(call, 0).dtype), kDTypes);
  return nullptr;
}

const char* cast(const Call& call) { return shaped_like_output(call, 1); }

const char* chain(const Call& call) {
  EXPECT(call.num_outputs >= 1, kCounts);
  for (int i = 0; i < call.num_inputs; ++i) EXPECT(same_shape(in(call, i), out(call, 0)), kShapes);
  for (int i = 0; i < call.num_outputs; ++i) EXPECT(same_shape(out(call, i), out(call, 0)), kShapes);
  for (int i = 0; i < call.num_outputs; ++i) EXPECT(out(call, i).contiguous, kGaps);
  generic::Chain steps;
  return generic::read_chain(call, steps);
}

const char* rows(const Call& call) {
  EXPECT(call.num_inputs >= 1 && call.num_outputs >= 1, kCounts);
  EXPECT(in(call, 0).rank == 2, kShapes);
  for (int i = 1; i < call.num_inputs; ++i) EXPECT(same_shape(in(call, i), in(call, 0)), kShapes);
  for (int i = 0; i < call.num_outputs; ++i) {
    const Operand& y = out(call, i);
    EXPECT(y.rank == 2 && y.shape[0] == in(call, 0).shape[0], kShapes);
    EXPECT(y.shape[1] == in(call, 0).shape[1] || y.shape[1] == 1, kShapes);
    EXPECT(y.contiguous, kGaps);
  }
  generic::Rows steps;
  return generic::read_rows(call, generic::Reduces::rows, steps);
}

const char* columns(const Call& call) {
  EXPECT(call.num_inputs >= 1 && call.num_outputs >= 1, kCounts);
  EXPECT(in(call, 0).rank == 2, kShapes);
  for (int i = 1; i < call.num_inputs; ++i) EXPECT(same_shape(in(call, i), in(call, 0)), kShapes);
  for (int i = 0; i < call.num_outputs; ++i) {
    const Operand& y = out(call, i);
    EXPECT(y.rank == 2 && y.shape[1] == in(call, 0).shape[1], kShapes);
    EXPECT(y.shape[0] == in(call, 0).shape[0] || y.shape[0] == 1, kShapes);
    EXPECT(y.contiguous, kGaps);
  }
  generic::Rows steps;
  return generic::read_rows(call, generic::Reduces::columns, steps);
}

// ---- Movement ----------------------------------------------------------------------------------------------------

const char* copy(const Call& call) {
  EXPECT(has(call, 1, 1, 0), kCounts);
  EXPECT(same_shape(in(call, 0), out(call, 0)), kShapes);
  EXPECT(in(call, 0).dtype == out(call, 0).dtype, kDTypes);
  return nullptr;
}

const char* fill(const Call& call) { return has(call, 0, 1, 1) ? nullptr : kCounts; }

const char* concatenate(const Call& call) {
  const Operand& y = out(call, 0);
  int64_t axis = 0;
  EXPECT(call.num_inputs >= 1 && call.num_outputs == 1 && call.num_attributes >= 1, kCounts);
  EXPECT(whole(call.attributes[0], 0, y.rank - 1, axis), kAttributes);
  EXPECT(all_of_dtype(call, y.dtype), kDTypes);
  int64_t total = 0;
  for (int i = 0; i < call.num_inputs; ++i) {
    const Operand& x = in(call, i);
    EXPECT(x.rank == y.rank, kShapes);
    for (int other = 0; other < y.rank; ++other) EXPECT(other == axis || x.shape[other] == y.shape[other], kShapes);
    total += x.shape[axis];
  }
  EXPECT(total == y.shape[axis], kShapes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

const char* place(const Call& call) {
  EXPECT(call.num_outputs == 1, kCounts);
  const Operand& y = out(call, 0);
  EXPECT(has(call, 1, 1, 2 * y.rank), kCounts);
  const Operand& x = in(call, 0);
  EXPECT(x.rank == y.rank, kShapes);
  EXPECT(x.dtype == y.dtype, kDTypes);
  for (int axis = 0; axis < y.rank; ++axis) {
    constexpr int64_t kFar = int64_t{1} << 40;
    int64_t start = 0;
    int64_t step = 0;
    EXPECT(whole(call.attributes[axis], -kFar, kFar, start), kAttributes);
    EXPECT(whole(call.attributes[y.rank + axis], -kFar, kFar, step), kAttributes);
    if (x.size == 0) continue;
    int64_t reach = 0;
    EXPECT(!__builtin_mul_overflow(x.shape[axis] - 1, step, &reach), kAttributes);
    const int64_t last = start + reach;
    EXPECT(start >= 0 && start < y.shape[axis] && last >= 0 && last < y.shape[axis], kAttributes);
  }
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

const char* range(const Call& call) {
  EXPECT(has(call, 0, 1, 2), kCounts);
  EXPECT(out(call, 0).rank == 1, kShapes);
  return nullptr;
}

const char* clock(const Call& call) {
  EXPECT(has(call, 0, 1, 0), kCounts);
  EXPECT(out(call, 0).size == 1, kShapes);
  return nullptr;
}

// ---- Branches and loops ------------------------------------------------------------------------------------------

/// Attributes from `at` on are two counts of words, then the words.
bool two_programs(const Call& call, int at) {
  int64_t first = 0;
  int64_t second = 0;
  return call.num_attributes >= at + 2 && whole(call.attributes[at], 0, call.num_attributes, first) &&
         whole(call.attributes[at + 1], 0, call.num_attributes, second) &&
         first + second + at + 2 == call.num_attributes;
}

/// The number of what a loop or branch keeps.
bool is_number(const Operand& operand) { return operand.dtype == DType::int64 && operand.size == 1; }

const char* branch(const Call& call) {
  EXPECT(call.num_inputs > 0 && call.num_outputs > 0 && two_programs(call, 2), kCounts);
  int64_t saves = 0;
  int64_t restores = 0;
  EXPECT(whole(call.attributes[0], 0, 1, saves) && whole(call.attributes[1], 0, 1, restores), kAttributes);
  EXPECT(call.num_inputs > restores, kCounts);
  EXPECT(in(call, 0).dtype == DType::boolean, kDTypes);
  EXPECT(in(call, 0).size == 1, kShapes);
  EXPECT(restores == 0 || is_number(in(call, 1)), kDTypes);
  EXPECT(saves == 0 || is_number(out(call, call.num_outputs - 1)), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* loop(const Call& call) {
  EXPECT(two_programs(call, 8), kCounts);
  constexpr int64_t kMost = int64_t{1} << 52;
  int64_t limit = 0;
  int64_t flag = 0;
  EXPECT(whole(call.attributes[0], -1, kMost, limit), kAttributes);
  for (const int at : {1, 5, 6, 7}) EXPECT(whole(call.attributes[at], 0, 1, flag), kAttributes);
  int64_t states = 0;
  int64_t xs = 0;
  int64_t ys = 0;
  EXPECT(whole(call.attributes[2], 0, call.num_outputs, states), kAttributes);
  EXPECT(whole(call.attributes[3], 0, call.num_inputs, xs), kAttributes);
  EXPECT(whole(call.attributes[4], 0, call.num_outputs, ys), kAttributes);
  const int saves = call.attributes[5] != 0 ? 1 : 0;
  const int restores = call.attributes[6] != 0 ? 1 : 0;
  EXPECT(states + ys + saves == call.num_outputs && restores + states + xs <= call.num_inputs, kCounts);
  // Rows need a number of trips, and trips an end.
  EXPECT(limit >= 0 || xs + ys == 0, kAttributes);
  EXPECT(limit >= 0 || restores == 1 || call.attributes[8] > 0, kAttributes);
  EXPECT(call.attributes[9] > 0, kCounts);
  EXPECT(restores == 0 || is_number(in(call, 0)), kDTypes);
  EXPECT(saves == 0 || is_number(out(call, call.num_outputs - 1)), kDTypes);
  for (int i = 0; i < states; ++i) {
    EXPECT(in(call, restores + i).dtype == out(call, i).dtype, kDTypes);
    EXPECT(same_shape(in(call, restores + i), out(call, i)), kShapes);
  }
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

// ---- Reductions --------------------------------------------------------------------------------------------------

template <bool kNeedsElements>
const char* reduction(const Call& call) {
  EXPECT(has(call, 1, 1, 0), kCounts);
  const Operand& x = in(call, 0);
  const Operand& y = out(call, 0);
  EXPECT(x.dtype == y.dtype, kDTypes);
  EXPECT(x.rank == y.rank, kShapes);
  bool reduced[kMaxRank] = {};
  for (int i = 0; i < call.num_attributes; ++i) {
    int64_t axis = 0;
    EXPECT(whole(call.attributes[i], 0, x.rank - 1, axis) && !reduced[axis], kAttributes);
    reduced[axis] = true;
  }
  for (int axis = 0; axis < x.rank; ++axis) {
    EXPECT(y.shape[axis] == (reduced[axis] ? 1 : x.shape[axis]), kShapes);
  }
  EXPECT(!kNeedsElements || x.size > 0 || y.size == 0, kShapes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

const char* extreme_index(const Call& call) {
  EXPECT(has(call, 1, 1, 1), kCounts);
  const Operand& x = in(call, 0);
  const Operand& y = out(call, 0);
  EXPECT(y.dtype == DType::int32, kDTypes);
  int64_t reduced = 0;
  EXPECT(whole(call.attributes[0], 0, x.rank - 1, reduced), kAttributes);
  EXPECT(x.rank == y.rank && x.shape[reduced] > 0, kShapes);
  for (int axis = 0; axis < x.rank; ++axis) EXPECT(y.shape[axis] == (axis == reduced ? 1 : x.shape[axis]), kShapes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

const char* cumulative(const Call& call) {
  if (const char* problem = elementwise<1>(call)) return problem;
  int64_t axis = 0;
  EXPECT(call.num_attributes >= 2, kCounts);
  EXPECT(whole(call.attributes[0], 0, in(call, 0).rank - 1, axis), kAttributes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* argsort(const Call& call) {
  EXPECT(has(call, 1, 1, 1), kCounts);
  const Operand& x = in(call, 0);
  const Operand& y = out(call, 0);
  EXPECT(y.dtype == DType::int32, kDTypes);
  EXPECT(x.rank == y.rank && x.rank > 0 && same_axes(x, 0, y, 0, x.rank - 1), kShapes);
  EXPECT(y.shape[y.rank - 1] <= x.shape[x.rank - 1], kShapes);
  EXPECT(x.shape[x.rank - 1] <= std::numeric_limits<int32_t>::max(), kShapes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* searchsorted(const Call& call) {
  EXPECT(has(call, 2, 1, 1), kCounts);
  EXPECT(in(call, 0).dtype == in(call, 1).dtype && out(call, 0).dtype == DType::int32, kDTypes);
  EXPECT(in(call, 0).rank == 1 && same_shape(in(call, 1), out(call, 0)), kShapes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

}  // namespace

void add_tensors(const Add& add) {
  add({"sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan"}, &elementwise<1>);
  add({"sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "softplus", "log_sigmoid"}, &elementwise<1>);
  add({"erf", "erfc", "erfinv", "reciprocal", "relu", "relu6", "silu", "gelu", "gelu_tanh", "elu"}, &elementwise<1>);
  add({"selu", "softsign", "negative", "abs", "sign", "square", "floor", "ceil", "round", "trunc"}, &elementwise<1>);
  add({"bessel_i0", "bessel_i1", "bitwise_not", "logical_not"}, &elementwise<1>);
  add({"add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "mod", "fmod"}, &elementwise<2>);
  add({"floor_divide", "squared_difference", "atan2", "nextafter", "gcd"}, &elementwise<2>);
  add({"bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"}, &elementwise<2>);
  add({"relu_gradient", "sigmoid_gradient", "tanh_gradient"}, &elementwise<2>);
  add({"logical_and", "logical_or", "logical_xor"}, &elementwise<2>);
  add({"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}, &test<2>);
  add({"isnan", "isinf", "isfinite"}, &test<1>);
  add({"conjugate"}, &elementwise<1>);
  add({"real", "imag", "magnitude", "phase"}, &part);
  add({"complex"}, &construct);
  add({"select"}, &select);
  add({"cast"}, &cast);
  add({"chain"}, &chain);
  add({"rows"}, &rows);
  add({"columns"}, &columns);
  add({"copy"}, &copy);
  add({"fill"}, &fill);
  add({"concatenate"}, &concatenate);
  add({"place"}, &place);
  add({"range"}, &range);
  add({"clock"}, &clock);
  add({"branch"}, &branch);
  add({"loop"}, &loop);
  add({"sum", "prod", "mean", "any", "all"}, &reduction<false>);
  add({"max", "min"}, &reduction<true>);
  add({"argmax", "argmin"}, &extreme_index);
  add({"cumsum", "cumprod"}, &cumulative);
  add({"argsort"}, &argsort);
  add({"searchsorted"}, &searchsorted);
}

}  // namespace keratin::contracts
