#include "kernels/scalar.h"

#include <complex>
#include <cstdint>

#include "kernels/half.h"

namespace keratin {

void store_scalar(DType dtype, double value, void* out) {
  const bool integral = dtype >= DType::int8 && dtype <= DType::uint64;
  if (integral && !(value > -9.2e18 && value < 9.2e18)) value = 0;
  switch (dtype) {
    case DType::float32:
      *static_cast<float*>(out) = static_cast<float>(value);
      return;
    case DType::float64:
      *static_cast<double*>(out) = value;
      return;
    case DType::float16:
      *static_cast<uint16_t*>(out) = float_to_half(static_cast<float>(value));
      return;
    case DType::bfloat16:
      *static_cast<uint16_t*>(out) = float_to_bfloat16(static_cast<float>(value));
      return;
    case DType::int8:
      *static_cast<int8_t*>(out) = static_cast<int8_t>(static_cast<int64_t>(value));
      return;
    case DType::int16:
      *static_cast<int16_t*>(out) = static_cast<int16_t>(static_cast<int64_t>(value));
      return;
    case DType::int32:
      *static_cast<int32_t*>(out) = static_cast<int32_t>(static_cast<int64_t>(value));
      return;
    case DType::int64:
      *static_cast<int64_t*>(out) = static_cast<int64_t>(value);
      return;
    case DType::uint8:
      *static_cast<uint8_t*>(out) = static_cast<uint8_t>(static_cast<int64_t>(value));
      return;
    case DType::uint16:
      *static_cast<uint16_t*>(out) = static_cast<uint16_t>(static_cast<int64_t>(value));
      return;
    case DType::uint32:
      *static_cast<uint32_t*>(out) = static_cast<uint32_t>(static_cast<int64_t>(value));
      return;
    case DType::uint64:
      *static_cast<uint64_t*>(out) = static_cast<uint64_t>(value);
      return;
    case DType::boolean:
      *static_cast<uint8_t*>(out) = value != 0;
      return;
    case DType::complex64:
      *static_cast<std::complex<float>*>(out) = static_cast<float>(value);
      return;
    case DType::complex128:
      *static_cast<std::complex<double>*>(out) = value;
      return;
  }
}

}  // namespace keratin
