#include "check.h"
#include "runtime/threads.h"

namespace {

double activated(double x, int activation) {
  switch (activation) {
    case 1:
      return x < 0 ? 0 : x;
    case 2:
      return 1 / (1 + std::exp(-x));
    case 3:
      return std::tanh(x);
    case 4:
      return x / (1 + std::exp(-x));
    case 5:
      return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
    case 6:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case 7:
      return x < 0 ? std::expm1(x) : x;
    case 8:
      return std::log1p(std::exp(x));
    default:
      return x;
  }
}

/// One product of [m, k] and [k, n] in doubles, from any strides.
std::vector<double> reference(const Array& a, const Array& b, const Array* bias, const Array* addend, int activation) {
  const Operand& x = a.operand();
  const int64_t m = x.shape[x.rank - 2];
  const int64_t k = x.shape[x.rank - 1];
  const int64_t n = b.operand().shape[x.rank - 1];
  int64_t batch = 1;
  for (int axis = 0; axis < x.rank - 2; ++axis) batch *= x.shape[axis];
  const std::vector<double> left = a.values();
  const std::vector<double> right = b.values();
  std::vector<double> y(static_cast<size_t>(batch * m * n));
  for (int64_t g = 0; g < batch; ++g) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t p = 0; p < k; ++p) {
        const double factor = left[static_cast<size_t>((g * m + i) * k + p)];
        for (int64_t j = 0; j < n; ++j) {
          y[static_cast<size_t>((g * m + i) * n + j)] += factor * right[static_cast<size_t>((g * k + p) * n + j)];
        }
      }
    }
  }
  for (size_t i = 0; i < y.size(); ++i) {
    const double shift = bias == nullptr ? 0 : bias->at(static_cast<int64_t>(i) % n);
    const double more = addend == nullptr ? 0 : addend->at(static_cast<int64_t>(i));
    y[i] = activated(y[i] + shift + more, activation);
  }
  return y;
}

void check_product(const Array& a, const Array& b, const Array* bias, const Array* addend, int activation,
                   double tolerance) {
  Shape shape = a.shape();
  shape.back() = b.shape().back();
  const Array y = Array::empty(a.dtype(), shape);
  std::vector<Array> inputs{a, b};
  if (bias != nullptr) inputs.push_back(*bias);
  if (addend != nullptr) inputs.push_back(*addend);
  call("matmul", inputs, {y}, {static_cast<double>(activation)});
  CHECK_ALL_NEAR(y, reference(a, b, bias, addend, activation), tolerance);
}

void check_product(const Array& a, const Array& b, const Array* bias, int activation, double tolerance) {
  check_product(a, b, bias, nullptr, activation, tolerance);
}

double tolerance_of(DType dtype, int64_t k) {
  const double unit = dtype == DType::float64   ? 1e-15
                      : dtype == DType::float32 ? 3e-7
                      : dtype == DType::float16 ? 1e-3
                                                : 8e-3;
  return dtype == DType::float64 || dtype == DType::float32 ? unit * std::sqrt(static_cast<double>(k) + 4) * 4
                                                            : 2 * unit;
}

/// a [m, k] and b [k, n] in each of the layouts: 0 plain, 1 transposed, 2 every second element of wider rows, 3 neither
/// rows nor columns adjacent.
Array laid_out(DType dtype, int64_t rows, int64_t columns, int layout, uint64_t seed) {
  switch (layout) {
    case 1:
      return Array::random(dtype, {columns, rows}, -1, 1, seed).transposed({1, 0});
    case 2:
      return Array::random(dtype, {rows, columns + 3}, -1, 1, seed).sliced(1, 2, columns);
    case 3:
      return Array::random(dtype, {rows, 2 * columns + 1}, -1, 1, seed).sliced(1, 1, columns, 2);
    default:
      return Array::random(dtype, {rows, columns}, -1, 1, seed);
  }
}

