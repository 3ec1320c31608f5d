// Discrete Fourier transforms of the last axis: complex, of real points, and back to real points.
//
// Stockham's algorithm, which needs no reordering (van Loan, "Computational frameworks for the fast Fourier transform",
// 1992). Real and imaginary parts lie apart and several rows beside each other, so that the innermost loops run over
// neighbours. The inverse is the forward transform with the two parts swapped.
#include "kernels/fft_plan.h"
#include "kernels/hot/fft_butterfly.h"

namespace keratin::KERATIN_ISA {
namespace {

// Points that one task transforms, points of the rows that lie beside each other, and where one row is worth threads.
constexpr int64_t kGrain = 32768;
constexpr int64_t kGroupPoints = 16384;
constexpr int64_t kMaxGroup = 16;
constexpr int64_t kThreadedPoints = 65536;

/// Points with their parts apart.
template <class T>
struct Points {
  T* re;
  T* im;
  Points swapped() const { return {im, re}; }
};

/// One pass over the elements of positions [begin, end) of `m` and [first, last) of `s` neighbours.
template <class T, int radix>
void run_pass(const FftPass& pass, int64_t s, Points<T> from, Points<T> to, int64_t begin, int64_t end, int64_t first,
              int64_t last) {
  const T* __restrict xr = from.re;
  const T* __restrict xi = from.im;
  T* __restrict yr = to.re;
  T* __restrict yi = to.im;
  const T* __restrict wr = static_cast<const T*>(pass.re);
  const T* __restrict wi = static_cast<const T*>(pass.im);
  const int64_t m = pass.m;
  if (s == 1) {
    for (int64_t p = begin; p < end; ++p) {
      T re[radix];
      T im[radix];
      for (int j = 0; j < radix; ++j) {
        re[j] = xr[p + m * j];
        im[j] = xi[p + m * j];
      }
      Butterfly<T, radix>::apply(re, im);
      yr[radix * p] = re[0];
      yi[radix * p] = im[0];
      for (int k = 1; k < radix; ++k) {
        const T cosine = wr[(k - 1) * m + p];
        const T sine = wi[(k - 1) * m + p];
        yr[radix * p + k] = re[k] * cosine - im[k] * sine;
        yi[radix * p + k] = re[k] * sine + im[k] * cosine;
      }
    }
    return;
  }
  for (int64_t p = begin; p < end; ++p) {
    T cosine[radix];
    T sine[radix];
    for (int k = 1; k < radix; ++k) {
      cosine[k] = wr[(k - 1) * m + p];
      sine[k] = wi[(k - 1) * m + p];
    }
    const T* __restrict ar = xr + p * s;
    const T* __restrict ai = xi + p * s;
    T* __restrict br = yr + radix * p * s;
    T* __restrict bi = yi + radix * p * s;
#pragma GCC ivdep
    for (int64_t q = first; q < last; ++q) {
      T re[radix];
      T im[radix];
      for (int j = 0; j < radix; ++j) {
        re[j] = ar[m * j * s + q];
        im[j] = ai[m * j * s + q];
      }
      Butterfly<T, radix>::apply(re, im);
      br[q] = re[0];
      bi[q] = im[0];
      for (int k = 1; k < radix; ++k) {
        br[k * s + q] = re[k] * cosine[k] - im[k] * sine[k];
        bi[k * s + q] = re[k] * sine[k] + im[k] * cosine[k];
      }
    }
  }
}

/// Large passes are split over the threads, by positions or, where there are few of them, by neighbours.
template <class T, int radix>
void threaded_pass(const FftPass& pass, int64_t s, Points<T> from, Points<T> to) {
  const int64_t m = pass.m;
  if (m * s * radix < kThreadedPoints) {
    run_pass<T, radix>(pass, s, from, to, 0, m, 0, s);
  } else if (m >= s) {
    const int64_t grain = kGrain / (s * radix) + 1;
    parallel_range(m, grain,
                   [&](int64_t begin, int64_t end) { run_pass<T, radix>(pass, s, from, to, begin, end, 0, s); });
  } else {
    const int64_t grain = kGrain / (m * radix) + 16;
    parallel_range(s, grain,
                   [&](int64_t first, int64_t last) { run_pass<T, radix>(pass, s, from, to, 0, m, first, last); });
  }
}

/// The forward transform of [n, group] points, in one of the two places: which is the result.
template <class T>
Points<T> run_passes(const FftPlan& plan, int64_t group, Points<T> x, Points<T> y) {
  int64_t s = group;
  for (int i = 0; i < plan.num_passes; ++i) {
    const FftPass& pass = plan.passes[i];
    switch (pass.radix) {
      case 2:
        threaded_pass<T, 2>(pass, s, x, y);
        break;
      case 3:
        threaded_pass<T, 3>(pass, s, x, y);
        break;
      case 4:
        threaded_pass<T, 4>(pass, s, x, y);
        break;
      case 5:
        threaded_pass<T, 5>(pass, s, x, y);
        break;
      case 7:
        threaded_pass<T, 7>(pass, s, x, y);
        break;
      case 8:
        threaded_pass<T, 8>(pass, s, x, y);
        break;
      case 11:
        threaded_pass<T, 11>(pass, s, x, y);
        break;
      default:
        threaded_pass<T, 13>(pass, s, x, y);
        break;
    }
    s *= pass.radix;
    const Points<T> done = y;
    y = x;
    x = done;
  }
  return x;
}

/// x[j] *= w[j] for [count, group] points.
template <class T>
void multiply_points(Points<T> x, const void* w_re, const void* w_im, int64_t count, int64_t group) {
  const T* wr = static_cast<const T*>(w_re);
  const T* wi = static_cast<const T*>(w_im);
  for (int64_t j = 0; j < count; ++j) {
    const T cosine = wr[j];
    const T sine = wi[j];
    T* __restrict re = x.re + j * group;
    T* __restrict im = x.im + j * group;
    for (int64_t b = 0; b < group; ++b) {
      const T r = re[b];
      re[b] = r * cosine - im[b] * sine;
      im[b] = r * sine + im[b] * cosine;
    }
  }
}

/// Points of each buffer that a transform works in.
int64_t buffer_points(const FftPlan& plan) { return plan.padded == nullptr ? plan.n : plan.padded->n; }

template <class T>
Points<T> transform(const FftPlan& plan, int64_t group, Points<T> x, Points<T> y) {
  if (plan.padded == nullptr) return run_passes(plan, group, x, y);
  const FftPlan& padded = *plan.padded;
  multiply_points(x, plan.chirp_re, plan.chirp_im, plan.n, group);
  const auto rest = static_cast<size_t>((padded.n - plan.n) * group) * sizeof(T);
  memset(x.re + plan.n * group, 0, rest);
  memset(x.im + plan.n * group, 0, rest);
  const Points<T> spectrum = run_passes(padded, group, x, y);
  const Points<T> other = spectrum.re == x.re ? y : x;
  multiply_points(spectrum, plan.filter_re, plan.filter_im, padded.n, group);
  const Points<T> result = run_passes(padded, group, spectrum.swapped(), other.swapped()).swapped();
  multiply_points(result, plan.chirp_re, plan.chirp_im, plan.n, group);
  return result;
}

/// Calls load(first row, rows, points) and store(first row, rows, transformed points) for groups of rows.
template <class T, class Load, class Store>
void for_groups(const FftPlan& plan, int64_t rows, bool inverse, const Load& load, const Store& store) {
  const int64_t points = buffer_points(plan);
  int64_t group = 1;
  while (group < kMaxGroup && 2 * group * points <= kGroupPoints) group *= 2;
  const int64_t num_groups = (rows + group - 1) / group;
  parallel_range(num_groups, kGrain / (points * group) + 1, [&](int64_t begin, int64_t end) {
    const int64_t size = points * group;
    const Scratch scratch(4 * size * static_cast<int64_t>(sizeof(T)));
    T* const memory = static_cast<T*>(scratch.data);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i * group;
      const int64_t count = rows - row < group ? rows - row : group;
      const Points<T> x{memory, memory + size};
      const Points<T> y{memory + 2 * size, memory + 3 * size};
      load(row, count, x);
      if (inverse) {
        store(row, count, transform(plan, count, x.swapped(), y.swapped()).swapped());
      } else {
        store(row, count, transform(plan, count, x, y));
      }
    }
  });
}

/// Attributes: inverse, and whether to divide by the number of points.
template <class T>
void fft(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const int64_t n = x.shape[x.rank - 1];
  const bool inverse = call.attributes[0] != 0;
  const T scale = call.attributes[1] != 0 ? T(1) / static_cast<T>(n) : T(1);
  const T* const from = static_cast<const T*>(x.data);
  T* const to = static_cast<T*>(call.outputs[0].data);
  const FftPlanHandle plan(n, sizeof(T) == 4 ? DType::float32 : DType::float64, false);
  for_groups<T>(
      *plan, x.size / n, inverse,
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          const T* __restrict p = from + 2 * (row + b) * n;
          for (int64_t j = 0; j < n; ++j) {
            points.re[j * count + b] = p[2 * j];
            points.im[j * count + b] = p[2 * j + 1];
          }
        }
      },
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          T* __restrict p = to + 2 * (row + b) * n;
          for (int64_t j = 0; j < n; ++j) {
            p[2 * j] = points.re[j * count + b] * scale;
            p[2 * j + 1] = points.im[j * count + b] * scale;
          }
        }
      });
}

