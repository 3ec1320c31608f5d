// A sequence backward, from the last step to the first: the gradient of a step's state is that of the output and the
// product of the following step's gradients with the transposed recurrent kernel. The gradients of the kernels are sums
// of products over a block of steps at a time, whose gradients are in the cache then. Each chunk of samples has sums of
// its own, which are added in their order.
#pragma once

#include "kernels/hot/recurrent_cells.h"

namespace keratin::KERATIN_ISA {
namespace {

/// What a forward pass took and gave, with gradients of what it gave: dh [b, t, u], dlast and dcell [b, u], each of
/// which may be null. Outputs: dx [b, t, f] may be null; dkernel [f, g u], drecurrent [u, g u], dbias [g u] and, where
/// a part of the states' product stands apart, drecurrent_bias [g u]; dh0 and, of cells with two states, dc0 [b, u].
template <class T>
struct BackwardCall {
  const T *dh, *dlast, *dcell, *x, *h, *h0, *c, *c0, *gates, *kernel, *recurrent;
  T *dx, *dkernel, *drecurrent, *dbias, *drecurrent_bias, *dh0, *dc0;
};

template <class Cell, class T>
class BackwardPass {
 public:
  BackwardPass(const SequencePlan& p, const BackwardCall<T>& call)
      : p_(p),
        call_(call),
        columns_(p.gates * p.units),
        row_(p.width * p.units),
        joint_((p.gates - Cell::kApart) * p.units),
        kernel_({call.kernel, 1, columns_}, wants_inputs() && !p.together ? columns_ : 0, p.features, 1, 2, false),
        recurrent_({call.recurrent, 1, columns_}, columns_, p.units, 1, p.panel, false) {
    // The joint gates, then what stands apart: rows of dz skip what the inputs alone are multiplied with.
    for (int64_t g = 0; g < p.gates; ++g) offsets_[g] = (g < p.gates - Cell::kApart ? g : g + Cell::kApart) * p.units;
  }

  void run() {
    start();
    if (p_.together) {
      run_together();
    } else {
      run_chunks();
    }
  }

 private:
  /// The sums of one chunk.
  struct Sums {
    T *kernel, *recurrent, *bias, *recurrent_bias;
  };

  bool wants_inputs() const { return call_.dx != nullptr && !p_.projected; }
  int64_t inputs() const { return p_.projected ? 0 : p_.features; }

  // dh0 holds the gradient of h between the steps, dc0 that of c.
  void start() const {
    const int64_t n = p_.samples * p_.units;
    fill(call_.dh0, call_.dlast, n);
    if (call_.dc0 != nullptr) fill(call_.dc0, call_.dcell, n);
  }

  static void fill(T* to, const T* from, int64_t n) {
    if (from != nullptr) {
      copy_row(from, to, n);
    } else {
      memset(to, 0, static_cast<size_t>(n) * sizeof(T));
    }
  }

  /// dh0 of a patch: what the gradients of step t send to the state before it.
  void send(const Rows<T>& dz, int64_t t, const Patch& patch) const {
    const int64_t u = p_.units;
    recurrent_.multiply(0, {dz.at(patch.sample, t), dz.sample, 1}, patch.samples, patch.unit, patch.unit + patch.units,
                        call_.dh0 + patch.sample * u, u, Cell::kPasses, nullptr, p_.gates, offsets_);
  }

  void step(const Rows<T>& dz, int64_t t, const Patch& patch) const {
    const int64_t u = p_.units;
    for (int64_t s = patch.sample; s < patch.sample + patch.samples; ++s) {
      const int64_t row = s * p_.steps + t;
      const int64_t at = row * u + patch.unit, state = s * u + patch.unit;
      const Backward<T> rows{call_.gates == nullptr ? nullptr : call_.gates + row * row_ + patch.unit,
                             call_.h + at,
                             t == 0 ? call_.h0 + state : call_.h + at - u,
                             call_.c == nullptr ? nullptr : call_.c + at,
                             call_.c == nullptr ? nullptr : (t == 0 ? call_.c0 + state : call_.c + at - u),
                             call_.dh == nullptr ? nullptr : call_.dh + at,
                             call_.dh0 + state,
                             call_.dc0 == nullptr ? nullptr : call_.dc0 + state,
                             dz.at(s, t) + patch.unit,
                             u};
      for_vectors<T>(patch.units, [&](int64_t i, auto part)
                                      __attribute__((always_inline)) { Cell::template backward<T>(rows, i, part); });
    }
  }

