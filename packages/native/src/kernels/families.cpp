#include "kernels/families.h"

namespace keratin {

void register_families(Registry& registry, Isa isa) {
#define KERATIN_CALL_GENERIC(family) generic::register_##family(registry);
  KERATIN_GENERIC_FAMILIES(KERATIN_CALL_GENERIC)
#undef KERATIN_CALL_GENERIC
  switch (isa) {
#if defined(KERATIN_HAVE_X86)
    case Isa::avx512:
#define KERATIN_CALL_HOT(family) avx512::register_##family(registry);
      KERATIN_HOT_FAMILIES(KERATIN_CALL_HOT)
#undef KERATIN_CALL_HOT
      return;
    case Isa::avx2:
#define KERATIN_CALL_HOT(family) avx2::register_##family(registry);
      KERATIN_HOT_FAMILIES(KERATIN_CALL_HOT)
#undef KERATIN_CALL_HOT
      return;
#else
    case Isa::avx512:
    case Isa::avx2:
#endif
    case Isa::baseline:
#define KERATIN_CALL_HOT(family) baseline::register_##family(registry);
      KERATIN_HOT_FAMILIES(KERATIN_CALL_HOT)
#undef KERATIN_CALL_HOT
      return;
  }
}

}  // namespace keratin
