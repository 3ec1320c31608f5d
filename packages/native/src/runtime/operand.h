// What is checked of every operand before a kernel sees it.
#pragma once

#include "runtime/call.h"

namespace keratin {

/// Contiguity from shape and strides; size-1 axes do not count.
bool is_contiguous(const Operand& operand);

/// Fails unless every element of an operand that begins at element `offset` lies inside `bytes`.
void check_extent(const Operand& operand, int64_t offset, int64_t bytes);

}  // namespace keratin