void check_shape(DType dtype, int64_t m, int64_t n, int64_t k, int a_layout, int b_layout) {
  context() = std::string(name_of(dtype)) + " " + show(Shape{m, n, k}) + " layouts " + std::to_string(a_layout) +
              std::to_string(b_layout);
  const Array a = laid_out(dtype, m, k, a_layout, 1);
  const Array b = laid_out(dtype, k, n, b_layout, 2);
  check_product(a, b, nullptr, 0, tolerance_of(dtype, k));
  const Array bias = Array::random(dtype, {n}, -1, 1, 3);
  const bool is_real = dtype == DType::float32 || dtype == DType::float64;
  // Integers know relu only, half types have fewer activations than float32 and no addend.
  const int activations = is_real ? 9 : is_float(dtype) ? 4 : 2;
  check_product(a, b, &bias, nullptr, static_cast<int>((m + n) % activations), tolerance_of(dtype, k));
  if (!is_real) return;
  const Array addend = Array::random(dtype, {m, n}, -1, 1, 4);
  check_product(a, b, (m + k) % 2 == 0 ? nullptr : &bias, &addend, static_cast<int>((m + k) % 9),
                tolerance_of(dtype, k));
}

}  // namespace

TEST(every_small_size) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const int64_t m : {1, 2, 3, 5, 7, 8, 14, 15, 31}) {
      for (const int64_t n : {1, 2, 4, 7, 8, 15, 16, 17, 31, 33, 48, 65}) {
        for (const int64_t k : {1, 2, 9, 17}) {
          for (int layout = 0; layout < 16; ++layout) check_shape(dtype, m, n, k, layout / 4, layout % 4);
        }
      }
    }
  }
}

TEST(larger_sizes) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Shape& s : {Shape{128, 10, 512},
                           {10, 128, 600},
                           {67, 131, 1100},
                           {300, 70, 129},
                           {1, 700, 513},
                           {700, 1, 513},
                           {260, 530, 40},
                           {3, 1100, 1030},
                           {57, 33, 1537}}) {
      for (const int layout : {0, 1, 4, 5, 15}) check_shape(dtype, s[0], s[1], s[2], layout / 4, layout % 4);
    }
  }
}

TEST(right_operand_in_slices) { check_shape(DType::float32, 61, 4500, 1025, 0, 1); }

TEST(empty_axes) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32}) {
    for (const Shape& s : {Shape{0, 3, 4}, {3, 0, 4}, {3, 4, 0}, {40, 33, 0}, {0, 0, 0}}) {
      check_shape(dtype, s[0], s[1], s[2], 0, 0);
    }
  }
}

TEST(batches) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16}) {
    const Array a = Array::random(dtype, {3, 4, 5, 9}, -1, 1, 1);
    const Array b = Array::random(dtype, {3, 4, 9, 17}, -1, 1, 2);
    const Array bias = Array::random(dtype, {17}, -1, 1, 3);
    const double tolerance = tolerance_of(dtype, 9);
    check_product(a, b, nullptr, 0, tolerance);
    check_product(a, b, &bias, 1, tolerance);
    if (dtype == DType::float32 || dtype == DType::float64) {
      const Array addend = Array::random(dtype, {3, 4, 5, 17}, -1, 1, 8);
      check_product(a, b, &bias, &addend, 5, tolerance);
      check_product(a, Array::random(dtype, {9, 17}, -1, 1, 4).broadcast_to({3, 4, 9, 17}), nullptr, &addend, 1,
                    tolerance);
    }
    // One right operand for all, for each of an axis, and a left one for all.
    check_product(a, Array::random(dtype, {9, 17}, -1, 1, 4).broadcast_to({3, 4, 9, 17}), &bias, 3, tolerance);
    check_product(a, Array::random(dtype, {4, 9, 17}, -1, 1, 4).broadcast_to({3, 4, 9, 17}), &bias, 2, tolerance);
    check_product(a, Array::random(dtype, {3, 1, 9, 17}, -1, 1, 4).broadcast_to({3, 4, 9, 17}), nullptr, 0, tolerance);
    check_product(Array::random(dtype, {5, 9}, -1, 1, 4).broadcast_to({3, 4, 5, 9}), b, nullptr, 0, tolerance);
    check_product(Array::random(dtype, {3, 5, 4, 9}, -1, 1, 5).transposed({0, 2, 1, 3}), b, nullptr, 0, tolerance);
    check_product(Array::random(dtype, {3, 4, 1, 9}, -1, 1, 5),
                  Array::random(dtype, {9, 17}, -1, 1, 4).broadcast_to({3, 4, 9, 17}), &bias, 1, tolerance);
    check_product(Array::random(dtype, {2, 100, 90}, -1, 1, 6), Array::random(dtype, {2, 90, 110}, -1, 1, 7), nullptr,
                  0, tolerance_of(dtype, 90));
    check_product(Array::random(dtype, {0, 4, 9}, -1, 1, 6), Array::random(dtype, {0, 9, 2}, -1, 1, 7), nullptr, 0, 0);
  }
  check_product(Array::random(DType::float32, {2, 200, 300}, -1, 1, 6),
                Array::random(DType::float32, {2, 300, 210}, -1, 1, 7), nullptr, 0, 1e-4);
}

