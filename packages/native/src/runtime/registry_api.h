// The part of the registry that per-instruction-set files may see: out-of-line functions only.
#pragma once

#include "runtime/call.h"

namespace keratin {

class Registry;

/// Computes out[i] from in[0][i * steps[0]], in[1][i * steps[1]], ... for i in [0, n). A step is 1 or, for bodies that
/// take scalars, 0. `out` may be one of the inputs.
using LoopBody = void (*)(const void* const* in, const int64_t* steps, void* out, int64_t n);

/// An elementwise function as chains of several use it: all inputs have the dtype that it was registered for.
struct Body {
  LoopBody loop;
  int32_t inputs;
  bool boolean_output;  // else the output has the inputs' dtype
  bool scalars;         // whether it takes steps of 0
};

/// Reduces x[0], ..., x[n - 1] to y[0], with the same bits as the kernel for rows of up to 4096 elements.
using RowFold = void (*)(const void* x, int64_t n, void* y);

/// Reduces the rows of a matrix to one, with the same bits as the kernel; see hot/reduction_columns.h.
struct ColumnFold {
  int64_t block;  // columns that the kernel adds up at a time
  /// How many rows of this length are added side by side, as if they were one.
  int64_t (*side)(int64_t length, int64_t rows);
  /// sums[j] = what changes no sum
  void (*start)(void* sums, int64_t n);
  /// sums[j] += rows[i * pitch + j]
  void (*add)(void* sums, int64_t n, const void* rows, int64_t pitch, int64_t count);
  /// sums[j] += others[j]
  void (*join)(void* sums, const void* others, int64_t n);
  /// y[j] = sums[j], divided by the number of rows for a mean
  void (*finish)(void* y, const void* sums, int64_t n, int64_t rows);
};

/// Registry::add for files that must not include the standard library.
void add_kernel(Registry& registry, const char* name, DType dtype, Kernel kernel);

/// Registry::add_body for them.
void add_body(Registry& registry, const char* name, DType dtype, const Body& body);

/// Registry::add_row_fold for them.
void add_row_fold(Registry& registry, const char* name, DType dtype, RowFold fold);

/// Registry::add_column_fold for them.
void add_column_fold(Registry& registry, const char* name, DType dtype, const ColumnFold& fold);

}  // namespace keratin
