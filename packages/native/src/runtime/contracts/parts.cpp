// Parts of tensors by index, random numbers, optimizers.
#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Indexing ----------------------------------------------------------------------------------------------------

const char* gather(const Call& call) {
  EXPECT(has(call, 2, 1, 1), kCounts);
  const Operand& x = in(call, 0);
  const Operand& indices = in(call, 1);
  const Operand& y = out(call, 0);
  int64_t axis = 0;
  EXPECT(is_index(indices) && x.dtype == y.dtype, kDTypes);
  EXPECT(whole(call.attributes[0], 0, x.rank - 1, axis), kAttributes);
  const int at = static_cast<int>(axis);
  EXPECT(y.rank == x.rank - 1 + indices.rank, kShapes);
  EXPECT(same_axes(x, 0, y, 0, at) && same_axes(indices, 0, y, at, indices.rank), kShapes);
  EXPECT(same_axes(x, at + 1, y, at + indices.rank, x.rank - at - 1), kShapes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

/// indices [n..., k] into the first k axes of `whole` stand for `parts` [n..., rest...].
bool points_into(const Operand& indices, const Operand& whole, const Operand& parts) {
  if (indices.rank == 0) return false;
  const int64_t tuple = indices.shape[indices.rank - 1];
  if (tuple > whole.rank) return false;
  const int depth = static_cast<int>(tuple);
  const int lead = indices.rank - 1;
  return parts.rank == lead + whole.rank - depth && same_axes(indices, 0, parts, 0, lead) &&
         same_axes(whole, depth, parts, lead, whole.rank - depth);
}

const char* gather_nd(const Call& call) {
  EXPECT(has(call, 2, 1, 0), kCounts);
  EXPECT(is_index(in(call, 1)) && in(call, 0).dtype == out(call, 0).dtype, kDTypes);
  EXPECT(points_into(in(call, 1), in(call, 0), out(call, 0)), kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

template <int kInputs, bool kHasMode>
const char* scatter(const Call& call) {
  EXPECT(has(call, kInputs, 1, kHasMode ? 1 : 0), kCounts);
  const Operand& y = out(call, 0);
  EXPECT(is_index(in(call, 0)) && in(call, 1).dtype == y.dtype, kDTypes);
  EXPECT(points_into(in(call, 0), y, in(call, 1)), kShapes);
  int64_t mode = 0;
  EXPECT(!kHasMode || whole(call.attributes[0], 0, 5, mode), kAttributes);
  if constexpr (kInputs == 3) EXPECT(same_shape(in(call, 2), y) && in(call, 2).dtype == y.dtype, kShapes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

const char* one_hot(const Call& call) {
  EXPECT(has(call, 1, 1, 2), kCounts);
  EXPECT(is_index(in(call, 0)), kDTypes);
  EXPECT(out(call, 0).rank == in(call, 0).rank + 1 && same_axes(in(call, 0), 0, out(call, 0), 0, in(call, 0).rank),
         kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

// ---- Random numbers and optimizers -------------------------------------------------------------------------------

template <int kParameters>
const char* random(const Call& call) {
  EXPECT(has(call, 0, 1, 4 + kParameters), kCounts);
  int64_t word = 0;
  for (int i = 0; i < 4; ++i) EXPECT(whole(call.attributes[i], 0, 0xffffffff, word), kAttributes);
  constexpr double kLargest = 1e18;
  const DType dtype = out(call, 0).dtype;
  const bool floating = dtype <= DType::bfloat16;
  for (int i = 4; i < 4 + kParameters; ++i) {
    const double value = call.attributes[i];
    EXPECT(floating || (value >= -kLargest && value <= kLargest), kAttributes);
  }
  EXPECT(kParameters > 0 || out(call, 0).rank == 1, kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

/// Parameters as operands of the output's shape and dtype.
template <int kParameters>
const char* distribution(const Call& call) {
  EXPECT(has(call, kParameters, 1, 4), kCounts);
  int64_t word = 0;
  for (int i = 0; i < 4; ++i) EXPECT(whole(call.attributes[i], 0, 0xffffffff, word), kAttributes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  return shaped_like_output(call, kParameters);
}

const char* categorical(const Call& call) {
  EXPECT(has(call, 1, 1, 4), kCounts);
  int64_t word = 0;
  for (int i = 0; i < 4; ++i) EXPECT(whole(call.attributes[i], 0, 0xffffffff, word), kAttributes);
  EXPECT(is_index(out(call, 0)), kDTypes);
  EXPECT(in(call, 0).rank == 2 && out(call, 0).rank == 2 && same_axes(in(call, 0), 0, out(call, 0), 0, 1), kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

/// Gradients, and for each of them a variable and its slots of its shape. With a flag set, a slot more.
template <int kLeast, int kMost, int kAttributeCount, int kFlag>
const char* optimizer(const Call& call) {
  EXPECT(call.num_inputs >= 1 && call.num_attributes >= kAttributeCount, kCounts);
  const bool more = kFlag >= 0 && call.attributes[kFlag < 0 ? 0 : kFlag] != 0;
  const int32_t slots = call.num_outputs / call.num_inputs;
  EXPECT(call.num_outputs == slots * call.num_inputs, kCounts);
  EXPECT(slots >= kLeast + (more ? 1 : 0) && slots <= kMost, kCounts);
  for (int i = 0; i < call.num_outputs; ++i) EXPECT(same_shape(in(call, i / slots), out(call, i)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

}  // namespace

void add_parts(const Add& add) {
  add({"gather"}, &gather);
  add({"gather_nd"}, &gather_nd);
  add({"scatter"}, &scatter<2, true>);
  add({"scatter_add"}, &scatter<2, false>);
  add({"scatter_update"}, &scatter<3, true>);
  add({"one_hot"}, &one_hot);
  add({"random_uniform", "random_normal", "random_truncated_normal"}, &random<2>);
  add({"random_permutation"}, &random<0>);
  add({"random_gamma"}, &distribution<1>);
  add({"random_beta", "random_binomial"}, &distribution<2>);
  add({"random_categorical"}, &categorical);
  add({"sgd_update"}, &optimizer<1, 2, 3, -1>);
  add({"rmsprop_update"}, &optimizer<2, 4, 5, 4>);
  add({"adam_update"}, &optimizer<3, 4, 5, 4>);
  add({"nadam_update"}, &optimizer<3, 3, 9, -1>);
}

}  // namespace keratin::contracts
