// Products of matrices, Fourier transforms, linear algebra.
#include <initializer_list>
#include <limits>

#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Products ----------------------------------------------------------------------------------------------------

const char* matmul(const Call& call) {
  EXPECT(call.num_inputs >= 2 && call.num_inputs <= 4 && call.num_outputs == 1, kCounts);
  const Operand& a = in(call, 0);
  const Operand& b = in(call, 1);
  const Operand& y = out(call, 0);
  const int rank = y.rank;
  EXPECT(all_of_dtype(call, y.dtype), kDTypes);
  EXPECT(rank >= 2 && a.rank == rank && b.rank == rank, kShapes);
  EXPECT(same_axes(a, 0, y, 0, rank - 1) && same_axes(b, 0, y, 0, rank - 2), kShapes);
  EXPECT(a.shape[rank - 1] == b.shape[rank - 2] && b.shape[rank - 1] == y.shape[rank - 1], kShapes);
  const bool is_real = y.dtype == DType::float32 || y.dtype == DType::float64;
  const int32_t addend = call.num_inputs > 2 && in(call, 2).rank == 1 ? 3 : 2;
  EXPECT(addend == 2 || in(call, 2).shape[0] == y.shape[rank - 1], kShapes);
  EXPECT(call.num_inputs <= addend + 1, kCounts);
  if (call.num_inputs > addend) {
    EXPECT(is_real, kDTypes);
    EXPECT(same_shape(in(call, addend), y), kShapes);
    EXPECT(in(call, addend).contiguous, kGaps);
  }
  int64_t activation = 0;
  EXPECT(call.num_attributes == 0 || whole(call.attributes[0], 0, is_real ? 8 : 3, activation), kAttributes);
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

}  // namespace

void add_products(const Add& add) {
  add({"fft"}, &fft);
  add({"rfft"}, &rfft);
  add({"irfft"}, &irfft);
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
}

}  // namespace keratin::contracts
