// cast between any two dtypes. A table holds one body for each pair that converts directly; float16 and bfloat16 go
// through float32 and complex numbers through their real parts, so the table stays small.
#include <cstring>
#include <limits>

#include "kernels/elementwise.h"
#include "kernels/half.h"

namespace keratin::generic {
namespace {

// A float outside the integer's range, or NaN, gives the minimum of a signed dtype and 0 of an unsigned one.
template <class To, class From>
To float_to_integer(From x) {
  // Both bounds are exact, but for signed 32 and 64 bits low may round to the minimum itself: which is what it then
  // gives.
  constexpr From low = static_cast<From>(std::numeric_limits<To>::min()) - 1;
  constexpr From high = From(2) * static_cast<From>(std::numeric_limits<To>::max() / 2 + 1);
  return x > low && x < high ? static_cast<To>(x) : std::numeric_limits<To>::min();
}

struct Bool {};

template <class To, class From>
auto convert(From x) {
  if constexpr (std::is_same_v<To, Bool>) {
    return static_cast<uint8_t>(x != 0);
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return float_to_integer<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class To, class From>
void cast_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  const From* x = static_cast<const From*>(in[0]);
  auto* y = static_cast<decltype(convert<To>(From{}))*>(out);
  for (int64_t i = 0; i < n; ++i) y[i] = convert<To>(x[i]);
}

template <int64_t bytes>
void copy_body(const void* const* in, const int64_t*, void* out, int64_t n) {
  if (in[0] != out) std::memcpy(out, in[0], static_cast<size_t>(n * bytes));
}

// Complex numbers are pairs: real part, imaginary part.
template <class T>
void real_parts(const void* const* in, const int64_t*, void* out, int64_t n) {
  const T* x = static_cast<const T*>(in[0]);
  T* y = static_cast<T*>(out);
  for (int64_t i = 0; i < n; ++i) y[i] = x[2 * i];
}

template <class To, class From>
void complex_from_real(const void* const* in, const int64_t*, void* out, int64_t n) {
  const From* x = static_cast<const From*>(in[0]);
  To* y = static_cast<To*>(out);
  for (int64_t i = 0; i < n; ++i) {
    y[2 * i] = static_cast<To>(x[i]);
    y[2 * i + 1] = 0;
  }
}

template <class To, class From>
void convert_complex(const void* const* in, const int64_t* steps, void* out, int64_t n) {
  cast_body<To, From>(in, steps, out, 2 * n);
}

// A complex number is true unless both its parts are zero.
template <class T>
void complex_to_bool(const void* const* in, const int64_t*, void* out, int64_t n) {
  const T* x = static_cast<const T*>(in[0]);
  uint8_t* y = static_cast<uint8_t*>(out);
  for (int64_t i = 0; i < n; ++i) y[i] = x[2 * i] != 0 || x[2 * i + 1] != 0;
}

// The integers' signs matter only where they become wider or floats, so a pair of equal widths copies and To is
// unsigned.
template <class From>
LoopBody from_number(DType to) {
  constexpr bool integer = std::is_integral_v<From>;
  switch (to) {
    case DType::float32:
      return &cast_body<float, From>;
    case DType::float64:
      return &cast_body<double, From>;
    case DType::float16:
      return &cast_body<Half, From>;
    case DType::bfloat16:
      return &cast_body<BFloat16, From>;
    case DType::int8:
      return &cast_body<std::conditional_t<integer, uint8_t, int8_t>, From>;
    case DType::int16:
      return &cast_body<std::conditional_t<integer, uint16_t, int16_t>, From>;
    case DType::int32:
      return &cast_body<std::conditional_t<integer, uint32_t, int32_t>, From>;
    case DType::int64:
      return &cast_body<std::conditional_t<integer, uint64_t, int64_t>, From>;
    case DType::uint8:
      return &cast_body<uint8_t, From>;
    case DType::uint16:
      return &cast_body<uint16_t, From>;
    case DType::uint32:
      return &cast_body<uint32_t, From>;
    case DType::uint64:
      return &cast_body<uint64_t, From>;
    case DType::boolean:
      return &cast_body<Bool, From>;
    default:
      return nullptr;
  }
}

LoopBody same_size(int64_t bytes) {
  switch (bytes) {
    case 1:
      return &copy_body<1>;
    case 2:
      return &copy_body<2>;
    case 4:
      return &copy_body<4>;
    case 8:
      return &copy_body<8>;
    default:
      return &copy_body<16>;
  }
}

HalfLoops loops_of_halves = {&cast_body<float, Half>, &cast_body<Half, float>, &cast_body<float, BFloat16>,
                             &cast_body<BFloat16, float>};

// Null where the pair has no direct body.
LoopBody direct_body(DType from, DType to) {
  if (from == to) return same_size(size_of(from));
  switch (from) {
    case DType::float32:
      if (to == DType::float16) return loops_of_halves.to_float16;
      if (to == DType::bfloat16) return loops_of_halves.to_bfloat16;
      if (to == DType::complex64) return &complex_from_real<float, float>;
      return to == DType::complex128 ? &complex_from_real<double, float> : from_number<float>(to);
    case DType::float64:
      if (to == DType::complex64) return &complex_from_real<float, double>;
      return to == DType::complex128 ? &complex_from_real<double, double> : from_number<double>(to);
    case DType::float16:
      return to == DType::float32 ? loops_of_halves.from_float16 : nullptr;
    case DType::bfloat16:
      return to == DType::float32 ? loops_of_halves.from_bfloat16 : nullptr;
    case DType::int8:
      return from_number<int8_t>(to);
    case DType::int16:
      return from_number<int16_t>(to);
    case DType::int32:
      return from_number<int32_t>(to);
    case DType::int64:
      return from_number<int64_t>(to);
    case DType::uint8:
    case DType::boolean:
      return from_number<uint8_t>(to);
    case DType::uint16:
      return from_number<uint16_t>(to);
    case DType::uint32:
      return from_number<uint32_t>(to);
    case DType::uint64:
      return from_number<uint64_t>(to);
    case DType::complex64:
      if (to == DType::complex128) return &convert_complex<double, float>;
      if (to == DType::boolean) return &complex_to_bool<float>;
      return to == DType::float32 ? &real_parts<float> : nullptr;
    case DType::complex128:
      if (to == DType::complex64) return &convert_complex<float, double>;
      if (to == DType::boolean) return &complex_to_bool<double>;
      return to == DType::float64 ? &real_parts<double> : nullptr;
  }
  return nullptr;
}

// The dtype halfway between two that have no direct body: both steps have one.
DType middle_of(DType from, DType to) {
  if (from == DType::complex128 || (to == DType::complex128 && size_of(from) >= 4)) return DType::float64;
  return DType::float32;
}

void cast(const Call& call) {
  const Operand& x = call.inputs[0];
  Operand& y = call.outputs[0];
  if (const LoopBody body = direct_body(x.dtype, y.dtype)) {
    elementwise_loop(call, body, kCheapGrain, false);
    return;
  }
  Operand middle = y;
  middle.dtype = middle_of(x.dtype, y.dtype);
  const Scratch scratch(y.size * size_of(middle.dtype));
  middle.data = scratch.data;
  elementwise_loop({&x, &middle, nullptr, 1, 1, 0}, direct_body(x.dtype, middle.dtype), kCheapGrain, false);
  elementwise_loop({&middle, &y, nullptr, 1, 1, 0}, direct_body(middle.dtype, y.dtype), kCheapGrain, false);
}

}  // namespace

LoopBody cast_body_for(DType from, DType to) { return direct_body(from, to); }

const HalfLoops& half_loops() { return loops_of_halves; }

void register_cast(Registry& registry) { registry.add("cast", &cast); }

}  // namespace keratin::generic

namespace keratin {

void use_half_loops(const HalfLoops& loops) { generic::loops_of_halves = loops; }

}  // namespace keratin
