// Copies between any two layouts of one shape.
#pragma once

#include "runtime/call.h"

namespace keratin::generic {

/// Copies the elements of `x` to `y`, which have equal shapes and dtypes and any strides. Large copies use the kernel
/// threads.
void strided_copy(const Operand& x, const Operand& y);

}  // namespace keratin::generic
