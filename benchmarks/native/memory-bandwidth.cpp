// GB/s of a pass over memory that reads four streams and writes three of them, with next to no arithmetic: the limit of
// an optimizer with two moments. Usage: memory-bandwidth THREADS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

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
  std::vector<std::vector<float>> streams(4, std::vector<float>(kElements, 1e-3f));
  double best = 0;
  for (int repetition = 0; repetition < 20; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        pass(streams[0].data(), streams[1].data(), streams[2].data(), streams[3].data(), kElements * t / threads,
             kElements * (t + 1) / threads);
      });
    }
    for (auto& worker : workers) worker.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double speed = 7.0 * sizeof(float) * kElements / seconds / 1e9;
    if (speed > best) best = speed;
  }
  std::printf("%.1f\n", best);
}
