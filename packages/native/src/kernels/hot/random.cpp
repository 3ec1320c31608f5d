// random_uniform of float32 and float64, random_normal and random_truncated_normal of float32: the values of
// kernels/random.cpp, many blocks of Philox at a time.
#include "kernels/hot/philox_lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

constexpr int64_t kGroupsOfChunk = 256;

// ---- Uniform -----------------------------------------------------------------------------------------------------

/// Multiples of 2^-24 in [0, 1).
[[gnu::always_inline]] inline vf unit_interval(vu bits) {
  return __builtin_convertvector(reinterpret_cast<vi>(bits >> 8), vf) * 0x1p-24f;
}

/// Multiples of 2^-53 in [0, 1). Both halves are put below the leading bit of a power of two, where they are exact:
/// 2^84 + high * 2^32 and 2^52 + low.
[[gnu::always_inline]] inline vd unit_interval(vul bits) {
  const vul kept = bits >> 11;
  const vd high = reinterpret_cast<vd>((kept >> 32) | 0x4530000000000000u);
  const vd low = reinterpret_cast<vd>((kept & 0xffffffffu) | 0x4330000000000000u);
  return ((high - (0x1p84 + 0x1p52)) + low) * 0x1p-53;
}

inline float next_below(float high) {
  uint32_t bits;
  memcpy(&bits, &high, sizeof(bits));
  bits = high > 0 ? bits - 1 : high < 0 ? bits + 1 : 0x80000001u;
  memcpy(&high, &bits, sizeof(bits));
  return high;
}

inline double next_below(double high) {
  uint64_t bits;
  memcpy(&bits, &high, sizeof(bits));
  bits = high > 0 ? bits - 1 : high < 0 ? bits + 1 : 0x8000000000000001u;
  memcpy(&high, &bits, sizeof(bits));
  return high;
}

/// Calls fill(values, group) for every group; a group has as many elements as `values` holds.
template <class T, class Fill>
void for_each_group(const Operand& y, const Fill& fill) {
  constexpr int64_t kSize = kWords * 4 / static_cast<int64_t>(sizeof(T));
  T* const out = static_cast<T*>(y.data);
  const int64_t size = y.size;
  parallel_range((size + kSize - 1) / kSize, kGroupsOfChunk, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const int64_t left = size - group * kSize;
      T values[kSize];
      T* const whole = left >= kSize ? out + group * kSize : values;
      fill(whole, group);
      if (left < kSize) memcpy(out + group * kSize, values, static_cast<size_t>(left) * sizeof(T));
    }
  });
}

template <class T>
void uniform(const Call& call) {
  using V = Vec<T>;
  constexpr int64_t kSize = kWords * 4 / static_cast<int64_t>(sizeof(T));
  const RandomStream stream(call.attributes);
  const T low = static_cast<T>(call.attributes[4]);
  const T high = static_cast<T>(call.attributes[5]);
  const T width = high - low;
  const V top = splat<V>(high);
  const V below = splat<V>(low < high ? next_below(high) : low);
  for_each_group<T>(call.outputs[0], [&](T* out, int64_t group) {
    typename Bits<T>::Word bits[kSize];
    Bits<T>::fill(bits, group, stream);
    for (int64_t i = 0; i < kSize; i += lanes<T>) {
      const V value = unit_interval(load<typename Bits<T>::Vector>(bits + i)) * width + low;
      store(out + i, value < top ? value : below);
    }
  });
}

// ---- Normal ------------------------------------------------------------------------------------------------------

/// Natural logarithm of (0, 1]: the polynomial of Cephes's logf (S. Moshier), within 1 ulp or so.
[[gnu::always_inline]] inline vf logarithm(vf x) {
  const vi bits = reinterpret_cast<vi>(x);
  const vi exponent = (bits - 0x3f3504f3) >> 23;  // x = m * 2^exponent with m in [sqrt(1/2), sqrt(2))
  const vf e = __builtin_convertvector(exponent, vf);
  const vf f = reinterpret_cast<vf>(bits - (exponent << 23)) - 1.0f;
  vf p = f * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const vf z = f * f;
  p = p * f * z - e * 2.12194440e-4f - z * 0.5f;
  return f + p + e * 0.693359375f;
}

[[gnu::always_inline]] inline vf square_root(vf x) {
  float lane[kFloats];
  memcpy(lane, &x, sizeof(x));
  for (int64_t i = 0; i < kFloats; ++i) lane[i] = __builtin_sqrtf(lane[i]);
  return load<vf>(lane);
}

