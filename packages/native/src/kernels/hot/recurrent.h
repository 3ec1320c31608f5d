// What recurrent cells share: how a sequence is divided into work, the memory of its steps, and the matrices that all
// steps read.
#pragma once

#include "kernels/hot/gemm.h"
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// A recurrent kernel of so many bytes stays in the second-level cache of each thread, which then takes some samples
// through all steps. Of a larger one each thread keeps some columns, for all samples, and threads meet after each step.
constexpr int64_t kPrivateBytes = int64_t{1} << 20;
// Samples that go through all steps together: fewer use what is read of the kernel too seldom, more leave the caches.
constexpr int64_t kFewestSamples = 8;
constexpr int64_t kMostGroupSamples = 32;
// Where threads share each step.
constexpr int64_t kMostSamples = 64;
constexpr int64_t kUnitParts = 8;
// Steps are taken in blocks: what the inputs add to them is computed for a block at once, and the gradients of kernels
// are, while all of it is in the second-level cache.
constexpr int64_t kBlockBytes = int64_t{1} << 19;
constexpr int64_t kForwardSteps = 28;
constexpr int64_t kBackwardRows = 128;
// Sums of the gradients of kernels: each takes the memory of the kernels.
constexpr int64_t kMostSums = 8;

/// Sizes, and how the work is shared out; depends on the sizes only.
struct SequencePlan {
  int64_t samples, steps, features, units;
  int64_t gates;   // parts of the kernels
  int64_t width;   // units of a step's memory: those of the gates, and what stands apart of the recurrent product
  bool projected;  // x holds the inputs times their kernel already
  bool together;   // threads share each step, else they go through all steps alone
  bool direct;     // kernels are read where they lie: too few rows would repay a copy
  int64_t panel;   // vectors, of packed recurrent kernels
  int64_t samples_chunk, units_chunk;
};

/// What a thread computes of one step.
struct Patch {
  int64_t sample, samples;
  int64_t unit, units;
};

template <class T>
SequencePlan plan_sequence(int64_t samples, int64_t steps, int64_t features, int64_t units, int64_t gates,
                           int64_t apart, bool projected) {
  SequencePlan p{};
  p.samples = samples;
  p.steps = steps;
  p.features = features;
  p.units = units;
  p.gates = gates;
  p.width = gates + apart;
  p.projected = projected;
  const int64_t kernel = units * units * gates;
  p.direct = samples * steps <= 10 * kTileRows;
  p.together = kernel * static_cast<int64_t>(sizeof(T)) > kPrivateBytes;
  p.units_chunk = units;
  if (p.together) {
    p.samples_chunk = min_of(samples, kMostSamples);
  } else {
    const int64_t work = steps * samples * (kernel + (projected ? 0 : features * units * gates));
    const int64_t most = min_of(max_of(work / kChunkWork, 1), kManyChunks);
    p.samples_chunk = min_of(max_of(divide_up(samples, most), min_of(samples, kFewestSamples)), kMostGroupSamples);
    if (steps == 1) p.samples_chunk = divide_up(samples, most);
  }
  p.panel = p.samples_chunk <= kWideTileRows ? 4 : 2;
  if (p.together) {
    const int64_t width = p.panel * lanes<T>;
    p.units_chunk = min_of(units, divide_up(divide_up(units, kUnitParts), width) * width);
  }
  return p;
}

/// Rows of values, one for each sample and step.
template <class T>
struct Rows {
  T* data;
  int64_t sample, step;  // strides
  int64_t mask;          // -1: all steps; 1: two of them in turns; 0: one
  T* at(int64_t s, int64_t t) const { return data + s * sample + (t & mask) * step; }
};

/// A right operand of many products, in one or several parts of its columns that each begin a panel of their own.
template <class T>
class Factor {
 public:
  static constexpr int64_t kMostParts = 4;

  /// `parts` times `columns` of a k x (parts * columns) matrix.
  Factor(const Matrix<T>& matrix, int64_t k, int64_t columns, int64_t parts, int64_t panel, bool direct)
      : k_(k), size_(round_up_to_vectors<T>(columns) * k), memory_(bytes(parts, columns, panel, direct)) {
    const int64_t width = panel * lanes<T>;
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t first = direct ? columns / width * width : 0;
      const Matrix<T> own{matrix.data + part * columns * matrix.column, matrix.row, matrix.column};
      T* packed = static_cast<T*>(memory_.data) + part * size_;
      parts_[part] = {own, first, packed, panel};
      if (first < columns) {
        pack_columns(Matrix<T>{own.data + first * own.column, own.row, own.column}, k, 0, columns - first, panel,
                     packed);
      }
    }
  }

  /// c [m, begin .. end] = [c +] a [m, k] times columns [begin, end) of a part, + bias. `offsets`: the rows of a are
  /// `runs` stretches.
  void multiply(int64_t part, const Matrix<T>& a, int64_t m, int64_t begin, int64_t end, T* c, int64_t c_row,
                bool accumulate, const T* bias = nullptr, int64_t runs = 1, const int64_t* offsets = nullptr) const {
    Block<T> block{};
    block.m = m;
    block.begin = begin;
    block.end = end;
    block.k = k_ / runs;
    block.runs = runs;
    block.offsets = offsets;
    block.inner_total = k_;
    block.a = a;
    block.c = c;
    block.c_row = c_row;
    block.accumulate = accumulate;
    block.bias = bias;
    multiply_block(block, parts_[part]);
  }

 private:
  int64_t bytes(int64_t parts, int64_t columns, int64_t panel, bool direct) const {
    const bool needed = !direct || columns % (panel * lanes<T>) != 0;
    return needed ? parts * size_ * static_cast<int64_t>(sizeof(T)) : 0;
  }

  int64_t k_, size_;
  Scratch memory_;
  RightOperand<T> parts_[kMostParts];
};

/// How the columns of a recurrent kernel are used: [first, first + columns) of it stand at `to` of a step's memory.
struct Columns {
  int64_t first, columns, to;
  bool apart;  // beside what the inputs add, with the bias of the states
};

/// Those that are computed at once, for a patch of units.
struct ColumnParts {
  int64_t count;
  Columns parts[4];

  explicit ColumnParts(const SequencePlan& p) : count(0) {
    const int64_t u = p.units, apart = p.width - p.gates, joint = p.gates - apart;
    if (p.together) {
      for (int64_t g = 0; g < p.gates; ++g) {
        const bool is_apart = g >= joint;
        parts[count++] = {g * u, u, (is_apart ? g + apart : g) * u, is_apart};
      }
      return;
    }
    if (joint > 0) parts[count++] = {0, joint * u, 0, false};
    if (apart > 0) parts[count++] = {joint * u, apart * u, p.gates * u, true};
  }
};

/// Calls step(patch) for patches that cover all samples and units, on all threads.
template <class Step>
void for_patches(const SequencePlan& p, const Step& step) {
  const int64_t across = divide_up(p.units, p.units_chunk);
  parallel_chunks(divide_up(p.samples, p.samples_chunk) * across, [&](int64_t chunk) {
    Patch patch{chunk / across * p.samples_chunk, 0, chunk % across * p.units_chunk, 0};
    patch.samples = min_of(p.samples_chunk, p.samples - patch.sample);
    patch.units = min_of(p.units_chunk, p.units - patch.unit);
    step(patch);
  });
}

template <class T>
void copy_rows(const T* from, int64_t from_row, int64_t rows, int64_t columns, T* to, int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r) copy_row(from + r * from_row, to + r * to_row, columns);
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
