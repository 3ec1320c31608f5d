// Lambdas for run_brief. Everything here has internal linkage: each instruction set gets its own copy.
#pragma once

#include "runtime/call.h"

namespace keratin {

/// As run_parallel, for jobs of less than about 50 us: to wake a thread that sleeps would take as long. It is woken if
/// another job has just ended, since it stays awake where such jobs follow each other.
void run_brief(int64_t count, void* context, void (*body)(void* context, int64_t index));

namespace {

/// body(i) for i in [0, count).
template <class Body>
void parallel_brief(int64_t count, const Body& body) {
  if (count == 1) {
    body(int64_t{0});
    return;
  }
  run_brief(count, const_cast<void*>(static_cast<const void*>(&body)),
            [](void* context, int64_t index) { (*static_cast<const Body*>(context))(index); });
}

}  // namespace
}  // namespace keratin
