// gather, gather_nd, scatter and one_hot.
//
// All of them first turn the indices into element offsets, checking each: nothing is read or written when one is out of
// range.
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/half.h"
#include "kernels/scalar.h"
#include "kernels/strided_copy.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
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

int64_t product(const Operand& operand, int begin, int end) {
  int64_t n = 1;
  for (int axis = begin; axis < end; ++axis) n *= operand.shape[axis];
  return n;
}

/// Where the row-major position over axes [0, end) lies.
int64_t offset_of(const Operand& operand, int end, int64_t position) {
  int64_t offset = 0;
  for (int axis = end - 1; axis >= 0; --axis) {
    offset += position % operand.shape[axis] * operand.strides[axis];
    position /= operand.shape[axis];
  }
  return offset;
}

/// Whether axes [begin, rank) are evenly spaced; then the spacing.
bool is_one_axis(const Operand& operand, int begin, int64_t& stride) {
  stride = 1;
  int64_t next = -1;
  for (int axis = operand.rank - 1; axis >= begin; --axis) {
    if (operand.shape[axis] == 1) continue;
    if (next < 0) {
      stride = operand.strides[axis];
      next = stride;
    }
    if (operand.strides[axis] != next) return false;
    next *= operand.shape[axis];
  }
  return true;
}

struct Bytes16 {
  uint64_t low;
  uint64_t high;
};

/// Calls `body` with an unsigned type of the element's size.
template <class Body>
void with_unit(DType dtype, const Body& body) {
  switch (size_of(dtype)) {
    case 1:
      return body(uint8_t{});
    case 2:
      return body(uint16_t{});
    case 4:
      return body(uint32_t{});
    case 8:
      return body(uint64_t{});
    default:
      return body(Bytes16{});
  }
}

// ---- gather ------------------------------------------------------------------------------------------------------

/// y[o, i, :] = x[o, offsets[i], :] with the axes of x before `axis` as o, and `row` elements that are `row_stride`
/// apart.
template <class Unit>
void copy_rows(const Operand& x, int axis, int64_t row, int64_t row_stride, const int64_t* offsets, int64_t count,
               const Operand& y) {
  const Unit* const from = static_cast<const Unit*>(x.data);
  Unit* const to = static_cast<Unit*>(y.data);
  const int64_t num_outer = product(x, 0, axis);
  const int64_t row_bytes = row * static_cast<int64_t>(sizeof(Unit));
  parallel_range(num_outer * count, std::max<int64_t>(1, kChunkBytes / (row_bytes + 16)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end;) {
                     const int64_t outer = r / count;
                     const int64_t first = r - outer * count;
                     const int64_t last = std::min(count, first + end - r);
                     const Unit* const base = from + offset_of(x, axis, outer);
                     Unit* out = to + r * row;
                     r += last - first;
                     if (row == 1) {
                       for (int64_t i = first; i < last; ++i) *out++ = base[offsets[i]];
                     } else if (row_stride == 1) {
                       for (int64_t i = first; i < last; ++i, out += row) {
                         std::memcpy(out, base + offsets[i], static_cast<size_t>(row_bytes));
                       }
                     } else {
                       for (int64_t i = first; i < last; ++i, out += row) {
                         const Unit* const in = base + offsets[i];
                         for (int64_t j = 0; j < row; ++j) out[j] = in[j * row_stride];
                       }
                     }
                   }
                 });
}

/// Axes [axis, axis + tuple) of x are indexed.
void gather_tuples(const Operand& x, int axis, int64_t tuple, const Operand& indices, int64_t count, const Operand& y) {
  if (y.size == 0 && count == 0) return;
  const int rest = axis + static_cast<int>(tuple);
  const Offsets offsets(indices, count, tuple, x.shape + axis, x.strides + axis);
  if (y.size == 0) return;
  int64_t row_stride = 1;
  if (!is_one_axis(x, rest, row_stride)) {
    const Contiguous dense(x);
    gather_tuples(dense.operand, axis, tuple, indices, count, y);
    return;
  }
  with_unit(x.dtype, [&](auto unit) {
    copy_rows<decltype(unit)>(x, axis, product(x, rest, x.rank), row_stride, offsets.data(), count, y);
  });
}

void gather(const Call& call) {
  const Operand& indices = call.inputs[1];
  gather_tuples(call.inputs[0], static_cast<int>(call.attributes[0]), 1, indices, indices.size, call.outputs[0]);
}

