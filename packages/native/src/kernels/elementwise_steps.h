// What chains and programs over rows share: reading their attributes, and the bodies of their steps.
#pragma once

#include <cstdint>

#include "runtime/call.h"
#include "runtime/registry_api.h"

namespace keratin::generic {

/// A whole number in [0, limit]; -1 where it is none.
int64_t whole_number(double value, int64_t limit);

/// Finds the elementwise body for these dtypes, and whether it takes scalars; gives whether there is one.
bool find_body(int64_t opcode, const DType* in, int32_t inputs, DType out, LoopBody& body, bool& scalars);

}  // namespace keratin::generic
