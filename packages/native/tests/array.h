// Operands for tests: memory of any dtype, and the views of it that the TypeScript side makes.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <type_traits>
#include <vector>

#include "kernels/half.h"
#include "runtime/call.h"

namespace keratin::check {

using Shape = std::vector<int64_t>;

template <class T>
struct DTypeOf;
#define KERATIN_DTYPE_OF(T, name)               \
  template <>                                   \
  struct DTypeOf<T> {                           \
    static constexpr DType value = DType::name; \
  };
KERATIN_DTYPE_OF(float, float32)
KERATIN_DTYPE_OF(double, float64)
KERATIN_DTYPE_OF(Half, float16)
KERATIN_DTYPE_OF(BFloat16, bfloat16)
KERATIN_DTYPE_OF(int8_t, int8)
KERATIN_DTYPE_OF(int16_t, int16)
KERATIN_DTYPE_OF(int32_t, int32)
KERATIN_DTYPE_OF(int64_t, int64)
KERATIN_DTYPE_OF(uint8_t, uint8)
KERATIN_DTYPE_OF(uint16_t, uint16)
KERATIN_DTYPE_OF(uint32_t, uint32)
KERATIN_DTYPE_OF(uint64_t, uint64)
KERATIN_DTYPE_OF(bool, boolean)
KERATIN_DTYPE_OF(std::complex<float>, complex64)
KERATIN_DTYPE_OF(std::complex<double>, complex128)
#undef KERATIN_DTYPE_OF

/// Calls `body(T{})` with the element type of a real dtype.
template <class Body>
void with_type(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::float32:
      return body(float{});
    case DType::float64:
      return body(double{});
    case DType::float16:
      return body(Half{});
    case DType::bfloat16:
      return body(BFloat16{});
    case DType::int8:
      return body(int8_t{});
    case DType::int16:
      return body(int16_t{});
    case DType::int32:
      return body(int32_t{});
    case DType::int64:
      return body(int64_t{});
    case DType::uint8:
      return body(uint8_t{});
    case DType::uint16:
      return body(uint16_t{});
    case DType::uint32:
      return body(uint32_t{});
    case DType::uint64:
      return body(uint64_t{});
    case DType::boolean:
      return body(bool{});
    case DType::complex64:
    case DType::complex128:
      std::printf("check.h: complex dtypes have no real elements\n");
      std::abort();
  }
}

inline bool is_half(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }
inline bool is_float(DType dtype) { return dtype == DType::float32 || dtype == DType::float64 || is_half(dtype); }

