#include "check.h"

namespace {

const DType kAll[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int8,
                      DType::int16,   DType::int32,   DType::int64,   DType::uint8,    DType::uint16,
                      DType::uint32,  DType::uint64,  DType::boolean};

/// x[:axis] + indices + x[axis+1:]
Shape gathered_shape(const Shape& x, const Shape& indices, int axis) {
  Shape y(x.begin(), x.begin() + axis);
  y.insert(y.end(), indices.begin(), indices.end());
  y.insert(y.end(), x.begin() + axis + 1, x.end());
  return y;
}

std::vector<double> gather(const Array& x, const Array& indices, int axis) {
  const Shape shape = x.shape();
  const int64_t n = shape[static_cast<size_t>(axis)];
  const int64_t outer = product(Shape(shape.begin(), shape.begin() + axis));
  const int64_t inner = product(Shape(shape.begin() + axis + 1, shape.end()));
  std::vector<double> y;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < indices.size(); ++i) {
      int64_t at = static_cast<int64_t>(indices.at(i));
      if (at < 0) at += n;
      for (int64_t j = 0; j < inner; ++j) y.push_back(x.at((o * n + at) * inner + j));
    }
  }
  return y;
}

TEST(gather_of_every_dtype_and_axis) {
  for (const DType dtype : kAll) {
    for (const Shape& shape : {Shape{5}, Shape{1, 7}, Shape{4, 3, 6}, Shape{2, 3, 4, 5}}) {
      for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
        const double n = static_cast<double>(shape[static_cast<size_t>(axis)]);
        for (const DType index_type : {DType::int32, DType::int64}) {
          for (const Shape& indices_shape : {Shape{}, Shape{3}, Shape{2, 5}, Shape{0}, Shape{130}}) {
            context() = std::string(name_of(dtype)) + show(shape) + " axis " + std::to_string(axis);
            const Array indices = Array::random(index_type, indices_shape, -n, n);
            const Array x = Array::random(dtype, shape, 0, dtype == DType::boolean ? 2 : 100);
            for (const Array& view :
                 {x, x.with_gaps(),
                  x.sliced(axis, shape[static_cast<size_t>(axis)] - 1, shape[static_cast<size_t>(axis)], -1)}) {
              for (const Array& index_view : {indices, indices.with_gaps()}) {
                const Array y = Array::empty(dtype, gathered_shape(shape, indices_shape, axis));
                call("gather", {view, index_view}, {y}, {static_cast<double>(axis)});
                CHECK_ALL_NEAR(y, gather(view, indices, axis), 0);
              }
            }
          }
        }
      }
    }
  }
}

TEST(gather_of_a_transposed_table) {
  const Array x = Array::random(DType::float32, {6, 4, 3}, 0, 1).transposed({2, 0, 1});
  const Array indices = Array::of<int32_t>({2, 0, -1}, {3});
  for (int axis = 0; axis < 3; ++axis) {
    const Array y = Array::empty(DType::float32, gathered_shape(x.shape(), {3}, axis));
    call("gather", {x, indices}, {y}, {static_cast<double>(axis)});
    CHECK_ALL_NEAR(y, gather(x, indices, axis), 0);
  }
}

TEST(gather_in_parallel) {
  const Array table = Array::random(DType::float32, {3001, 65}, 0, 1);
  const Array indices = Array::random(DType::int32, {20011}, -3001, 3001);
  const Array y = Array::empty(DType::float32, {20011, 65});
  call("gather", {table, indices}, {y}, {0});
  CHECK_ALL_NEAR(y, gather(table, indices, 0), 0);
  const Array wide = Array::random(DType::float64, {37, 3001}, 0, 1);
  const Array z = Array::empty(DType::float64, {37, 20011});
  call("gather", {wide, indices}, {z}, {1});
  CHECK_ALL_NEAR(z, gather(wide, indices, 1), 0);
}