/// n real points to n / 2 + 1 complex ones. An even number of points is transformed as half as many complex ones, of
/// even and odd points.
template <class T>
void rfft(const Call& call) {
  const Operand& x = call.inputs[0];
  if (x.size == 0) return;
  const int64_t n = x.shape[x.rank - 1];
  const int64_t half = n / 2;
  const bool even = n % 2 == 0;
  const T* const from = static_cast<const T*>(x.data);
  T* const to = static_cast<T*>(call.outputs[0].data);
  const DType dtype = sizeof(T) == 4 ? DType::float32 : DType::float64;
  const FftPlanHandle plan(even ? half : n, dtype, false);
  const FftPlanHandle whole(even ? n : 1, dtype, true);
  const T* const wr = static_cast<const T*>(whole->roots_re);
  const T* const wi = static_cast<const T*>(whole->roots_im);
  for_groups<T>(
      *plan, x.size / n, false,
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          const T* __restrict p = from + (row + b) * n;
          if (even) {
            for (int64_t j = 0; j < half; ++j) {
              points.re[j * count + b] = p[2 * j];
              points.im[j * count + b] = p[2 * j + 1];
            }
          } else {
            for (int64_t j = 0; j < n; ++j) {
              points.re[j * count + b] = p[j];
              points.im[j * count + b] = 0;
            }
          }
        }
      },
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          T* __restrict p = to + 2 * (row + b) * (half + 1);
          if (!even) {
            for (int64_t k = 0; k <= half; ++k) {
              p[2 * k] = points.re[k * count + b];
              p[2 * k + 1] = points.im[k * count + b];
            }
            continue;
          }
          // X[k] = E[k] + w^k O[k] with E = (Z[k] + conj Z[h - k]) / 2, O = (Z[k] - conj Z[h - k]) / 2i.
          for (int64_t k = 0; k <= half; ++k) {
            const int64_t at = (k == half ? 0 : k) * count + b;
            const int64_t mirror = (k == 0 ? 0 : half - k) * count + b;
            const T er = (points.re[at] + points.re[mirror]) / 2;
            const T ei = (points.im[at] - points.im[mirror]) / 2;
            const T odd_r = (points.im[at] + points.im[mirror]) / 2;
            const T odd_i = (points.re[mirror] - points.re[at]) / 2;
            p[2 * k] = er + odd_r * wr[k] - odd_i * wi[k];
            p[2 * k + 1] = k == 0 || k == half ? T(0) : ei + odd_r * wi[k] + odd_i * wr[k];
          }
        }
      });
}

