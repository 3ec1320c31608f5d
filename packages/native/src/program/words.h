// Reads the words of a program in order; whatever does not fit is an error, never a read outside.
#pragma once

#include <cmath>
#include <cstdint>

#include "runtime/call.h"

namespace keratin {

class Words {
 public:
  Words(const double* words, int64_t count) : words_(words), count_(count) {}

  double number() {
    if (position_ >= count_) fail("internal", "program: the words end early");
    return words_[position_++];
  }

  int64_t integer() {
    const double word = number();
    if (!(std::fabs(word) <= 9007199254740992.0) || word != std::floor(word)) {
      fail("internal", "program: word %lld is no integer", static_cast<long long>(position_ - 1));
    }
    return static_cast<int64_t>(word);
  }

  /// An integer in [0, limit].
  int64_t count(int64_t limit, const char* what) {
    const int64_t n = integer();
    if (n < 0 || n > limit) fail("internal", "program: %s %lld is out of range", what, static_cast<long long>(n));
    return n;
  }

  /// How many words are left: no list can be longer.
  int64_t left() const { return count_ - position_; }

 private:
  const double* words_;
  int64_t count_;
  int64_t position_ = 0;
};

}  // namespace keratin
