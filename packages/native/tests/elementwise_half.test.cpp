// Casts between float32 and the half types: every instruction set rounds as kernels/half.h says.
#include "check.h"
#include "kernels/half.h"

namespace {

using keratin::bfloat16_to_float;
using keratin::float_to_bfloat16;
using keratin::float_to_half;
using keratin::half_to_float;

TEST(every_half_becomes_its_float32) {
  constexpr int64_t n = 1 << 16;
  for (const DType dtype : {DType::float16, DType::bfloat16}) {
    context() = name_of(dtype);
    const Array x = Array::empty(dtype, {n});
    for (int64_t i = 0; i < n; ++i) x.data<uint16_t>()[i] = static_cast<uint16_t>(i);
    const Array y = Array::empty(DType::float32, {n});
    call("cast", {x}, {y});
    for (int64_t i = 0; i < n; ++i) {
      const uint16_t bits = static_cast<uint16_t>(i);
      const float want = dtype == DType::float16 ? half_to_float(bits) : bfloat16_to_float(bits);
      CHECK(std::isnan(want) ? std::isnan(y.data<float>()[i])
                             : std::memcmp(&want, y.data<float>() + i, sizeof(want)) == 0);
    }
  }
}

TEST(float32_of_all_magnitudes_round_to_halves) {
  constexpr int64_t n = 1 << 18;
  const Array x = Array::empty(DType::float32, {n});
  for (int64_t i = 0; i < n; ++i) {
    // Half of them lie at or beside the middle of two halves.
    uint32_t bits = static_cast<uint32_t>(i) * 16411u;
    if (i % 2 == 0) bits = (bits & 0xffffe000u) + 0x1000u + static_cast<uint32_t>(i / 2 % 3) - 1;
    if (i % 4 == 1) bits = (bits & 0xffff0000u) + 0x8000u + static_cast<uint32_t>(i / 4 % 3) - 1;
    std::memcpy(x.data<float>() + i, &bits, sizeof(bits));
  }
  for (const DType dtype : {DType::float16, DType::bfloat16}) {
    context() = name_of(dtype);
    const Array y = Array::empty(dtype, {n});
    call("cast", {x}, {y});
    for (int64_t i = 0; i < n; ++i) {
      const float from = x.data<float>()[i];
      const uint16_t bits = y.data<uint16_t>()[i];
      if (std::isnan(from)) {
        CHECK(std::isnan(dtype == DType::float16 ? half_to_float(bits) : bfloat16_to_float(bits)));
      } else {
        CHECK(bits == (dtype == DType::float16 ? float_to_half(from) : float_to_bfloat16(from)));
      }
    }
  }
}

TEST(casts_of_halves_write_no_further_than_asked) {
  for (const DType dtype : {DType::float16, DType::bfloat16}) {
    for (int64_t n = 1; n < 40; ++n) {
      context() = std::string(name_of(dtype)) + " " + std::to_string(n);
      const Array x = Array::random(DType::float32, {n}, -2, 2);
      const Array narrow = Array::empty(dtype, {n});
      const Array wide = Array::empty(DType::float32, {n});
      call("cast", {x}, {narrow});
      call("cast", {narrow}, {wide});
      for (int64_t i = 0; i < n; ++i) {
        const float from = x.data<float>()[i];
        CHECK(wide.data<float>()[i] == (dtype == DType::float16 ? half_to_float(float_to_half(from))
                                                                : bfloat16_to_float(float_to_bfloat16(from))));
      }
    }
  }
}

}  // namespace
