// Programs over rows give what their functions give one by one, to the bit.
#include <algorithm>

#include "check.h"
#include "runtime/registry.h"

namespace {

using Numbers = std::vector<double>;

double opcode(const char* name) {
  const auto& names = registry().names();
  return static_cast<double>(std::find(names.begin(), names.end(), name) - names.begin());
}

double code(DType dtype) { return static_cast<double>(dtype); }

enum Kind { kWhole = 0, kRow = 1, kFold = 2 };

/// One step of a program over rows: `to` and `from` are places.
void step(Numbers& program, const char* name, DType dtype, Kind kind, int to, const std::vector<int>& from) {
  program[1] += 1;
  for (const double word : {opcode(name), code(dtype), double(kind), double(to), double(from.size())}) {
    program.push_back(word);
  }
  program.insert(program.end(), from.begin(), from.end());
}

const std::vector<int64_t> kLengths = {2, 3, 8, 63, 64, 100, 1000, 4096};

// y = exp(x - max(x)) / sum of it, and the logarithm of the sum
TEST(rows_give_what_their_functions_give) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const int64_t rows : std::vector<int64_t>{0, 1, 3, 37, 300}) {
      for (const int64_t n : kLengths) {
        context() = std::string(name_of(dtype)) + check::show({rows, n});
        const Array x = Array::random(dtype, {rows, n}, -2, 2, 7);
        const Array max = Array::empty(dtype, {rows, 1});
        const Array shifted = Array::empty(dtype, {rows, n});
        const Array exp = Array::empty(dtype, {rows, n});
        const Array sum = Array::empty(dtype, {rows, 1});
        const Array log = Array::empty(dtype, {rows, 1});
        const Array y = Array::empty(dtype, {rows, n});
        call("max", {x}, {max}, {1});
        call("subtract", {x, max.broadcast_to({rows, n})}, {shifted});
        call("exp", {shifted}, {exp});
        call("sum", {exp}, {sum}, {1});
        call("log", {sum}, {log});
        call("divide", {exp, sum.broadcast_to({rows, n})}, {y});
        // places: 0 x, 1 y, 2 log, 3 whole register, 4 row register
        Numbers program = {2, 0};
        step(program, "max", dtype, kFold, 4, {0});
        step(program, "subtract", dtype, kWhole, 3, {0, 4});
        step(program, "exp", dtype, kWhole, 3, {3});
        step(program, "sum", dtype, kFold, 4, {3});
        step(program, "divide", dtype, kWhole, 1, {3, 4});
        step(program, "log", dtype, kRow, 2, {4});
        const Array got = Array::empty(dtype, {rows, n});
        const Array logs = Array::empty(dtype, {rows, 1});
        call("rows", {x}, {got, logs}, program);
        CHECK(got.identical(y));
        CHECK(logs.identical(log));
      }
    }
  }
}

// y = where(x > mean(x), x * column + 2, int(row)) for columns, rows and scalars, with functions that take no scalars
TEST(rows_repeat_what_is_shorter) {
  const DType f = DType::float32;
  for (const int64_t rows : std::vector<int64_t>{1, 5, 40}) {
    for (const int64_t n : kLengths) {
      context() = check::show({rows, n});
      const Shape shape{rows, n};
      const Array x = Array::random(f, shape, -2, 2, 1);
      const Array column = Array::random(f, {1, n}, -2, 2, 2).broadcast_to(shape);
      const Array row = Array::random(f, {rows, 1}, -9, 9, 3).broadcast_to(shape);
      const Array two = Array::filled(f, {1, 1}, 2).broadcast_to(shape);
      const Array mean = Array::empty(f, {rows, 1}), product = Array::empty(f, shape), sum = Array::empty(f, shape);
      const Array whole = Array::empty(DType::int32, shape), back = Array::empty(f, shape);
      const Array larger = Array::empty(DType::boolean, shape), y = Array::empty(f, shape);
      call("mean", {x}, {mean}, {1});
      call("greater", {x, mean.broadcast_to(shape)}, {larger});
      call("multiply", {x, column}, {product});
      call("power", {product, two}, {sum});
      call("cast", {row}, {whole});
      call("cast", {whole}, {back});
      call("select", {larger, sum, back}, {y});
      // places: 0 x, 1 column, 2 row, 3 two, 4 y, registers from 5 on
      Numbers program = {5, 0};
      step(program, "mean", f, kFold, 5, {0});
      step(program, "greater", DType::boolean, kWhole, 6, {0, 5});
      step(program, "multiply", f, kWhole, 7, {0, 1});
      step(program, "power", f, kWhole, 7, {7, 3});
      step(program, "cast", DType::int32, kRow, 8, {2});
      step(program, "cast", f, kRow, 9, {8});
      step(program, "select", f, kWhole, 4, {6, 7, 9});
      const Array got = Array::empty(f, shape);
      call("rows", {x, column, row, two}, {got}, program);
      CHECK(got.identical(y));
    }
  }
}

