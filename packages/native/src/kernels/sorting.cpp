// argsort and searchsorted. Elements become unsigned keys in the same order, so that one comparison serves every dtype:
// NaN is larger than all numbers, -0 equals 0.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/half.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T>
Bits<T> key_of(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return key_of(static_cast<float>(value));
  } else {
    using U = Bits<T>;
    constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
    if constexpr (std::is_floating_point_v<T>) {
      if (value != value) return ~U{0};
      const U bits = std::bit_cast<U>(value == 0 ? T(0) : value);
      return bits & kSign ? ~bits : bits | kSign;
    } else if constexpr (std::is_signed_v<T>) {
      using Wide = std::make_signed_t<U>;
      return static_cast<U>(static_cast<Wide>(value)) ^ kSign;
    } else {
      return static_cast<U>(value);
    }
  }
}

/// A key of 64 bits and where it came from; keys of 32 bits share one word with it.
struct WideItem {
  uint64_t key;
  uint32_t index;
  bool operator<(const WideItem& other) const { return key < other.key || (key == other.key && index < other.index); }
};

inline uint64_t item_of(uint32_t key, uint32_t index) { return static_cast<uint64_t>(key) << 32 | index; }
inline WideItem item_of(uint64_t key, uint32_t index) { return {key, index}; }
inline uint32_t key_of_item(uint64_t item) { return static_cast<uint32_t>(item >> 32); }
inline uint64_t key_of_item(const WideItem& item) { return item.key; }
inline int32_t index_of(uint64_t item) { return static_cast<int32_t>(item & 0xffffffffu); }
inline int32_t index_of(const WideItem& item) { return static_cast<int32_t>(item.index); }

constexpr int64_t kRadixSize = 1 << 11;
constexpr int64_t kRadixLeast = 4096;

/// Sorts by the upper 32 bits, stably: three passes of 11 bits from the lowest. The result is in `items`.
void radix_sort(uint64_t* items, uint64_t* other, int64_t n) {
  uint64_t* from = items;
  uint64_t* to = other;
  for (int shift = 32; shift < 64; shift += 11) {
    int64_t starts[kRadixSize + 1] = {};
    for (int64_t i = 0; i < n; ++i) ++starts[((from[i] >> shift) & (kRadixSize - 1)) + 1];
    for (int64_t digit = 0; digit < kRadixSize; ++digit) starts[digit + 1] += starts[digit];
    for (int64_t i = 0; i < n; ++i) to[starts[(from[i] >> shift) & (kRadixSize - 1)]++] = from[i];
    std::swap(from, to);
  }
  if (from != items) std::memcpy(items, from, static_cast<size_t>(n) * sizeof(uint64_t));
}

constexpr int64_t kBlock = 32;
// Up to this part of a row is selected in one pass over it.
constexpr int64_t kSelectionShare = 8;

/// The k smallest of n items, in order, where k is a small part of n: elements that come before the last of those kept
/// so far are gathered, and the worse half is dropped whenever there are twice as many. Most blocks hold none.
/// `items` has room for 2 k + kBlock.
template <class Key, class T, class Item>
void select_items(const T* p, int64_t n, int64_t k, Key flip, Item* items) {
  using Signed = std::make_signed_t<Key>;
  // Signed, which is what the baseline's vectors compare.
  constexpr Key kSign = Key{1} << (sizeof(Key) * 8 - 1);
  const auto key_at = [&](int64_t i) { return static_cast<Key>(key_of(p[i]) ^ flip); };
  int64_t count = 0;
  for (; count < k; ++count) items[count] = item_of(key_at(count), static_cast<uint32_t>(count));
  Key limit = key_of_item(*std::max_element(items, items + k));
  const auto keep = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Key key = key_at(i);
      // Of equal elements the first ones count.
      if (key < limit) items[count++] = item_of(key, static_cast<uint32_t>(i));
    }
    if (count < 2 * k) return;
    std::nth_element(items, items + k - 1, items + count);
    limit = key_of_item(items[k - 1]);
    count = k;
  };
  int64_t i = k;
  for (; i + kBlock <= n; i += kBlock) {
    const Signed bound = static_cast<Signed>(limit ^ kSign);
    Signed smaller = 0;
    for (int64_t j = 0; j < kBlock; ++j) smaller |= static_cast<Signed>(key_at(i + j) ^ kSign) < bound ? -1 : 0;
    if (smaller != 0) keep(i, i + kBlock);
  }
  keep(i, n);
  std::sort(items, items + count);
}

