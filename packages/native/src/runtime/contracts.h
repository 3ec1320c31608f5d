// What kernels take for granted of their operands. The primitives' rules in TypeScript guarantee it and explain
// mistakes to users; the border checks it once more, so that a fault of ours is an error and never touches memory that
// belongs to something else.
#pragma once

#include <string>
#include <vector>

#include "runtime/call.h"

namespace keratin {

/// What is wrong with a call, or null.
using Contract = const char* (*)(const Call&);

/// The contracts of kernels by name, in their order; null where a kernel has none.
std::vector<Contract> contracts_for(const std::vector<std::string>& kernels);

}  // namespace keratin
