#include "check.h"

namespace {

const DType kAll[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16,  DType::int8,
                      DType::int16,   DType::int32,   DType::int64,   DType::uint8,     DType::uint16,
                      DType::uint32,  DType::uint64,  DType::boolean, DType::complex64, DType::complex128};

// Random bytes, so that complex dtypes need no case of their own; booleans stay 0 or 1.
Array random_bits(DType dtype, const Shape& shape, uint64_t seed = 1) {
  Array a = Array::empty(dtype, shape);
  std::mt19937 bits(static_cast<uint32_t>(seed));
  uint8_t* bytes = a.data<uint8_t>();
  for (int64_t i = 0; i < a.size() * size_of(dtype); ++i) {
    bytes[i] = static_cast<uint8_t>(bits() & (dtype == DType::boolean ? 1 : 255));
  }
  return a;
}

// Copies to an output of every layout; each must hold the same elements.
void check_copy(const Array& x) {
  const Array same = x.contiguous_copy();
  Array y = Array::empty(x.dtype(), x.shape());
  call("copy", {x}, {y});
  CHECK(y.identical(same));
  Array gaps = random_bits(x.dtype(), x.shape(), 2).with_gaps();
  call("copy", {x}, {gaps});
  CHECK(gaps.identical(same));
  if (x.shape().size() >= 2) {
    std::vector<int> axes;
    for (size_t i = x.shape().size(); i-- > 0;) axes.push_back(static_cast<int>(i));
    Shape reversed;
    for (const int axis : axes) reversed.push_back(x.shape()[static_cast<size_t>(axis)]);
    Array transposed = Array::empty(x.dtype(), reversed).transposed(axes);
    call("copy", {x}, {transposed});
    CHECK(transposed.identical(same));
  }
}

TEST(copies_between_layouts) {
  for (const DType dtype : kAll) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0, 3}, Shape{17}, Shape{5, 7}, Shape{37, 70}, Shape{3, 4, 5}}) {
      context() = std::string(name_of(dtype)) + " " + show(shape);
      check_copy(random_bits(dtype, shape));
      check_copy(random_bits(dtype, shape).with_gaps());
      if (shape.size() >= 2) {
        std::vector<int> axes(shape.size());
        for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>((i + 1) % axes.size());
        check_copy(random_bits(dtype, shape).transposed(axes));
        check_copy(random_bits(dtype, shape).sliced(0, shape[0] > 0 ? shape[0] - 1 : 0, shape[0], -1));
        check_copy(random_bits(dtype, shape).transposed(axes).with_gaps());
      }
    }
    context() = name_of(dtype);
    check_copy(random_bits(dtype, {3, 1}).broadcast_to({4, 3, 20}));
    check_copy(random_bits(dtype, {20}).broadcast_to({4, 3, 20}));
    check_copy(random_bits(dtype, {}).broadcast_to({33}));
    check_copy(random_bits(dtype, {2, 3, 4, 5, 6}).transposed({3, 1, 4, 0, 2}));
  }
}

TEST(large_copies) {
  for (const DType dtype : {DType::uint8, DType::float16, DType::float32, DType::float64, DType::complex128}) {
    context() = name_of(dtype);
    check_copy(random_bits(dtype, {501, 703}));
    check_copy(random_bits(dtype, {703, 501}).transposed({1, 0}));
    check_copy(random_bits(dtype, {20, 97, 130}).transposed({0, 2, 1}));
    check_copy(random_bits(dtype, {20, 97, 130}).transposed({2, 0, 1}));
    check_copy(random_bits(dtype, {20, 97, 13, 10}).transposed({0, 2, 1, 3}));
    check_copy(random_bits(dtype, {130}).broadcast_to({2000, 130}));
  }
}

TEST(clock_goes_forward) {
  Array times = Array::filled(DType::float64, {1}, 0);
  double before = 0;
  for (int i = 0; i < 100; ++i) {
    call("clock", {}, {times});
    CHECK(*times.data<double>() >= before && *times.data<double>() > 0);
    before = *times.data<double>();
  }
}

TEST(fill_every_dtype) {
  for (const DType dtype : kAll) {
    const bool complex = dtype == DType::complex64 || dtype == DType::complex128;
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{13}, Shape{5, 7}, Shape{300, 701}}) {
      context() = std::string(name_of(dtype)) + " " + show(shape);
      Array y = Array::empty(dtype, shape);
      call("fill", {}, {y}, {1});
      Array one = Array::empty(dtype, {2});
      if (dtype == DType::complex64) {
        one = Array::of(std::vector<std::complex<float>>{{1, 0}, {1, 0}}, {2});
      } else if (complex) {
        one = Array::of(std::vector<std::complex<double>>{{1, 0}, {1, 0}}, {2});
      } else {
        one = Array::filled(dtype, {2}, 1);
      }
      const Array expected = one.sliced(0, 0, 1).reshaped({}).broadcast_to(shape);
      CHECK(y.identical(expected));
      Array gaps = Array::empty(dtype, shape).with_gaps();
      call("fill", {}, {gaps}, {1});
      CHECK(gaps.identical(expected));
    }
  }
  Array y = Array::empty(DType::int64, {2});
  call("fill", {}, {y}, {-9007199254740991.0});
  CHECK(y.data<int64_t>()[1] == -9007199254740991);
  Array z = Array::empty(DType::float16, {2});
  call("fill", {}, {z}, {0.1});
  CHECK_NEAR(z.at(1), 0.1, 1e-4);
}

