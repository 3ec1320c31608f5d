// matmul for float32 and float64: batches of matrix products (gemm.h).
#include "kernels/hot/gemm.h"

namespace keratin::KERATIN_ISA {
namespace {

/// The batch axes as few as possible: an axis that continues its neighbour in both operands is joined to it.
struct Batch {
  int rank;
  int64_t count;
  int64_t shape[kMaxRank];
  int64_t a[kMaxRank];
  int64_t b[kMaxRank];
};

inline Batch batch_of(const Operand& a, const Operand& b) {
  Batch batch{};
  batch.count = 1;
  for (int axis = 0; axis < a.rank - 2; ++axis) {
    const int64_t size = a.shape[axis];
    batch.count *= size;
    if (size == 1) continue;
    const int last = batch.rank - 1;
    if (batch.rank > 0 && batch.a[last] == size * a.strides[axis] && batch.b[last] == size * b.strides[axis]) {
      batch.shape[last] *= size;
      batch.a[last] = a.strides[axis];
      batch.b[last] = b.strides[axis];
    } else {
      batch.shape[batch.rank] = size;
      batch.a[batch.rank] = a.strides[axis];
      batch.b[batch.rank] = b.strides[axis];
      ++batch.rank;
    }
  }
  return batch;
}

/// A stride of an axis of size 1 is arbitrary: the one that fits the tiles best.
template <class T>
Matrix<T> matrix_of(const Operand& x) {
  const int row = x.rank - 2;
  const int column = x.rank - 1;
  Matrix<T> matrix{static_cast<const T*>(x.data), x.strides[row], x.strides[column]};
  if (x.shape[column] == 1) {
    matrix.column = 1;
    if (x.shape[row] == 1) matrix.row = 1;
  } else if (x.shape[row] == 1) {
    matrix.row = matrix.column == 1 ? x.shape[column] : 1;
  }
  return matrix;
}

template <class T>
void matmul_with(const Call& call, const T* bias, const T* addend) {
  const Operand& a = call.inputs[0];
  const Operand& b = call.inputs[1];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  Product<T> product{};
  product.m = a.shape[a.rank - 2];
  product.k = a.shape[a.rank - 1];
  product.n = b.shape[b.rank - 1];
  product.a = matrix_of<T>(a);
  product.b = matrix_of<T>(b);
  product.c = static_cast<T*>(y.data);
  product.c_row = product.n;
  product.bias = bias;
  product.addend = addend;
  product.addend_row = product.n;
  product.activation =
      call.num_attributes > 0 ? static_cast<Activation>(static_cast<int32_t>(call.attributes[0])) : kNone;
  Batch batch = batch_of(a, b);
  const int64_t a_row = a.strides[a.rank - 2];
  if (batch.rank == 1 && batch.b[0] == 0 && (product.m == 1 || batch.a[0] == product.m * a_row)) {
    // One right operand for the whole batch: all rows are those of one product.
    product.a.row = product.m == 1 ? batch.a[0] : a_row;
    product.m *= batch.count;
    batch.rank = 0;
  }
  if (batch.rank == 0) {
    multiply(product);
    return;
  }
  const auto multiply_one = [&](int64_t index) {
    Product<T> one = product;
    one.c += index * product.m * product.n;
    if (one.addend != nullptr) one.addend += index * product.m * product.n;
    for (int axis = batch.rank - 1; axis >= 0; --axis) {
      const int64_t position = index % batch.shape[axis];
      index /= batch.shape[axis];
      one.a.data += position * batch.a[axis];
      one.b.data += position * batch.b[axis];
    }
    multiply(one);
  };
  // Many small products are shared out whole; each of a few large ones is shared out itself.
  const int64_t work = product.m * product.n * max_of(product.k, 1) + 1024;
  if (batch.count < 4 && work > 4 * kLeastWork) {
    for (int64_t index = 0; index < batch.count; ++index) multiply_one(index);
  } else {
    parallel_range(batch.count, divide_up(kLeastWork, work), [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index) multiply_one(index);
    });
  }
}

/// Inputs are a, b, then a bias of rank 1, then an addend of the shape of the output; both may be left out.
template <class T>
void matmul(const Call& call) {
  const bool has_bias = call.num_inputs > 2 && call.inputs[2].rank == 1;
  const int32_t last = has_bias ? 3 : 2;
  const T* addend = call.num_inputs > last ? static_cast<const T*>(call.inputs[last].data) : nullptr;
  const Operand* bias = has_bias ? &call.inputs[2] : nullptr;
  if (bias == nullptr || bias->contiguous) {
    matmul_with<T>(call, bias == nullptr ? nullptr : static_cast<const T*>(bias->data), addend);
    return;
  }
  const Scratch copy(bias->size * static_cast<int64_t>(sizeof(T)));
  for (int64_t j = 0; j < bias->size; ++j) {
    static_cast<T*>(copy.data)[j] = static_cast<const T*>(bias->data)[j * bias->strides[0]];
  }
  matmul_with<T>(call, static_cast<const T*>(copy.data), addend);
}

}  // namespace

void register_matmul(Registry& registry) {
  add_kernel(registry, "matmul", DType::float32, &matmul<float>);
  add_kernel(registry, "matmul", DType::float64, &matmul<double>);
}

}  // namespace keratin::KERATIN_ISA