  /// The states before steps [first, first + count) of a sample.
  void copy_states(int64_t sample, int64_t first, int64_t count, T* to) const {
    const int64_t u = p_.units;
    const T* h = call_.h + (sample * p_.steps + first - 1) * u;
    if (first > 0) {
      copy_row(h, to, count * u);
    } else {
      copy_row(call_.h0 + sample * u, to, u);
      copy_row(h + u, to + u, (count - 1) * u);
    }
  }

  /// to [+]= the sum of `rows` rows of dz, of `columns` columns.
  void sum_rows(const T* dz, int64_t rows, int64_t columns, T* to, bool accumulate) const {
    for_vectors<T>(columns, [&](int64_t i, auto part) __attribute__((always_inline)) {
      Vec<T> sum = accumulate ? part.load(to + i) : Vec<T>{};
      for (int64_t r = 0; r < rows; ++r) sum += part.load(dz + r * row_ + i);
      part.store(to + i, sum);
    });
  }

  void sum_on_all_threads(const T* dz, int64_t rows, int64_t columns, T* to) const {
    parallel_range(columns, 128,
                   [&](int64_t begin, int64_t end) { sum_rows(dz + begin, rows, end - begin, to + begin, false); });
  }

  void sum_biases(const T* dz, int64_t rows, const Sums& sums, bool accumulate) const {
    sum_rows(dz, rows, columns_, sums.bias, accumulate);
    if (Cell::kApart == 0) return;
    sum_rows(dz, rows, joint_, sums.recurrent_bias, accumulate);
    sum_rows(dz + columns_, rows, Cell::kApart * p_.units, sums.recurrent_bias + joint_, accumulate);
  }

  /// The gradient of the inputs of steps [first, first + count) of samples from `sample` on; dz [samples, count, row].
  void to_inputs(int64_t sample, int64_t samples, int64_t first, int64_t count, const T* dz) const {
    const int64_t f = p_.features, apart = p_.steps * f;
    T* dx = call_.dx + sample * apart + first * f;
    if (!p_.projected && samples > count) {
      for (int64_t r = 0; r < count; ++r) {
        kernel_.multiply(0, {dz + r * row_, count * row_, 1}, samples, 0, f, dx + r * f, apart, false);
      }
      return;
    }
    for (int64_t s = 0; s < samples; ++s) {
      const T* from = dz + s * count * row_;
      if (p_.projected) {
        copy_rows(from, row_, count, columns_, dx + s * apart, columns_);
      } else {
        kernel_.multiply(0, {from, row_, 1}, count, 0, f, dx + s * apart, f, false);
      }
    }
  }

  int64_t chunk_groups() const {
    const int64_t groups = divide_up(p_.samples, p_.samples_chunk);
    return divide_up(groups, min_of(groups, kMostSums));
  }