TEST(fill_leaves_the_gaps_alone) {
  const Array memory = Array::filled(DType::int32, {7, 9}, 5);
  Array part = memory.sliced(0, 1, 3, 2).sliced(1, 2, 4);
  call("fill", {}, {part}, {8});
  double sum = 0;
  for (const double v : memory.values()) sum += v;
  CHECK(sum == 63 * 5 + 12 * 3);
}

TEST(concatenates_along_each_axis) {
  for (const DType dtype : kAll) {
    for (int axis = 0; axis < 3; ++axis) {
      context() = std::string(name_of(dtype)) + " axis " + std::to_string(axis);
      std::vector<Array> parts;
      int64_t total = 0;
      for (const int64_t extent : {2, 0, 3, 1}) {
        Shape shape = {4, 5, 6};
        shape[static_cast<size_t>(axis)] = extent;
        total += extent;
        parts.push_back(random_bits(dtype, shape, static_cast<uint64_t>(extent)));
      }
      parts[2] = parts[2].with_gaps();
      Shape shape = {4, 5, 6};
      shape[static_cast<size_t>(axis)] = total;
      Array y = Array::empty(dtype, shape);
      call("concatenate", parts, {y}, {static_cast<double>(axis)});
      int64_t start = 0;
      for (const Array& part : parts) {
        const int64_t extent = part.shape()[static_cast<size_t>(axis)];
        CHECK(y.sliced(axis, start, extent).identical(part));
        start += extent;
      }
    }
  }
}

TEST(places_into_a_filled_output) {
  for (const DType dtype : {DType::float32, DType::int16, DType::bfloat16, DType::float64}) {
    context() = name_of(dtype);
    for (const Array& x : {Array::random(dtype, {3, 4}, 1, 9), Array::random(dtype, {4, 3}, 1, 9).transposed({1, 0})}) {
      Array y = Array::empty(dtype, {7, 10});
      call("place", {x}, {y}, {1, 9, 2, -3, 5});
      Array expected = Array::filled(dtype, {7, 10}, 5);
      std::vector<double> values = expected.values();
      for (int64_t i = 0; i < 3; ++i) {
        for (int64_t j = 0; j < 4; ++j) values[static_cast<size_t>((1 + 2 * i) * 10 + 9 - 3 * j)] = x.at(i * 4 + j);
      }
      CHECK_ALL_NEAR(y, values, 0);
      Array whole = Array::empty(dtype, {3, 4});
      call("place", {x}, {whole}, {0, 0, 1, 1});
      CHECK(whole.identical(x.contiguous_copy()));
      Array flipped = Array::empty(dtype, {3, 4});
      call("place", {x}, {flipped}, {2, 0, -1, 1});
      CHECK(flipped.sliced(0, 2, 3, -1).identical(x));
      Array none = Array::empty(dtype, {2});
      call("place", {Array::empty(dtype, {0})}, {none}, {0, 1});
      CHECK_ALL_NEAR(none, (std::vector<double>{0, 0}), 0);
    }
  }
}

TEST(places_large_parts_between_slabs) {
  // Each axis alone, all of them, and none: what lies around is filled without what lies inside.
  const Shape whole = {9, 17, 33};
  for (const DType dtype : {DType::float32, DType::uint8, DType::float64}) {
    for (const Shape& start : {Shape{0, 0, 0}, Shape{1, 0, 0}, Shape{0, 2, 0}, Shape{0, 0, 5}, Shape{2, 1, 3}}) {
      for (const int64_t behind : {0, 1}) {
        Shape part = whole;
        for (size_t i = 0; i < 3; ++i) part[i] -= start[i] + (start[i] > 0 ? behind : 0);
        context() = std::string(name_of(dtype)) + " " + show(start) + " " + show(part);
        const Array x = Array::random(dtype, part, 1, 9);
        const Array y = Array::empty(dtype, whole);
        std::vector<double> attributes(start.begin(), start.end());
        attributes.insert(attributes.end(), {1, 1, 1, 7});
        call("place", {x}, {y}, attributes);
        int64_t next = 0;
        for (int64_t i = 0; i < y.size(); ++i) {
          const int64_t at[] = {i / (17 * 33), i / 33 % 17, i % 33};
          bool inside = true;
          for (size_t axis = 0; axis < 3; ++axis) {
            inside = inside && at[axis] >= start[axis] && at[axis] < start[axis] + part[axis];
          }
          CHECK(y.at(i) == (inside ? x.at(next++) : 7));
        }
        CHECK(next == x.size());
      }
    }
  }
}

TEST(range_of_numbers) {
  for (const DType dtype : kAll) {
    if (dtype == DType::boolean || dtype == DType::complex64 || dtype == DType::complex128) continue;
    context() = name_of(dtype);
    Array y = Array::empty(dtype, {50});
    call("range", {}, {y}, {3, 2});
    for (int64_t i = 0; i < 50; ++i) CHECK(y.at(i) == 3 + 2 * static_cast<double>(i));
  }
  Array y = Array::empty(DType::float32, {100000});
  call("range", {}, {y}, {-1, 0.1});
  CHECK_NEAR(y.at(99999), -1 + 9999.9, 1e-6);
  Array z = Array::empty(DType::int64, {3});
  call("range", {}, {z}, {9007199254740991.0, 4});
  CHECK(z.data<int64_t>()[2] == 9007199254740999);
  Array none = Array::empty(DType::float32, {0});
  call("range", {}, {none}, {0, 1});
}

}  // namespace