/// The first k of n items, in order.
template <class Item>
void sort_items(Item* items, Item* other, int64_t n, int64_t k) {
  if (k < n) std::nth_element(items, items + k, items + n);
  if constexpr (std::is_same_v<Item, uint64_t>) {
    if (k >= kRadixLeast) {
      radix_sort(items, other, k);
      // After a selection equal keys are in any order: the index decides.
      if (k < n) std::sort(items, items + k);
      return;
    }
  }
  std::sort(items, items + k);
}

/// Attribute: descending. The output's last axis says how many of each row are wanted; equal elements keep their order.
template <class T>
void argsort(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  const bool descending = call.attributes[0] != 0;
  const int64_t n = x.shape[x.rank - 1];
  const int64_t k = y.shape[y.rank - 1];
  const T* const from = static_cast<const T*>(x.data);
  int32_t* const to = static_cast<int32_t*>(y.data);
  using Key = decltype(key_of(T{}));
  using Item = decltype(item_of(Key{}, uint32_t{}));
  const int64_t grain = std::max<int64_t>(1, 4096 / n);
  const Key flip = descending ? static_cast<Key>(~Key{0}) : Key{0};
  const bool selects = k <= n / kSelectionShare;
  parallel_range(x.size / n, grain, [&](int64_t begin, int64_t end) {
    const bool spare = k >= kRadixLeast;
    const Scratch scratch((selects ? 2 * k + kBlock : spare ? 2 * n : n) * static_cast<int64_t>(sizeof(Item)));
    Item* const items = static_cast<Item*>(scratch.data);
    for (int64_t row = begin; row < end; ++row) {
      const T* const p = from + row * n;
      if (selects) {
        select_items<Key>(p, n, k, flip, items);
        for (int64_t i = 0; i < k; ++i) to[row * k + i] = index_of(items[i]);
        continue;
      }
      for (int64_t i = 0; i < n; ++i) {
        items[i] = item_of(static_cast<Key>(key_of(p[i]) ^ flip), static_cast<uint32_t>(i));
      }
      sort_items(items, spare ? items + n : nullptr, n, k);
      for (int64_t i = 0; i < k; ++i) to[row * k + i] = index_of(items[i]);
    }
  });
}

/// Where each value belongs in an ascending list: before equal elements, or behind them (attribute: right).
template <class T>
void searchsorted(const Call& call) {
  const Operand& sorted = call.inputs[0];
  const Operand& values = call.inputs[1];
  const bool right = call.attributes[0] != 0;
  const T* const first = static_cast<const T*>(sorted.data);
  const T* const last = first + sorted.size;
  const T* const from = static_cast<const T*>(values.data);
  int32_t* const to = static_cast<int32_t*>(call.outputs[0].data);
  parallel_range(values.size, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto key = key_of(from[i]);
      const T* const at =
          right ? std::upper_bound(first, last, key, [](auto wanted, T element) { return wanted < key_of(element); })
                : std::lower_bound(first, last, key, [](T element, auto wanted) { return key_of(element) < wanted; });
      to[i] = static_cast<int32_t>(at - first);
    }
  });
}

template <class T>
void add(Registry& registry, DType dtype) {
  registry.add("argsort", dtype, &argsort<T>);
  registry.add("searchsorted", dtype, &searchsorted<T>);
}

}  // namespace

void register_sorting(Registry& registry) {
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
