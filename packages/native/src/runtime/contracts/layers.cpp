// What layers are made of: softmax and losses, convolutions, pooling, normalization, attention.
#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Softmax -----------------------------------------------------------------------------------------------------

template <int kInputs>
const char* rows(const Call& call) {
  if (const char* problem = elementwise<kInputs>(call)) return problem;
  EXPECT(out(call, 0).rank > 0, kShapes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

/// logits, labels -> loss, probabilities; labels are indices or have the shape of the logits.
template <bool kSparse>
const char* cross_entropy(const Call& call) {
  EXPECT(has(call, 2, 2, 0), kCounts);
  const Operand& logits = in(call, 0);
  const Operand& labels = in(call, 1);
  EXPECT(logits.rank == 2 && is_vector(out(call, 0), logits.shape[0]) && same_shape(out(call, 1), logits), kShapes);
  EXPECT(kSparse ? is_vector(labels, logits.shape[0]) : same_shape(labels, logits), kShapes);
  EXPECT(out(call, 0).dtype == logits.dtype && out(call, 1).dtype == logits.dtype, kDTypes);
  EXPECT(kSparse ? is_index(labels) : labels.dtype == logits.dtype, kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

/// dloss, probabilities, labels -> dlogits
template <bool kSparse>
const char* cross_entropy_gradient(const Call& call) {
  EXPECT(has(call, 3, 1, 0), kCounts);
  const Operand& dloss = in(call, 0);
  const Operand& labels = in(call, 2);
  const Operand& y = out(call, 0);
  EXPECT(y.rank == 2 && is_vector(dloss, y.shape[0]) && same_shape(in(call, 1), y), kShapes);
  EXPECT(kSparse ? is_vector(labels, y.shape[0]) : same_shape(labels, y), kShapes);
  EXPECT(dloss.dtype == y.dtype && in(call, 1).dtype == y.dtype, kDTypes);
  EXPECT(kSparse ? is_index(labels) : labels.dtype == y.dtype, kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

/// Sizes of inputs, window and outputs along the spatial axes agree with the attributes, which begin at `attributes`:
/// strides, padding low, padding high, dilations (or none of them).
const char* windows(const Operand& x, int64_t r, const int64_t* window, const Operand& y, const double* attributes,
                    bool dilated, bool overlap_input) {
  constexpr int64_t kFar = int64_t{1} << 20;
  for (int64_t i = 0; i < r; ++i) {
    int64_t stride = 0;
    int64_t low = 0;
    int64_t high = 0;
    int64_t dilation = 1;
    EXPECT(whole(attributes[i], 1, kFar, stride), kAttributes);
    EXPECT(whole(attributes[r + i], 0, kFar, low) && whole(attributes[2 * r + i], 0, kFar, high), kAttributes);
    EXPECT(!dilated || whole(attributes[3 * r + i], 1, kFar, dilation), kAttributes);
    EXPECT(window[i] >= 1 && window[i] <= kFar, kShapes);
    // Every window holds at least one input.
    EXPECT(!overlap_input || (low < window[i] && high < window[i]), kAttributes);
    const int64_t slack = x.shape[1 + i] + low + high - dilation * (window[i] - 1) - 1;
    EXPECT(slack >= 0 && y.shape[1 + i] == slack / stride + 1, kShapes);
  }
  return nullptr;
}

const char* convolution_of(const Call& call, const Operand& x, const Operand& filter, const Operand& y) {
  int64_t r = 0;
  int64_t groups = 0;
  EXPECT(call.num_attributes >= 1 && whole(call.attributes[0], 1, 3, r), kAttributes);
  EXPECT(call.num_attributes >= 2 + 4 * r, kCounts);
  EXPECT(x.rank == r + 2 && filter.rank == r + 2 && y.rank == r + 2 && x.shape[0] == y.shape[0], kShapes);
  EXPECT(whole(call.attributes[1 + 4 * r], 1, int64_t{1} << 40, groups), kAttributes);
  EXPECT(x.shape[r + 1] % groups == 0 && filter.shape[r] == x.shape[r + 1] / groups, kShapes);
  EXPECT(filter.shape[r + 1] == y.shape[r + 1] && y.shape[r + 1] % groups == 0, kShapes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return windows(x, r, filter.shape, y, call.attributes + 1, true, false);
}

const char* convolution(const Call& call) {
  EXPECT((call.num_inputs == 2 || call.num_inputs == 3) && call.num_outputs == 1, kCounts);
  const Operand& y = out(call, 0);
  if (const char* problem = convolution_of(call, in(call, 0), in(call, 1), y)) return problem;
  EXPECT(call.num_inputs == 2 || is_vector(in(call, 2), y.shape[y.rank - 1]), kShapes);
  const auto r = static_cast<int>(call.attributes[0]);
  int64_t activation = 0;
  EXPECT(call.num_attributes >= 3 + 4 * r && whole(call.attributes[2 + 4 * r], 0, 8, activation), kAttributes);
  return nullptr;
}

const char* convolution_input_gradient(const Call& call) {
  EXPECT(has(call, 2, 1, 1), kCounts);
  return convolution_of(call, out(call, 0), in(call, 1), in(call, 0));
}

const char* convolution_filter_gradient(const Call& call) {
  EXPECT(has(call, 2, 1, 1), kCounts);
  return convolution_of(call, in(call, 0), out(call, 0), in(call, 1));
}

const char* pooling_of(const Call& call, const Operand& x, const Operand& y) {
  int64_t r = 0;
  EXPECT(call.num_attributes >= 1 && whole(call.attributes[0], 1, 3, r), kAttributes);
  EXPECT(call.num_attributes >= 1 + 4 * r, kCounts);
  EXPECT(x.rank == r + 2 && y.rank == r + 2 && x.shape[0] == y.shape[0] && x.shape[r + 1] == y.shape[r + 1], kShapes);
  int64_t window[3] = {};
  for (int64_t i = 0; i < r; ++i) EXPECT(whole(call.attributes[1 + i], 1, int64_t{1} << 20, window[i]), kAttributes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return windows(x, r, window, y, call.attributes + 1 + r, false, true);
}

const char* pooling(const Call& call) {
  return has(call, 1, 1, 1) ? pooling_of(call, in(call, 0), out(call, 0)) : kCounts;
}

const char* max_pool_gradient(const Call& call) {
  EXPECT(has(call, 3, 1, 1), kCounts);
  EXPECT(same_shape(in(call, 0), out(call, 0)) && same_shape(in(call, 1), in(call, 2)), kShapes);
  return pooling_of(call, in(call, 0), in(call, 1));
}

const char* average_pool_gradient(const Call& call) {
  return has(call, 1, 1, 1) ? pooling_of(call, out(call, 0), in(call, 0)) : kCounts;
}

// ---- Normalization -----------------------------------------------------------------------------------------------

/// Statistics are a number for each row or for each column.
template <bool kByRow>
const char* normalization(const Call& call) {
  EXPECT(has(call, 3, 3, 1), kCounts);
  const Operand& x = in(call, 0);
  EXPECT(x.rank == 2 && same_shape(x, out(call, 0)), kShapes);
  EXPECT(is_vector(in(call, 1), x.shape[1]) && is_vector(in(call, 2), x.shape[1]), kShapes);
  const int64_t n = x.shape[kByRow ? 0 : 1];
  EXPECT(is_vector(out(call, 1), n) && is_vector(out(call, 2), n), kShapes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

template <bool kByRow>
const char* normalization_gradient(const Call& call) {
  EXPECT(has(call, 5, 3, kByRow ? 0 : 1), kCounts);
  const Operand& x = in(call, 1);
  EXPECT(x.rank == 2 && same_shape(x, in(call, 0)) && same_shape(x, out(call, 0)), kShapes);
  const int64_t n = x.shape[kByRow ? 0 : 1];
  EXPECT(is_vector(in(call, 2), x.shape[1]) && is_vector(in(call, 3), n) && is_vector(in(call, 4), n), kShapes);
  EXPECT(is_vector(out(call, 1), x.shape[1]) && is_vector(out(call, 2), x.shape[1]), kShapes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

// ---- Attention ---------------------------------------------------------------------------------------------------

bool is_grid(const Operand& a, int64_t i, int64_t j, int64_t k, int64_t l) {
  return a.rank == 4 && a.shape[0] == i && a.shape[1] == j && a.shape[2] == k && a.shape[3] == l;
}

/// query, key, value, bias and mask from input `first` on; y and two numbers for each query.
const char* attention_of(const Call& call, int first, const Operand& y, const Operand& max, const Operand& rsum) {
  const Operand& q = in(call, first);
  const Operand& k = in(call, first + 1);
  const Operand& v = in(call, first + 2);
  const Operand& bias = in(call, first + 3);
  const Operand& mask = in(call, first + 4);
  EXPECT(q.rank == 4 && k.rank == 4 && v.rank == 4, kShapes);
  const int64_t b = q.shape[0], t = q.shape[1], h = q.shape[2], s = k.shape[1], g = k.shape[2];
  EXPECT(is_grid(k, b, s, g, q.shape[3]) && is_grid(v, b, s, g, v.shape[3]), kShapes);
  EXPECT(g > 0 ? h % g == 0 : h == 0, kShapes);
  EXPECT(is_grid(bias, b, h, t, s) && is_grid(mask, b, h, t, s), kShapes);
  EXPECT(is_grid(y, b, t, h, v.shape[3]), kShapes);
  for (const Operand* row : {&max, &rsum}) {
    EXPECT(row->rank == 3 && same_axes(*row, 0, max, 0, 3) && row->contiguous, kShapes);
  }
  EXPECT(max.shape[0] == b && max.shape[1] == h && max.shape[2] == t, kShapes);
  EXPECT(k.dtype == q.dtype && v.dtype == q.dtype && bias.dtype == q.dtype && mask.dtype == DType::boolean, kDTypes);
  EXPECT(y.dtype == q.dtype && max.dtype == q.dtype && rsum.dtype == q.dtype, kDTypes);
  int64_t number = 0;
  EXPECT(whole(call.attributes[1], 0, 1, number) && whole(call.attributes[2], 0, 2, number), kAttributes);
  EXPECT(call.attributes[4] >= 0 && call.attributes[4] < 1, kAttributes);
  for (int i = 5; i < 9; ++i) EXPECT(whole(call.attributes[i], 0, 0xffffffff, number), kAttributes);
  return nullptr;
}

const char* attention(const Call& call) {
  EXPECT(has(call, 5, 3, 9), kCounts);
  for (int i = 0; i < 3; ++i) EXPECT(out(call, i).contiguous, kGaps);
  return attention_of(call, 0, out(call, 0), out(call, 1), out(call, 2));
}

const char* attention_gradient(const Call& call) {
  EXPECT(has(call, 9, 4, 9), kCounts);
  if (const char* problem = attention_of(call, 1, in(call, 6), in(call, 7), in(call, 8))) return problem;
  EXPECT(same_shape(in(call, 0), in(call, 6)), kShapes);
  for (int i = 0; i < 3; ++i) EXPECT(same_shape(out(call, i), in(call, 1 + i)), kShapes);
  const Operand& bias = in(call, 4);
  const Operand& dbias = out(call, 3);
  EXPECT(dbias.rank == 4 && (dbias.size == 0 || same_shape(dbias, bias)), kShapes);
  for (int i = 0; i < 4; ++i) {
    EXPECT(out(call, i).contiguous, kGaps);
    EXPECT(out(call, i).dtype == in(call, 0).dtype && in(call, 0).dtype == in(call, 1).dtype, kDTypes);
  }
  return nullptr;
}

}  // namespace

void add_layers(const Add& add) {
  add({"softmax", "log_softmax"}, &rows<1>);
  add({"softmax_gradient", "log_softmax_gradient"}, &rows<2>);
  add({"sparse_softmax_cross_entropy"}, &cross_entropy<true>);
  add({"softmax_cross_entropy"}, &cross_entropy<false>);
  add({"sparse_softmax_cross_entropy_gradient"}, &cross_entropy_gradient<true>);
  add({"softmax_cross_entropy_gradient"}, &cross_entropy_gradient<false>);
  add({"convolution"}, &convolution);
  add({"convolution_input_gradient"}, &convolution_input_gradient);
  add({"convolution_filter_gradient"}, &convolution_filter_gradient);
  add({"max_pool", "average_pool"}, &pooling);
  add({"max_pool_gradient"}, &max_pool_gradient);
  add({"average_pool_gradient"}, &average_pool_gradient);
  add({"layer_normalization"}, &normalization<true>);
  add({"batch_normalization"}, &normalization<false>);
  add({"layer_normalization_gradient"}, &normalization_gradient<true>);
  add({"batch_normalization_gradient"}, &normalization_gradient<false>);
  add({"attention"}, &attention);
  add({"attention_gradient"}, &attention_gradient);
}

}  // namespace keratin::contracts
