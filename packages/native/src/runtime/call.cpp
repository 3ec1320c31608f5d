#include "runtime/call.h"

#include <cstdarg>
#include <cstdio>

#include "runtime/error.h"
#include "runtime/pool.h"

namespace keratin {

void fail(const char* kind, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  throw KernelError{kind, text};
}

Scratch::Scratch(int64_t wanted) : data(pool_allocate(wanted)), bytes(wanted) {
  if (data == nullptr) fail("value", "out of memory: %lld bytes of working space", static_cast<long long>(wanted));
}

Scratch::~Scratch() { pool_release(data, bytes); }

}  // namespace keratin
