#include "kernels/fft_plan.h"

#include <bit>
#include <cmath>
#include <complex>
#include <list>
#include <memory>
#include <mutex>
#include <numbers>
#include <vector>

namespace keratin {
namespace {

using Complex = std::complex<double>;

// Plans of the last lengths are kept while their tables take less than this together.
constexpr int64_t kMaxCachedBytes = int64_t{64} << 20;

/// e^(-2 pi i k / n), of an angle of at most pi / 4, where sine and cosine lose nothing.
Complex root(int64_t k, int64_t n) {
  k %= n;
  const int64_t eighth = 8 * k / n;
  const auto angle = [n](int64_t eighths_of_n) {
    return 2 * std::numbers::pi * static_cast<double>(eighths_of_n) / (8 * static_cast<double>(n));
  };
  // The distance to the next axis of the plane, in n / 8ths of a step.
  const int64_t at = 8 * k;
  switch (eighth) {
    case 0:
      return {std::cos(angle(at)), -std::sin(angle(at))};
    case 1:
      return {std::sin(angle(2 * n - at)), -std::cos(angle(2 * n - at))};
    case 2:
      return {-std::sin(angle(at - 2 * n)), -std::cos(angle(at - 2 * n))};
    case 3:
      return {-std::cos(angle(4 * n - at)), -std::sin(angle(4 * n - at))};
    case 4:
      return {-std::cos(angle(at - 4 * n)), std::sin(angle(at - 4 * n))};
    case 5:
      return {-std::sin(angle(6 * n - at)), std::cos(angle(6 * n - at))};
    case 6:
      return {std::sin(angle(at - 6 * n)), std::cos(angle(at - 6 * n))};
    default:
      return {std::cos(angle(8 * n - at)), std::sin(angle(8 * n - at))};
  }
}

/// The transform of a power of two, in place: for the tables alone.
void transform(std::vector<Complex>& x) {
  const size_t n = x.size();
  for (size_t i = 1, j = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  std::vector<Complex> roots(n / 2);
  for (size_t k = 0; k < roots.size(); ++k) roots[k] = root(static_cast<int64_t>(k), static_cast<int64_t>(n));
  for (size_t half = 1; half < n; half *= 2) {
    const size_t step = n / (2 * half);
    for (size_t start = 0; start < n; start += 2 * half) {
      for (size_t k = 0; k < half; ++k) {
        const Complex odd = x[start + half + k] * roots[k * step];
        x[start + half + k] = x[start + k] - odd;
        x[start + k] += odd;
      }
    }
  }
}

/// The radices of a length, or none where it has another prime factor.
std::vector<int> factors_of(int64_t n) {
  std::vector<int> factors;
  int twos = 0;
  for (; n % 2 == 0; n /= 2) ++twos;
  if (twos == 1) factors.push_back(2);
  // Eights, with one or two fours where the exponent of two is no multiple of three.
  const int fours = twos <= 1 ? 0 : twos % 3 == 0 ? 0 : twos % 3 == 2 ? 1 : 2;
  const int eights = twos <= 1 ? 0 : (twos - 2 * fours) / 3;
  factors.insert(factors.end(), static_cast<size_t>(eights), 8);
  factors.insert(factors.end(), static_cast<size_t>(fours), 4);
  for (const int odd : {3, 5, 7, 11, 13}) {
    for (; n % odd == 0; n /= odd) factors.push_back(odd);
  }
  if (n != 1) factors.clear();
  return factors;
}

struct Plan {
  int64_t n;
  DType dtype;
  bool with_roots;
  int64_t bytes = 0;
  FftPlan view{};
  std::shared_ptr<Plan> padded;
  std::vector<std::unique_ptr<char[]>> tables;

  /// Real or imaginary parts in the plan's element type.
  const void* table(const std::vector<Complex>& values, bool imaginary) {
    const size_t size = static_cast<size_t>(size_of(dtype));
    auto memory = std::make_unique<char[]>(values.size() * size + 1);
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = imaginary ? values[i].imag() : values[i].real();
      if (dtype == DType::float32) {
        reinterpret_cast<float*>(memory.get())[i] = static_cast<float>(value);
      } else {
        reinterpret_cast<double*>(memory.get())[i] = value;
      }
    }
    bytes += static_cast<int64_t>(values.size() * size);
    tables.push_back(std::move(memory));
    return tables.back().get();
  }

  Plan(int64_t length, DType element, bool real) : n(length), dtype(element), with_roots(real) {
    view.n = n;
    const std::vector<int> factors = factors_of(n);
    int64_t rest = n;
    for (const int radix : factors) {
      const int64_t m = rest / radix;
      std::vector<Complex> twiddles;
      twiddles.reserve(static_cast<size_t>((radix - 1) * m));
      for (int k = 1; k < radix; ++k) {
        for (int64_t p = 0; p < m; ++p) twiddles.push_back(root(p * k, rest));
      }
      view.passes[view.num_passes++] = {radix, m, table(twiddles, false), table(twiddles, true)};
      rest = m;
    }
    if (n > 1 && factors.empty()) add_chirp();
    if (with_roots) {
      std::vector<Complex> roots;
      for (int64_t k = 0; k <= n / 2; ++k) roots.push_back(root(k, n));
      view.roots_re = table(roots, false);
      view.roots_im = table(roots, true);
    }
  }

  // Bluestein, "A linear filtering approach to the computation of discrete Fourier transform", 1970:
  // jk = (j^2 + k^2 - (k - j)^2) / 2 makes the sum a convolution with a chirp.
  void add_chirp() {
    const int64_t size = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(2 * n - 1)));
    padded = std::make_shared<Plan>(size, dtype, false);
    bytes += padded->bytes;
    view.padded = &padded->view;
    std::vector<Complex> chirp;
    // j^2 modulo 2n, from (j + 1)^2 = j^2 + 2j + 1.
    int64_t square = 0;
    for (int64_t j = 0; j < n; ++j) {
      chirp.push_back(root(square, 2 * n));
      square = (square + 2 * j + 1) % (2 * n);
    }
    std::vector<Complex> filter(static_cast<size_t>(size));
    const double scale = 1 / static_cast<double>(size);
    for (size_t j = 0; j < chirp.size(); ++j) {
      filter[j] = std::conj(chirp[j]) * scale;
      if (j > 0) filter[filter.size() - j] = filter[j];
    }
    transform(filter);
    view.chirp_re = table(chirp, false);
    view.chirp_im = table(chirp, true);
    view.filter_re = table(filter, false);
    view.filter_im = table(filter, true);
  }
};

