// What the contracts of all kernels are written with.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>

#include "runtime/contracts.h"

namespace keratin::contracts {

/// A contract says what is wrong, or null.
#define EXPECT(condition, problem) \
  if (!(condition)) return problem

inline constexpr const char* kCounts = "wrong number of operands or attributes";
inline constexpr const char* kDTypes = "dtypes do not fit";
inline constexpr const char* kShapes = "shapes do not fit";
inline constexpr const char* kGaps = "operand has gaps";
inline constexpr const char* kAttributes = "attribute out of range";

inline const Operand& in(const Call& call, int i) { return call.inputs[i]; }
inline const Operand& out(const Call& call, int i) { return call.outputs[i]; }

inline bool has(const Call& call, int inputs, int outputs, int attributes) {
  return call.num_inputs == inputs && call.num_outputs == outputs && call.num_attributes >= attributes;
}

inline bool same_axes(const Operand& a, int a_axis, const Operand& b, int b_axis, int count) {
  for (int i = 0; i < count; ++i) {
    if (a.shape[a_axis + i] != b.shape[b_axis + i]) return false;
  }
  return true;
}

inline bool same_shape(const Operand& a, const Operand& b) { return a.rank == b.rank && same_axes(a, 0, b, 0, a.rank); }

inline bool is_vector(const Operand& a, int64_t n) { return a.rank == 1 && a.shape[0] == n && a.contiguous; }

inline bool is_index(const Operand& a) { return a.dtype == DType::int32 || a.dtype == DType::int64; }

/// An attribute that is a whole number in [low, high].
inline bool whole(double attribute, int64_t low, int64_t high, int64_t& value) {
  if (!(attribute >= static_cast<double>(low) && attribute <= static_cast<double>(high))) return false;
  value = static_cast<int64_t>(attribute);
  return static_cast<double>(value) == attribute;
}

inline bool all_contiguous(const Call& call) {
  for (int i = 0; i < call.num_inputs + call.num_outputs; ++i) {
    const Operand& operand = i < call.num_inputs ? in(call, i) : out(call, i - call.num_inputs);
    if (!operand.contiguous) return false;
  }
  return true;
}

inline bool all_of_dtype(const Call& call, DType dtype) {
  for (int i = 0; i < call.num_inputs; ++i) {
    if (in(call, i).dtype != dtype) return false;
  }
  for (int i = 0; i < call.num_outputs; ++i) {
    if (out(call, i).dtype != dtype) return false;
  }
  return true;
}

inline bool is_complex(const Operand& a) { return a.dtype == DType::complex64 || a.dtype == DType::complex128; }

/// The dtype of the parts of a complex number; the dtype itself where it is not complex.
inline DType part_of(DType dtype) {
  if (dtype == DType::complex64) return DType::float32;
  return dtype == DType::complex128 ? DType::float64 : dtype;
}

inline const char* shaped_like_output(const Call& call, int inputs) {
  EXPECT(has(call, inputs, 1, 0), kCounts);
  for (int i = 0; i < inputs; ++i) EXPECT(same_shape(in(call, i), out(call, 0)), kShapes);
  EXPECT(out(call, 0).contiguous, kGaps);
  return nullptr;
}

template <int kInputs>
inline const char* elementwise(const Call& call) {
  if (const char* problem = shaped_like_output(call, kInputs)) return problem;
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  return nullptr;
}

/// Takes one contract for several kernels.
using Add = std::function<void(std::initializer_list<const char*> names, Contract contract)>;

void add_tensors(const Add& add);
void add_products(const Add& add);
void add_layers(const Add& add);
void add_recurrent(const Add& add);
void add_parts(const Add& add);

}  // namespace keratin::contracts
