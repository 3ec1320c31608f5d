// Programs over rows: elementwise functions and reductions of a matrix in one pass over memory, such as a softmax or a
// normalization written with single operations. They are interpreted a few rows at a time, which stay in the cache.
// `rows` reduces each row, `columns` adds the rows up.
#pragma once

#include <cstdint>

#include "runtime/call.h"
#include "runtime/registry_api.h"

namespace keratin::generic {

constexpr int kMaxRowInputs = 16;
constexpr int kMaxRowOutputs = 24;
constexpr int kMaxRowRegisters = 32;
constexpr int kMaxRowSteps = 64;
constexpr int kMaxRowPlaces = kMaxRowInputs + kMaxRowOutputs + kMaxRowRegisters;
/// Longer rows are summed in blocks by the reductions themselves.
constexpr int64_t kMaxRowLength = 4096;

/// How many elements a place has: rows times length, one for each row, one row for all, or one.
enum class Form : int8_t { whole, row, column, scalar };

/// What is reduced: each row to one element, or all rows to one.
enum class Reduces : int8_t { rows, columns };

/// One function: places are numbered inputs first, then outputs, then registers.
struct RowStep {
  LoopBody body;  // null for a fold
  RowFold fold;
  const ColumnFold* columns;
  int32_t inputs;
  bool scalars;
  bool whole;  // else one element for each row, or one row
  int32_t from[3];
  int64_t in_sizes[3];  // bytes of an element
  int32_t to;
  int64_t out_size;
};

struct Rows {
  int64_t rows, length;
  int32_t num_inputs, num_outputs, num_registers, num_steps;
  int64_t widest;  // bytes of the largest element that stands anywhere
  DType dtypes[kMaxRowPlaces];
  Form forms[kMaxRowPlaces];  // of inputs and outputs
  RowStep steps[kMaxRowSteps];
};

/// Reads the attributes `registers, steps`, and for each step `opcode, dtype, kind, to, inputs, from...`; kinds are 0:
/// a function of whole rows, 1: of one element for each row, 2: a reduction. Gives what is wrong, or null.
const char* read_rows(const Call& call, Reduces reduces, Rows& rows);

}  // namespace keratin::generic