  void run_chunks() const {
    const int64_t groups = divide_up(p_.samples, p_.samples_chunk), per_chunk = chunk_groups();
    const int64_t chunks = divide_up(groups, per_chunk);
    const int64_t f = inputs(), apart = Cell::kApart > 0 ? columns_ : 0;
    const int64_t size = divide_up((f + p_.units + 1) * columns_ + apart, 16) * 16;
    const Scratch others((chunks - 1) * size * static_cast<int64_t>(sizeof(T)));
    const auto sums_of = [&](int64_t chunk) -> Sums {
      if (chunk == 0) return {call_.dkernel, call_.drecurrent, call_.dbias, call_.drecurrent_bias};
      T* kernel = static_cast<T*>(others.data) + (chunk - 1) * size;
      T* recurrent = kernel + f * columns_;
      T* bias = recurrent + p_.units * columns_;
      return {kernel, recurrent, bias, bias + columns_};
    };
    parallel_chunks(chunks, [&](int64_t chunk) {
      const Sums sums = sums_of(chunk);
      const int64_t end = min_of((chunk + 1) * per_chunk, groups);
      for (int64_t group = chunk * per_chunk; group < end; ++group) run_group(group, sums, group > chunk * per_chunk);
    });
    if (chunks == 1) return;
    const auto add = [&](T* to, int64_t n, T* Sums::* part) {
      parallel_range(n, int64_t{1} << 14, [&](int64_t begin, int64_t stop) {
        for (int64_t chunk = 1; chunk < chunks; ++chunk) {
          const T* from = sums_of(chunk).*part;
          for (int64_t i = begin; i < stop; ++i) to[i] += from[i];
        }
      });
    };
    add(call_.dkernel, f * columns_, &Sums::kernel);
    add(call_.drecurrent, p_.units * columns_, &Sums::recurrent);
    add(call_.dbias, columns_, &Sums::bias);
    add(call_.drecurrent_bias, apart, &Sums::recurrent_bias);
  }

  /// Some samples through all steps. `accumulate`: the sums hold something already.
  void run_group(int64_t group, const Sums& sums, bool accumulate) const {
    const int64_t u = p_.units, f = inputs(), sample = group * p_.samples_chunk;
    const int64_t samples = min_of(p_.samples_chunk, p_.samples - sample);
    const int64_t length = min_of(max_of(kBackwardRows / samples, 1), p_.steps);
    const int64_t most = samples * length, wide = max_of(f, u);
    const int64_t panels = round_up_to_vectors<T>(joint_) + 2 * round_up_to_vectors<T>(Cell::kApart * u);
    const int64_t left = divide_up(most * wide + kTileRows + lanes<T>, 16) * 16;
    const Scratch memory((most * row_ + most * panels + 2 * left) * static_cast<int64_t>(sizeof(T)));
    T* block = static_cast<T*>(memory.data);
    T* packed = block + most * row_;
    T* rows = packed + most * panels;
    T* packed_rows = rows + left;
    const Patch patch{sample, samples, 0, u};
    for (int64_t end = p_.steps; end > 0;) {
      const int64_t count = min_of(length, end), first = end - count;
      const Rows<T> dz{block - sample * count * row_ - first * row_, count * row_, row_, -1};
      for (int64_t t = end - 1; t >= first; --t) {
        step(dz, t, patch);
        send(dz, t, patch);
      }
      const int64_t k = samples * count;
      const PackedGradients gradients(*this, block, k, packed);
      if (f > 0) {
        for (int64_t s = 0; s < samples; ++s) {
          copy_row(call_.x + ((sample + s) * p_.steps + first) * f, rows + s * count * f, count * f);
        }
        gradients.add_inputs(rows, f, packed_rows, sums.kernel, accumulate);
      }
      for (int64_t s = 0; s < samples; ++s) copy_states(sample + s, first, count, rows + s * count * u);
      gradients.add_states(rows, u, packed_rows, sums.recurrent, accumulate);
      sum_biases(block, k, sums, accumulate);
      if (call_.dx != nullptr) to_inputs(sample, samples, first, count, block);
      accumulate = true;
      end = first;
    }
  }

  /// The gradients of the sums of a block as right operands.
  class PackedGradients {
   public:
    PackedGradients(const BackwardPass& pass, const T* dz, int64_t k, T* memory) : pass_(pass), k_(k) {
      const int64_t apart = Cell::kApart * pass.p_.units;
      joint_ = pack(dz, 0, pass.joint_, memory);
      of_inputs_ = pack(dz, pass.joint_, apart, memory + round_up_to_vectors<T>(pass.joint_) * k);
      of_states_ = pack(dz, pass.columns_, apart,
                        memory + (round_up_to_vectors<T>(pass.joint_) + round_up_to_vectors<T>(apart)) * k);
    }

    void add_inputs(const T* rows, int64_t m, T* packed_rows, T* sums, bool accumulate) const {
      add(rows, m, packed_rows, of_inputs_, sums, accumulate);
    }
    void add_states(const T* rows, int64_t m, T* packed_rows, T* sums, bool accumulate) const {
      add(rows, m, packed_rows, of_states_, sums, accumulate);
    }

