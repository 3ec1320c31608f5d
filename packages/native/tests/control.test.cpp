#include "check.h"

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

TEST(branch_runs_one_of_two_programs) {
  const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
  for (const bool truth : {true, false, true}) {
    Array y = Array::filled(DType::float32, {4}, 0);
    call("branch", {Array::filled(DType::boolean, {1}, truth ? 1 : 0), x}, {y}, both(kPlus, kTimes));
    for (int i = 0; i < 4; ++i) CHECK_NEAR(y.data<float>()[i], truth ? i + 2 : 10 * (i + 1), 0);
  }
}

TEST(while_loop_runs_until_its_condition_is_false_or_the_limit_is_reached) {
  for (const double limit : {-1.0, 0.0, 1.0, 2.0, 50.0}) {
    const Array x = Array::of(std::vector<float>{0, 2, 3, 4}, {4});
    Array y = Array::filled(DType::float32, {4}, 7);
    call("while_loop", {x}, {y}, both(kLess, kPlus, {limit}));
    const double trips = limit < 0 ? 3 : std::min(limit, 3.0);
    CHECK_NEAR(y.data<float>()[0], trips, 0);
    CHECK_NEAR(y.data<float>()[3], 4 + trips, 0);
  }
}

TEST(programs_that_do_not_fit_are_refused) {
  const Array x = Array::of(std::vector<float>{1, 2, 3, 4}, {4});
  const Array truth = Array::filled(DType::boolean, {1}, 1);
  Array y = Array::filled(DType::float32, {4}, 0);
  Array small = Array::filled(DType::float32, {2}, 0);
  CHECK_FAILS(call("branch", {truth, x}, {small}, both(kPlus, kTimes)), "does not fit");
  CHECK_FAILS(call("branch", {truth, x, x}, {y}, both(kPlus, kTimes)), "does not fit");
  CHECK_FAILS(call("while_loop", {x}, {y}, both(kPlus, kLess, {-1})), "does not fit");
  Numbers damaged = kPlus;
  damaged[9] = 1e6;
  CHECK_FAILS(call("branch", {truth, x}, {y}, both(damaged, kTimes)), "opcode");
}

}  // namespace
