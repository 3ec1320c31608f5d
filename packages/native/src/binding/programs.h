// The compiled programs of one JavaScript thread, by integer handle.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "binding/buffers.h"
#include "program/program.h"

namespace keratin {

/// Each program comes with a Float64Array that both sides share, its bindings: for each external a handle and an offset
/// in bytes, the host words, and room for the handles of the results. After an error the first word says which
/// instruction it was, or -1.
class Programs {
 public:
  explicit Programs(napi_env env, Buffers& buffers) : env_(env), buffers_(buffers) {}
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  /// Reads a program; its handle. With an owner it lives as long as that, else until it is released.
  int64_t compile(const double* words, int64_t count, const Napi::Float64Array& bindings, napi_value owner);
  /// Runs it; results get buffers that live as long as their owners.
  void execute(int64_t handle, const napi_value* owners, size_t num_owners);
  /// False where it was released before.
  bool release(int64_t handle);
  /// Releases the programs whose owners were collected.
  void sweep();
  int64_t count() const { return count_; }

 private:
  struct Entry {
    std::unique_ptr<Program> program;
    napi_ref array = nullptr;  // keeps the bindings alive
    napi_ref owner = nullptr;  // weak; null where there is none
    int64_t bytes = 0;         // what it takes here and, roughly, in JavaScript
    double* bindings = nullptr;
    std::vector<int64_t> handles;
    std::vector<void*> externals;
    std::vector<void*> results;
  };

  Entry& entry(int64_t handle);
  void bind(Entry& entry);
  void make_room(int64_t bytes);

  napi_env env_;
  Buffers& buffers_;
  std::vector<std::unique_ptr<Entry>> entries_{1};
  std::vector<int64_t> owned_;  // handles of programs with an owner
  int64_t count_ = 0;
  int64_t live_bytes_ = 0;
  int64_t bytes_after_full_ = 0;  // live after the last full collection
  size_t compiled_ = 0;           // since the last sweep
};

}  // namespace keratin
