// The interpreter of programs over rows: a window of columns of a few rows at a time.
#pragma once

#include "kernels/elementwise_rows.h"

namespace keratin::generic {

/// A program with the memory of its operands.
struct RowRun {
  Rows program;
  int64_t tile;    // rows that are computed at a time
  int64_t window;  // columns that are computed at a time: all of them where rows are reduced
  const char* inputs[kMaxRowInputs];
  char* outputs[kMaxRowOutputs];
};

void bind_operands(const Call& call, RowRun& run);

/// The state of one chunk: where the places of the present tile lie, and their values repeated over whole rows.
class Tiles {
 public:
  explicit Tiles(const RowRun& run);

  /// Runs all steps but reductions of columns on `count` rows from `row` on, and `width` columns from `column` on.
  void run(int64_t row, int64_t count, int64_t column, int64_t width);

  /// Where a place lies now, and how many elements are from one of its rows to the next.
  const char* at(int32_t place) const { return at_[place]; }
  int64_t pitch(int32_t place) const { return place < rows_.num_inputs + rows_.num_outputs ? rows_.length : width_; }

 private:
  int32_t places() const { return rows_.num_inputs + rows_.num_outputs + rows_.num_registers; }
  char* memory(int64_t i) const { return static_cast<char*>(scratch_.data) + i * stride_; }
  void step(const RowStep& step, int64_t count);
  void apply(const RowStep& step, int64_t count);
  const void* repeat(int32_t place, Form form, int64_t bytes, int64_t count);

  const RowRun& run_;
  const Rows& rows_;
  int64_t stride_;
  Scratch scratch_;
  int64_t width_ = 0;
  Form forms_[kMaxRowPlaces];
  char* at_[kMaxRowPlaces] = {};
  int64_t repeated_[kMaxRowPlaces] = {};
};

}  // namespace keratin::generic
