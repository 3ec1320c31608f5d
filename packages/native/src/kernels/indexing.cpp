// gather, gather_nd and one_hot.
#include "kernels/indexing.h"

#include <algorithm>
#include <cstring>

#include "kernels/scalar.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

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
  registry.add("one_hot", &one_hot);
  register_indexing_scatter(registry);
}

}  // namespace keratin::generic
