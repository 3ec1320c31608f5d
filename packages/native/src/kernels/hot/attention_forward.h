// Attention by blocks of keys: sums and outputs so far are rescaled where a later block has a larger score.
#pragma once

#include "kernels/hot/attention_operands.h"

namespace keratin::KERATIN_ISA {
namespace {

// Queries that share what is packed of the keys.
constexpr int64_t kQueriesOfTask = 256;

template <class T>
struct ForwardOutputs {
  Grid<T> y;
  T* max;   // [b, h, t]
  T* rsum;  // 1 / the sum of the weights before they are divided by it; 0 for queries that give zero
};

template <class T>
class ForwardTask {
 public:
  ForwardTask(const Attention<T>& a, const ForwardOutputs<T>& out)
      : a_(a),
        out_(out),
        keep_(a.rate),
        memory_((kQueryBlock * kKeyBlock + kKeyBlock * a.size + kKeyBlock * score_width<T>(a.value_size) +
                 kQueryBlock * a.size) *
                static_cast<int64_t>(sizeof(T))),
        scores_(static_cast<T*>(memory_.data)),
        key_panels_(scores_ + kQueryBlock * kKeyBlock),
        value_panels_(key_panels_ + kKeyBlock * a.size),
        query_rows_(value_panels_ + kKeyBlock * score_width<T>(a.value_size)) {}

  /// Queries [first, first + count) of a head.
  void run(int64_t sample, int64_t head, int64_t first, int64_t count) {
    sample_ = sample;
    head_ = head;
    for (int64_t i = 0; i < count; ++i) {
      max_[i] = static_cast<T>(-__builtin_inf());
      sum_[i] = 0;
    }
    // Causal queries see nothing beyond their own positions, unless one of them sees nothing at all.
    const int64_t end = a_.causal ? min_of(first + count, a_.keys) : a_.keys;
    take_keys(first, count, 0, end);
    if (end < a_.keys && a_.unseen != kDropped && sees_nothing(count)) take_keys(first, count, end, a_.keys);
    finish(first, count);
  }

 private:
  bool sees_nothing(int64_t count) const {
    for (int64_t i = 0; i < count; ++i) {
      if (max_[i] <= a_.nothing_seen()) return true;
    }
    return false;
  }

  void take_keys(int64_t first, int64_t count, int64_t begin, int64_t end) {
    const int64_t group = head_ * a_.groups / a_.heads;
    for (int64_t key = begin; key < end; key += kKeyBlock) {
      const int64_t n = min_of(kKeyBlock, end - key);
      const RightOperand<T> keys = as_transposed(rows_of(a_.k, sample_, key, group), n, a_.size, key_panels_);
      const RightOperand<T> values = as_right(rows_of(a_.v, sample_, key, group), n, a_.value_size, value_panels_);
      for (int64_t i = 0; i < count; i += kQueryBlock) {
        const int64_t m = min_of(kQueryBlock, count - i);
        if (is_skipped(first + i + m, key, begin)) continue;
        block(keys, values, first, i, m, key, n);
      }
    }
  }

  /// Keys that causal queries up to `queries_end` do not see change nothing where each has surely seen another.
  bool is_skipped(int64_t queries_end, int64_t key, int64_t begin) const {
    return a_.causal && begin == 0 && queries_end <= key && a_.bias.data == nullptr &&
           (a_.mask.data == nullptr || a_.unseen == kDropped);
  }

  void block(const RightOperand<T>& keys, const RightOperand<T>& values, int64_t first, int64_t i, int64_t m,
             int64_t key, int64_t n) {
    using V = Vec<T>;
    const int64_t width = score_width<T>(n);
    const Matrix<T> rows = as_left(rows_of(a_.q, sample_, first + i, head_), m, a_.size, query_rows_);
    multiply_small(rows, m, a_.size, keys, n, scores_, width, true, false);
    T* y = out_.y.at(sample_, first + i, head_);
    const int64_t y_row = out_.y.stride[1];
    for (int64_t r = 0; r < m; ++r) {
      T* s = scores_ + r * width;
      const int64_t query = first + i + r;
      const T* bias =
          a_.bias.data == nullptr ? nullptr : bias_row(a_.bias, sample_, head_, query, key, n, buffers_.bias);
      const uint8_t* seen =
          a_.mask.data == nullptr ? nullptr : seen_row(a_.mask, sample_, head_, query, key, n, buffers_.seen);
      const int64_t limit = a_.causal ? max_of(query - key + 1, 0) : n;
      const T before = max_[i + r];
      const T largest = finish_scores(a_, s, n, bias, seen, limit);
      const T now = largest > before ? largest : before;
      // Nothing but minus infinity so far: all weights are zero.
      const T center = now == static_cast<T>(-__builtin_inf()) ? 0 : now;
      const T sum = sum_lanes<T>(sum_vectors<T>(width, [&](int64_t j, auto) __attribute__((always_inline)) {
        const V e = exp_of_negative(V(load<V>(s + j) - center));
        store(s + j, e);
        return e;
      }));
      T factor = 1;
      if (key > 0 && now > before) {
        factor = exp_of_negative(splat<V>(before - center))[0];
        scale_row(y + r * y_row, factor);
      }
      max_[i + r] = now;
      sum_[i + r] = sum_[i + r] * factor + sum;
      if (a_.rate > 0) drop(s, query, key, n);
    }
    multiply_small(Matrix<T>{scores_, width, 1}, m, n, values, a_.value_size, y, y_row, false, key > 0);
  }

  void drop(T* s, int64_t query, int64_t key, int64_t n) {
    using V = Vec<T>;
    const int64_t at = ((sample_ * a_.heads + head_) * a_.queries + query) * a_.keys + key;
    const auto* bits = draw_bits<T>(a_.stream, at, n, buffers_.bits);
    for (int64_t j = 0; j < n; j += lanes<T>) store(s + j, keep_(bits + j) ? load<V>(s + j) : V{});
  }

  void scale_row(T* y, T factor) const {
    for_vectors<T>(a_.value_size, [&](int64_t j, auto part)
                                      __attribute__((always_inline)) { part.store(y + j, part.load(y + j) * factor); });
  }

  void finish(int64_t first, int64_t count) {
    const int64_t at = (sample_ * a_.heads + head_) * a_.queries + first;
    for (int64_t i = 0; i < count; ++i) {
      T* y = out_.y.at(sample_, first + i, head_);
      const bool is_zero = a_.keys == 0 || (a_.unseen == kDropped && max_[i] <= a_.low);
      out_.max[at + i] = max_[i];
      out_.rsum[at + i] = is_zero ? 0 : 1 / sum_[i];
      if (is_zero) {
        for (int64_t j = 0; j < a_.value_size; ++j) y[j] = 0;
      } else {
        scale_row(y, a_.rate > 0 ? a_.kept_factor / sum_[i] : 1 / sum_[i]);
      }
    }
  }

  const Attention<T>& a_;
  const ForwardOutputs<T>& out_;
  const Keep<T> keep_;
  const Scratch memory_;
  T* scores_;
  T* key_panels_;
  T* value_panels_;
  T* query_rows_;
  int64_t sample_ = 0;
  int64_t head_ = 0;
  T max_[kQueriesOfTask];
  T sum_[kQueriesOfTask];
  RowBuffers<T> buffers_;
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
