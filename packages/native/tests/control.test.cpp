#include "check.h"
#include "program/saved.h"

namespace {

using Numbers = std::vector<double>;

void append(Numbers& to, const Numbers& more) { to.insert(to.end(), more.begin(), more.end()); }

double opcode(const std::string& name) {
  const auto& names = registry().names();
  return static_cast<double>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// result = kernel(the first `count` elements of the one external of four floats, a number), of `bytes`.
Numbers program(const std::string& kernel, double count, double number, double bytes, DType result) {
  Numbers words{1, 1, 16, 0, 1, bytes, 0, 0, 1, opcode(kernel), 2, 1, 0};
  append(words, {0, 0, 0, 1, count, 1});
  append(words, {-1, 0, number, 1, count, 0});
  append(words, {1, static_cast<double>(result), 0, 1, count, 1, 0});
  return words;
}

Numbers both(const Numbers& first, const Numbers& second, Numbers words = {}) {
  append(words, {static_cast<double>(first.size()), static_cast<double>(second.size())});
  append(words, first);
  append(words, second);
  return words;
}

const Numbers kPlus = program("add", 4, 1, 16, DType::float32);
const Numbers kTimes = program("multiply", 4, 10, 16, DType::float32);
const Numbers kLess = program("less", 1, 3, 1, DType::boolean);

/// Attributes of a loop of one state before its programs.
Numbers while_of(double limit) { return {limit, 0, 1, 0, 0, 0, 0, 0}; }

/// Results = kernel(externals `a` and `b`, four floats each), as often as `results` says.
Numbers of_two(const std::string& kernel, double externals, double a, double b, double results) {
  Numbers words{1, externals};
  for (double i = 0; i < externals; ++i) append(words, {16, 0});
  append(words, {results});
  for (double i = 0; i < results; ++i) append(words, {16});
  append(words, {0, 0, results});
  for (double i = 0; i < results; ++i) {
    append(words, {opcode(kernel), 2, 1, 0});
    append(words, {a, 0, 0, 1, 4, 1});
    append(words, {b, 0, 0, 1, 4, 1});
    append(words, {externals + i, 0, 0, 1, 4, 1, 0});
  }
  return words;
}

Numbers alone(const Numbers& body, Numbers words) {
  append(words, {0, static_cast<double>(body.size())});
  append(words, body);
  return words;
}

TEST(branch_runs_one_of_two_programs) {
  const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
  for (const bool truth : {true, false, true}) {
    Array y = Array::filled(DType::float32, {4}, 0);
    call("branch", {Array::filled(DType::boolean, {1}, truth ? 1 : 0), x}, {y}, both(kPlus, kTimes, {0, 0}));
    for (int i = 0; i < 4; ++i) CHECK_NEAR(y.data<float>()[i], truth ? i + 2 : 10 * (i + 1), 0);
  }
}

TEST(loop_runs_until_its_condition_is_false_or_the_limit_is_reached) {
  for (const double limit : {-1.0, 0.0, 1.0, 2.0, 50.0}) {
    const Array x = Array::of(std::vector<float>{0, 2, 3, 4}, {4});
    Array y = Array::filled(DType::float32, {4}, 7);
    call("loop", {x}, {y}, both(kLess, kPlus, while_of(limit)));
    const double trips = limit < 0 ? 3 : std::min(limit, 3.0);
    CHECK_NEAR(y.data<float>()[0], trips, 0);
    CHECK_NEAR(y.data<float>()[3], 4 + trips, 0);
  }
}

TEST(loop_takes_and_gives_rows) {
  const Array x = Array::of(std::vector<float>{1, 1, 1, 1}, {4});
  const Array rows = Array::of(std::vector<float>{1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400}, {3, 4});
  for (const bool reverse : {false, true}) {
    Array y = Array::filled(DType::float32, {4}, 0);
    Array sums = Array::filled(DType::float32, {3, 4}, 0);
    const Numbers words{3, reverse ? 1.0 : 0.0, 1, 1, 1, 0, 0, 0};
    call("loop", {x, rows}, {y, sums}, alone(of_two("add", 2, 0, 1, 2), words));
    CHECK_NEAR(y.data<float>()[3], 445, 0);
    CHECK_NEAR(sums.data<float>()[0], reverse ? 112 : 2, 0);
    CHECK_NEAR(sums.data<float>()[11], reverse ? 401 : 445, 0);
  }
}

TEST(what_a_loop_saves_is_restored_in_reverse) {
  for (const double trips : {0.0, 1.0, 5.0, 20.0}) {
    const SavedScope scope;
    const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
    Array y = Array::filled(DType::float32, {4}, 0);
    Array number = Array::filled(DType::int64, {1}, -1);
    // The state and what is saved are x + x.
    call("loop", {x}, {y, number}, alone(of_two("add", 1, 0, 0, 2), {trips, 0, 1, 0, 0, 1, 0, 0}));
    CHECK_NEAR(y.data<float>()[1], 2 * std::exp2(trips), 0);
    Array sum = Array::filled(DType::float32, {4}, 0);
    const Array zero = Array::filled(DType::float32, {4}, 0);
    call("loop", {number, zero}, {sum}, alone(of_two("add", 2, 0, 1, 1), {-1, 1, 1, 0, 0, 0, 1, 0}));
    CHECK_NEAR(sum.data<float>()[0], std::exp2(trips + 1) - 2, 0);
    // The last restored one is the first saved one.
    Array last = Array::filled(DType::float32, {4}, 0);
    call("loop", {number, zero}, {last}, alone(of_two("minimum", 2, 1, 1, 1), {-1, 1, 1, 0, 0, 0, 1, 0}));
    CHECK_NEAR(last.data<float>()[2], trips == 0 ? 0 : 6, 0);
  }
}

TEST(numbers_of_nothing_are_refused) {
  const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
  Array y = Array::filled(DType::float32, {4}, 0);
  Array number = Array::filled(DType::int64, {1}, 0);
  const Numbers back{-1, 1, 1, 0, 0, 0, 1, 0};
  CHECK_FAILS(call("loop", {number, x}, {y}, alone(of_two("add", 2, 0, 1, 1), back)), "gone");
  const Numbers there{2, 0, 1, 0, 0, 1, 0, 0};
  CHECK_FAILS(call("loop", {x}, {y, number}, alone(of_two("add", 1, 0, 0, 2), there)), "runs in a program");
  const SavedScope scope;
  call("loop", {x}, {y, number}, alone(of_two("add", 1, 0, 0, 2), there));
  CHECK_FAILS(call("loop", {number, x}, {y}, alone(of_two("add", 1, 0, 0, 1), back)), "does not fit");
  CHECK_FAILS(call("loop", {number, x}, {y}, alone(of_two("add", 2, 0, 1, 1), {3, 1, 1, 0, 0, 0, 1, 0})),
              "does not fit");
  CHECK_FAILS(call("loop", {x}, {y}, alone(of_two("add", 1, 0, 0, 2), {2, 0, 1, 0, 0, 0, 0, 0})), "does not fit");
}

TEST(programs_that_do_not_fit_are_refused) {
  const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
  const Array truth = Array::filled(DType::boolean, {1}, 1);
  Array y = Array::filled(DType::float32, {4}, 0);
  Array small = Array::filled(DType::float32, {2}, 0);
  CHECK_FAILS(call("branch", {truth, x}, {small}, both(kPlus, kTimes, {0, 0})), "does not fit");
  CHECK_FAILS(call("branch", {truth, x, x}, {y}, both(kPlus, kTimes, {0, 0})), "does not fit");
  CHECK_FAILS(call("loop", {x}, {y}, both(kPlus, kLess, while_of(-1))), "does not fit");
  Numbers damaged = kPlus;
  damaged[9] = 1e6;
  CHECK_FAILS(call("branch", {truth, x}, {y}, both(damaged, kTimes, {0, 0})), "opcode");
}

}  // namespace
