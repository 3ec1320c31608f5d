// argmax and argmin for every number dtype: the first of equal extremes. NaN is passed over, as in TensorFlow: what no
// number beats is 0.
#include "kernels/reduction_arg.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/half.h"
#include "kernels/reduction_plan.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

constexpr int64_t kMaxWidth = 256;

template <class T>
using Comparable = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

/// Whether x takes the place of `best`, which was met earlier.
template <bool is_max, class C>
bool beats(C x, C best) {
  return is_max ? x > best : x < best;
}

/// What a row begins with: floats with the infinity that every other number beats, so that NaN does not count.
template <bool is_max, class C>
C start(C first) {
  if constexpr (!std::is_floating_point_v<C>) return first;
  return is_max ? -std::numeric_limits<C>::infinity() : std::numeric_limits<C>::infinity();
}

/// The extreme of n elements that lie next to each other: first its block, from vectors, then its place in the block.
template <bool is_max, class T>
int64_t find_in_row(const T* p, int64_t n) {
  using Vector [[gnu::vector_size(16)]] = T;
  constexpr int64_t kLanes = 16 / static_cast<int64_t>(sizeof(T));
  constexpr int64_t kUnrolled = 4;
  constexpr int64_t kBlock = 256;
  const auto load = [](const T* from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
  };
  T best = start<is_max>(p[0]);
  int64_t found = -1;
  if (n < kBlock) {
    for (int64_t i = 0; i < n; ++i) {
      if (!beats<is_max>(p[i], best)) continue;
      best = p[i];
      found = i;
    }
    return std::max(found, int64_t{0});
  }
  for (int64_t i = 0; i < n; i += kBlock) {
    // The last block overlaps the one before: what it holds of that one beats nothing.
    const int64_t first = std::min(i, n - kBlock);
    Vector extreme[kUnrolled];
    for (Vector& lanes : extreme) lanes = Vector{} + best;
    for (int64_t j = first; j < first + kBlock; j += kUnrolled * kLanes) {
      for (int64_t u = 0; u < kUnrolled; ++u) {
        const Vector x = load(p + j + u * kLanes);
        extreme[u] = (is_max ? x > extreme[u] : x < extreme[u]) ? x : extreme[u];
      }
    }
    for (int64_t u = 0; u < kUnrolled; ++u) {
      for (int64_t l = 0; l < kLanes; ++l) {
        if (!beats<is_max>(extreme[u][l], best)) continue;
        best = extreme[u][l];
        found = first;
      }
    }
  }
  if (found < 0) return 0;
  while (p[found] != best) ++found;
  return found;
}

template <bool is_max, class T>
void find_extremes(const Call& call) {
  using C = Comparable<T>;
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  ReductionPlan plan;
  make_plan(x, y, call.attributes, call.num_attributes, plan);
  const int axis = static_cast<int>(call.attributes[0]);
  const int64_t n = x.shape[axis];
  // The plan may turn an axis round; positions count from its first element.
  const int64_t stride = x.strides[axis];
  const T* from = static_cast<const T*>(x.data) + plan.in_start - (stride < 0 ? (n - 1) * stride : 0);
  int32_t* to = static_cast<int32_t*>(y.data) + plan.out_start;

  const bool has_columns = !plan.rows && plan.kept.count > 0;
  const ReductionAxis columns = has_columns ? plan.kept.axes[plan.kept.count - 1] : ReductionAxis{1, 1, 1};
  const int64_t block = std::min(columns.size, kMaxWidth);
  const int64_t num_blocks = (columns.size + block - 1) / block;
  const int64_t grain = std::max(int64_t{1}, kReductionChunk / 4 / (n * block + 8));
  parallel_range(plan.kept.positions / columns.size * num_blocks, grain, [&](int64_t begin, int64_t end) {
    C best[kMaxWidth];
    int32_t index[kMaxWidth];
    for (int64_t unit = begin; unit < end; ++unit) {
      const Odometer at(plan.kept.axes, plan.kept.count - (has_columns ? 1 : 0), unit / num_blocks);
      const int64_t first = unit % num_blocks * block;
      const int64_t width = std::min(columns.size - first, block);
      const T* p = from + at.in + first * columns.in;
      if constexpr (std::is_same_v<T, C>) {
        if (width == 1 && stride == 1) {
          to[at.out + first * columns.out] = static_cast<int32_t>(find_in_row<is_max>(p, n));
          continue;
        }
      }
      for (int64_t j = 0; j < width; ++j) {
        best[j] = start<is_max>(static_cast<C>(p[j * columns.in]));
        index[j] = 0;
      }
      for (int64_t i = 0; i < n; ++i) {
        const T* row = p + i * stride;
        for (int64_t j = 0; j < width; ++j) {
          const C value = static_cast<C>(row[j * columns.in]);
          if (!beats<is_max>(value, best[j])) continue;
          best[j] = value;
          index[j] = static_cast<int32_t>(i);
        }
      }
      int32_t* out = to + at.out + first * columns.out;
      for (int64_t j = 0; j < width; ++j) out[j * columns.out] = index[j];
    }
  });
}

template <class T>
void add(Registry& registry, DType dtype) {
  registry.add("argmax", dtype, &find_extremes<true, T>);
  registry.add("argmin", dtype, &find_extremes<false, T>);
}

}  // namespace

void register_reduction_arg(Registry& registry) {
  add<float>(registry, DType::float32);
  add<double>(registry, DType::float64);
  add<Half>(registry, DType::float16);
  add<BFloat16>(registry, DType::bfloat16);
  add<int8_t>(registry, DType::int8);
  add<int16_t>(registry, DType::int16);
  add<int32_t>(registry, DType::int32);
  add<int64_t>(registry, DType::int64);
  add<uint8_t>(registry, DType::uint8);
  add<uint16_t>(registry, DType::uint16);
  add<uint32_t>(registry, DType::uint32);
  add<uint64_t>(registry, DType::uint64);
  // Booleans are bytes of 0 or 1.
  add<uint8_t>(registry, DType::boolean);
}

}  // namespace keratin::generic
