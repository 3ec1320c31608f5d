// What a Fourier transform of one length needs beside its data: factors and twiddle factors. Plain data and out-of-line
// functions only, so that the files compiled once per instruction set may include it.
#pragma once

#include <cstdint>

#include "runtime/dtype.h"

namespace keratin {

constexpr int kMaxFftPasses = 48;

/// Factors with a pass of their own; a length with another prime factor becomes a convolution (Bluestein).
constexpr int kFftRadices[] = {8, 4, 2, 3, 5, 7, 11, 13};

/// One pass of the Stockham algorithm: `radix` times `m` elements are left of the transform. Tables hold the plan's
/// element type.
struct FftPass {
  int radix;
  int64_t m;
  const void* re;  // e^(-2 pi i p k / (radix m)) at [(k - 1) m + p]
  const void* im;
};

struct FftPlan {
  int64_t n;
  int num_passes;
  FftPass passes[kMaxFftPasses];
  /// Bluestein: the transform of `padded` points and, for each point j, e^(-pi i j^2 / n); its transformed conjugate,
  /// divided by the number of padded points, is what spectra are multiplied by. Null where passes do it.
  const FftPlan* padded;
  const void* chirp_re;
  const void* chirp_im;
  const void* filter_re;
  const void* filter_im;
  /// e^(-2 pi i k / n) for k in [0, n / 2]: for transforms of n real points. Null unless asked for.
  const void* roots_re;
  const void* roots_im;
};

/// Borrows the plan of `n` points of float32 or float64, made on first use and kept for a while.
class FftPlanHandle {
 public:
  FftPlanHandle(int64_t n, DType dtype, bool with_roots);
  ~FftPlanHandle();
  FftPlanHandle(const FftPlanHandle&) = delete;
  FftPlanHandle& operator=(const FftPlanHandle&) = delete;
  const FftPlan& operator*() const { return *plan_; }
  const FftPlan* operator->() const { return plan_; }

 private:
  void* keep_;
  const FftPlan* plan_;
};

}  // namespace keratin
