// A sequence forward: the inputs times their kernel, then step by step the product of the states with the recurrent
// kernel onto it and, while these sums are in the cache, everything that follows from them.
#pragma once

#include "kernels/hot/recurrent_cells.h"

namespace keratin::KERATIN_ISA {
namespace {

/// x [b, t, f], states [b, u], kernel [f, g u], recurrent [u, g u], bias [g u] and, where a part of the product of the
/// states stands apart, its bias [g u]. Outputs: h, c [b, t, u] and gates [b, t, width u] may be null; last and cell
/// [b, u], the latter with c alone.
template <class T>
struct ForwardCall {
  const T *x, *h0, *c0, *kernel, *recurrent, *bias, *recurrent_bias;
  T *h, *last, *cell, *c, *gates;
};

template <class Cell, class T>
class ForwardPass {
 public:
  ForwardPass(const SequencePlan& p, const ForwardCall<T>& call)
      : p_(p),
        call_(call),
        parts_(p),
        bias_(static_cast<int64_t>(sizeof(T)) * p.gates * p.units),
        kernel_({call.kernel, p.gates * p.units, 1}, p.projected || p.together ? 0 : p.features, p.gates * p.units, 1,
                2, p.direct),
        recurrent_({call.recurrent, p.gates * p.units, 1}, p.units, parts_.parts[0].columns, joint_parts(), p.panel,
                   p.direct),
        apart_({call.recurrent + (p.gates - Cell::kApart) * p.units, p.gates * p.units, 1}, p.together ? 0 : p.units,
               Cell::kApart * p.units, 1, p.panel, p.direct) {
    // The bias of the states too, where their product is added to that of the inputs.
    T* bias = static_cast<T*>(bias_.data);
    copy_row(call.bias, bias, p.gates * p.units);
    if (Cell::kApart > 0) {
      for (int64_t i = 0; i < (p.gates - Cell::kApart) * p.units; ++i) bias[i] += call.recurrent_bias[i];
    }
  }

  void run() {
    if (p_.together) {
      run_together();
    } else {
      parallel_chunks(divide_up(p_.samples, p_.samples_chunk), [&](int64_t chunk) { run_group(chunk); });
    }
  }

 private:
  /// The memory of the steps of some samples; rows are numbered from the first one.
  struct Memory {
    Rows<T> z, h, c;
    const T *h0, *c0;
  };

  int64_t joint_parts() const { return p_.together ? p_.gates : 1; }
  int64_t row() const { return p_.width * p_.units; }

  /// What the inputs add in steps [first, first + count) of samples from `sample` on; `z` begins with them.
  void project(int64_t sample, int64_t samples, int64_t first, int64_t count, const Rows<T>& z) const {
    const int64_t columns = p_.gates * p_.units, f = p_.features, apart = p_.steps * f;
    const T* x = call_.x + sample * apart + first * f;
    const T* bias = static_cast<const T*>(bias_.data);
    if (p_.projected) {
      for (int64_t s = 0; s < samples; ++s) {
        for (int64_t r = 0; r < count; ++r) add_bias(x + s * apart + r * f, z.at(s, first + r));
      }
    } else if (samples > count) {
      // Products of many rows: those of one step, or those of one sample.
      for (int64_t r = 0; r < count; ++r) {
        kernel_.multiply(0, {x + r * f, apart, 1}, samples, 0, columns, z.at(0, first + r), z.sample, false, bias);
      }
    } else {
      for (int64_t s = 0; s < samples; ++s) {
        kernel_.multiply(0, {x + s * apart, f, 1}, count, 0, columns, z.at(s, first), row(), false, bias);
      }
    }
  }

  void add_bias(const T* x, T* z) const {
    const T* bias = static_cast<const T*>(bias_.data);
    for_vectors<T>(p_.gates * p_.units, [&](int64_t i, auto part) __attribute__((always_inline)) {
      part.store(z + i, part.load(x + i) + part.load(bias + i));
    });
  }

  void step(const Memory& m, int64_t t, const Patch& patch) const {
    const int64_t u = p_.units;
    const T* before = t == 0 ? m.h0 : m.h.at(0, t - 1);
    const int64_t before_row = t == 0 ? u : m.h.sample;
    for (int64_t i = 0; i < parts_.count; ++i) {
      const Columns& columns = parts_.parts[i];
      const int64_t begin = p_.together ? patch.unit : 0;
      const int64_t end = p_.together ? patch.unit + patch.units : columns.columns;
      const T* bias = columns.apart ? call_.recurrent_bias + columns.first : nullptr;
      const bool alone = !p_.together && columns.apart;
      const Factor<T>& factor = alone ? apart_ : recurrent_;
      factor.multiply(alone || !p_.together ? 0 : i, {before + patch.sample * before_row, before_row, 1}, patch.samples,
                      begin, end, m.z.at(patch.sample, t) + columns.to, m.z.sample, !columns.apart, bias);
    }
    for (int64_t s = patch.sample; s < patch.sample + patch.samples; ++s) {
      const T* c_before = t == 0 ? m.c0 + s * u : m.c.at(s, t - 1);
      const Forward<T> rows{m.z.at(s, t) + patch.unit, (t == 0 ? m.h0 + s * u : m.h.at(s, t - 1)) + patch.unit,
                            c_before + patch.unit,     m.h.at(s, t) + patch.unit,
                            m.c.at(s, t) + patch.unit, u,
                            call_.gates != nullptr};
      for_vectors<T>(patch.units, [&](int64_t i, auto part)
                                      __attribute__((always_inline)) { Cell::template forward<T>(rows, i, part); });
    }
  }

