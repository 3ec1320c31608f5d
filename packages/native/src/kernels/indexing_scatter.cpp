// scatter, scatter_add and scatter_update: updates of one element are applied in the order of the indices.
#include <algorithm>
#include <complex>
#include <cstring>
#include <type_traits>

#include "kernels/half.h"
#include "kernels/indexing.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

struct Add {
  template <class V>
  static V apply(V a, V b) {
    return a + b;
  }
};
struct Subtract {
  template <class V>
  static V apply(V a, V b) {
    return a - b;
  }
};
struct Multiply {
  template <class V>
  static V apply(V a, V b) {
    // Narrow unsigned numbers would become int, which must not overflow.
    if constexpr (std::is_same_v<V, uint8_t> || std::is_same_v<V, uint16_t>) {
      return static_cast<V>(static_cast<uint32_t>(a) * b);
    } else {
      return a * b;
    }
  }
};
// A NaN on either side wins.
struct Max {
  template <class V>
  static V apply(V a, V b) {
    return (b > a) | (b != b) ? b : a;
  }
};
struct Min {
  template <class V>
  static V apply(V a, V b) {
    return (b < a) | (b != b) ? b : a;
  }
};

template <class T>
constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <class T>
constexpr bool is_complex = std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

// Integers wrap: they are added as unsigned ones. Comparing needs the sign.
template <class Op, class T,
          bool is_wrapping = std::is_integral_v<T> &&
                             (std::is_same_v<Op, Add> || std::is_same_v<Op, Subtract> || std::is_same_v<Op, Multiply>)>
struct Number {
  using Type = T;
};
template <class Op, class T>
struct Number<Op, T, true> {
  using Type = std::make_unsigned_t<T>;
};

/// y[j] = op(y[j], u[j])
template <class Op, class T>
void update_row(T* y, const T* u, int64_t n) {
  int64_t j = 0;
  if constexpr (is_half<T>) {
    for (; j < n; ++j) y[j] = T(Op::apply(static_cast<float>(y[j]), static_cast<float>(u[j])));
  } else if constexpr (is_complex<T>) {
    for (; j < n; ++j) y[j] = Op::apply(y[j], u[j]);
  } else {
    using N = typename Number<Op, T>::Type;
    using Vector [[gnu::vector_size(16)]] = N;
    constexpr int64_t kLanes = 16 / static_cast<int64_t>(sizeof(T));
    for (; j + kLanes <= n; j += kLanes) {
      Vector a;
      Vector b;
      std::memcpy(&a, y + j, sizeof(a));
      std::memcpy(&b, u + j, sizeof(b));
      a = Op::apply(a, b);
      std::memcpy(y + j, &a, sizeof(a));
    }
    for (; j < n; ++j) y[j] = static_cast<T>(Op::apply(static_cast<N>(y[j]), static_cast<N>(u[j])));
  }
}

/// y[offsets[i]] = op(y[offsets[i]], u[i]), one after the other.
template <class Op, class T>
void update_elements(T* y, const T* u, const int64_t* offsets, int64_t count) {
  for (int64_t i = 0; i < count; ++i) update_row<Op>(y + offsets[i], u + i, 1);
}

/// How one dtype and mode are updated.
template <class T>
struct Updater {
  void (*row)(T* y, const T* u, int64_t n);
  void (*elements)(T* y, const T* u, const int64_t* offsets, int64_t count);
};

template <class Op, class T>
Updater<T> updater() {
  return {&update_row<Op, T>, &update_elements<Op, T>};
}

/// Updates of one element of y come in the order of the indices, whichever way the work is split.
template <class T>
void update_all(const Updater<T>& updater, const int64_t* offsets, int64_t count, int64_t row, const T* u, T* y,
                int64_t y_size) {
  constexpr int64_t kSmallWork = 1 << 15;
  constexpr int64_t kNumRanges = 8;
  if (row == 1) {
    updater.elements(y, u, offsets, count);
    return;
  }
  if (count * row < kSmallWork || row < 16) {
    for (int64_t i = 0; i < count; ++i) updater.row(y + offsets[i], u + i * row, row);
    return;
  }
  if (row >= 1024) {
    // Each task takes its share of every row.
    const int64_t width = std::max<int64_t>(256, (row + 4 * kNumRanges - 1) / (4 * kNumRanges));
    parallel_range(row, width, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < count; ++i) updater.row(y + offsets[i] + begin, u + i * row + begin, end - begin);
    });
    return;
  }
  // Each task takes the updates that fall into its part of the destination.
  const uint64_t share = static_cast<uint64_t>((y_size + kNumRanges - 1) / kNumRanges);
  parallel_chunks(kNumRanges, [&](int64_t range) {
    const uint64_t first = static_cast<uint64_t>(range) * share;
    for (int64_t i = 0; i < count; ++i) {
      if (static_cast<uint64_t>(offsets[i]) - first < share) updater.row(y + offsets[i], u + i * row, row);
    }
  });
}