void gather_nd(const Call& call) {
  const Operand& indices = call.inputs[1];
  gather_tuples(call.inputs[0], 0, indices.shape[indices.rank - 1], indices, product(indices, 0, indices.rank - 1),
                call.outputs[0]);
}

// ---- scatter -----------------------------------------------------------------------------------------------------

struct Add {
  template <class V>
  static V apply(V a, V b) {
    return a + b;
  }
};
struct Subtract {
  template <class V>
  static V apply(V a, V b) {
    return a - b;
  }
};
// A NaN on either side wins.
struct Max {
  template <class V>
  static V apply(V a, V b) {
    return (b > a) | (b != b) ? b : a;
  }
};
struct Min {
  template <class V>
  static V apply(V a, V b) {
    return (b < a) | (b != b) ? b : a;
  }
};

template <class T>
constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// Integers wrap: they are added as unsigned ones. Comparing needs the sign.
template <class Op, class T,
          bool is_wrapping = std::is_integral_v<T> && (std::is_same_v<Op, Add> || std::is_same_v<Op, Subtract>)>
struct Number {
  using Type = T;
};
template <class Op, class T>
struct Number<Op, T, true> {
  using Type = std::make_unsigned_t<T>;
};

/// y[j] = op(y[j], u[j])
template <class Op, class T>
void update_row(T* y, const T* u, int64_t n) {
  int64_t j = 0;
  if constexpr (is_half<T>) {
    for (; j < n; ++j) y[j] = T(Op::apply(static_cast<float>(y[j]), static_cast<float>(u[j])));
  } else {
    using N = typename Number<Op, T>::Type;
    using Vector [[gnu::vector_size(16)]] = N;
    constexpr int64_t kLanes = 16 / static_cast<int64_t>(sizeof(T));
    for (; j + kLanes <= n; j += kLanes) {
      Vector a;
      Vector b;
      std::memcpy(&a, y + j, sizeof(a));
      std::memcpy(&b, u + j, sizeof(b));
      a = Op::apply(a, b);
      std::memcpy(y + j, &a, sizeof(a));
    }
    for (; j < n; ++j) y[j] = static_cast<T>(Op::apply(static_cast<N>(y[j]), static_cast<N>(u[j])));
  }
}

/// y[offsets[i]] = op(y[offsets[i]], u[i]), one after the other.
template <class Op, class T>
void update_elements(T* y, const T* u, const int64_t* offsets, int64_t count) {
  for (int64_t i = 0; i < count; ++i) update_row<Op>(y + offsets[i], u + i, 1);
}

/// How one dtype and mode are updated.
template <class T>
struct Updater {
  void (*row)(T* y, const T* u, int64_t n);
  void (*elements)(T* y, const T* u, const int64_t* offsets, int64_t count);
};

template <class Op, class T>
Updater<T> updater() {
  return {&update_row<Op, T>, &update_elements<Op, T>};
}

/// Updates of one element of y come in the order of the indices, whichever way the work is split.
template <class T>
void update_all(const Updater<T>& updater, const int64_t* offsets, int64_t count, int64_t row, const T* u, T* y,
                int64_t y_size) {
  constexpr int64_t kSmallWork = 1 << 15;
  constexpr int64_t kNumRanges = 8;
  if (row == 1) {
    updater.elements(y, u, offsets, count);
    return;
  }
  if (count * row < kSmallWork || row < 16) {
    for (int64_t i = 0; i < count; ++i) updater.row(y + offsets[i], u + i * row, row);
    return;
  }
  if (row >= 1024) {
    // Each task takes its share of every row.
    const int64_t width = std::max<int64_t>(256, (row + 4 * kNumRanges - 1) / (4 * kNumRanges));
    parallel_range(row, width, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < count; ++i) updater.row(y + offsets[i] + begin, u + i * row + begin, end - begin);
    });
    return;
  }
  // Each task takes the updates that fall into its part of the destination.
  const uint64_t share = static_cast<uint64_t>((y_size + kNumRanges - 1) / kNumRanges);
  parallel_chunks(kNumRanges, [&](int64_t range) {
    const uint64_t first = static_cast<uint64_t>(range) * share;
    for (int64_t i = 0; i < count; ++i) {
      if (static_cast<uint64_t>(offsets[i]) - first < share) updater.row(y + offsets[i], u + i * row, row);
    }
  });
}

struct Set {
  template <class V>
  static V apply(V, V b) {
    return b;
  }
};