/// Sine and cosine of bits / 2^32 turns, of which the upper 24 bits count: the polynomials of Cephes's sinf and cosf
/// around the nearest quarter turn.
[[gnu::always_inline]] inline void sine_cosine(vu bits, vf& sine, vf& cosine) {
  const vi turn = reinterpret_cast<vi>(bits >> 8);
  const vi quarter = (turn + (1 << 21)) >> 22;
  const vf x = __builtin_convertvector(turn - (quarter << 22), vf) * (1.57079632679489662f * 0x1p-22f);
  const vf z = x * x;
  const vf s = ((z * -1.9515295891e-4f + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
  const vf c =
      ((z * 2.443315711809948e-5f - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - z * 0.5f + 1.0f;
  const vi is_odd = -(quarter & 1);
  const vi s_sign = (quarter & 2) << 30;
  const vi c_sign = ((quarter + 1) & 2) << 30;
  sine = reinterpret_cast<vf>(reinterpret_cast<vi>(is_odd ? c : s) ^ s_sign);
  cosine = reinterpret_cast<vf>(reinterpret_cast<vi>(is_odd ? s : c) ^ c_sign);
}

/// Box and Muller's two normal numbers; within 1e-6 of the formula, but for radii close to zero.
[[gnu::always_inline]] inline void box_muller(vu radius_bits, vu angle_bits, vf& first, vf& second) {
  const vf u = __builtin_convertvector(reinterpret_cast<vi>(radius_bits >> 1), vf) * 0x1p-31f + 0x1p-32f;
  const vf radius = square_root(logarithm(u) * -2.0f);
  vf sine;
  vf cosine;
  sine_cosine(angle_bits, sine, cosine);
  first = radius * cosine;
  second = radius * sine;
}

/// Places 32 * h + b and 32 * h + 16 + b of a group pair up.
[[gnu::always_inline]] inline void fill_normal(float* out, int64_t group, const RandomStream& stream) {
  uint32_t bits[kWords];
  fill_words(bits, group, stream);
  for (int64_t i = 0; i < kWords; i += 2 * kBlocksOfGroup) {
    for (int64_t b = i; b < i + kBlocksOfGroup; b += kFloats) {
      vf first;
      vf second;
      box_muller(load<vu>(bits + b), load<vu>(bits + b + kBlocksOfGroup), first, second);
      store(out + b, first);
      store(out + b + kBlocksOfGroup, second);
    }
  }
}

/// Draws again, from the next attempts at their blocks, the elements of a group that lie beyond two.
[[gnu::noinline]] void redraw(float* z, int64_t group, const RandomStream& stream) {
  int64_t wrong[kWords];
  int64_t count = 0;
  for (int64_t i = 0; i < kWords; ++i) {
    wrong[count] = i;
    count += z[i] > 2.0f || z[i] < -2.0f;
  }
  for (uint32_t attempt = 1; count > 0 && attempt < 1 << 10; ++attempt) {
    int64_t still = 0;
    for (int64_t start = 0; start < count; start += kFloats) {
      const int64_t some = count - start < kFloats ? count - start : kFloats;
      vu radius{};
      vu angle{};
      for (int64_t j = 0; j < some; ++j) {
        const int64_t place = wrong[start + j];
        const Words words = stream.block(group * kBlocksOfGroup + place % kBlocksOfGroup, attempt);
        const int64_t half = place / (2 * kBlocksOfGroup) * 2;
        radius[j] = words.word[half];
        angle[j] = words.word[half + 1];
      }
      vf first;
      vf second;
      box_muller(radius, angle, first, second);
      for (int64_t j = 0; j < some; ++j) {
        const int64_t place = wrong[start + j];
        const float value = (place & kBlocksOfGroup) != 0 ? second[j] : first[j];
        z[place] = value;
        wrong[still] = place;
        still += value > 2.0f || value < -2.0f;
      }
    }
    count = still;
  }
}

template <bool is_truncated>
void normal(const Call& call) {
  const RandomStream stream(call.attributes);
  const float mean = static_cast<float>(call.attributes[4]);
  const float deviation = static_cast<float>(call.attributes[5]);
  for_each_group<float>(call.outputs[0], [&](float* out, int64_t group) {
    float z[kWords];
    fill_normal(z, group, stream);
    if constexpr (is_truncated) redraw(z, group, stream);
    for (int64_t i = 0; i < kWords; i += kFloats) store(out + i, load<vf>(z + i) * deviation + mean);
  });
}

}  // namespace

void register_random(Registry& registry) {
  add_kernel(registry, "random_uniform", DType::float32, &uniform<float>);
  add_kernel(registry, "random_uniform", DType::float64, &uniform<double>);
  add_kernel(registry, "random_normal", DType::float32, &normal<false>);
  add_kernel(registry, "random_truncated_normal", DType::float32, &normal<true>);
}

}  // namespace keratin::KERATIN_ISA
