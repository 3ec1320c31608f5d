// GB/s of a pass over memory that reads four streams and writes three of them, with next to no arithmetic: the limit of
// an optimizer with two moments. Usage: memory-bandwidth THREADS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

constexpr size_t kElements = 10'000'000;

void pass(float* weight, float* first, float* second, const float* gradient, size_t begin, size_t end) {
#pragma GCC ivdep
  for (size_t i = begin; i < end; ++i) {
    const float g = gradient[i];
    first[i] = first[i] * 0.9f + g;
    second[i] = second[i] * 0.999f + g;
    weight[i] = weight[i] * 0.5f + g;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const size_t threads = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
  // Pages of 2 MB where the system has them: what is to be measured is the memory, not how addresses are looked up.
  constexpr size_t kPage = size_t{2} << 20;
  constexpr size_t kBytes = (kElements * sizeof(float) + kPage - 1) / kPage * kPage;
  std::vector<float*> streams;
  for (int i = 0; i < 4; ++i) {
    auto* stream = static_cast<float*>(std::aligned_alloc(kPage, kBytes));
    if (stream == nullptr) return 1;
#ifdef __linux__
    madvise(stream, kBytes, MADV_HUGEPAGE);
#endif
    std::fill_n(stream, kElements, 1e-3f);
    streams.push_back(stream);
  }
  double best = 0;
  for (int repetition = 0; repetition < 20; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        pass(streams[0], streams[1], streams[2], streams[3], kElements * t / threads, kElements * (t + 1) / threads);
      });
    }
    for (auto& worker : workers) worker.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double speed = 7.0 * sizeof(float) * kElements / seconds / 1e9;
    if (speed > best) best = speed;
  }
  std::printf("%.1f\n", best);
}
