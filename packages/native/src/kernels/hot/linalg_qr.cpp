// QR factorization by Householder reflections, in blocks.
#include "kernels/hot/linalg_reflections.h"

namespace keratin::KERATIN_ISA {
namespace {

/// x [m, n] -> q [m, k] with orthonormal columns, r [k, n] upper triangular; k is that of the outputs: min(m, n), or m.
template <class T>
void qr(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& q = call.outputs[0];
  const Operand& r = call.outputs[1];
  const Matrices batch = matrices_of(x);
  const int64_t m = batch.rows;
  const int64_t n = batch.columns;
  const int64_t k = q.shape[q.rank - 1];
  const int64_t steps = min_of(m, n);
  if (q.size == 0 && r.size == 0) return;
  for_matrices(batch.count, m * (n + k) * (steps + 1) / 2, [&](int64_t index) {
    const Elements<T> memory(m * n + k * max_of(m, n));
    // The columns of x, later those of r, as rows; then those of q.
    T* const columns = memory.data();
    T* const turned = columns + m * n;
    copy_transposed(static_cast<const T*>(x.data) + index * m * n, n, m, n, columns, m);
    const Reflections<T> h(steps, m);
    for (int64_t first = 0; first < steps; first += kBlock) {
      const int64_t width = min_of(kBlock, steps - first);
      for (int64_t j = first; j < first + width; ++j) {
        T* const v = h.v(j) + j;
        T* const column = columns + j * m + j;
        copy_elements(column, m - j, v);
        const T tau = make_reflection(v, m - j, column[0]);
        h.factors.data()[j] = tau;
        fill_elements(column + 1, m - j - 1, T(0));
        for (int64_t c = j + 1; c < first + width; ++c) {
          T* const other = columns + c * m + j;
          add_multiple(-tau * dot_of(v, other, m - j), v, m - j, other);
        }
      }
      apply_block(h, first, width, false, columns + (first + width) * m, n - first - width);
    }
    T* const to_r = static_cast<T*>(r.data) + index * k * n;
    copy_transposed(columns, m, n, k, to_r, n);
    form_product(h, k, turned);
    copy_transposed(turned, m, k, m, static_cast<T*>(q.data) + index * m * k, k);
  });
}

}  // namespace

void register_linalg_qr(Registry& registry) {
  add_kernel(registry, "qr", DType::float32, &qr<float>);
  add_kernel(registry, "qr", DType::float64, &qr<double>);
}

}  // namespace keratin::KERATIN_ISA