   private:
    static constexpr int64_t kPanel = 2;

    RightOperand<T> pack(const T* dz, int64_t first, int64_t columns, T* memory) const {
      pack_columns(Matrix<T>{dz + first, pass_.row_, 1}, k_, 0, columns, kPanel, memory);
      return {Matrix<T>{}, 0, memory, kPanel};
    }

    /// sums [m, columns] [+]= rows^T [m, k] times the gradients.
    void add(const T* rows, int64_t m, T* packed_rows, const RightOperand<T>& apart, T* sums, bool accumulate) const {
      const Matrix<T> left{rows, 1, m};
      pack_rows(left, m, k_, kPanel, packed_rows);
      Block<T> block{};
      block.m = m;
      block.k = k_;
      block.runs = 1;
      block.inner_total = k_;
      block.a = left;
      block.packed_a = packed_rows;
      block.c_row = pass_.columns_;
      block.accumulate = accumulate;
      block.end = pass_.joint_;
      block.c = sums;
      multiply_block(block, joint_);
      block.end = pass_.columns_ - pass_.joint_;
      block.c = sums + pass_.joint_;
      multiply_block(block, apart);
    }

    const BackwardPass& pass_;
    int64_t k_;
    RightOperand<T> joint_, of_inputs_, of_states_;
  };

  /// All samples, each step on all threads; then the gradients of the kernels as products over all steps.
  void run_together() const {
    const int64_t u = p_.units, rows = p_.samples * p_.steps, f = inputs();
    const Scratch block(rows * row_ * static_cast<int64_t>(sizeof(T)));
    const Scratch states(rows * u * static_cast<int64_t>(sizeof(T)));
    const Rows<T> dz{static_cast<T*>(block.data), p_.steps * row_, row_, -1};
    for (int64_t t = p_.steps - 1; t >= -1; --t) {
      for_patches(p_, [&](const Patch& patch) {
        if (t + 1 < p_.steps) send(dz, t + 1, patch);
        if (t >= 0) step(dz, t, patch);
      });
    }
    T* before = static_cast<T*>(states.data);
    parallel_chunks(p_.samples, [&](int64_t s) { copy_states(s, 0, p_.steps, before + s * p_.steps * u); });
    const int64_t apart = columns_ - joint_;
    add_product(before, u, dz.data, joint_, call_.drecurrent);
    add_product(before, u, dz.data + columns_, apart, call_.drecurrent + joint_);
    if (f > 0) add_product(call_.x, f, dz.data, columns_, call_.dkernel);
    sum_on_all_threads(dz.data, rows, columns_, call_.dbias);
    if (Cell::kApart > 0) {
      sum_on_all_threads(dz.data, rows, joint_, call_.drecurrent_bias);
      sum_on_all_threads(dz.data + columns_, rows, apart, call_.drecurrent_bias + joint_);
    }
    if (call_.dx == nullptr) return;
    if (p_.projected) {
      parallel_chunks(p_.samples, [&](int64_t s) { to_inputs(s, 1, 0, p_.steps, dz.at(s, 0)); });
      return;
    }
    Product<T> q{};
    q.m = rows;
    q.n = f;
    q.k = columns_;
    q.a = {dz.data, row_, 1};
    q.b = {call_.kernel, 1, columns_};
    q.c = call_.dx;
    q.c_row = f;
    multiply(q);
  }

  /// to [m, columns] of rows of g u: left [rows, m] transposed times columns of dz.
  void add_product(const T* left, int64_t m, const T* dz, int64_t columns, T* to) const {
    Product<T> q{};
    q.m = m;
    q.n = columns;
    q.k = p_.samples * p_.steps;
    q.a = {left, 1, m};
    q.b = {dz, row_, 1};
    q.c = to;
    q.c_row = columns_;
    multiply(q);
  }

  const SequencePlan& p_;
  const BackwardCall<T>& call_;
  const int64_t columns_, row_, joint_;
  const Factor<T> kernel_, recurrent_;
  int64_t offsets_[4];
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
