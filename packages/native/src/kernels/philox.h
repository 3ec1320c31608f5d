// Philox 4x32-10: random bits as a function of a counter and a key.
//
// J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
//
// How elements take their bits, the same for every instruction set: a *group* is 16 consecutive blocks of four 32-bit
// words. Word w of block b belongs to place 16 * w + b of the group, so that vectors of 4, 8 or 16 blocks are stored
// without being transposed. Elements of 64 bits take two words: place 16 * h + b has words 2h (low) and 2h + 1.
//
// Everything has internal linkage, so that the files compiled once per instruction set may include this header.
#pragma once

#include <cstdint>

namespace keratin {
namespace {

constexpr uint32_t kPhiloxMultiplier0 = 0xd2511f53;
constexpr uint32_t kPhiloxMultiplier1 = 0xcd9e8d57;
constexpr uint32_t kPhiloxWeyl0 = 0x9e3779b9;
constexpr uint32_t kPhiloxWeyl1 = 0xbb67ae85;

constexpr int64_t kBlocksOfGroup = 16;

struct Words {
  uint32_t word[4];
};

inline Words philox(Words counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{kPhiloxMultiplier0} * counter.word[0];
    const uint64_t p1 = uint64_t{kPhiloxMultiplier1} * counter.word[2];
    counter = {{static_cast<uint32_t>(p1 >> 32) ^ counter.word[1] ^ key0, static_cast<uint32_t>(p1),
                static_cast<uint32_t>(p0 >> 32) ^ counter.word[3] ^ key1, static_cast<uint32_t>(p0)}};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return counter;
}

/// The random bits of one call: its key is the seed, the upper half of its counter the number of the call.
struct RandomStream {
  uint32_t seed[2];
  uint32_t call[2];

  /// `attributes`: seed low 32, seed high 32, call low 32, call high 32.
  inline explicit RandomStream(const double* attributes)
      : seed{static_cast<uint32_t>(attributes[0]), static_cast<uint32_t>(attributes[1])},
        call{static_cast<uint32_t>(attributes[2]), static_cast<uint32_t>(attributes[3])} {}

  /// Elements that redraw ask for the next attempt at their block; blocks number less than 2^48.
  inline Words block(int64_t index, uint32_t attempt = 0) const {
    const uint32_t high = static_cast<uint32_t>(index >> 32) | attempt << 16;
    return philox({{static_cast<uint32_t>(index), high, call[0], call[1]}}, seed[0], seed[1]);
  }

  /// The bits of an element where each takes one word.
  inline uint32_t word_of(int64_t element, uint32_t attempt = 0) const {
    const int64_t place = element % (4 * kBlocksOfGroup);
    const int64_t group = element / (4 * kBlocksOfGroup);
    return block(group * kBlocksOfGroup + place % kBlocksOfGroup, attempt).word[place / kBlocksOfGroup];
  }

  /// The bits of an element where each takes two words.
  inline uint64_t double_word_of(int64_t element, uint32_t attempt = 0) const {
    const int64_t place = element % (2 * kBlocksOfGroup);
    const int64_t group = element / (2 * kBlocksOfGroup);
    const Words bits = block(group * kBlocksOfGroup + place % kBlocksOfGroup, attempt);
    const int64_t h = place / kBlocksOfGroup;
    return uint64_t{bits.word[2 * h + 1]} << 32 | bits.word[2 * h];
  }
};

}  // namespace
}  // namespace keratin
