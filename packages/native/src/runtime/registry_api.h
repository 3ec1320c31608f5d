// The part of the registry that per-instruction-set files may see: out-of-line functions only.
#pragma once

#include "runtime/call.h"

namespace keratin {

class Registry;

/// Registry::add for files that must not include the standard library.
void add_kernel(Registry& registry, const char* name, DType dtype, Kernel kernel);

}  // namespace keratin
