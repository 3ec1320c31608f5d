// Random numbers of every dtype, one block of Philox at a time.
//
// A value depends on the seed, the number of the call and its position in the output, never on threads.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include "kernels/half.h"
#include "kernels/philox.h"
#include "runtime/parallel.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

// Groups that one chunk of work fills.
constexpr int64_t kGroupsOfChunk = 256;

template <class T>
constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <class T>
using Real = std::conditional_t<is_half<T>, float, T>;

/// Calls write(first, bits, n) for every group: n elements from `first` on, in the order of `bits`. Each element has
/// one Word: 32 or 64 bits.
template <class Word, class Write>
void for_each_group(const RandomStream& stream, int64_t size, const Write& write) {
  constexpr int64_t kSize =
      4 * kBlocksOfGroup * static_cast<int64_t>(sizeof(uint32_t)) / static_cast<int64_t>(sizeof(Word));
  parallel_range((size + kSize - 1) / kSize, kGroupsOfChunk, [&](int64_t begin, int64_t end) {
    Word bits[kSize];
    for (int64_t group = begin; group < end; ++group) {
      for (int64_t b = 0; b < kBlocksOfGroup; ++b) {
        const Words words = stream.block(group * kBlocksOfGroup + b);
        if constexpr (sizeof(Word) == sizeof(uint32_t)) {
          for (int64_t w = 0; w < 4; ++w) bits[w * kBlocksOfGroup + b] = words.word[w];
        } else {
          for (int64_t h = 0; h < 2; ++h) {
            bits[h * kBlocksOfGroup + b] = uint64_t{words.word[2 * h + 1]} << 32 | words.word[2 * h];
          }
        }
      }
      write(group * kSize, bits, std::min(kSize, size - group * kSize));
    }
  });
}

// ---- Uniform -----------------------------------------------------------------------------------------------------

/// As many leading bits as the dtype's significand holds: every multiple of 2^-bits in [0, 1) is exact.
template <class T, class Word>
Real<T> unit_interval(Word bits) {
  constexpr int kBits = std::is_same_v<T, double>  ? 53
                        : std::is_same_v<T, float> ? 24
                        : std::is_same_v<T, Half>  ? 11
                                                   : 8;
  constexpr int kShift = static_cast<int>(sizeof(Word)) * 8 - kBits;
  return static_cast<Real<T>>(bits >> kShift) / static_cast<Real<T>>(uint64_t{1} << kBits);
}

/// The largest value of T below `high`: rounding must not reach it.
template <class T>
Real<T> largest_below(Real<T> low, Real<T> high) {
  if (!(low < high)) return low;
  if constexpr (!is_half<T>) {
    return std::nextafter(high, low);
  } else {
    const T rounded(high);
    if (static_cast<float>(rounded) < high) return rounded;
    // The neighbour towards minus infinity: the next smaller magnitude, or larger for negative numbers.
    T below = rounded;
    const bool is_negative = (rounded.bits & 0x8000u) != 0;
    if (static_cast<float>(rounded) == 0) {
      below.bits = 0x8001u;
    } else {
      below.bits = static_cast<uint16_t>(rounded.bits + (is_negative ? 1 : -1));
    }
    return static_cast<float>(below) < low ? low : static_cast<float>(below);
  }
}

template <class T>
void uniform(const Call& call) {
  using R = Real<T>;
  using Word = std::conditional_t<std::is_same_v<T, double>, uint64_t, uint32_t>;
  T* const y = static_cast<T*>(call.outputs[0].data);
  const R low = static_cast<R>(call.attributes[4]);
  const R high = static_cast<R>(call.attributes[5]);
  const R below = largest_below<T>(low, high);
  for_each_group<Word>(RandomStream(call.attributes), call.outputs[0].size,
                       [&](int64_t first, const Word* bits, int64_t n) {
                         for (int64_t i = 0; i < n; ++i) {
                           const T value = T(low + unit_interval<T>(bits[i]) * (high - low));
                           y[first + i] = static_cast<R>(value) < high ? value : T(below);
                         }
                       });
}

/// Integers in [low, high): the upper half of bits * (high - low), with a bias below (high - low) / 2^64.
template <class T>
void uniform_integers(const Call& call) {
  using Wide = __int128;
  T* const y = static_cast<T*>(call.outputs[0].data);
  const Wide low = static_cast<Wide>(call.attributes[4]);
  const Wide high = static_cast<Wide>(call.attributes[5]);
  const unsigned __int128 count = high > low ? static_cast<unsigned __int128>(high - low) : 1;
  for_each_group<uint64_t>(RandomStream(call.attributes), call.outputs[0].size,
                           [&](int64_t first, const uint64_t* bits, int64_t n) {
                             for (int64_t i = 0; i < n; ++i) {
                               const uint64_t at = static_cast<uint64_t>(count * bits[i] >> 64);
                               y[first + i] = static_cast<T>(static_cast<uint64_t>(low) + at);
                             }
                           });
}

// ---- Normal ------------------------------------------------------------------------------------------------------

// G. Box, M. Muller, "A note on the generation of random normal deviates", 1958: two uniform numbers give two normal
// ones. The radius takes a number in (0, 1] with all its bits, so that float32 reaches 6.6 standard deviations and
// float64 8.6; the relative error is that of the C library's functions, below 1e-6 and 1e-15.
struct Pair {
  double first;
  double second;
};

