// Which instruction set the kernels use.
#pragma once

namespace keratin {

enum class Isa { baseline = 0, avx2 = 1, avx512 = 2 };

/// The best one that CPU and operating system support, lowered by the environment variable KERATIN_ISA
/// (baseline, avx2, avx512). Read once.
Isa selected_isa();
const char* name_of(Isa isa);

}  // namespace keratin
