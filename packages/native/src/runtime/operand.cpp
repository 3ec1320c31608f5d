#include "runtime/operand.h"

namespace keratin {

bool is_contiguous(const Operand& operand) {
  int64_t expected = 1;
  for (int axis = operand.rank - 1; axis >= 0; --axis) {
    if (operand.shape[axis] != 1 && operand.strides[axis] != expected) return false;
    expected *= operand.shape[axis];
  }
  return true;
}

void check_extent(const Operand& operand, int64_t offset, int64_t bytes) {
  int64_t low = offset;
  int64_t high = offset;
  if (operand.size > 0) {
    for (int axis = 0; axis < operand.rank; ++axis) {
      int64_t reach = 0;
      if (__builtin_mul_overflow(operand.shape[axis] - 1, operand.strides[axis], &reach) ||
          __builtin_add_overflow(reach < 0 ? low : high, reach, reach < 0 ? &low : &high)) {
        fail("internal", "operand extent overflows");
      }
    }
    high += 1;
  }
  if (low < 0 || high > bytes / size_of(operand.dtype)) {
    fail("internal", "operand leaves its buffer of %lld bytes", static_cast<long long>(bytes));
  }
}

}  // namespace keratin
