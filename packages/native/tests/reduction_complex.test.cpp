// Sums, products and scattered updates of complex numbers.
#include <complex>

#include "check.h"

namespace {

using C64 = std::complex<float>;
using C128 = std::complex<double>;

TEST(sum_mean_prod_of_complex_numbers) {
  std::mt19937_64 bits(9);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const int64_t rows = 37;
  const int64_t columns = 300;
  std::vector<C64> values;
  for (int64_t i = 0; i < rows * columns; ++i) values.emplace_back(uniform(bits), uniform(bits));
  const Array x = Array::of(values, {rows, columns});
  for (const int axis : {0, 1}) {
    const Shape shape = axis == 0 ? Shape{1, columns} : Shape{rows, 1};
    const Array sum = Array::empty(DType::complex64, shape);
    const Array mean = Array::empty(DType::complex64, shape);
    const Array prod = Array::empty(DType::complex64, shape);
    for (const Array& view : {x, x.with_gaps()}) {
      call("sum", {view}, {sum}, {static_cast<double>(axis)});
      call("mean", {view}, {mean}, {static_cast<double>(axis)});
      call("prod", {view}, {prod}, {static_cast<double>(axis)});
      const int64_t length = axis == 0 ? rows : columns;
      for (int64_t i = 0; i < sum.size(); ++i) {
        C128 total = 0;
        C128 product = 1;
        for (int64_t j = 0; j < length; ++j) {
          const C128 z(values[static_cast<size_t>(axis == 0 ? j * columns + i : i * columns + j)]);
          total += z;
          product *= z;
        }
        CHECK_NEAR(std::abs(C128(sum.data<C64>()[i]) - total), 0, 1e-5);
        CHECK_NEAR(std::abs(C128(mean.data<C64>()[i]) - total / static_cast<double>(length)), 0, 1e-6);
        CHECK_NEAR(std::abs(C128(prod.data<C64>()[i]) - product), 0, 1e-6 * std::abs(product) + 1e-38);
      }
    }
  }
}

}  // namespace
