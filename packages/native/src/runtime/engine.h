// A thread that does one job after another, so that JavaScript's thread is free meanwhile.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace keratin {

class Engine {
 public:
  Engine() = default;
  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Does the job after those before it. Jobs must not throw.
  void post(std::function<void()> job);
  /// Waits for the job that runs; those that wait are done too. Nothing may be posted afterwards.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace keratin
