// Kernels that move or make elements without computing on them: copy, fill, concatenate, place, range, clock.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "kernels/families.h"
#include "kernels/half.h"
#include "kernels/scalar.h"
#include "kernels/strided_copy.h"
#include "runtime/parallel.h"

namespace keratin::generic {
namespace {

constexpr int64_t kGrain = 32768;

// Integers wrap around; what does not fit 64 bits gives 0, as in store_scalar.
template <class T>
T element(double value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(value > -9.2e18 && value < 9.2e18 ? static_cast<int64_t>(value) : 0);
  } else {
    return static_cast<T>(value);
  }
}

void copy(const Call& call) { strided_copy(call.inputs[0], call.outputs[0]); }

template <class U>
void fill_contiguous(const Operand& y, const void* element) {
  U value;
  std::memcpy(&value, element, sizeof(value));
  U* to = static_cast<U*>(y.data);
  parallel_range(y.size, y.size < 2 * kGrain ? y.size : kGrain,
                 [&](int64_t begin, int64_t end) { std::fill(to + begin, to + end, value); });
}

void fill_with(const Operand& y, double value) {
  alignas(16) char element[16];
  store_scalar(y.dtype, value, element);
  const int64_t bytes = size_of(y.dtype);
  if (y.size == 0) return;
  if (y.contiguous && bytes == 4) return fill_contiguous<uint32_t>(y, element);
  if (y.contiguous && bytes == 8) return fill_contiguous<uint64_t>(y, element);
  // A copy of one element that is broadcast.
  Operand x = y;
  x.data = element;
  x.contiguous = y.size == 1;
  for (int axis = 0; axis < x.rank; ++axis) x.strides[axis] = 0;
  strided_copy(x, y);
}

void fill(const Call& call) { fill_with(call.outputs[0], call.attributes[0]); }

// What lies around a part of y with neighbouring elements: along each axis the slabs before and behind it, within the
// part's own extent along the axes already done.
void fill_around(const Operand& x, const Operand& y, const double* starts, double value) {
  const int64_t bytes = size_of(y.dtype);
  Operand inside = y;
  inside.contiguous = false;
  for (int axis = 0; axis < y.rank; ++axis) {
    const int64_t start = static_cast<int64_t>(starts[axis]);
    const auto fill_slab = [&](int64_t begin, int64_t end) {
      if (begin == end) return;
      Operand slab = inside;
      slab.data = static_cast<char*>(inside.data) + begin * y.strides[axis] * bytes;
      slab.size = inside.size / inside.shape[axis] * (end - begin);
      slab.shape[axis] = end - begin;
      fill_with(slab, value);
    };
    fill_slab(0, start);
    fill_slab(start + x.shape[axis], y.shape[axis]);
    inside.data = static_cast<char*>(inside.data) + start * y.strides[axis] * bytes;
    inside.size = inside.size / y.shape[axis] * x.shape[axis];
    inside.shape[axis] = x.shape[axis];
  }
}

// From here on writing each element once is worth several calls.
constexpr int64_t kLargePlace = 4096;

// The elements that x does not reach keep the value.
void place(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  const int rank = y.rank;
  const double value = call.num_attributes > 2 * rank ? call.attributes[2 * rank] : 0;
  bool neighbours = y.size >= kLargePlace && 2 * x.size >= y.size;
  for (int axis = 0; axis < rank; ++axis) neighbours = neighbours && call.attributes[rank + axis] == 1;
  if (neighbours) {
    fill_around(x, y, call.attributes, value);
  } else if (x.size < y.size) {
    fill_with(y, value);
  }
  Operand part = x;
  int64_t offset = 0;
  for (int axis = 0; axis < rank; ++axis) {
    offset += static_cast<int64_t>(call.attributes[axis]) * y.strides[axis];
    part.strides[axis] = static_cast<int64_t>(call.attributes[rank + axis]) * y.strides[axis];
  }
  part.data = static_cast<char*>(y.data) + offset * size_of(y.dtype);
  part.contiguous = false;
  strided_copy(x, part);
}

void concatenate(const Call& call) {
  const Operand& y = call.outputs[0];
  const int axis = static_cast<int>(call.attributes[0]);
  int64_t start = 0;
  for (int i = 0; i < call.num_inputs; ++i) {
    const Operand& x = call.inputs[i];
    Operand part = y;
    part.data = static_cast<char*>(y.data) + start * y.strides[axis] * size_of(y.dtype);
    part.shape[axis] = x.shape[axis];
    part.size = x.size;
    part.contiguous = x.size == y.size;
    strided_copy(x, part);
    start += x.shape[axis];
  }
}

// Whole starts and steps of integers are added as integers, so that no int64 is rounded.
template <class T>
void range_of(T* y, int64_t stride, int64_t begin, int64_t end, double start, double step) {
  if constexpr (std::is_integral_v<T>) {
    if (start == std::floor(start) && step == std::floor(step)) {
      const uint64_t first = static_cast<uint64_t>(element<int64_t>(start));
      const uint64_t by = static_cast<uint64_t>(element<int64_t>(step));
      for (int64_t i = begin; i < end; ++i) y[i * stride] = static_cast<T>(first + static_cast<uint64_t>(i) * by);
      return;
    }
  }
  for (int64_t i = begin; i < end; ++i) y[i * stride] = element<T>(start + static_cast<double>(i) * step);
}

template <class T>
void range_kernel(const Call& call) {
  const Operand& y = call.outputs[0];
  const double start = call.attributes[0];
  const double step = call.attributes[1];
  parallel_range(y.size, kGrain, [&](int64_t begin, int64_t end) {
    range_of(static_cast<T*>(y.data), y.strides[0], begin, end, start, step);
  });
}

void clock_kernel(const Call& call) {
  const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
  *static_cast<double*>(call.outputs[0].data) = now.count();
}

}  // namespace

void register_movement(Registry& registry) {
  registry.add("copy", &copy);
  registry.add("fill", &fill);
  registry.add("concatenate", &concatenate);
  registry.add("place", &place);
  registry.add("clock", DType::float64, &clock_kernel);
  registry.add("range", DType::float32, &range_kernel<float>);
  registry.add("range", DType::float64, &range_kernel<double>);
  registry.add("range", DType::float16, &range_kernel<Half>);
  registry.add("range", DType::bfloat16, &range_kernel<BFloat16>);
  registry.add("range", DType::int8, &range_kernel<int8_t>);
  registry.add("range", DType::int16, &range_kernel<int16_t>);
  registry.add("range", DType::int32, &range_kernel<int32_t>);
  registry.add("range", DType::int64, &range_kernel<int64_t>);
  registry.add("range", DType::uint8, &range_kernel<uint8_t>);
  registry.add("range", DType::uint16, &range_kernel<uint16_t>);
  registry.add("range", DType::uint32, &range_kernel<uint32_t>);
  registry.add("range", DType::uint64, &range_kernel<uint64_t>);
}

}  // namespace keratin::generic
