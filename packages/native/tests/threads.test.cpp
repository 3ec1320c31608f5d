// The kernel threads and the memory pool, used by several threads at once: JavaScript's workers share them.
#include "runtime/threads.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "check.h"
#include "runtime/brief.h"
#include "runtime/call.h"
#include "runtime/pool.h"

namespace keratin {
namespace {

/// Every index of a job of `count` runs once.
void count_every_index(int64_t count, decltype(run_parallel)* run) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
  run(count, &runs, [](void* context, int64_t index) {
    (*static_cast<std::vector<std::atomic<int>>*>(context))[static_cast<size_t>(index)].fetch_add(1);
  });
  for (const auto& times : runs) CHECK(times.load() == 1);
}

/// Results of test threads are checked on the main thread, since checks count without locks.
template <class Body>
void on_threads(int n, const Body& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

int64_t sum_in_parallel(int64_t count) {
  std::atomic<int64_t> sum{0};
  run_parallel(count, &sum,
               [](void* context, int64_t index) { static_cast<std::atomic<int64_t>*>(context)->fetch_add(index); });
  return sum.load();
}

TEST(every_index_runs_once) {
  const int before = num_threads();
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    CHECK(num_threads() == threads);
    for (const int64_t count : {0, 1, 2, 3, 100, 1000}) {
      count_every_index(count, run_parallel);
      count_every_index(count, run_brief);
    }
    // Threads that sleep take no part in the first brief job, but in those that follow.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int i = 0; i < 20; ++i) count_every_index(100, run_brief);
  }
  set_num_threads(before);
}

TEST(jobs_within_jobs_run_on_their_thread) {
  std::atomic<int64_t> sum{0};
  for (auto* run : {run_parallel, run_brief}) {
    sum.store(0);
    run(20, &sum,
        [](void* context, int64_t) { static_cast<std::atomic<int64_t>*>(context)->fetch_add(sum_in_parallel(10)); });
    CHECK(sum.load() == 20 * 45);
  }
}

TEST(several_threads_submit_at_once) {
  const int before = num_threads();
  set_num_threads(3);
  std::atomic<int> wrong{0};
  on_threads(4, [&](int) {
    for (int64_t count = 0; count < 200; ++count) {
      if (sum_in_parallel(count) != count * (count - 1) / 2) wrong.fetch_add(1);
    }
  });
  CHECK(wrong.load() == 0);
  set_num_threads(before);
}

TEST(the_number_of_threads_changes_meanwhile) {
  const int before = num_threads();
  std::atomic<int> wrong{0};
  on_threads(3, [&](int thread) {
    for (int i = 0; i < 100; ++i) {
      if (thread == 0) set_num_threads(1 + i % 4);
      if (sum_in_parallel(50) != 1225) wrong.fetch_add(1);
    }
  });
  CHECK(wrong.load() == 0);
  set_num_threads(before);
}

TEST(the_pool_is_shared) {
  const int64_t live = pool_stats().live_bytes;
  std::atomic<int> wrong{0};
  on_threads(4, [&](int thread) {
    for (int64_t i = 0; i < 500; ++i) {
      const int64_t bytes = 1 + (i * 37) % 5000;
      auto* data = static_cast<unsigned char*>(pool_allocate(bytes));
      data[0] = data[bytes - 1] = static_cast<unsigned char>(thread);
      if (i % 100 == 0) pool_trim();
      if (data[0] != thread || data[bytes - 1] != thread) wrong.fetch_add(1);
      pool_release(data, bytes);
    }
  });
  CHECK(wrong.load() == 0);
  CHECK(pool_stats().live_bytes == live);
}

}  // namespace
}  // namespace keratin
