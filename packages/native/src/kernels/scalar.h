// A number as one element of a dtype.
#pragma once

#include "runtime/dtype.h"

namespace keratin {

/// Writes `value`, converted as `cast` converts, to `out` (16 bytes at most).
void store_scalar(DType dtype, double value, void* out);

}  // namespace keratin
