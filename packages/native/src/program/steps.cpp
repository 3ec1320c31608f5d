#include "program/steps.h"

#include <chrono>
#include <cstring>
#include <vector>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace keratin {
namespace {

using Clock = std::chrono::steady_clock;

// Rows of this many bytes together are worth a thread.
constexpr int64_t kGrainBytes = int64_t{1} << 17;

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

class BatchMemory {
 public:
  explicit BatchMemory(int64_t bytes) : bytes_(bytes), data_(pool_allocate(bytes)) {
    if (data_ == nullptr) fail("value", "out of memory: %lld bytes for a batch", static_cast<long long>(bytes));
  }
  ~BatchMemory() {
    if (data_ != nullptr) pool_release(data_, bytes_);
  }
  BatchMemory(BatchMemory&& other) noexcept : bytes_(other.bytes_), data_(other.data_) { other.data_ = nullptr; }
  BatchMemory(const BatchMemory&) = delete;
  BatchMemory& operator=(const BatchMemory&) = delete;
  BatchMemory& operator=(BatchMemory&&) = delete;
  void* data() const { return data_; }

 private:
  int64_t bytes_;
  void* data_;
};

template <class T>
void gather_words(const void* from, const int32_t* order, int64_t n, void* to) {
  const T* const source = static_cast<const T*>(from);
  T* const target = static_cast<T*>(to);
  for (int64_t i = 0; i < n; ++i) target[i] = source[order[i]];
}

void gather(const void* from, int64_t row_bytes, const int32_t* order, int64_t n, void* to) {
  if (row_bytes == 4) return gather_words<uint32_t>(from, order, n, to);
  if (row_bytes == 8) return gather_words<uint64_t>(from, order, n, to);
  const auto* const source = static_cast<const unsigned char*>(from);
  auto* const target = static_cast<unsigned char*>(to);
  const int64_t grain = kGrainBytes / row_bytes + 1;
  parallel_range(n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(target + i * row_bytes, source + order[i] * row_bytes, static_cast<size_t>(row_bytes));
    }
  });
}

void check_order(const StepPlan& plan) {
  const int32_t* const order = plan.order + plan.first;
  for (const Feed& feed : plan.feeds) {
    if (feed.row_bytes == 0) continue;
    for (int64_t i = 0; i < plan.steps * plan.batch; ++i) {
      if (order[i] < 0 || order[i] >= feed.rows) fail("internal", "program: a batch has no row %d", order[i]);
    }
    // All feeds have the same rows.
    return;
  }
}

}  // namespace

void run_steps(Program& program, const StepPlan& plan, const std::atomic<bool>& stop, StepCount& done) {
  const Clock::time_point start = Clock::now();
  if (plan.order != nullptr) check_order(plan);
  std::vector<void*> externals = plan.externals;
  std::vector<BatchMemory> batches;
  for (size_t i = 0; i < plan.feeds.size(); ++i) {
    const Feed& feed = plan.feeds[i];
    if (plan.order == nullptr || feed.row_bytes == 0) continue;
    batches.emplace_back(plan.batch * feed.row_bytes);
    externals[i] = batches.back().data();
  }
  const int64_t words = program.num_host_words();
  Program::Session session(program);
  for (int64_t step = 0; step < plan.steps; ++step) {
    const int64_t row = plan.first + step * plan.batch;
    for (size_t i = 0; i < plan.feeds.size(); ++i) {
      const int64_t row_bytes = plan.feeds[i].row_bytes;
      if (row_bytes == 0) continue;
      if (plan.order == nullptr) {
        externals[i] = static_cast<unsigned char*>(plan.externals[i]) + row * row_bytes;
      } else {
        gather(plan.externals[i], row_bytes, plan.order + row, plan.batch, externals[i]);
      }
    }
    session.run({externals.data(), plan.results.data(), plan.host.data() + step * words});
    done.steps = step + 1;
    done.milliseconds = since(start);
    if (stop.load(std::memory_order_relaxed) || done.milliseconds > plan.budget_ms) return;
  }
}

}  // namespace keratin