TEST(gather_refuses_indices_out_of_range) {
  const Array x = Array::random(DType::float32, {4, 5}, 0, 1);
  const Array y = Array::empty(DType::float32, {3, 5});
  CHECK_FAILS(call("gather", {x, Array::of<int32_t>({0, 4, 9}, {3})}, {y}, {0}),
              "index 4 is out of range for an axis of size 4");
  CHECK_FAILS(call("gather", {x, Array::of<int64_t>({-5, 0, 0}, {3})}, {y}, {0}),
              "index -5 is out of range for an axis of size 4");
  CHECK_FAILS(call("gather", {x, Array::of<int64_t>({0, INT64_MIN, 0}, {3})}, {y}, {0}), "out of range");
  CHECK_FAILS(call("gather", {x, Array::of<int64_t>({0, INT64_MAX, 0}, {3})}, {y}, {0}), "out of range");
  Array many = Array::random(DType::int32, {100000}, 0, 4);
  many.data<int32_t>()[70000] = 7;
  many.data<int32_t>()[99999] = 8;
  const Array z = Array::empty(DType::float32, {100000, 5});
  CHECK_FAILS(call("gather", {x, many}, {z}, {0}), "index 7 ");
  // An axis without elements has no valid index; no indices are fine.
  CHECK_FAILS(call("gather", {Array::empty(DType::float32, {0}), Array::of<int32_t>({0}, {1})},
                   {Array::empty(DType::float32, {1})}, {0}),
              "axis of size 0");
  call("gather", {Array::empty(DType::float32, {0}), Array::empty(DType::int32, {0})},
       {Array::empty(DType::float32, {0})}, {0});
}

TEST(gather_nd_tuples) {
  const Array x = Array::random(DType::float32, {3, 4, 5}, 0, 1);
  const Array pairs = Array::of<int32_t>({0, 3, 2, -1, -3, 1}, {3, 2});
  for (const Array& view : {x, x.with_gaps()}) {
    const Array y = Array::empty(DType::float32, {3, 5});
    call("gather_nd", {view, pairs}, {y});
    const int64_t rows[] = {0 * 4 + 3, 2 * 4 + 3, 0 * 4 + 1};
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 5; ++j) CHECK_NEAR(y.at(i * 5 + j), x.at(rows[i] * 5 + j), 0);
    }
  }
  const Array triples = Array::of<int64_t>({0, 3, 4, 2, 0, 0}, {1, 2, 3});
  const Array z = Array::empty(DType::float32, {1, 2});
  call("gather_nd", {x, triples}, {z});
  CHECK_NEAR(z.at(0), x.at(3 * 5 + 4), 0);
  CHECK_NEAR(z.at(1), x.at(2 * 20), 0);
  CHECK_FAILS(call("gather_nd", {x, Array::of<int32_t>({0, 4}, {1, 2})}, {Array::empty(DType::float32, {1, 5})}),
              "index 4 is out of range for an axis of size 4");
}

double apply(int mode, double a, double b) {
  switch (mode) {
    case 0:
      return a + b;
    case 1:
      return b;
    case 2:
      return std::max(a, b);
    case 3:
      return std::min(a, b);
    default:
      return a - b;
  }
}

/// One update after the other, each rounded to the dtype.
Array scatter(const Array& start, const Array& indices, const Array& updates, int mode) {
  const Array y = start.contiguous_copy();
  const Shape shape = y.shape();
  const int64_t tuple = indices.shape().back();
  const int64_t count = tuple == 0 ? 0 : indices.size() / tuple;
  int64_t row = 1;
  for (size_t axis = static_cast<size_t>(tuple); axis < shape.size(); ++axis) row *= shape[axis];
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = 0;
    for (int64_t c = 0; c < tuple; ++c) {
      int64_t at = static_cast<int64_t>(indices.at(i * tuple + c));
      const int64_t n = shape[static_cast<size_t>(c)];
      place = place * n + (at < 0 ? at + n : at);
    }
    with_type(y.dtype(), [&](auto zero) {
      using T = decltype(zero);
      for (int64_t j = 0; j < row; ++j) {
        T& slot = y.data<T>()[place * row + j];
        const double value = apply(mode, to_double(slot), updates.at(i * row + j));
        if constexpr (std::is_integral_v<T>) {
          slot = mode == 4 ? static_cast<T>(slot - static_cast<T>(updates.at(i * row + j)))
                           : static_cast<T>(static_cast<int64_t>(value));
        } else {
          slot = from_double<T>(value);
        }
      }
    });
  }
  return y;
}