struct Set {
  template <class V>
  static V apply(V, V b) {
    return b;
  }
};

template <class T>
Updater<T> updater_of(int mode) {
  if constexpr (is_complex<T>) {
    if (mode == 2 || mode == 3) fail("internal", "scatter: complex numbers have no order");
  } else {
    if (mode == 2) return updater<Max, T>();
    if (mode == 3) return updater<Min, T>();
  }
  switch (mode) {
    case 0:
      return updater<Add, T>();
    case 1:
      return updater<Set, T>();
    case 4:
      return updater<Subtract, T>();
    case 5:
      return updater<Multiply, T>();
    default:
      fail("internal", "scatter: unknown mode %d", mode);
  }
}

/// `accumulates_from_zero` for scatter_add: y is cleared once the indices are known to be right.
template <class T>
void scatter(const Call& call, bool accumulates_from_zero) {
  const Operand& indices = call.inputs[0];
  const Operand& y = call.outputs[0];
  const int64_t tuple = indices.shape[indices.rank - 1];
  const int64_t count = product(indices, 0, indices.rank - 1);
  const Offsets offsets(indices, count, tuple, y.shape, y.strides);
  const Contiguous updates(call.inputs[1]);
  const int64_t row = product(y, static_cast<int>(tuple), y.rank);
  if (accumulates_from_zero) {
    const int64_t bytes = y.size * static_cast<int64_t>(sizeof(T));
    parallel_range(bytes, 4 * kChunkBytes, [&](int64_t begin, int64_t end) {
      std::memset(static_cast<char*>(y.data) + begin, 0, static_cast<size_t>(end - begin));
    });
  }
  if (row == 0 || count == 0) return;
  const int mode = accumulates_from_zero ? 0 : static_cast<int>(call.attributes[0]);
  update_all<T>(updater_of<T>(mode), offsets.data(), count, row, static_cast<const T*>(updates.operand.data),
                static_cast<T*>(y.data), y.size);
}

// The first operand holds the indices: the dtype of the updates is dispatched here.
void scatter_any(const Call& call, bool from_zero) {
  switch (call.outputs[0].dtype) {
    case DType::float32:
      return scatter<float>(call, from_zero);
    case DType::float64:
      return scatter<double>(call, from_zero);
    case DType::float16:
      return scatter<Half>(call, from_zero);
    case DType::bfloat16:
      return scatter<BFloat16>(call, from_zero);
    case DType::int8:
      return scatter<int8_t>(call, from_zero);
    case DType::int16:
      return scatter<int16_t>(call, from_zero);
    case DType::int32:
      return scatter<int32_t>(call, from_zero);
    case DType::int64:
      return scatter<int64_t>(call, from_zero);
    case DType::uint8:
    case DType::boolean:
      return scatter<uint8_t>(call, from_zero);
    case DType::uint16:
      return scatter<uint16_t>(call, from_zero);
    case DType::uint32:
      return scatter<uint32_t>(call, from_zero);
    case DType::uint64:
      return scatter<uint64_t>(call, from_zero);
    case DType::complex64:
      return scatter<std::complex<float>>(call, from_zero);
    case DType::complex128:
      return scatter<std::complex<double>>(call, from_zero);
  }
}

/// A copy of the third operand that is then scattered into.
void scatter_update(const Call& call) {
  strided_copy(call.inputs[2], call.outputs[0]);
  scatter_any(call, false);
}

}  // namespace

void register_indexing_scatter(Registry& registry) {
  registry.add("scatter", [](const Call& call) { scatter_any(call, false); });
  registry.add("scatter_add", [](const Call& call) { scatter_any(call, true); });
  registry.add("scatter_update", &scatter_update);
}

}  // namespace keratin::generic
