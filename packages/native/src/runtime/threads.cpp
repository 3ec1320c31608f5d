#include "runtime/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/brief.h"
#include "runtime/call.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace keratin {
namespace {

using Clock = std::chrono::steady_clock;

// A spinning worker answers in 0.2 us, a parked one in about 13 us; longer spins starve other processes.
constexpr auto kSpin = std::chrono::microseconds(50);

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// cpu.max of control groups v2, or the cfs quota of v1; 0 where there is none.
double cgroup_cores() {
  double quota = 0;
  double period = 0;
  if (FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    if (std::fscanf(file, "%lf %lf", &quota, &period) != 2) quota = 0;
    std::fclose(file);
  } else if (FILE* v1 = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r")) {
    if (std::fscanf(v1, "%lf", &quota) != 1) quota = 0;
    std::fclose(v1);
    if (FILE* p = std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r")) {
      if (std::fscanf(p, "%lf", &period) != 1) period = 0;
      std::fclose(p);
    }
  }
  return quota > 0 && period > 0 ? quota / period : 0;
}

// How long the submitter of a job looks for its end before it sleeps: longer than most single pieces of work take.
constexpr auto kPatience = std::chrono::microseconds(100);

// More threads than these begin where others began.
constexpr int64_t kMaxShares = 64;

// One job at a time. Workers join a job by reading its generation; a job ends when every worker that joined has left.
// Each thread has a share of the indices, neighbours and always the same, so that what one job left in the caches of a
// core is found there by the next; a thread whose share is done helps with the others.
class ThreadPool {
 public:
  void resize(int n) {
    const std::lock_guard submit(submit_mutex_);
    wanted_.store(n);
    while (static_cast<int>(workers_.size()) < n - 1) {
      const int index = static_cast<int>(workers_.size());
      workers_.emplace_back([this, index] { work(index); });
      workers_.back().detach();
    }
  }

  int size() const { return wanted_.load(std::memory_order_relaxed); }

  void run(int64_t count, void* context, void (*body)(void*, int64_t), bool brief) {
    if (count <= 1 || size() <= 1 || busy_here_ || !submit_mutex_.try_lock()) {
      for (int64_t i = 0; i < count; ++i) body(context, i);
      return;
    }
    busy_here_ = true;
    if (brief && parked_.load(std::memory_order_relaxed) > 0 && Clock::now() - last_end_ > kSpin) {
      for (int64_t i = 0; i < count; ++i) body(context, i);
    } else {
      share_out(count, context, body);
    }
    last_end_ = Clock::now();
    busy_here_ = false;
    submit_mutex_.unlock();
  }

 private:
  void share_out(int64_t count, void* context, void (*body)(void*, int64_t)) {
    body_ = body;
    context_ = context;
    num_shares_ = std::min({static_cast<int64_t>(size()), count, kMaxShares});
    for (int64_t share = 0; share < num_shares_; ++share) {
      shares_[share].next.store(count * share / num_shares_, std::memory_order_relaxed);
      shares_[share].end = count * (share + 1) / num_shares_;
    }
    const uint64_t generation = generation_.load(std::memory_order_relaxed) + 1;
    // Seats: how many workers may still join this job.
    seats_.store(std::min<int64_t>(size() - 1, count - 1), std::memory_order_release);
    generation_.store(generation, std::memory_order_seq_cst);
    if (parked_.load(std::memory_order_seq_cst) > 0) {
      const std::lock_guard lock(park_mutex_);
      wake_.notify_all();
    }
    drain(0);
    // No worker may join from here on; wait for those that did.
    seats_.store(-1'000'000, std::memory_order_seq_cst);
    Clock::time_point begin;
    for (int spins = 0; joined_.load(std::memory_order_seq_cst) > 0; ++spins) {
      if (spins == 0) begin = Clock::now();
      if ((spins & 63) != 63 || Clock::now() - begin < kPatience) {
        pause_cpu();
        continue;
      }
      // The core of a worker was taken away. Whoever yields gives a competing process a whole time slice; whoever
      // sleeps is back as soon as the worker is done.
      waiting_.store(true, std::memory_order_seq_cst);
      std::unique_lock lock(done_mutex_);
      done_.wait(lock, [this] { return joined_.load(std::memory_order_seq_cst) == 0; });
      waiting_.store(false, std::memory_order_relaxed);
    }
  }

  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void drain(int64_t first) {
    for (int64_t offset = 0; offset < num_shares_; ++offset) {
      Share& share = shares_[(first + offset) % num_shares_];
      for (;;) {
        const int64_t i = share.next.fetch_add(1, std::memory_order_relaxed);
        if (i >= share.end) break;
        body_(context_, i);
      }
    }
  }

