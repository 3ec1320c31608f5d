// The gradients of attention: weights are computed again from the statistics of each query, block by block. With
// P the weights, M dropout's factors and D = sum(dy y) a query:
//   dV = (P M)^T dY, dS = P ((dY V^T) M - D), dQ = dS K scale, dK = dS^T Q scale
// (Dao, "FlashAttention-2: Faster attention with better parallelism and work partitioning", 2023).
#pragma once

#include "kernels/hot/attention_operands.h"

namespace keratin::KERATIN_ISA {
namespace {

template <class T>
struct GradientOperands {
  Grid<const T> dy, y;
  const T* max;
  const T* rsum;
  Grid<T> dk, dv;
  T* dbias;  // [b, h, t, s], null where it is not wanted
};

template <class T>
class GradientTask {
 public:
  GradientTask(const Attention<T>& a, const GradientOperands<T>& g)
      : a_(a),
        g_(g),
        keep_(a.rate),
        memory_((2 * kQueryBlock * kKeyBlock + kKeyBlock * (a.size + a.value_size + score_width<T>(a.size)) +
                 kQueryBlock * (a.size + a.value_size + score_width<T>(a.size) + score_width<T>(a.value_size))) *
                static_cast<int64_t>(sizeof(T))),
        weights_(static_cast<T*>(memory_.data)),
        slopes_(weights_ + kQueryBlock * kKeyBlock),
        key_panels_(slopes_ + kQueryBlock * kKeyBlock),
        value_panels_(key_panels_ + kKeyBlock * a.size),
        key_rows_(value_panels_ + kKeyBlock * a.value_size),
        query_rows_(key_rows_ + kKeyBlock * score_width<T>(a.size)),
        dy_rows_(query_rows_ + kQueryBlock * a.size),
        query_panels_(dy_rows_ + kQueryBlock * a.value_size),
        dy_panels_(query_panels_ + kQueryBlock * score_width<T>(a.size)) {}

  /// What keys [begin, end) of a group give; dq, of the heads of the group, is added to.
  void run(int64_t sample, int64_t group, int64_t begin, int64_t end, const Grid<T>& dq) {
    const int64_t repeats = a_.heads / a_.groups;
    for (int64_t key = begin; key < end; key += kKeyBlock) {
      const int64_t n = min_of(kKeyBlock, end - key);
      const Matrix<T> k = rows_of(a_.k, sample, key, group);
      const Matrix<T> v = rows_of(a_.v, sample, key, group);
      const KeyBlock keys{key,
                          n,
                          score_width<T>(n),
                          as_transposed(k, n, a_.size, key_panels_),
                          as_transposed(v, n, a_.value_size, value_panels_),
                          as_right(k, n, a_.size, key_rows_),
                          g_.dk.at(sample, key, group),
                          g_.dv.at(sample, key, group)};
      clear(keys.dk, g_.dk.stride[1], n, a_.size);
      clear(keys.dv, g_.dv.stride[1], n, a_.value_size);
      for (int64_t head = group * repeats; head < (group + 1) * repeats; ++head) {
        for (int64_t first = 0; first < a_.queries; first += kQueryBlock) {
          const int64_t m = min_of(kQueryBlock, a_.queries - first);
          if (is_skipped(sample, head, first, m, key)) {
            clear_bias(sample, head, first, m, keys);
          } else {
            block(sample, head, first, m, keys, dq);
          }
        }
      }
    }
  }

 private:
  struct KeyBlock {
    int64_t first, n, width;
    RightOperand<T> transposed_keys, transposed_values, keys;
    T* dk;
    T* dv;
  };

  static void clear(T* rows, int64_t stride, int64_t count, int64_t size) {
    for (int64_t i = 0; i < count; ++i) memset(rows + i * stride, 0, static_cast<size_t>(size) * sizeof(T));
  }

  T* dbias_row(int64_t sample, int64_t head, int64_t query, const KeyBlock& keys) const {
    return g_.dbias + ((sample * a_.heads + head) * a_.queries + query) * a_.keys + keys.first;
  }

  void clear_bias(int64_t sample, int64_t head, int64_t first, int64_t m, const KeyBlock& keys) const {
    if (g_.dbias != nullptr) clear(dbias_row(sample, head, first, keys), a_.keys, m, keys.n);
  }

  /// Keys that causal queries do not see have no weight, unless a query sees no key at all.
  bool is_skipped(int64_t sample, int64_t head, int64_t first, int64_t m, int64_t key) const {
    if (!a_.causal || first + m > key) return false;
    const T* max = g_.max + (sample * a_.heads + head) * a_.queries + first;
    for (int64_t i = 0; i < m; ++i) {
      if (max[i] <= a_.nothing_seen()) return false;
    }
    return true;
  }