TEST(strided_bias) {
  const Array bias = Array::random(DType::float32, {40}, -1, 1).sliced(0, 39, 20, -2);
  check_product(Array::random(DType::float32, {7, 8}, -1, 1), Array::random(DType::float32, {8, 20}, -1, 1), &bias, 1,
                1e-5);
}

TEST(halves_sum_in_float32) {
  for (const DType dtype : {DType::float16, DType::bfloat16}) {
    check_shape(dtype, 5, 7, 300, 0, 1);
    check_shape(dtype, 65, 70, 33, 3, 0);
    // 4096 + 1 is not representable in either: sums must not be rounded on the way.
    std::vector<double> values(4097, 1);
    const Array ones = Array::of(dtype, values, {1, 4097});
    const Array y = Array::empty(dtype, {1, 1});
    call("matmul", {ones, ones.transposed({1, 0})}, {y}, {0});
    CHECK_NEAR(y.at(0), 4096, 0);
  }
}

TEST(integers_wrap_around) {
  for (const DType dtype : {DType::int8, DType::int16, DType::int32, DType::int64, DType::uint8, DType::uint16,
                            DType::uint32, DType::uint64}) {
    context() = name_of(dtype);
    const bool is_signed = dtype < DType::uint8;
    const Array a = Array::random(dtype, {5, 6}, is_signed ? -3 : 0, 3, 1);
    const Array b = Array::random(dtype, {6, 4}, is_signed ? -3 : 0, 3, 2);
    check_product(a, b, nullptr, 0, 0);
    check_product(a, b, nullptr, 1, 0);
  }
  const Array a = Array::of(DType::int8, {100, 100}, {1, 2});
  const Array y = Array::empty(DType::int8, {1, 1});
  call("matmul", {a, Array::of(DType::int8, {2, 1}, {2, 1})}, {y}, {0});
  CHECK_NEAR(y.at(0), 44, 0);
  const Array large = Array::of(DType::uint16, {65535}, {1, 1});
  const Array square = Array::empty(DType::uint16, {1, 1});
  call("matmul", {large, large}, {square}, {0});
  CHECK_NEAR(square.at(0), 1, 0);
}

TEST(nan_and_infinity_pass_through) {
  const double nan = std::nan("");
  const Array a = Array::of(DType::float32, {nan, 1, HUGE_VAL, -1, 2, 3}, {3, 2});
  const Array b = Array::of(DType::float32, {1, 2, 3, 4}, {2, 2});
  for (const int activation : {0, 1}) check_product(a, b, nullptr, activation, 0);
}

TEST(same_bits_for_any_number_of_threads) {
  const int threads = num_threads();
  for (const Shape& s : {Shape{300, 260, 1100}, Shape{130, 520, 600}, Shape{40, 3000, 200}, Shape{4000, 1, 300},
                         Shape{32, 100, 2048}, Shape{100, 401, 100}, Shape{3, 4000, 90}}) {
    context() = show(s);
    const Array a = Array::random(DType::float32, {s[2], s[0]}, -1, 1, 1).transposed({1, 0});
    const Array b = Array::random(DType::float32, {s[2], s[1]}, -1, 1, 2);
    const Array one = Array::empty(DType::float32, {s[0], s[1]});
    const Array many = Array::empty(DType::float32, {s[0], s[1]});
    set_num_threads(1);
    call("matmul", {a, b}, {one}, {0});
    set_num_threads(4);
    call("matmul", {a, b}, {many}, {0});
    CHECK(one.identical(many));
  }
  set_num_threads(threads);
}