template <class T>
Updater<T> updater_of(int mode) {
  switch (mode) {
    case 0:
      return updater<Add, T>();
    case 1:
      return updater<Set, T>();
    case 2:
      return updater<Max, T>();
    case 3:
      return updater<Min, T>();
    case 4:
      return updater<Subtract, T>();
    default:
      fail("internal", "scatter: unknown mode %d", mode);
  }
}

/// `accumulates_from_zero` for scatter_add: y is cleared once the indices are known to be right.
template <class T>
void scatter(const Call& call, bool accumulates_from_zero) {
  const Operand& indices = call.inputs[0];
  const Operand& y = call.outputs[0];
  const int64_t tuple = indices.shape[indices.rank - 1];
  const int64_t count = product(indices, 0, indices.rank - 1);
  const Offsets offsets(indices, count, tuple, y.shape, y.strides);
  const Contiguous updates(call.inputs[1]);
  const int64_t row = product(y, static_cast<int>(tuple), y.rank);
  if (accumulates_from_zero) {
    const int64_t bytes = y.size * static_cast<int64_t>(sizeof(T));
    parallel_range(bytes, 4 * kChunkBytes, [&](int64_t begin, int64_t end) {
      std::memset(static_cast<char*>(y.data) + begin, 0, static_cast<size_t>(end - begin));
    });
  }
  if (row == 0 || count == 0) return;
  const int mode = accumulates_from_zero ? 0 : static_cast<int>(call.attributes[0]);
  update_all<T>(updater_of<T>(mode), offsets.data(), count, row, static_cast<const T*>(updates.operand.data),
                static_cast<T*>(y.data), y.size);
}

// The first operand holds the indices: the dtype of the updates is dispatched here.
void scatter_any(const Call& call, bool from_zero) {
  switch (call.outputs[0].dtype) {
    case DType::float32:
      return scatter<float>(call, from_zero);
    case DType::float64:
      return scatter<double>(call, from_zero);
    case DType::float16:
      return scatter<Half>(call, from_zero);
    case DType::bfloat16:
      return scatter<BFloat16>(call, from_zero);
    case DType::int8:
      return scatter<int8_t>(call, from_zero);
    case DType::int16:
      return scatter<int16_t>(call, from_zero);
    case DType::int32:
      return scatter<int32_t>(call, from_zero);
    case DType::int64:
      return scatter<int64_t>(call, from_zero);
    case DType::uint8:
    case DType::boolean:
      return scatter<uint8_t>(call, from_zero);
    case DType::uint16:
      return scatter<uint16_t>(call, from_zero);
    case DType::uint32:
      return scatter<uint32_t>(call, from_zero);
    case DType::uint64:
      return scatter<uint64_t>(call, from_zero);
    case DType::complex64:
    case DType::complex128:
      fail("internal", "scatter takes no complex numbers");
  }
}

// ---- one_hot -----------------------------------------------------------------------------------------------------

void one_hot(const Call& call) {
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  const int64_t depth = y.shape[y.rank - 1];
  const Contiguous indices(call.inputs[0]);
  with_unit(y.dtype, [&](auto unit) {
    using Unit = decltype(unit);
    alignas(16) unsigned char on_bytes[16];
    alignas(16) unsigned char off_bytes[16];
    store_scalar(y.dtype, call.attributes[0], on_bytes);
    store_scalar(y.dtype, call.attributes[1], off_bytes);
    Unit on;
    Unit off;
    std::memcpy(&on, on_bytes, sizeof(Unit));
    std::memcpy(&off, off_bytes, sizeof(Unit));
    Unit* const out = static_cast<Unit*>(y.data);
    const int64_t row_bytes = depth * static_cast<int64_t>(sizeof(Unit));
    with_index_type(indices.operand, [&](const auto* index) {
      parallel_range(indices.operand.size, std::max<int64_t>(1, kChunkBytes / row_bytes),
                     [&](int64_t begin, int64_t end) {
                       std::fill(out + begin * depth, out + end * depth, off);
                       for (int64_t i = begin; i < end; ++i) {
                         const int64_t at = index[i];
                         if (at >= 0 && at < depth) out[i * depth + at] = on;
                       }
                     });
    });
  });
}

}  // namespace

void register_indexing(Registry& registry) {
  registry.add("gather", &gather);
  registry.add("gather_nd", &gather_nd);
  registry.add("scatter", [](const Call& call) { scatter_any(call, false); });
  registry.add("scatter_add", [](const Call& call) { scatter_any(call, true); });
  registry.add("one_hot", &one_hot);
}

}  // namespace keratin::generic
