// The compiled programs of one JavaScript thread, by integer handle.
#pragma once

#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "binding/buffers.h"
#include "program/program.h"
#include "program/steps.h"
#include "runtime/engine.h"
#include "runtime/error.h"

namespace keratin {

/// Each program comes with a Float64Array that both sides share, its bindings: for each external a handle and an offset
/// in bytes, the host words, and room for the handles of the results. After an error the first word says which
/// instruction it was, or -1.
class Programs {
 public:
  explicit Programs(napi_env env, Buffers& buffers) : env_(env), buffers_(buffers) {}
  ~Programs() { stop(); }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  /// Reads a program; its handle. With an owner it lives as long as that, else until it is released.
  int64_t compile(const double* words, int64_t count, const Napi::Float64Array& bindings, napi_value owner);
  /// Runs it; results get buffers that live as long as their owners.
  void execute(int64_t handle, const napi_value* owners, size_t num_owners);

  /// Many runs in one call: see `start`. On this thread; `control` gets what `finish` gives.
  void steps(int64_t handle, double* control, int64_t num_control, const double* host, int64_t num_host,
             const napi_value* owners, size_t num_owners);
  /// The same on the engine's thread; calls back when they are done. The number of the run. `control` holds the number
  /// of steps, the milliseconds after which none begins, rows of a batch, the first place, a buffer of int32 that says
  /// which row is in which place (0: as they lie), its offset and length, the number of feeds, and for each the bytes
  /// of a row (0: the same in every step) and the rows.
  int64_t start(int64_t handle, const double* control, int64_t num_control, const double* host, int64_t num_host,
                napi_value callback, const napi_value* owners, size_t num_owners);
  /// Ends a run after the step that it is in, and waits for that.
  void settle(int64_t run);
  /// Takes the results of a run that is over; fails with its error. The steps done, the milliseconds, the
  /// instruction that failed (-1: none).
  void finish(int64_t run, double* out);

  /// False where it was released before.
  bool release(int64_t handle);
  /// Releases the programs whose owners were collected.
  void sweep();
  int64_t count() const { return count_; }

 private:
  struct Entry {
    std::shared_ptr<Program> program;
    napi_ref array = nullptr;  // keeps the bindings alive
    napi_ref owner = nullptr;  // weak; null where there is none
    int64_t bytes = 0;         // what it takes here and, roughly, in JavaScript
    double* bindings = nullptr;
    std::vector<int64_t> handles;
    std::vector<void*> externals;
    std::vector<void*> results;
  };

  struct Run {
    std::shared_ptr<Program> program;
    int64_t handle = 0;
    StepPlan plan;
    std::vector<int64_t> pinned;
    std::vector<int64_t> results;
    std::atomic<bool> stop{false};
    StepCount done;
    std::optional<KernelError> error;
    int64_t failed = -1;
    napi_ref callback = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    bool over = false;
  };

  Entry& entry(int64_t handle);
  void bind(Entry& entry);
  void* bind(Entry& entry, size_t external, int64_t bytes);
  std::shared_ptr<Run> prepare(int64_t handle, const double* control, int64_t num_control, const double* host,
                               int64_t num_host, const napi_value* owners, size_t num_owners);
  void conclude(Run& run);
  void take(Run& run, double* out);
  void open_channel();
  void stop();
  static void perform(Run& run);
  static void call_back(napi_env env, napi_value unused, void* context, void* data);
  void make_room();

  napi_env env_;
  Buffers& buffers_;
  std::vector<std::unique_ptr<Entry>> entries_{1};
  std::vector<int64_t> owned_;  // handles of programs with an owner
  int64_t count_ = 0;
  int64_t live_bytes_ = 0;
  int64_t bytes_after_full_ = 0;  // live after the last full collection
  size_t compiled_ = 0;           // since the last sweep
  std::map<int64_t, std::shared_ptr<Run>> runs_;
  int64_t last_run_ = 0;
  int64_t pending_ = 0;  // callbacks still to come
  napi_threadsafe_function channel_ = nullptr;
  bool stopped_ = false;
  Engine engine_;
};

}  // namespace keratin