  /// `count` samples from the first one of the memory on.
  void finish(const Memory& m, int64_t sample, int64_t count) const {
    const int64_t u = p_.units, t = p_.steps - 1;
    copy_rows<T>(m.h.at(0, t), m.h.sample, count, u, call_.last + sample * u, u);
    if (call_.cell != nullptr) copy_rows<T>(m.c.at(0, t), m.c.sample, count, u, call_.cell + sample * u, u);
  }

  /// Some samples through all steps.
  void run_group(int64_t chunk) const {
    const int64_t sample = chunk * p_.samples_chunk, u = p_.units;
    const int64_t samples = min_of(p_.samples_chunk, p_.samples - sample);
    const int64_t fitting = kBlockBytes / (samples * row() * static_cast<int64_t>(sizeof(T)));
    const int64_t length = min_of(min_of(max_of(fitting, 1), kForwardSteps), p_.steps);
    const bool keep = call_.gates != nullptr;
    const int64_t z_size = keep ? 0 : samples * length * row();
    const Scratch memory((z_size + 3 * samples * u) * static_cast<int64_t>(sizeof(T)));
    T* states = static_cast<T*>(memory.data);
    Memory m{};
    m.h0 = call_.h0 + sample * u;
    m.c0 = call_.c0 == nullptr ? m.h0 : call_.c0 + sample * u;
    m.h = call_.h != nullptr ? Rows<T>{call_.h + sample * p_.steps * u, p_.steps * u, u, -1}
                             : Rows<T>{states, u, samples * u, 1};
    m.c = call_.c != nullptr ? Rows<T>{call_.c + sample * p_.steps * u, p_.steps * u, u, -1}
                             : Rows<T>{states + 2 * samples * u, u, 0, 0};
    T* block = states + 3 * samples * u;
    const Patch patch{0, samples, 0, u};
    for (int64_t first = 0; first < p_.steps; first += length) {
      const int64_t count = min_of(length, p_.steps - first);
      m.z = keep ? Rows<T>{call_.gates + sample * p_.steps * row(), p_.steps * row(), row(), -1}
                 : Rows<T>{block - first * row(), length * row(), row(), -1};
      project(sample, samples, first, count, m.z);
      for (int64_t t = first; t < first + count; ++t) step(m, t, patch);
    }
    finish(m, sample, samples);
  }

  /// All samples, each step on all threads.
  void run_together() const {
    const int64_t u = p_.units, rows = p_.samples * p_.steps;
    const Scratch z(call_.gates != nullptr ? 0 : rows * row() * static_cast<int64_t>(sizeof(T)));
    const Scratch states(3 * p_.samples * u * static_cast<int64_t>(sizeof(T)));
    T* data = static_cast<T*>(states.data);
    Memory m{};
    m.h0 = call_.h0;
    m.c0 = call_.c0 == nullptr ? call_.h0 : call_.c0;
    m.z = {call_.gates != nullptr ? call_.gates : static_cast<T*>(z.data), p_.steps * row(), row(), -1};
    m.h = call_.h != nullptr ? Rows<T>{call_.h, p_.steps * u, u, -1} : Rows<T>{data, u, p_.samples * u, 1};
    m.c = call_.c != nullptr ? Rows<T>{call_.c, p_.steps * u, u, -1} : Rows<T>{data + 2 * p_.samples * u, u, 0, 0};
    if (p_.projected) {
      parallel_chunks(p_.samples,
                      [&](int64_t s) { project(s, 1, 0, p_.steps, {m.z.at(s, 0), m.z.sample, row(), -1}); });
    } else {
      Product<T> q{};
      q.m = rows;
      q.n = p_.gates * u;
      q.k = p_.features;
      q.a = {call_.x, p_.features, 1};
      q.b = {call_.kernel, p_.gates * u, 1};
      q.c = m.z.data;
      q.c_row = row();
      q.bias = static_cast<const T*>(bias_.data);
      multiply(q);
    }
    for (int64_t t = 0; t < p_.steps; ++t) for_patches(p_, [&](const Patch& patch) { step(m, t, patch); });
    finish(m, 0, p_.samples);
  }

  const SequencePlan& p_;
  const ForwardCall<T>& call_;
  const ColumnParts parts_;
  const Scratch bias_;
  const Factor<T> kernel_, recurrent_, apart_;
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
