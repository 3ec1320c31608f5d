// Many runs of a program, one for each batch of data that lies in memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "program/program.h"

namespace keratin {

/// Rows that a step takes a batch of. `row_bytes` 0: the same memory in every step.
struct Feed {
  int64_t row_bytes = 0;
  int64_t rows = 0;
};

/// What steps run on. Externals are the memory of whole feeds, then what does not change.
struct StepPlan {
  std::vector<void*> externals;
  std::vector<void*> results;
  std::vector<Feed> feeds;         // of the first externals
  const int32_t* order = nullptr;  // which rows come in which place; null: as they lie
  std::vector<double> host;        // the host words of all steps
  int64_t batch = 1;               // rows of a step
  int64_t first = 0;               // the place of the first step's first row
  int64_t steps = 1;
  double budget_ms = 0;  // no step begins later than this
};

struct StepCount {
  int64_t steps = 0;
  double milliseconds = 0;
};

/// Runs steps until all are done, the time is over or `stop` is set, but at least one. `done` counts them, also where
/// one fails.
void run_steps(Program& program, const StepPlan& plan, const std::atomic<bool>& stop, StepCount& done);

}  // namespace keratin