Pair box_muller(uint32_t radius_bits, uint32_t angle_bits) {
  const float u = static_cast<float>(radius_bits >> 1) * 0x1p-31f + 0x1p-32f;
  const float angle = static_cast<float>(angle_bits >> 8) * (2 * std::numbers::pi_v<float> * 0x1p-24f);
  const float radius = std::sqrt(-2 * std::log(std::min(u, 1.0f)));
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

Pair box_muller(uint64_t radius_bits, uint64_t angle_bits) {
  const double u = (static_cast<double>(radius_bits >> 11) + 0.5) * 0x1p-53;
  const double angle = static_cast<double>(angle_bits >> 11) * (2 * std::numbers::pi * 0x1p-53);
  const double radius = std::sqrt(-2 * std::log(u));
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

/// Attempt `attempt` at the normal number of an element. Places of a group pair up 16 apart.
template <class Word>
double normal_of(const RandomStream& stream, int64_t element, uint32_t attempt) {
  const bool is_second = (element & kBlocksOfGroup) != 0;
  const int64_t first = element & ~kBlocksOfGroup;
  Pair pair;
  if constexpr (sizeof(Word) == sizeof(uint32_t)) {
    pair = box_muller(stream.word_of(first, attempt), stream.word_of(first + kBlocksOfGroup, attempt));
  } else {
    pair = box_muller(stream.double_word_of(first, attempt), stream.double_word_of(first + kBlocksOfGroup, attempt));
  }
  return is_second ? pair.second : pair.first;
}

// Beyond two standard deviations a truncated normal is drawn again; 1 in 22 is.
constexpr double kTruncation = 2;
constexpr uint32_t kMaxAttempts = 1 << 10;

template <class T, bool is_truncated>
void normal(const Call& call) {
  using R = Real<T>;
  using Word = std::conditional_t<std::is_same_v<T, double>, uint64_t, uint32_t>;
  T* const y = static_cast<T*>(call.outputs[0].data);
  const R mean = static_cast<R>(call.attributes[4]);
  const R deviation = static_cast<R>(call.attributes[5]);
  const RandomStream stream(call.attributes);
  for_each_group<Word>(stream, call.outputs[0].size, [&](int64_t first, const Word* bits, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      if ((i & kBlocksOfGroup) != 0) continue;
      const Pair pair = box_muller(bits[i], bits[i + kBlocksOfGroup]);
      for (const int64_t place : {i, i + kBlocksOfGroup}) {
        if (place >= n) break;
        double z = place == i ? pair.first : pair.second;
        if constexpr (is_truncated) {
          for (uint32_t attempt = 1; std::abs(z) > kTruncation && attempt < kMaxAttempts; ++attempt) {
            z = normal_of<Word>(stream, first + place, attempt);
          }
        }
        y[first + place] = T(mean + deviation * static_cast<R>(z));
      }
    }
  });
}

// ---- Permutation -------------------------------------------------------------------------------------------------

/// Fisher and Yates, with Lemire's draws ("Fast random integer generation in an interval", 2019): those that would
/// favour some values are drawn again.
template <class T>
void permutation(const Call& call) {
  const Operand& y = call.outputs[0];
  T* const p = static_cast<T*>(y.data);
  const RandomStream stream(call.attributes);
  for (int64_t i = 0; i < y.size; ++i) p[i] = static_cast<T>(i);
  constexpr int64_t kSize = 2 * kBlocksOfGroup;
  uint64_t bits[kSize];
  for (int64_t i = 0; i + 1 < y.size; ++i) {
    if (i % kSize == 0) {
      for (int64_t j = 0; j < kBlocksOfGroup; ++j) {
        const Words words = stream.block(i / 2 + j);
        bits[j] = uint64_t{words.word[1]} << 32 | words.word[0];
        bits[kBlocksOfGroup + j] = uint64_t{words.word[3]} << 32 | words.word[2];
      }
    }
    const uint64_t count = static_cast<uint64_t>(y.size - i);
    unsigned __int128 scaled = static_cast<unsigned __int128>(count) * bits[i % kSize];
    if (static_cast<uint64_t>(scaled) < count) {
      const uint64_t threshold = -count % count;
      for (uint32_t attempt = 1; static_cast<uint64_t>(scaled) < threshold && attempt < kMaxAttempts; ++attempt) {
        scaled = static_cast<unsigned __int128>(count) * stream.double_word_of(i, attempt);
      }
    }
    std::swap(p[i], p[i + static_cast<int64_t>(scaled >> 64)]);
  }
}

template <class T>
void add_float(Registry& registry, DType dtype) {
  registry.add("random_uniform", dtype, &uniform<T>);
  registry.add("random_normal", dtype, &normal<T, false>);
  registry.add("random_truncated_normal", dtype, &normal<T, true>);
}

}  // namespace

void register_random(Registry& registry) {
  add_float<float>(registry, DType::float32);
  add_float<double>(registry, DType::float64);
  add_float<Half>(registry, DType::float16);
  add_float<BFloat16>(registry, DType::bfloat16);
  registry.add("random_uniform", DType::int8, &uniform_integers<int8_t>);
  registry.add("random_uniform", DType::int16, &uniform_integers<int16_t>);
  registry.add("random_uniform", DType::int32, &uniform_integers<int32_t>);
  registry.add("random_uniform", DType::int64, &uniform_integers<int64_t>);
  registry.add("random_uniform", DType::uint8, &uniform_integers<uint8_t>);
  registry.add("random_uniform", DType::uint16, &uniform_integers<uint16_t>);
  registry.add("random_uniform", DType::uint32, &uniform_integers<uint32_t>);
  registry.add("random_uniform", DType::uint64, &uniform_integers<uint64_t>);
  registry.add("random_uniform", DType::boolean, &uniform_integers<uint8_t>);
  registry.add("random_permutation", DType::int32, &permutation<int32_t>);
  registry.add("random_permutation", DType::int64, &permutation<int64_t>);
}

}  // namespace keratin::generic
