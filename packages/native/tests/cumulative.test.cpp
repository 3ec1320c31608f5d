#include "check.h"

namespace {

std::vector<double> scanned(const Array& x, int axis, bool reverse, bool product_of) {
  const Shape shape = x.shape();
  const int64_t n = shape[static_cast<size_t>(axis)];
  const int64_t inner = product(Shape(shape.begin() + axis + 1, shape.end()));
  std::vector<double> y = x.values();
  for (int64_t outer = 0; outer < x.size() / (n * inner); ++outer) {
    for (int64_t j = 0; j < inner; ++j) {
      double total = product_of ? 1 : 0;
      for (int64_t i = 0; i < n; ++i) {
        double& at = y[static_cast<size_t>((outer * n + (reverse ? n - 1 - i : i)) * inner + j)];
        total = product_of ? total * at : total + at;
        at = total;
      }
    }
  }
  return y;
}

TEST(running_sums_and_products) {
  for (const DType dtype :
       {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int32, DType::int64}) {
    for (const Shape& shape : {Shape{1}, Shape{9}, Shape{3, 4}, Shape{2, 5, 3}, Shape{3, 7, 130}}) {
      for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
        for (const bool reverse : {false, true}) {
          context() = std::string(name_of(dtype)) + show(shape) + " axis " + std::to_string(axis);
          // Products must not overflow.
          const Array x = Array::random(dtype, shape, is_float(dtype) ? 0.5 : 1,
                                        is_float(dtype)    ? 1.5
                                        : shape.back() > 9 ? 2
                                                           : 4);
          const Array y = Array::empty(dtype, shape);
          const double tolerance = is_half(dtype) ? 2e-2 : dtype == DType::float32 ? 1e-6 : 0;
          call("cumsum", {x}, {y}, {static_cast<double>(axis), reverse ? 1.0 : 0.0});
          CHECK_ALL_NEAR(y, scanned(x, axis, reverse, false), tolerance + 1e-13);
          call("cumprod", {x}, {y}, {static_cast<double>(axis), reverse ? 1.0 : 0.0});
          CHECK_ALL_NEAR(y, scanned(x, axis, reverse, true), tolerance + 1e-13);
        }
      }
    }
  }
}

TEST(integers_wrap_around) {
  const Array y = Array::empty(DType::int8, {3});
  call("cumsum", {Array::of<int8_t>({100, 100, 100}, {3})}, {y}, {0, 0});
  CHECK_ALL_NEAR(y, (std::vector<double>{100, -56, 44}), 0);
  const Array z = Array::empty(DType::uint16, {3});
  call("cumprod", {Array::of<uint16_t>({65535, 65535, 65535}, {3})}, {z}, {0, 0});
  CHECK_ALL_NEAR(z, (std::vector<double>{65535, 1, 65535}), 0);
}

TEST(scans_of_nothing) {
  call("cumsum", {Array::empty(DType::float32, {0, 3})}, {Array::empty(DType::float32, {0, 3})}, {1, 0});
  call("cumsum", {Array::empty(DType::float32, {3, 0})}, {Array::empty(DType::float32, {3, 0})}, {1, 0});
}

}  // namespace
