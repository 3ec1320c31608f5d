// Element types, in the order that the TypeScript side numbers them.
#pragma once

#include <cstdint>

namespace keratin {

enum class DType : int32_t {
  float32 = 0,
  float64 = 1,
  float16 = 2,
  bfloat16 = 3,
  int8 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  uint8 = 8,
  uint16 = 9,
  uint32 = 10,
  uint64 = 11,
  boolean = 12,
  complex64 = 13,
  complex128 = 14,
};

constexpr int kNumDTypes = 15;

/// Bytes of one element.
int64_t size_of(DType dtype);
const char* name_of(DType dtype);

}  // namespace keratin