template <class T>
double to_double(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

template <class T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

inline int64_t product(const Shape& shape) {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  return n;
}

/// Memory and a view of it. Copies share the memory; its end is the end of an allocation, so that the address sanitizer
/// sees a kernel that reads or writes beyond it.
class Array {
 public:
  template <class T>
  static Array of(const std::vector<T>& values, const Shape& shape) {
    Array a = empty(DTypeOf<T>::value, shape);
    for (size_t i = 0; i < values.size(); ++i) static_cast<T*>(a.operand_.data)[i] = values[i];
    return a;
  }

  /// `values` converted to `dtype`.
  static Array of(DType dtype, const std::vector<double>& values, const Shape& shape) {
    Array a = empty(dtype, shape);
    with_type(dtype, [&](auto zero) {
      using T = decltype(zero);
      for (size_t i = 0; i < values.size(); ++i) static_cast<T*>(a.operand_.data)[i] = from_double<T>(values[i]);
    });
    return a;
  }

  /// Contiguous; the bytes are a pattern that no test expects as a result.
  static Array empty(DType dtype, const Shape& shape) {
    Array a;
    const int64_t bytes = product(shape) * size_of(dtype);
    a.memory_ = std::shared_ptr<void>(std::malloc(static_cast<size_t>(bytes)), std::free);
    if (bytes > 0) std::memset(a.memory_.get(), 0xa5, static_cast<size_t>(bytes));
    if (bytes > 0 && dtype == DType::boolean) std::memset(a.memory_.get(), 1, static_cast<size_t>(bytes));
    Operand& o = a.operand_;
    o = Operand{};
    o.data = a.memory_.get();
    o.dtype = dtype;
    o.rank = static_cast<int32_t>(shape.size());
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      o.shape[i] = shape[i];
      o.strides[i] = stride;
      stride *= shape[i];
    }
    a.refresh();
    return a;
  }

  static Array filled(DType dtype, const Shape& shape, double value) {
    return of(dtype, std::vector<double>(static_cast<size_t>(product(shape)), value), shape);
  }

  /// Uniform values in [low, high), the same for the same seed; whole numbers for integer dtypes.
  static Array random(DType dtype, const Shape& shape, double low, double high, uint64_t seed = 1) {
    std::mt19937_64 bits(seed);
    std::vector<double> values(static_cast<size_t>(product(shape)));
    for (double& v : values) {
      v = low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
      if (!is_float(dtype)) v = std::floor(v);
    }
    return of(dtype, values, shape);
  }

  // Views, as the TypeScript side makes them.

  Array transposed(const std::vector<int>& axes) const {
    Array a = *this;
    for (size_t i = 0; i < axes.size(); ++i) {
      a.operand_.shape[i] = operand_.shape[axes[i]];
      a.operand_.strides[i] = operand_.strides[axes[i]];
    }
    a.refresh();
    return a;
  }

  /// Elements start, start + step, ... (count of them); `step` may be negative.
  Array sliced(int axis, int64_t start, int64_t count, int64_t step = 1) const {
    Array a = *this;
    a.operand_.data = static_cast<char*>(operand_.data) + start * operand_.strides[axis] * size_of(operand_.dtype);
    a.operand_.shape[axis] = count;
    a.operand_.strides[axis] = operand_.strides[axis] * step;
    a.refresh();
    return a;
  }

  /// Numpy's rule: axes of size 1 and missing leading axes repeat with stride 0.
  Array broadcast_to(const Shape& shape) const {
    Array a = *this;
    const int64_t added = static_cast<int64_t>(shape.size()) - operand_.rank;
    for (size_t i = 0; i < shape.size(); ++i) {
      const int64_t axis = static_cast<int64_t>(i) - added;
      const bool repeats = axis < 0 || operand_.shape[axis] != shape[i];
      a.operand_.shape[i] = shape[i];
      a.operand_.strides[i] = repeats ? 0 : operand_.strides[axis];
    }
    a.operand_.rank = static_cast<int32_t>(shape.size());
    a.refresh();
    return a;
  }

  /// Only for contiguous arrays.
  Array reshaped(const Shape& shape) const {
    Array a = empty(operand_.dtype, shape);
    a.memory_ = memory_;
    a.operand_.data = operand_.data;
    return a;
  }

  /// The same view of a copy of the elements with the same strides: for comparing before and after.
  Array contiguous_copy() const {
    Array a = empty(operand_.dtype, shape());
    const int64_t bytes = size_of(operand_.dtype);
    for (int64_t i = 0; i < operand_.size; ++i) {
      std::memcpy(static_cast<char*>(a.operand_.data) + i * bytes, address(i), static_cast<size_t>(bytes));
    }
    return a;
  }

  /// A view with gaps: the same elements and shape, every axis with a stride that is larger than needed.
  Array with_gaps() const {
    Shape wide = shape();
    for (int64_t& n : wide) n = 2 * n + 1;
    Array a = empty(operand_.dtype, wide);
    for (int axis = 0; axis < operand_.rank; ++axis) a = a.sliced(axis, 1, operand_.shape[axis], 2);
    const int64_t bytes = size_of(operand_.dtype);
    for (int64_t i = 0; i < operand_.size; ++i) {
      std::memcpy(a.address(i), address(i), static_cast<size_t>(bytes));
    }
    return a;
  }

  Shape shape() const { return Shape(operand_.shape, operand_.shape + operand_.rank); }
  int64_t size() const { return operand_.size; }
  DType dtype() const { return operand_.dtype; }
  Operand& operand() { return operand_; }
  const Operand& operand() const { return operand_; }

  template <class T>
  T* data() const {
    return static_cast<T*>(operand_.data);
  }

  /// The element at a row-major position of the view, as a double.
  double at(int64_t position) const {
    double value = 0;
    with_type(operand_.dtype, [&](auto zero) {
      decltype(zero) x;
      std::memcpy(&x, address(position), sizeof(x));
      value = to_double(x);
    });
    return value;
  }

  std::vector<double> values() const {
    std::vector<double> all(static_cast<size_t>(operand_.size));
    for (size_t i = 0; i < all.size(); ++i) all[i] = at(static_cast<int64_t>(i));
    return all;
  }

  /// Same bytes, element by element.
  bool identical(const Array& other) const {
    if (shape() != other.shape() || dtype() != other.dtype()) return false;
    for (int64_t i = 0; i < operand_.size; ++i) {
      if (std::memcmp(address(i), other.address(i), static_cast<size_t>(size_of(dtype()))) != 0) return false;
    }
    return true;
  }

 private:
  void* address(int64_t position) const {
    int64_t offset = 0;
    for (int axis = operand_.rank - 1; axis >= 0; --axis) {
      offset += position % operand_.shape[axis] * operand_.strides[axis];
      position /= operand_.shape[axis];
    }
    return static_cast<char*>(operand_.data) + offset * size_of(operand_.dtype);
  }

  void refresh() {
    operand_.size = product(shape());
    operand_.contiguous = true;
    int64_t stride = 1;
    for (int axis = operand_.rank - 1; axis >= 0; --axis) {
      if (operand_.shape[axis] != 1 && operand_.strides[axis] != stride) operand_.contiguous = false;
      stride *= operand_.shape[axis];
    }
    if (operand_.size == 0) operand_.contiguous = true;
  }

  std::shared_ptr<void> memory_;
  Operand operand_{};
};

}  // namespace keratin::check
