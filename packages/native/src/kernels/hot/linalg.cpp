// Linear algebra for float32 and float64: the kernels of the linalg_*.cpp files.
#include "kernels/hot/simd.h"

namespace keratin::KERATIN_ISA {

void register_linalg_solve(Registry& registry);
void register_linalg_qr(Registry& registry);
void register_linalg_eigh(Registry& registry);
void register_linalg_svd(Registry& registry);
void register_linalg_eig(Registry& registry);

void register_linalg(Registry& registry);

void register_linalg(Registry& registry) {
  register_linalg_solve(registry);
  register_linalg_qr(registry);
  register_linalg_eigh(registry);
  register_linalg_svd(registry);
  register_linalg_eig(registry);
}

}  // namespace keratin::KERATIN_ISA
