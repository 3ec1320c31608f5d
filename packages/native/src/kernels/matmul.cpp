// matmul for every number dtype and any strides: the definition that kernels/hot/matmul.cpp is held equal to.
#include <cmath>
#include <type_traits>

#include "kernels/families.h"
#include "kernels/half.h"
#include "runtime/parallel.h"

namespace keratin::generic {
namespace {

template <class T>
constexpr bool kIsHalf = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

/// Sums of halves are float32; sums of integers wrap around, which only unsigned ones may do.
template <class T, bool = std::is_integral_v<T>>
struct Sum {
  using type = std::conditional_t<kIsHalf<T>, float, T>;
};
template <class T>
struct Sum<T, true> {
  // Products of 16-bit unsigned integers would be computed as int, and overflow.
  using type = std::conditional_t<sizeof(T) < 4, uint32_t, std::make_unsigned_t<T>>;
};

template <class S>
S activate(S x, int activation) {
  if constexpr (std::is_floating_point_v<S>) {
    if (activation == 1) return x < 0 ? 0 : x;
    if (activation == 2) return 1 / (1 + std::exp(-x));
    if (activation == 3) return std::tanh(x);
  }
  return x;
}

template <class T>
T finish(typename Sum<T>::type sum, int activation) {
  if constexpr (std::is_integral_v<T>) {
    const T result = static_cast<T>(sum);
    return activation == 1 && result < 0 ? T{0} : result;
  } else {
    return T(activate(sum, activation));
  }
}

/// Rows of y that a chunk computes: about 100,000 multiplications.
int64_t rows_per_chunk(int64_t n, int64_t k) {
  const int64_t work = n * (k + 1);
  return work >= 100000 ? 1 : 100000 / (work + 1) + 1;
}

template <class T>
void matmul(const Call& call) {
  using S = typename Sum<T>::type;
  const Operand& a = call.inputs[0];
  const Operand& b = call.inputs[1];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  const int rank = a.rank;
  const int64_t m = a.shape[rank - 2];
  const int64_t k = a.shape[rank - 1];
  const int64_t n = b.shape[rank - 1];
  const int activation = call.num_attributes > 0 ? static_cast<int>(call.attributes[0]) : 0;
  const Operand* bias = call.num_inputs > 2 ? &call.inputs[2] : nullptr;
  const int64_t total_rows = y.size / n;

  const auto compute_rows = [&](int64_t begin, int64_t end) {
    const Scratch scratch(n * static_cast<int64_t>(sizeof(S)));
    S* sums = static_cast<S*>(scratch.data);
    for (int64_t row = begin; row < end; ++row) {
      const T* left = static_cast<const T*>(a.data) + row % m * a.strides[rank - 2];
      const T* right = static_cast<const T*>(b.data);
      int64_t rest = row / m;
      for (int axis = rank - 3; axis >= 0; --axis) {
        const int64_t position = rest % a.shape[axis];
        rest /= a.shape[axis];
        left += position * a.strides[axis];
        right += position * b.strides[axis];
      }
      for (int64_t j = 0; j < n; ++j) sums[j] = S{0};
      const int64_t step = b.strides[rank - 1];
      for (int64_t p = 0; p < k; ++p) {
        const S factor = static_cast<S>(left[p * a.strides[rank - 1]]);
        const T* line = right + p * b.strides[rank - 2];
        for (int64_t j = 0; j < n; ++j) sums[j] += factor * static_cast<S>(line[j * step]);
      }
      T* out = static_cast<T*>(y.data) + row * n;
      for (int64_t j = 0; j < n; ++j) {
        if (bias != nullptr) sums[j] += static_cast<S>(static_cast<const T*>(bias->data)[j * bias->strides[0]]);
        out[j] = finish<T>(sums[j], activation);
      }
    }
  };

  parallel_range(total_rows, rows_per_chunk(n, k), compute_rows);
}

}  // namespace

void register_matmul(Registry& registry) {
  registry.add("matmul", DType::float32, &matmul<float>);
  registry.add("matmul", DType::float64, &matmul<double>);
  registry.add("matmul", DType::float16, &matmul<Half>);
  registry.add("matmul", DType::bfloat16, &matmul<BFloat16>);
  registry.add("matmul", DType::int8, &matmul<int8_t>);
  registry.add("matmul", DType::int16, &matmul<int16_t>);
  registry.add("matmul", DType::int32, &matmul<int32_t>);
  registry.add("matmul", DType::int64, &matmul<int64_t>);
  registry.add("matmul", DType::uint8, &matmul<uint8_t>);
  registry.add("matmul", DType::uint16, &matmul<uint16_t>);
  registry.add("matmul", DType::uint32, &matmul<uint32_t>);
  registry.add("matmul", DType::uint64, &matmul<uint64_t>);
}

}  // namespace keratin::generic