  void work(int index) {
    busy_here_ = true;
    uint64_t seen = generation_.load();
    for (;;) {
      seen = await(seen, index);
      // Announce first, then take a seat: the submitter closes the seats before it waits for joined_ to fall to zero.
      joined_.fetch_add(1, std::memory_order_seq_cst);
      if (seats_.fetch_sub(1, std::memory_order_seq_cst) > 0) drain(index + 1);
      if (joined_.fetch_sub(1, std::memory_order_seq_cst) == 1 && waiting_.load(std::memory_order_seq_cst)) {
        const std::lock_guard lock(done_mutex_);
        done_.notify_one();
      }
    }
  }

  uint64_t await(uint64_t seen, int index) {
    auto deadline = Clock::now() + kSpin;
    for (int spins = 0;; ++spins) {
      const uint64_t now = generation_.load(std::memory_order_acquire);
      if (now != seen && index < size() - 1) return now;
      if ((spins & 63) == 63 && Clock::now() > deadline) break;
      pause_cpu();
    }
    std::unique_lock lock(park_mutex_);
    parked_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] { return generation_.load(std::memory_order_seq_cst) != seen && index < size() - 1; });
    parked_.fetch_sub(1, std::memory_order_relaxed);
    return generation_.load(std::memory_order_acquire);
  }

  std::mutex submit_mutex_;
  Clock::time_point last_end_;
  std::vector<std::thread> workers_;
  std::atomic<int> wanted_{1};

  void (*body_)(void*, int64_t) = nullptr;
  void* context_ = nullptr;
  int64_t num_shares_ = 0;
  Share shares_[kMaxShares];
  alignas(64) std::atomic<uint64_t> generation_{0};
  alignas(64) std::atomic<int64_t> seats_{-1};
  alignas(64) std::atomic<int64_t> joined_{0};

  std::mutex park_mutex_;
  std::condition_variable wake_;
  std::atomic<int> parked_{0};

  // The submitter sleeps until the last worker has left.
  std::mutex done_mutex_;
  std::condition_variable done_;
  std::atomic<bool> waiting_{false};

  // True on workers and while this thread runs a job: nested calls run here.
  static thread_local bool busy_here_;
};

thread_local bool ThreadPool::busy_here_ = false;

ThreadPool& threads() {
  // Never destroyed: detached workers use it until the process ends.
  static ThreadPool* const instance = [] {
    auto* fresh = new ThreadPool;
    fresh->resize(available_cores());
    return fresh;
  }();
  return *instance;
}

}  // namespace

int available_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = CPU_COUNT(&set);
#endif
  const double quota = cgroup_cores();
  if (quota > 0) cores = std::min(cores, static_cast<int>(std::ceil(quota)));
  return std::max(cores, 1);
}

void set_num_threads(int n) { threads().resize(std::max(n, 1)); }

int num_threads() { return threads().size(); }

void run_parallel(int64_t count, void* context, void (*body)(void*, int64_t)) {
  threads().run(count, context, body, false);
}

void run_brief(int64_t count, void* context, void (*body)(void*, int64_t)) {
  threads().run(count, context, body, true);
}

}  // namespace keratin
