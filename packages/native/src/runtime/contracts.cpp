#include "runtime/contracts.h"

#include <initializer_list>
#include <limits>
#include <map>

#include "kernels/elementwise_chain.h"
#include "kernels/elementwise_rows.h"

namespace keratin {
namespace {

#define EXPECT(condition, problem) \
  if (!(condition)) return problem

constexpr const char* kCounts = "wrong number of operands or attributes";
constexpr const char* kDTypes = "dtypes do not fit";
constexpr const char* kShapes = "shapes do not fit";
constexpr const char* kGaps = "operand has gaps";
constexpr const char* kAttributes = "attribute out of range";

const Operand& in(const Call& call, int i) { return call.inputs[i]; }
const Operand& out(const Call& call, int i) { return call.outputs[i]; }

bool has(const Call& call, int inputs, int outputs, int attributes) {
  return call.num_inputs == inputs && call.num_outputs == outputs && call.num_attributes >= attributes;
}

bool same_axes(const Operand& a, int a_axis, const Operand& b, int b_axis, int count) {
  for (int i = 0; i < count; ++i) {
    if (a.shape[a_axis + i] != b.shape[b_axis + i]) return false;
  }
  return true;
}

bool same_shape(const Operand& a, const Operand& b) { return a.rank == b.rank && same_axes(a, 0, b, 0, a.rank); }

bool is_vector(const Operand& a, int64_t n) { return a.rank == 1 && a.shape[0] == n && a.contiguous; }

bool is_index(const Operand& a) { return a.dtype == DType::int32 || a.dtype == DType::int64; }

/// An attribute that is a whole number in [low, high].
bool whole(double attribute, int64_t low, int64_t high, int64_t& value) {
  if (!(attribute >= static_cast<double>(low) && attribute <= static_cast<double>(high))) return false;
  value = static_cast<int64_t>(attribute);
  return static_cast<double>(value) == attribute;
}

bool all_contiguous(const Call& call) {
  for (int i = 0; i < call.num_inputs + call.num_outputs; ++i) {
    const Operand& operand = i < call.num_inputs ? in(call, i) : out(call, i - call.num_inputs);
    if (!operand.contiguous) return false;
  }
  return true;
}

bool all_of_dtype(const Call& call, DType dtype) {
  for (int i = 0; i < call.num_inputs; ++i) {
    if (in(call, i).dtype != dtype) return false;
  }
  for (int i = 0; i < call.num_outputs; ++i) {
    if (out(call, i).dtype != dtype) return false;
  }
  return true;
}

// ---- Elementwise -------------------------------------------------------------------------------------------------

const char* shaped_like_output(const Call& call, int inputs) {
  EXPECT(has(call, inputs, 1, 0), kCounts);
  for (int i = 0; i < inputs; ++i) EXPECT(same_shape(in(call, i), out(call, 0)), kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

template <int kInputs>
const char* elementwise(const Call& call) {
  if (const char* problem = shaped_like_output(call, kInputs)) return problem;
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  return nullptr;
}

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

/// The dtype of the parts of a complex number; the dtype itself where it is not complex.
DType part_of(DType dtype) {
  if (dtype == DType::complex64) return DType::float32;
  return dtype == DType::complex128 ? DType::float64 : dtype;
}

bool is_complex(const Operand& a) { return a.dtype == DType::complex64 || a.dtype == DType::complex128; }

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
  return generic::read_rows(call, steps);
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

const char* branch(const Call& call) {
  EXPECT(call.num_inputs > 0 && call.num_outputs > 0 && two_programs(call, 0), kCounts);
  EXPECT(in(call, 0).dtype == DType::boolean, kDTypes);
  EXPECT(in(call, 0).size == 1, kShapes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* while_loop(const Call& call) {
  EXPECT(call.num_outputs > 0 && call.num_inputs >= call.num_outputs && two_programs(call, 1), kCounts);
  for (int i = 0; i < call.num_outputs; ++i) {
    EXPECT(in(call, i).dtype == out(call, i).dtype, kDTypes);
    EXPECT(same_shape(in(call, i), out(call, i)), kShapes);
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

// ---- Products ----------------------------------------------------------------------------------------------------

const char* matmul(const Call& call) {
  EXPECT((call.num_inputs == 2 || call.num_inputs == 3) && call.num_outputs == 1, kCounts);
  const Operand& a = in(call, 0);
  const Operand& b = in(call, 1);
  const Operand& y = out(call, 0);
  const int rank = y.rank;
  EXPECT(all_of_dtype(call, y.dtype), kDTypes);
  EXPECT(rank >= 2 && a.rank == rank && b.rank == rank, kShapes);
  EXPECT(same_axes(a, 0, y, 0, rank - 1) && same_axes(b, 0, y, 0, rank - 2), kShapes);
  EXPECT(a.shape[rank - 1] == b.shape[rank - 2] && b.shape[rank - 1] == y.shape[rank - 1], kShapes);
  EXPECT(call.num_inputs == 2 || (in(call, 2).rank == 1 && in(call, 2).shape[0] == y.shape[rank - 1]), kShapes);
  int64_t activation = 0;
  EXPECT(call.num_attributes == 0 || whole(call.attributes[0], 0, 3, activation), kAttributes);
  EXPECT(y.contiguous, kGaps);
  return nullptr;
}

// ---- Fourier transforms ------------------------------------------------------------------------------------------

const char* fft(const Call& call) {
  EXPECT(has(call, 1, 1, 2), kCounts);
  EXPECT(in(call, 0).rank >= 1 && same_shape(in(call, 0), out(call, 0)), kShapes);
  EXPECT(is_complex(in(call, 0)) && in(call, 0).dtype == out(call, 0).dtype, kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

/// Real points on one side, the first half of their spectrum on the other.
const char* half_spectrum(const Call& call, const Operand& real, const Operand& spectrum) {
  EXPECT(has(call, 1, 1, 0), kCounts);
  EXPECT(real.rank >= 1 && real.rank == spectrum.rank && same_axes(real, 0, spectrum, 0, real.rank - 1), kShapes);
  const int64_t n = real.shape[real.rank - 1];
  EXPECT(n >= 1 && spectrum.shape[real.rank - 1] == n / 2 + 1, kShapes);
  EXPECT(is_complex(spectrum) && real.dtype == part_of(spectrum.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* rfft(const Call& call) {
  EXPECT(has(call, 1, 1, 0), kCounts);
  return half_spectrum(call, in(call, 0), out(call, 0));
}

const char* irfft(const Call& call) {
  EXPECT(has(call, 1, 1, 0), kCounts);
  return half_spectrum(call, out(call, 0), in(call, 0));
}

// ---- Linear algebra ----------------------------------------------------------------------------------------------

/// Outputs and inputs of one floating dtype, without gaps, with the batch axes of the first input; their last axes by
/// `sizes`.
bool factors(const Call& call, int first, int last, std::initializer_list<std::initializer_list<int64_t>> sizes) {
  const Operand& x = in(call, 0);
  int i = first;
  for (const auto& axes : sizes) {
    if (i == last) break;
    const Operand& operand = i < call.num_inputs ? in(call, i) : out(call, i - call.num_inputs);
    const int own = static_cast<int>(axes.size());
    if (operand.rank != x.rank - 2 + own || !same_axes(operand, 0, x, 0, x.rank - 2)) return false;
    int axis = x.rank - 2;
    for (const int64_t n : axes) {
      if (operand.shape[axis++] != n) return false;
    }
    ++i;
  }
  return i == last;
}

const char* square_matrices(const Call& call, int inputs, int outputs, int attributes) {
  EXPECT(has(call, inputs, outputs, attributes), kCounts);
  const Operand& x = in(call, 0);
  EXPECT(x.rank >= 2 && x.shape[x.rank - 1] == x.shape[x.rank - 2], kShapes);
  EXPECT(x.shape[x.rank - 1] <= std::numeric_limits<int32_t>::max(), kShapes);
  EXPECT(x.dtype == DType::float32 || x.dtype == DType::float64, kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

template <int kAttributes>
const char* matrix_to_matrix(const Call& call) {
  if (const char* problem = square_matrices(call, 1, 1, kAttributes)) return problem;
  EXPECT(same_shape(in(call, 0), out(call, 0)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  return nullptr;
}

template <int kOutputs>
const char* determinant(const Call& call) {
  if (const char* problem = square_matrices(call, 1, kOutputs, 0)) return problem;
  EXPECT(factors(call, 1, 1 + kOutputs, {{}, {}}), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  return nullptr;
}

const char* lu_factor(const Call& call) {
  if (const char* problem = square_matrices(call, 1, 2, 0)) return problem;
  const Operand& x = in(call, 0);
  const int64_t n = x.shape[x.rank - 1];
  EXPECT(factors(call, 1, 3, {{n, n}, {n}}), kShapes);
  EXPECT(out(call, 0).dtype == x.dtype && out(call, 1).dtype == DType::int32, kDTypes);
  return nullptr;
}

template <int kAttributes>
const char* linear_system(const Call& call) {
  if (const char* problem = square_matrices(call, 2, 1, kAttributes)) return problem;
  const Operand& b = in(call, 1);
  EXPECT(b.rank >= 2, kShapes);
  const int64_t n = in(call, 0).shape[in(call, 0).rank - 1];
  EXPECT(factors(call, 1, 2, {{n, b.shape[b.rank - 1]}}) && same_shape(b, out(call, 0)), kShapes);
  EXPECT(all_of_dtype(call, b.dtype), kDTypes);
  return nullptr;
}

const char* eigh(const Call& call) {
  if (const char* problem = square_matrices(call, 1, 2, 0)) return problem;
  const Operand& x = in(call, 0);
  const int64_t n = x.shape[x.rank - 1];
  EXPECT(factors(call, 1, 3, {{n}, {n, n}}), kShapes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  return nullptr;
}

const char* eig(const Call& call) {
  if (const char* problem = square_matrices(call, 1, 2, 0)) return problem;
  const Operand& x = in(call, 0);
  const int64_t n = x.shape[x.rank - 1];
  EXPECT(factors(call, 1, 3, {{n}, {n, n}}), kShapes);
  for (int i = 0; i < 2; ++i) EXPECT(is_complex(out(call, i)) && part_of(out(call, i).dtype) == x.dtype, kDTypes);
  return nullptr;
}

const char* qr(const Call& call) {
  EXPECT(has(call, 1, 2, 0), kCounts);
  const Operand& x = in(call, 0);
  EXPECT(x.rank >= 2 && out(call, 0).rank >= 2, kShapes);
  const int64_t m = x.shape[x.rank - 2];
  const int64_t n = x.shape[x.rank - 1];
  const int64_t k = out(call, 0).shape[out(call, 0).rank - 1];
  EXPECT(k == m || k == (m < n ? m : n), kShapes);
  EXPECT(factors(call, 1, 3, {{m, k}, {k, n}}), kShapes);
  EXPECT(x.dtype == DType::float32 || x.dtype == DType::float64, kDTypes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

template <int kOutputs>
const char* svd(const Call& call) {
  EXPECT(has(call, 1, kOutputs, 0), kCounts);
  const Operand& x = in(call, 0);
  EXPECT(x.rank >= 2, kShapes);
  const int64_t m = x.shape[x.rank - 2];
  const int64_t n = x.shape[x.rank - 1];
  const int64_t least = m < n ? m : n;
  EXPECT(m <= std::numeric_limits<int32_t>::max() && n <= std::numeric_limits<int32_t>::max(), kShapes);
  int64_t columns[2] = {least, least};
  for (int i = 1; i < kOutputs; ++i) {
    const int64_t size = i == 1 ? m : n;
    const Operand& vectors = out(call, i);
    EXPECT(vectors.rank >= 2, kShapes);
    columns[i - 1] = vectors.shape[vectors.rank - 1];
    EXPECT(columns[i - 1] == size || columns[i - 1] == least, kShapes);
  }
  EXPECT(factors(call, 1, 1 + kOutputs, {{least}, {m, columns[0]}, {n, columns[1]}}), kShapes);
  EXPECT(x.dtype == DType::float32 || x.dtype == DType::float64, kDTypes);
  EXPECT(all_of_dtype(call, x.dtype), kDTypes);
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
  EXPECT(call.num_attributes >= 3 + 4 * r && whole(call.attributes[2 + 4 * r], 0, 3, activation), kAttributes);
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

// ---- Recurrent cells ---------------------------------------------------------------------------------------------

bool is_matrix(const Operand& a, int64_t rows, int64_t columns) {
  return a.rank == 2 && a.shape[0] == rows && a.shape[1] == columns;
}

bool is_sequence(const Operand& a, int64_t steps, int64_t samples, int64_t width) {
  return a.rank == 3 && a.shape[0] == steps && a.shape[1] == samples && a.shape[2] == width;
}

/// Sizes of a sequence: of h, or of its gradient.
struct SequenceSizes {
  int64_t t, b, u;
  explicit SequenceSizes(const Operand& h) : t(h.shape[0]), b(h.shape[1]), u(h.shape[2]) {}
  bool state(const Operand& a) const { return is_matrix(a, b, u); }
  bool kernel(const Operand& a, int64_t gates) const { return is_matrix(a, u, gates * u); }
  bool steps(const Operand& a, int64_t gates) const { return is_sequence(a, t, b, gates * u); }
};

const char* lstm_sequence(const Call& call) {
  EXPECT(has(call, 4, 3, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 4) && s.state(in(call, 1)) && s.state(in(call, 2)) && s.kernel(in(call, 3), 4), kShapes);
  EXPECT(s.steps(out(call, 1), 1) && s.steps(out(call, 2), 4), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* lstm_sequence_gradient(const Call& call) {
  EXPECT(has(call, 6, 3, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 1) || is_sequence(in(call, 1), 0, s.b, s.u), kShapes);
  EXPECT(s.steps(in(call, 2), 4) && s.steps(in(call, 3), 1) && s.state(in(call, 4)) && s.kernel(in(call, 5), 4),
         kShapes);
  EXPECT(s.steps(out(call, 0), 4) && s.state(out(call, 1)) && s.state(out(call, 2)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* gru_sequence(const Call& call) {
  EXPECT(has(call, 4, 2, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 3) && s.state(in(call, 1)) && s.kernel(in(call, 2), 3), kShapes);
  EXPECT(is_vector(in(call, 3), 3 * s.u) && s.steps(out(call, 1), 4), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* gru_sequence_gradient(const Call& call) {
  EXPECT(has(call, 5, 3, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 4) && s.steps(in(call, 2), 1) && s.state(in(call, 3)) && s.kernel(in(call, 4), 3),
         kShapes);
  EXPECT(s.steps(out(call, 0), 3) && s.steps(out(call, 1), 3) && s.state(out(call, 2)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* simple_rnn_sequence(const Call& call) {
  EXPECT(has(call, 3, 1, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 1) && s.state(in(call, 1)) && s.kernel(in(call, 2), 1), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* simple_rnn_sequence_gradient(const Call& call) {
  EXPECT(has(call, 3, 2, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 1) && s.kernel(in(call, 2), 1), kShapes);
  EXPECT(s.steps(out(call, 0), 1) && s.state(out(call, 1)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

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

#undef EXPECT

std::map<std::string, Contract> all_contracts() {
  std::map<std::string, Contract> result;
  const auto add = [&result](std::initializer_list<const char*> names, Contract contract) {
    for (const char* name : names) result[name] = contract;
  };
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
  add({"copy"}, &copy);
  add({"fill"}, &fill);
  add({"concatenate"}, &concatenate);
  add({"place"}, &place);
  add({"range"}, &range);
  add({"clock"}, &clock);
  add({"branch"}, &branch);
  add({"while_loop"}, &while_loop);
  add({"sum", "prod", "mean", "any", "all"}, &reduction<false>);
  add({"max", "min"}, &reduction<true>);
  add({"argmax", "argmin"}, &extreme_index);
  add({"cumsum", "cumprod"}, &cumulative);
  add({"argsort"}, &argsort);
  add({"searchsorted"}, &searchsorted);
  add({"fft"}, &fft);
  add({"rfft"}, &rfft);
  add({"irfft"}, &irfft);
  add({"softmax", "log_softmax"}, &rows<1>);
  add({"softmax_gradient", "log_softmax_gradient"}, &rows<2>);
  add({"sparse_softmax_cross_entropy"}, &cross_entropy<true>);
  add({"softmax_cross_entropy"}, &cross_entropy<false>);
  add({"sparse_softmax_cross_entropy_gradient"}, &cross_entropy_gradient<true>);
  add({"softmax_cross_entropy_gradient"}, &cross_entropy_gradient<false>);
  add({"matmul"}, &matmul);
  add({"cholesky"}, &matrix_to_matrix<1>);
  add({"inverse"}, &matrix_to_matrix<0>);
  add({"determinant"}, &determinant<1>);
  add({"log_determinant"}, &determinant<2>);
  add({"lu_factor"}, &lu_factor);
  add({"solve"}, &linear_system<1>);
  add({"triangular_solve"}, &linear_system<2>);
  add({"qr"}, &qr);
  add({"eigh"}, &eigh);
  add({"eig"}, &eig);
  add({"svd"}, &svd<3>);
  add({"singular_values"}, &svd<1>);
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
  add({"lstm_sequence"}, &lstm_sequence);
  add({"lstm_sequence_gradient"}, &lstm_sequence_gradient);
  add({"gru_sequence"}, &gru_sequence);
  add({"gru_sequence_gradient"}, &gru_sequence_gradient);
  add({"simple_rnn_sequence"}, &simple_rnn_sequence);
  add({"simple_rnn_sequence_gradient"}, &simple_rnn_sequence_gradient);
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
  return result;
}

}  // namespace

std::vector<Contract> contracts_for(const std::vector<std::string>& kernels) {
  const std::map<std::string, Contract> all = all_contracts();
  std::vector<Contract> result;
  for (const std::string& name : kernels) {
    const auto found = all.find(name);
    result.push_back(found == all.end() ? nullptr : found->second);
  }
  return result;
}

}  // namespace keratin