  void block(int64_t sample, int64_t head, int64_t first, int64_t m, const KeyBlock& keys, const Grid<T>& dq) {
    const Matrix<T> q = rows_of(a_.q, sample, first, head);
    const Matrix<T> dy = rows_of(g_.dy, sample, first, head);
    const Matrix<T> left_q = as_left(q, m, a_.size, query_rows_);
    const Matrix<T> left_dy = as_left(dy, m, a_.value_size, dy_rows_);
    multiply_small(left_q, m, a_.size, keys.transposed_keys, keys.n, weights_, keys.width, true, false);
    multiply_small(left_dy, m, a_.value_size, keys.transposed_values, keys.n, slopes_, keys.width, true, false);
    for (int64_t r = 0; r < m; ++r) row(sample, head, first + r, r, left_dy.data + r * left_dy.row, keys);
    const Matrix<T> turned_weights{weights_, 1, keys.width};
    const Matrix<T> turned_slopes{slopes_, 1, keys.width};
    const RightOperand<T> right_dy = as_right(left_dy, m, a_.value_size, dy_panels_);
    const RightOperand<T> right_q = as_right(left_q, m, a_.size, query_panels_);
    multiply_small(turned_weights, keys.n, m, right_dy, a_.value_size, keys.dv, g_.dv.stride[1], false, true);
    multiply_small(turned_slopes, keys.n, m, right_q, a_.size, keys.dk, g_.dk.stride[1], false, true);
    multiply_small(Matrix<T>{slopes_, keys.width, 1}, m, keys.n, keys.keys, a_.size, dq.at(sample, first, head),
                   dq.stride[1], false, true);
  }

  /// From products to weights after dropout, and to gradients of the products.
  void row(int64_t sample, int64_t head, int64_t query, int64_t r, const T* dy, const KeyBlock& keys) {
    using V = Vec<T>;
    const int64_t n = keys.n;
    T* s = weights_ + r * keys.width;
    T* d = slopes_ + r * keys.width;
    const T* bias =
        a_.bias.data == nullptr ? nullptr : bias_row(a_.bias, sample, head, query, keys.first, n, buffers_.bias);
    const uint8_t* seen =
        a_.mask.data == nullptr ? nullptr : seen_row(a_.mask, sample, head, query, keys.first, n, buffers_.seen);
    finish_scores(a_, s, n, bias, seen, a_.causal ? max_of(query - keys.first + 1, 0) : n);
    const int64_t at = (sample * a_.heads + head) * a_.queries + query;
    const T center = g_.max[at];
    const V rsum = broadcast(g_.rsum[at]);
    const T* y = g_.y.at(sample, query, head);
    const V total = broadcast(dot(dy, y));
    const V scale = broadcast(a_.scale);
    T* dbias = g_.dbias == nullptr ? nullptr : dbias_row(sample, head, query, keys);
    if (a_.rate > 0) {
      const auto* bits = draw_bits<T>(a_.stream, at * a_.keys + keys.first, n, buffers_.bits);
      const V factor = broadcast(a_.kept_factor);
      for_vectors<T>(n, [&](int64_t j, auto part) __attribute__((always_inline)) {
        const V weight = exp_of_negative(V(load<V>(s + j) - center)) * rsum;
        const auto kept = keep_(bits + j);
        const V slope = weight * ((kept ? load<V>(d + j) * factor : V{}) - total);
        store(s + j, kept ? weight * factor : V{});
        store(d + j, slope * scale);
        if (dbias != nullptr) part.store(dbias + j, slope);
      });
    } else {
      for_vectors<T>(n, [&](int64_t j, auto part) __attribute__((always_inline)) {
        const V weight = exp_of_negative(V(load<V>(s + j) - center)) * rsum;
        const V slope = weight * (load<V>(d + j) - total);
        store(s + j, weight);
        store(d + j, slope * scale);
        if (dbias != nullptr) part.store(dbias + j, slope);
      });
    }
    if (a_.unseen != kShifted && center <= a_.low) {
      // No score of this query has reached its weights.
      memset(d, 0, static_cast<size_t>(keys.width) * sizeof(T));
      if (dbias != nullptr) memset(dbias, 0, static_cast<size_t>(n) * sizeof(T));
    }
  }

  T dot(const T* dy, const T* y) const {
    using V = Vec<T>;
    const int64_t step = g_.y.stride[3];
    if (step != 1) {
      T sum = 0;
      for (int64_t j = 0; j < a_.value_size; ++j) sum += dy[j] * y[j * step];
      return sum;
    }
    return sum_lanes<T>(sum_vectors<T>(a_.value_size, [&](int64_t j, auto part) __attribute__((always_inline)) {
      return V(part.load(dy + j) * part.load(y + j));
    }));
  }

  const Attention<T>& a_;
  const GradientOperands<T>& g_;
  const Keep<T> keep_;
  const Scratch memory_;
  T* weights_;
  T* slopes_;
  T* key_panels_;
  T* value_panels_;
  T* key_rows_;
  T* query_rows_;
  T* dy_rows_;
  T* query_panels_;
  T* dy_panels_;
  RowBuffers<T> buffers_;
};

}  // namespace
}  // namespace keratin::KERATIN_ISA
