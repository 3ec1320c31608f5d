#include "program/steps.h"

#include <atomic>
#include <thread>

#include "check.h"
#include "runtime/engine.h"
#include "runtime/threads.h"

namespace {

double opcode(const std::string& name) {
  const auto& names = registry().names();
  return static_cast<double>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// Of rows of `n` floats: total += batch, with a batch of 2 rows; the result is the batch.
std::vector<double> program(double n) {
  const double bytes = 8 * n;
  return {1,
          2,
          bytes,
          0,
          bytes,
          1,
          1,
          bytes,
          0,
          0,
          2,  //
          opcode("add"),
          2,
          1,
          0,
          1,
          0,
          0,
          1,
          2 * n,
          1,
          0,
          0,
          0,
          1,
          2 * n,
          1,
          1,
          0,
          0,
          1,
          2 * n,
          1,
          0,  //
          opcode("copy"),
          1,
          1,
          0,
          0,
          0,
          0,
          1,
          2 * n,
          1,
          2,
          0,
          0,
          1,
          2 * n,
          1,
          0};
}

struct Data {
  explicit Data(int64_t row, int64_t rows) : rows_of(rows), x(row * rows), total(2 * row), y(2 * row) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 251);
  }
  StepPlan plan(int64_t row, const int32_t* order) {
    StepPlan made;
    made.externals = {x.data(), total.data()};
    made.results = {y.data()};
    made.feeds = {{row * 4, rows_of}};
    made.order = order;
    made.batch = 2;
    made.steps = rows_of / 2;
    made.budget_ms = 1e9;
    return made;
  }
  int64_t rows_of;
  std::vector<float> x;
  std::vector<float> total;
  std::vector<float> y;
};

TEST(takes_batches_in_order_and_by_indices) {
  for (const int64_t row : {1, 2, 3, 40000}) {
    constexpr int64_t kRows = 6;
    const int32_t order[] = {5, 0, 3, 3, 1, 2};
    for (const bool shuffled : {false, true}) {
      const auto words = program(static_cast<double>(row));
      Program made(words.data(), static_cast<int64_t>(words.size()));
      Data data(row, kRows);
      StepCount done;
      const std::atomic<bool> stop{false};
      run_steps(made, data.plan(row, shuffled ? order : nullptr), stop, done);
      CHECK(done.steps == 3);
      for (int64_t i = 0; i < 2 * row; ++i) {
        float sum = 0;
        for (int64_t step = 0; step < 3; ++step) {
          const int64_t place = 2 * step + i / row;
          const int64_t at = shuffled ? order[place] : place;
          sum += data.x[static_cast<size_t>(at * row + i % row)];
        }
        CHECK(data.total[static_cast<size_t>(i)] == sum);
      }
    }
  }
}

TEST(stops_when_asked_or_when_the_time_is_over_after_at_least_one_step) {
  const auto words = program(4);
  Program made(words.data(), static_cast<int64_t>(words.size()));
  Data data(4, 100);
  StepPlan plan = data.plan(4, nullptr);
  StepCount done;
  std::atomic<bool> stop{true};
  run_steps(made, plan, stop, done);
  CHECK(done.steps == 1);
  stop = false;
  plan.budget_ms = 0;
  run_steps(made, plan, stop, done);
  CHECK(done.steps == 1);
}

TEST(refuses_rows_that_do_not_exist) {
  const auto words = program(4);
  Program made(words.data(), static_cast<int64_t>(words.size()));
  Data data(4, 4);
  const int32_t order[] = {0, 1, 2, 4};
  StepCount done;
  const std::atomic<bool> stop{false};
  CHECK_FAILS(run_steps(made, data.plan(4, order), stop, done), "program: a batch has no row 4");
  CHECK(done.steps == 0);
}

TEST(two_threads_run_programs_beside_each_other_on_one_set_of_kernel_threads) {
  const int before = num_threads();
  set_num_threads(4);
  constexpr int64_t kRow = 100000;
  const auto words = program(static_cast<double>(kRow));
  Program shared(words.data(), static_cast<int64_t>(words.size()));
  Data first(kRow, 20);
  Data second(kRow, 20);
  Data third(kRow, 20);
  const std::atomic<bool> stop{false};
  StepCount done;
  StepCount other;
  {
    Engine engine;
    engine.post([&] { run_steps(shared, first.plan(kRow, nullptr), stop, done); });
    engine.post([&] { run_steps(shared, third.plan(kRow, nullptr), stop, done); });
    Program own(words.data(), static_cast<int64_t>(words.size()));
    run_steps(own, second.plan(kRow, nullptr), stop, other);
    run_steps(shared, second.plan(kRow, nullptr), stop, other);
  }
  CHECK(first.total == third.total);
  CHECK(done.steps == 10 && other.steps == 10);
  for (size_t i = 0; i < first.total.size(); ++i) CHECK(second.total[i] == 2 * first.total[i]);
  set_num_threads(before);
}

}  // namespace
