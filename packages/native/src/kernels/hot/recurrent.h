// What recurrent cells share: how a sequence is divided into work, and the recurrent kernel as all steps read it.
#pragma once

#include "kernels/hot/gemm.h"
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// A recurrent kernel of so many bytes stays in the second-level cache of each thread, which then takes some samples
// through all steps. Of a larger one each thread keeps some columns, for all samples, and threads meet after each step.
constexpr int64_t kPrivateBytes = int64_t{1} << 20;
// Samples of a chunk: fewer use what is read of the kernel too seldom.
constexpr int64_t kFewestSamples = 8;
constexpr int64_t kMostSamples = 64;
constexpr int64_t kUnitParts = 8;

/// Sizes, and how the work is shared out; depends on the sizes only.
struct SequencePlan {
  int64_t steps, samples, units;
  int64_t gates;  // parts of the recurrent kernel
  int64_t panel;  // vectors, of the packed kernel
  bool together;  // threads share each step, else they go through all steps alone
  int64_t samples_chunk, units_chunk;
};

/// What a chunk computes of one step.
struct Patch {
  int64_t sample, samples;
  int64_t unit, units;
};

template <class T>
SequencePlan plan_sequence(int64_t steps, int64_t samples, int64_t units, int64_t gates) {
  SequencePlan p{steps, samples, units, gates, 2, false, samples, units};
  const int64_t kernel = units * units * gates;
  p.together = kernel * static_cast<int64_t>(sizeof(T)) > kPrivateBytes;
  if (p.together) {
    p.samples_chunk = min_of(samples, kMostSamples);
    p.panel = p.samples_chunk <= kWideTileRows ? 4 : 2;
    const int64_t width = p.panel * lanes<T>;
    p.units_chunk = min_of(units, divide_up(divide_up(units, kUnitParts), width) * width);
    return p;
  }
  const int64_t work = steps * samples * kernel;
  const int64_t most = min_of(max_of(work / kChunkWork, 1), kManyChunks);
  p.samples_chunk = max_of(divide_up(samples, most), min_of(samples, kFewestSamples));
  p.panel = p.samples_chunk <= kWideTileRows ? 4 : 2;
  return p;
}

/// A right operand that all steps share: `parts` matrices [k, units] beside each other, each in panels of its own.
template <class T>
class PackedKernel {
 public:
  /// Parts are columns of `kernel` [units, gates * units], or one is the transpose of it all.
  PackedKernel(const SequencePlan& p, const T* kernel, bool transposed)
      : k_(transposed ? p.gates * p.units : p.units),
        parts_(transposed ? 1 : p.gates),
        size_(round_up_to_vectors<T>(p.units) * k_),
        panel_(p.panel),
        memory_(size_ * parts_ * static_cast<int64_t>(sizeof(T))) {
    const int64_t row = p.gates * p.units;
    for (int64_t part = 0; part < parts_; ++part) {
      const Matrix<T> matrix = transposed ? Matrix<T>{kernel, 1, row} : Matrix<T>{kernel + part * p.units, row, 1};
      pack_columns(matrix, k_, 0, p.units, panel_, panels(part));
    }
  }

  /// Row stride of the sums of a patch: those of each part, rounded up to whole vectors.
  int64_t stride(const Patch& patch) const { return parts_ * round_up_to_vectors<T>(patch.units); }

  /// Room for the sums of a patch, rounded up to cache lines.
  int64_t sums(const Patch& patch) const { return divide_up(patch.samples * stride(patch), 16) * 16; }

  /// sums [samples, parts, units] = a [samples, k] times the kernel; `a` begins with the patch's first sample.
  void multiply(const T* a, const Patch& patch, T* to) const {
    for (int64_t part = 0; part < parts_; ++part) {
      RightOperand<T> right{};
      right.packed = panels(part);
      right.panel = panel_;
      Block<T> block{};
      block.m = patch.samples;
      block.begin = patch.unit;
      block.end = patch.unit + patch.units;
      block.k = k_;
      block.runs = 1;
      block.inner_total = k_;
      block.a = {a, k_, 1};
      block.c = to + part * round_up_to_vectors<T>(patch.units) - patch.unit;
      block.c_row = stride(patch);
      block.padded = true;
      multiply_block(block, right);
    }
  }

 private:
  T* panels(int64_t part) const { return static_cast<T*>(memory_.data) + part * size_; }

  int64_t k_, parts_, size_, panel_;
  Scratch memory_;
};

/// Calls step(t, patch, sums) for every t from `first` in `count` strides of `stride`, after all that it depends on.
template <class T, class Step>
void for_steps(const SequencePlan& p, const PackedKernel<T>& kernel, int64_t first, int64_t count, int64_t stride,
               const Step& step) {
  const int64_t across = divide_up(p.units, p.units_chunk);
  const int64_t chunks = divide_up(p.samples, p.samples_chunk) * across;
  const int64_t room = kernel.sums(Patch{0, p.samples_chunk, 0, p.units_chunk});
  const Scratch sums(chunks * room * static_cast<int64_t>(sizeof(T)));
  const auto run = [&](int64_t chunk, int64_t begin, int64_t end) {
    Patch patch{chunk / across * p.samples_chunk, 0, chunk % across * p.units_chunk, 0};
    patch.samples = min_of(p.samples_chunk, p.samples - patch.sample);
    patch.units = min_of(p.units_chunk, p.units - patch.unit);
    for (int64_t i = begin; i < end; ++i) {
      step(first + i * stride, patch, static_cast<T*>(sums.data) + chunk * room);
    }
  };
  if (p.together) {
    for (int64_t i = 0; i < count; ++i) parallel_chunks(chunks, [&](int64_t chunk) { run(chunk, i, i + 1); });
  } else {
    parallel_chunks(chunks, [&](int64_t chunk) { run(chunk, 0, count); });
  }
}

/// body(r, sample, i, part): for each sample of the patch (the r-th of it) vectors of its units, from the i-th on.
template <class T, class Body>
[[gnu::always_inline]] inline void for_patch(const Patch& patch, const Body& body) {
  for (int64_t r = 0; r < patch.samples; ++r) {
    for_vectors<T>(patch.units,
                   [&](int64_t i, auto part) __attribute__((always_inline)) { body(r, patch.sample + r, i, part); });
  }
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
