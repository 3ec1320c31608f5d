#include "runtime/isa.h"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace keratin {
namespace {

Isa supported_isa() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2 && avx512) return Isa::avx512;
  if (avx2) return Isa::avx2;
#endif
  return Isa::baseline;
}

}  // namespace

Isa selected_isa() {
  static const Isa isa = [] {
    const Isa best = supported_isa();
    const char* wanted = std::getenv("KERATIN_ISA");
    if (wanted == nullptr) return best;
    for (const Isa candidate : {Isa::baseline, Isa::avx2, Isa::avx512}) {
      if (std::strcmp(wanted, name_of(candidate)) == 0 && candidate <= best) return candidate;
    }
    return best;
  }();
  return isa;
}

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::baseline:
      break;
  }
  return "baseline";
}

}  // namespace keratin