struct Cache {
  std::mutex mutex;
  std::list<std::shared_ptr<Plan>> plans;  // the last used one first
};

Cache& cache() {
  // Never destroyed: other threads may transform while the process ends.
  static Cache* const instance = new Cache;
  return *instance;
}

std::shared_ptr<Plan> plan_for(int64_t n, DType dtype, bool with_roots) {
  Cache& all = cache();
  {
    const std::lock_guard lock(all.mutex);
    for (auto it = all.plans.begin(); it != all.plans.end(); ++it) {
      const Plan& plan = **it;
      if (plan.n != n || plan.dtype != dtype || (with_roots && !plan.with_roots)) continue;
      all.plans.splice(all.plans.begin(), all.plans, it);
      return all.plans.front();
    }
  }
  auto made = std::make_shared<Plan>(n, dtype, with_roots);
  const std::lock_guard lock(all.mutex);
  all.plans.push_front(made);
  int64_t bytes = 0;
  for (auto it = all.plans.begin(); it != all.plans.end();) {
    bytes += (*it)->bytes;
    it = bytes > kMaxCachedBytes ? all.plans.erase(it) : std::next(it);
  }
  return made;
}

}  // namespace

FftPlanHandle::FftPlanHandle(int64_t n, DType dtype, bool with_roots) {
  auto* const keep = new std::shared_ptr<Plan>(plan_for(n, dtype, with_roots));
  keep_ = keep;
  plan_ = &(*keep)->view;
}

FftPlanHandle::~FftPlanHandle() { delete static_cast<std::shared_ptr<Plan>*>(keep_); }

}  // namespace keratin
