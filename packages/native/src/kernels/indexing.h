// What the indexing kernels share: indices are turned into element offsets, each checked, before anything is read or
// written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/strided_copy.h"
#include "runtime/call.h"
#include "runtime/parallel.h"

namespace keratin {
class Registry;
}

namespace keratin::generic {

/// scatter and scatter_add: a part of the indexing family with a file of its own.
void register_indexing_scatter(Registry& registry);

namespace {

// Bytes moved by one chunk of work.
constexpr int64_t kChunkBytes = 1 << 18;

/// The operand itself, or a copy of it without gaps.
struct Contiguous {
  explicit Contiguous(const Operand& given)
      : operand(given), copy(given.contiguous ? 0 : given.size * size_of(given.dtype)) {
    if (given.contiguous) return;
    operand.data = copy.data;
    operand.contiguous = true;
    int64_t stride = 1;
    for (int axis = given.rank - 1; axis >= 0; --axis) {
      operand.strides[axis] = stride;
      stride *= given.shape[axis];
    }
    strided_copy(given, operand);
  }
  Operand operand;
  Scratch copy;
};

template <class Body>
void with_index_type(const Operand& indices, const Body& body) {
  if (indices.dtype == DType::int64) {
    body(static_cast<const int64_t*>(indices.data));
  } else {
    body(static_cast<const int32_t*>(indices.data));
  }
}

/// Element offsets of `count` index tuples; tuple component i counts along an axis of sizes[i] and strides[i].
class Offsets {
 public:
  Offsets(const Operand& indices, int64_t count, int64_t tuple, const int64_t* sizes, const int64_t* strides)
      : scratch_(count > kSmall ? count * static_cast<int64_t>(sizeof(int64_t)) : 0),
        offsets_(count > kSmall ? static_cast<int64_t*>(scratch_.data) : small_) {
    const Contiguous dense(indices);
    constexpr int64_t kGrain = 1 << 14;
    const int64_t num_chunks = std::max<int64_t>(1, (count + kGrain - 1) / kGrain);
    // The first wrong component of each chunk: fail() may not be called inside a parallel body.
    std::vector<int64_t> wrong(static_cast<size_t>(num_chunks), -1);
    with_index_type(dense.operand, [&](const auto* index) {
      parallel_chunks(num_chunks, [&](int64_t chunk) {
        const int64_t end = std::min(count, (chunk + 1) * kGrain);
        for (int64_t i = chunk * kGrain; i < end; ++i) {
          int64_t offset = 0;
          for (int64_t c = 0; c < tuple; ++c) {
            int64_t at = index[i * tuple + c];
            if (at < 0) at += sizes[c];
            if (at < 0 || at >= sizes[c]) {
              wrong[static_cast<size_t>(chunk)] = i * tuple + c;
              return;
            }
            offset += at * strides[c];
          }
          offsets_[i] = offset;
        }
      });
      for (const int64_t position : wrong) {
        if (position < 0) continue;
        fail("index", "index %lld is out of range for an axis of size %lld", static_cast<long long>(index[position]),
             static_cast<long long>(sizes[position % tuple]));
      }
    });
  }
  Offsets(const Offsets&) = delete;
  Offsets& operator=(const Offsets&) = delete;

  const int64_t* data() const { return offsets_; }

 private:
  static constexpr int64_t kSmall = 64;
  Scratch scratch_;
  int64_t small_[kSmall];
  int64_t* offsets_;
};

inline int64_t product(const Operand& operand, int begin, int end) {
  int64_t n = 1;
  for (int axis = begin; axis < end; ++axis) n *= operand.shape[axis];
  return n;
}

}  // namespace
}  // namespace keratin::generic
