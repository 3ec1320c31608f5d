// The list of kernel families: the one place that names them all.
#pragma once

#include "runtime/isa.h"
#include "runtime/registry.h"

namespace keratin {

// Families compiled once, for every dtype.
#define KERATIN_GENERIC_FAMILIES(X) \
  X(elementwise)                    \
  X(movement)                       \
  X(reduction)                      \
  X(indexing)                       \
  X(random)                         \
  X(distributions)                  \
  X(matmul)                         \
  X(sorting)                        \
  X(cumulative)                     \
  X(special)                        \
  X(control)

// Families compiled for each instruction set, for the floating dtypes where speed counts.
#define KERATIN_HOT_FAMILIES(X) \
  X(elementwise)                \
  X(reduction)                  \
  X(random)                     \
  X(softmax)                    \
  X(matmul)                     \
  X(linalg)                     \
  X(convolution)                \
  X(pooling)                    \
  X(normalization)              \
  X(recurrent)                  \
  X(attention)                  \
  X(fft)                        \
  X(optimizer)

#define KERATIN_DECLARE(family) void register_##family(Registry& registry);
namespace generic {
KERATIN_GENERIC_FAMILIES(KERATIN_DECLARE)
}
namespace baseline {
KERATIN_HOT_FAMILIES(KERATIN_DECLARE)
}
namespace avx2 {
KERATIN_HOT_FAMILIES(KERATIN_DECLARE)
}
namespace avx512 {
KERATIN_HOT_FAMILIES(KERATIN_DECLARE)
}
#undef KERATIN_DECLARE

/// Generic bodies first, then the ones of the instruction set, which replace them.
void register_families(Registry& registry, Isa isa);

}  // namespace keratin
