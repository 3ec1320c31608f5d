// The exception behind fail().
#pragma once

#include <string>

namespace keratin {

struct KernelError {
  std::string kind;  // "index", "value" or "internal"
  std::string message;
};

}  // namespace keratin