// y = x column + row, the sum and the mean of y's rows, the largest x
TEST(columns_give_what_their_functions_give) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const int64_t rows : std::vector<int64_t>{2, 7, 16, 129, 300, 1111, 20000}) {
      for (const int64_t n : std::vector<int64_t>{2, 3, 10, 64, 96, 255, 256, 600, 1030, 2100}) {
        if (rows * n > 3000000) continue;
        context() = std::string(name_of(dtype)) + check::show({rows, n});
        const Shape shape{rows, n};
        const Array x = Array::random(dtype, shape, -2, 2, 7);
        const Array column = Array::random(dtype, {1, n}, -2, 2, 2).broadcast_to(shape);
        const Array row = Array::random(dtype, {rows, 1}, -9, 9, 3).broadcast_to(shape);
        const Array product = Array::empty(dtype, shape), y = Array::empty(dtype, shape);
        const Array sum = Array::empty(dtype, {1, n}), mean = Array::empty(dtype, {1, n});
        const Array largest = Array::empty(dtype, {1, n});
        call("multiply", {x, column}, {product});
        call("add", {product, row}, {y});
        call("sum", {y}, {sum}, {0});
        call("mean", {y}, {mean}, {0});
        call("max", {x}, {largest}, {0});
        // places: 0 x, 1 column, 2 row, 3 y, 4 sum, 5 mean, 6 largest, 7 a register
        Numbers program = {1, 0};
        step(program, "multiply", dtype, kWhole, 7, {0, 1});
        step(program, "add", dtype, kWhole, 3, {7, 2});
        step(program, "sum", dtype, kFold, 4, {3});
        step(program, "mean", dtype, kFold, 5, {3});
        step(program, "max", dtype, kFold, 6, {0});
        const Array whole = Array::empty(dtype, shape), sums = Array::empty(dtype, {1, n});
        const Array means = Array::empty(dtype, {1, n}), extremes = Array::empty(dtype, {1, n});
        call("columns", {x, column, row}, {whole, sums, means, extremes}, program);
        CHECK(whole.identical(y));
        CHECK(sums.identical(sum));
        CHECK(means.identical(mean));
        CHECK(extremes.identical(largest));
      }
    }
  }
}

TEST(damaged_programs_over_columns_are_refused) {
  const DType f = DType::float32;
  Numbers program = {1, 0};
  step(program, "multiply", f, kWhole, 3, {0, 1});
  step(program, "tanh", f, kWhole, 3, {3});
  step(program, "sum", f, kFold, 2, {3});
  const Shape shape{40, 30};
  const Array row = Array::random(f, {40, 1}, 0, 1).broadcast_to(shape);
  for (size_t at = 0; at < program.size(); ++at) {
    for (const double value : {-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 60.0, 1e9, 0.5, std::nan("")}) {
      Numbers damaged = program;
      damaged[at] = value;
      try {
        call("columns", {Array::random(f, shape, 0, 1), row}, {Array::empty(f, {1, 30})}, damaged);
      } catch (const KernelError&) {
      }
    }
  }
  Numbers early = {1, 0};
  step(early, "sum", f, kFold, 2, {0});
  step(early, "multiply", f, kWhole, 3, {0, 2});
  bool refused = false;
  try {
    call("columns", {Array::random(f, shape, 0, 1), row}, {Array::empty(f, {1, 30})}, early);
  } catch (const KernelError&) {
    refused = true;
  }
  CHECK(refused);
}

TEST(damaged_programs_over_rows_are_refused) {
  const DType f = DType::float32;
  Numbers program = {2, 0};
  step(program, "sum", f, kFold, 3, {0});
  step(program, "multiply", f, kRow, 3, {3, 1});
  step(program, "subtract", f, kWhole, 4, {0, 3});
  step(program, "tanh", f, kWhole, 2, {4});
  const Shape shape{7, 300};
  const Array row = Array::random(f, {7, 1}, 0, 1).broadcast_to(shape);
  for (size_t at = 0; at < program.size(); ++at) {
    for (const double value : {-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 60.0, 1e9, 0.5, std::nan("")}) {
      Numbers damaged = program;
      damaged[at] = value;
      try {
        call("rows", {Array::random(f, shape, 0, 1), row}, {Array::empty(f, shape)}, damaged);
      } catch (const KernelError&) {
      }
    }
  }
  Numbers long_program = {0, 0};
  step(long_program, "tanh", f, kWhole, 1, {0});
  CHECK_FAILS(call("rows", {Array::random(f, {2, 5000}, 0, 1)}, {Array::empty(f, {2, 5000})}, long_program),
              "too short or too long");
  CHECK_FAILS(
      call("rows", {Array::random(f, {20, 7}, 0, 1).transposed({1, 0})}, {Array::empty(f, {7, 20})}, long_program),
      "strides that rows cannot have");
}

}  // namespace