TEST(scatter_of_every_dtype_and_mode) {
  for (const DType dtype : kAll) {
    if (dtype == DType::boolean) continue;
    for (int mode = 0; mode <= 4; ++mode) {
      for (const int64_t row : {1, 3, 16, 21}) {
        for (const DType index_type : {DType::int32, DType::int64}) {
          context() = std::string(name_of(dtype)) + " mode " + std::to_string(mode) + " row " + std::to_string(row);
          const Array start = Array::random(dtype, {7, row}, 0, 50, 1);
          const Array indices = Array::random(index_type, {4, 10, 1}, -7, 7, 2);
          const Array updates = Array::random(dtype, {4, 10, row}, 0, 50, 3);
          const Array expected = scatter(start, indices, updates, mode);
          for (const Array& view : {updates, updates.with_gaps()}) {
            const Array y = start.contiguous_copy();
            call("scatter", {indices, view}, {y}, {static_cast<double>(mode)});
            CHECK(y.identical(expected));
          }
        }
      }
    }
  }
}

// Rows of each length take another way to split the work; the bits stay those of one update after the other.
TEST(scatter_order_is_fixed) {
  for (const int64_t row : {1, 15, 16, 64, 300, 1024, 5000}) {
    for (const int mode : {0, 1, 4}) {
      context() = "row " + std::to_string(row) + " mode " + std::to_string(mode);
      const int64_t count = std::max<int64_t>(40, 120000 / row);
      const Array start = Array::random(DType::float32, {13, row}, 0, 1, 1);
      const Array indices = Array::random(DType::int32, {count, 1}, 0, 13, 2);
      const Array updates = Array::random(DType::float32, {count, row}, -1, 1, 3);
      const Array y = start.contiguous_copy();
      call("scatter", {indices, updates}, {y}, {static_cast<double>(mode)});
      CHECK(y.identical(scatter(start, indices, updates, mode)));
    }
  }
}

TEST(scatter_of_tuples) {
  const Array start = Array::random(DType::float32, {5, 6, 3}, 0, 1, 1);
  for (const int64_t tuple : {1, 2, 3}) {
    Shape updates_shape{20};
    for (int64_t axis = tuple; axis < 3; ++axis) updates_shape.push_back(start.operand().shape[axis]);
    const Array indices = Array::random(DType::int32, {20, tuple}, -3, 3, 2);
    const Array updates = Array::random(DType::float32, updates_shape, -1, 1, 3);
    const Array y = start.contiguous_copy();
    call("scatter", {indices, updates}, {y}, {0});
    CHECK(y.identical(scatter(start, indices, updates, 0)));
  }
}

TEST(scatter_add_starts_from_zero) {
  for (const int64_t row : {1, 7, 64}) {
    const Array indices = Array::random(DType::int64, {3000, 1}, 0, 11, 2);
    const Array updates = Array::random(DType::float32, {3000, row}, -1, 1, 3);
    const Array y = Array::empty(DType::float32, {11, row});
    call("scatter_add", {indices, updates}, {y});
    CHECK(y.identical(scatter(Array::filled(DType::float32, {11, row}, 0), indices, updates, 0)));
  }
  const Array untouched = Array::filled(DType::float32, {3}, 4);
  CHECK_FAILS(call("scatter_add", {Array::of<int32_t>({3}, {1, 1}), Array::of<float>({1}, {1})}, {untouched}),
              "index 3 ");
  CHECK_ALL_NEAR(untouched, std::vector<double>(3, 4), 0);
}

TEST(scatter_of_one_broadcast_value) {
  const Array y = Array::filled(DType::int32, {4}, 0);
  call("scatter", {Array::of<int32_t>({1, 1, 3}, {3, 1}), Array::filled(DType::int32, {}, 1).broadcast_to({3})}, {y},
       {0});
  CHECK_ALL_NEAR(y, (std::vector<double>{0, 2, 0, 1}), 0);
}

