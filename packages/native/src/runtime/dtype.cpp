#include "runtime/dtype.h"

namespace keratin {

int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::int8:
    case DType::uint8:
    case DType::boolean:
      return 1;
    case DType::float16:
    case DType::bfloat16:
    case DType::int16:
    case DType::uint16:
      return 2;
    case DType::float32:
    case DType::int32:
    case DType::uint32:
      return 4;
    case DType::float64:
    case DType::int64:
    case DType::uint64:
    case DType::complex64:
      return 8;
    case DType::complex128:
      return 16;
  }
  return 0;
}

const char* name_of(DType dtype) {
  static constexpr const char* kNames[kNumDTypes] = {"float32", "float64", "float16", "bfloat16",  "int8",
                                                     "int16",   "int32",   "int64",   "uint8",     "uint16",
                                                     "uint32",  "uint64",  "boolean", "complex64", "complex128"};
  return kNames[static_cast<int>(dtype)];
}

}  // namespace keratin
