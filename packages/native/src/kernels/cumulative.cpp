// cumsum and cumprod along one axis. float32 and the half types are accumulated in double, integers wrap around.
#include <algorithm>
#include <complex>
#include <cstdint>
#include <type_traits>

#include "kernels/half.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

struct Sum {
  static constexpr int kStart = 0;
  template <class A>
  static A apply(A a, A b) {
    return a + b;
  }
};

struct Product {
  static constexpr int kStart = 1;
  template <class A>
  static A apply(A a, A b) {
    return a * b;
  }
};

template <class T>
struct AccumulatorOf {
  using Type =
      std::conditional_t<std::is_integral_v<T>, std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>, double>;
};
template <class T>
struct AccumulatorOf<std::complex<T>> {
  using Type = std::complex<double>;
};

constexpr int64_t kWidth = 64;

/// The elements of one row, one after another: the running total stays in a register.
template <class Op, class T, class A>
void scan_row(const T* from, T* to, int64_t n, bool reverse) {
  A total = A(Op::kStart);
  const int64_t step = reverse ? -1 : 1;
  for (int64_t i = 0, at = reverse ? n - 1 : 0; i < n; ++i, at += step) {
    total = Op::apply(total, static_cast<A>(from[at]));
    if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
      to[at] = T(static_cast<float>(total));
    } else {
      to[at] = static_cast<T>(total);
    }
  }
}

/// Attributes: axis, reverse (from the last element to the first).
template <class Op, class T>
void scan(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  const int axis = static_cast<int>(call.attributes[0]);
  const bool reverse = call.attributes[1] != 0;
  const int64_t n = x.shape[axis];
  int64_t inner = 1;
  for (int i = axis + 1; i < x.rank; ++i) inner *= x.shape[i];
  const int64_t blocks = (inner + kWidth - 1) / kWidth;
  const int64_t outer = x.size / (n * inner);
  const T* const from = static_cast<const T*>(x.data);
  T* const to = static_cast<T*>(y.data);
  using A = typename AccumulatorOf<T>::Type;
  const int64_t grain = std::max<int64_t>(1, 16384 / (n * std::min(inner, kWidth)));
  parallel_range(outer * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t column = unit % blocks * kWidth;
      const int64_t width = std::min(kWidth, inner - column);
      const int64_t base = unit / blocks * n * inner + column;
      if (inner == 1) {
        scan_row<Op, T, A>(from + base, to + base, n, reverse);
        continue;
      }
      A total[kWidth];
      std::fill(total, total + width, A(Op::kStart));
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = base + (reverse ? n - 1 - i : i) * inner;
        for (int64_t j = 0; j < width; ++j) {
          total[j] = Op::apply(total[j], static_cast<A>(from[row + j]));
          if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
            to[row + j] = T(static_cast<float>(total[j]));
          } else {
            to[row + j] = static_cast<T>(total[j]);
          }
        }
      }
    }
  });
}

template <class T>
void add(Registry& registry, DType dtype) {
  registry.add("cumsum", dtype, &scan<Sum, T>);
  registry.add("cumprod", dtype, &scan<Product, T>);
}

}  // namespace

void register_cumulative(Registry& registry) {
  add<float>(registry, DType::float32);
  add<double>(registry, DType::float64);
  add<Half>(registry, DType::float16);
  add<BFloat16>(registry, DType::bfloat16);
  add<int8_t>(registry, DType::int8);
  add<int16_t>(registry, DType::int16);
  add<int32_t>(registry, DType::int32);
  add<int64_t>(registry, DType::int64);
  add<uint8_t>(registry, DType::uint8);
  add<uint16_t>(registry, DType::uint16);
  add<uint32_t>(registry, DType::uint32);
  add<uint64_t>(registry, DType::uint64);
  add<std::complex<float>>(registry, DType::complex64);
  add<std::complex<double>>(registry, DType::complex128);
}

}  // namespace keratin::generic