TEST(scatter_checks_before_it_writes) {
  const Array y = Array::filled(DType::float32, {4, 2}, 1);
  const Array updates = Array::filled(DType::float32, {3, 2}, 5);
  CHECK_FAILS(call("scatter", {Array::of<int32_t>({0, 1, 4}, {3, 1}), updates}, {y}, {0}),
              "index 4 is out of range for an axis of size 4");
  CHECK_ALL_NEAR(y, std::vector<double>(8, 1), 0);
  call("scatter", {Array::empty(DType::int32, {0, 1}), Array::empty(DType::float32, {0, 2})}, {y}, {0});
  CHECK_ALL_NEAR(y, std::vector<double>(8, 1), 0);
}

TEST(scatter_passes_nan_on) {
  for (const double mode : {2, 3}) {
    const Array y = Array::of<float>({NAN, 1, 1, 1, 1, 1, 1}, {7});
    const Array indices = Array::of<int32_t>({0, 1, 2}, {3, 1});
    call("scatter", {indices, Array::of<float>({1, NAN, 1}, {3})}, {y}, {mode});
    CHECK(std::isnan(y.at(0)) && std::isnan(y.at(1)) && y.at(2) == 1);
  }
}

TEST(scatter_update_leaves_the_start_values) {
  const Array x = Array::of<float>({2, 3, 4}, {3});
  const Array indices = Array::of<int32_t>({0, 2, 0}, {3, 1});
  const Array updates = Array::of<float>({5, 6, 7}, {3});
  const std::vector<std::vector<double>> expected = {{14, 3, 10}, {7, 3, 6},    {7, 3, 6},
                                                     {2, 3, 4},   {-10, 3, -2}, {70, 3, 24}};
  for (size_t mode = 0; mode < expected.size(); ++mode) {
    context() = "mode " + std::to_string(mode);
    const Array y = Array::empty(DType::float32, {3});
    call("scatter_update", {indices, updates, x}, {y}, {static_cast<double>(mode)});
    CHECK_ALL_NEAR(y, expected[mode], 0);
    CHECK_ALL_NEAR(x, (std::vector<double>{2, 3, 4}), 0);
  }
  const Array bytes = Array::empty(DType::uint16, {1});
  call("scatter_update",
       {Array::of<int32_t>({0}, {1, 1}), Array::of<uint16_t>({65535}, {1}), Array::of<uint16_t>({65535}, {1})}, {bytes},
       {5});
  CHECK(bytes.at(0) == 1);
}

TEST(scatter_sets_booleans) {
  const Array y = Array::of(DType::boolean, {0, 1, 0}, {3});
  call("scatter", {Array::of<int32_t>({0, 1}, {2, 1}), Array::of(DType::boolean, {1, 0}, {2})}, {y}, {1});
  CHECK_ALL_NEAR(y, (std::vector<double>{1, 0, 0}), 0);
}

TEST(one_hot_rows) {
  for (const DType dtype : kAll) {
    for (const DType index_type : {DType::int32, DType::int64}) {
      const Array indices = Array::of(index_type, {0, 2, -1, 3, 1, 100}, {2, 3});
      for (const Array& view : {indices, indices.with_gaps()}) {
        const double on = dtype == DType::boolean ? 1 : 5;
        const Array y = Array::empty(dtype, {2, 3, 3});
        call("one_hot", {view}, {y}, {on, 0});
        CHECK_ALL_NEAR(y, (std::vector<double>{on, 0, 0, 0, 0, on, 0, 0, 0, 0, 0, 0, 0, on, 0, 0, 0, 0}), 0);
      }
    }
  }
  const Array y = Array::empty(DType::float32, {1, 2});
  call("one_hot", {Array::of<int32_t>({1}, {1})}, {y}, {0.5, -1});
  CHECK_ALL_NEAR(y, (std::vector<double>{-1, 0.5}), 0);
  const Array large = Array::random(DType::int32, {9001}, 0, 37);
  const Array z = Array::empty(DType::float32, {9001, 37});
  call("one_hot", {large}, {z}, {1, 0});
  for (int64_t i = 0; i < z.size(); ++i) CHECK(z.at(i) == (large.at(i / 37) == static_cast<double>(i % 37) ? 1 : 0));
}

}  // namespace