/// n / 2 + 1 complex points back to n real ones, divided by n; the imaginary parts of the first and, for an even n, the
/// last point count for nothing.
template <class T>
void irfft(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& y = call.outputs[0];
  if (y.size == 0) return;
  const int64_t n = y.shape[y.rank - 1];
  const int64_t half = n / 2;
  const bool even = n % 2 == 0;
  const T* const from = static_cast<const T*>(x.data);
  T* const to = static_cast<T*>(y.data);
  const DType dtype = sizeof(T) == 4 ? DType::float32 : DType::float64;
  const FftPlanHandle plan(even ? half : n, dtype, false);
  const FftPlanHandle whole(even ? n : 1, dtype, true);
  const T* const wr = static_cast<const T*>(whole->roots_re);
  const T* const wi = static_cast<const T*>(whole->roots_im);
  const T scale = T(1) / static_cast<T>(n);
  for_groups<T>(
      *plan, y.size / n, true,
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          const T* __restrict p = from + 2 * (row + b) * (half + 1);
          if (!even) {
            points.re[b] = p[0];
            points.im[b] = 0;
            for (int64_t k = 1; k <= half; ++k) {
              points.re[k * count + b] = points.re[(n - k) * count + b] = p[2 * k];
              points.im[k * count + b] = p[2 * k + 1];
              points.im[(n - k) * count + b] = -p[2 * k + 1];
            }
            continue;
          }
          // Z[k] = E[k] + i O[k] with E = X[k] + conj X[h - k], O = (X[k] - conj X[h - k]) conj w^k, both twice as
          // large.
          for (int64_t k = 0; k < half; ++k) {
            const int64_t mirror = half - k;
            const T ki = k == 0 ? T(0) : p[2 * k + 1];
            const T mi = k == 0 ? T(0) : p[2 * mirror + 1];
            const T dr = p[2 * k] - p[2 * mirror];
            const T di = ki + mi;
            const T odd_r = dr * wr[k] + di * wi[k];
            const T odd_i = di * wr[k] - dr * wi[k];
            points.re[k * count + b] = p[2 * k] + p[2 * mirror] - odd_i;
            points.im[k * count + b] = ki - mi + odd_r;
          }
        }
      },
      [&](int64_t row, int64_t count, Points<T> points) {
        for (int64_t b = 0; b < count; ++b) {
          T* __restrict p = to + (row + b) * n;
          if (even) {
            for (int64_t j = 0; j < half; ++j) {
              p[2 * j] = points.re[j * count + b] * scale;
              p[2 * j + 1] = points.im[j * count + b] * scale;
            }
          } else {
            for (int64_t j = 0; j < n; ++j) p[j] = points.re[j * count + b] * scale;
          }
        }
      });
}

}  // namespace

void register_fft(Registry& registry) {
  add_kernel(registry, "fft", DType::complex64, &fft<float>);
  add_kernel(registry, "fft", DType::complex128, &fft<double>);
  add_kernel(registry, "rfft", DType::float32, &rfft<float>);
  add_kernel(registry, "rfft", DType::float64, &rfft<double>);
  add_kernel(registry, "irfft", DType::complex64, &irfft<float>);
  add_kernel(registry, "irfft", DType::complex128, &irfft<double>);
}

}  // namespace keratin::KERATIN_ISA
