// GFLOP/s of float fused multiply-adds on one thread and on all: the limit that matrix products are compared with.
// Usage: fma-peak THREADS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
using Vector = float __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / 4;
constexpr int kChains = 12;  // enough independent chains to hide the latency of two units
constexpr long kSteps = 4'000'000;

float chains() {
  const Vector factor = Vector{} + 0.999999f;
  const Vector term = Vector{} + 1e-7f;
  // Each chain starts elsewhere: those that the compiler knows to be equal would become one.
  Vector a0 = factor, a1 = 2 * factor, a2 = 3 * factor, a3 = 4 * factor, a4 = 5 * factor, a5 = 6 * factor;
  Vector a6 = 7 * factor, a7 = 8 * factor, a8 = 9 * factor, a9 = 10 * factor, a10 = 11 * factor, a11 = 12 * factor;
  for (long i = 0; i < kSteps; ++i) {
    a0 = a0 * factor + term, a1 = a1 * factor + term, a2 = a2 * factor + term, a3 = a3 * factor + term;
    a4 = a4 * factor + term, a5 = a5 * factor + term, a6 = a6 * factor + term, a7 = a7 * factor + term;
    a8 = a8 * factor + term, a9 = a9 * factor + term, a10 = a10 * factor + term, a11 = a11 * factor + term;
  }
  const Vector all = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
  return all[0];
}

volatile float sink;

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  double best = 0;
  for (int repetition = 0; repetition < 5; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) workers.emplace_back([] { sink = chains(); });
    for (auto& worker : workers) worker.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double gflops = 2.0 * kLanes * kChains * kSteps * threads / seconds / 1e9;
    if (gflops > best) best = gflops;
  }
  std::printf("%.1f\n", best);
}
