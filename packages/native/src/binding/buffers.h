// The buffers of one JavaScript thread, by integer handle, and their release when JavaScript no longer reaches them.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <vector>

namespace keratin {

struct BufferStats {
  int64_t count;
  int64_t bytes;
  int64_t collections;  // how often garbage collection was asked for
};

/// Handles are indices into a table. Each buffer is watched through a weak reference to its JavaScript owner: the
/// stable Node-API's finalizers wait for the event loop, so that a synchronous loop would keep every tensor alive; weak
/// references that the allocator sweeps are seen at once.
class Buffers {
 public:
  explicit Buffers(napi_env env);
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// A new buffer that lives as long as `owner`; its handle, or 0 where memory ran out.
  int64_t allocate(int64_t bytes, napi_value owner);
  /// Null for a handle that is not live.
  void* data(int64_t handle) const { return valid(handle) ? entries_[static_cast<size_t>(handle)].data : nullptr; }
  int64_t bytes(int64_t handle) const { return valid(handle) ? entries_[static_cast<size_t>(handle)].bytes : -1; }
  /// False where it was released before. A pinned one stands for nothing from now on, and its memory stays until it is
  /// unpinned.
  bool release(int64_t handle);
  /// Keeps the memory where it is while another thread works on it.
  void pin(int64_t handle) { entries_[static_cast<size_t>(handle)].pins += 1; }
  void unpin(int64_t handle);
  /// Releases the buffers whose owners were collected; gives the bytes freed.
  int64_t sweep_all();
  /// While it lives, sweeps leave some buffers alone: those of an instruction that runs, since optimized JavaScript may
  /// have let go of their owners.
  class Pins {
   public:
    Pins(Buffers& buffers, const int64_t* handles, int32_t count) : buffers_(buffers) {
      buffers.pinned_ = handles;
      buffers.num_pinned_ = count;
    }
    ~Pins() { buffers_.num_pinned_ = 0; }
    Pins(const Pins&) = delete;
    Pins& operator=(const Pins&) = delete;

   private:
    Buffers& buffers_;
  };
  /// `collect(full)` asks JavaScript's collector for a minor or a full collection.
  void set_collector(napi_value collect);
  void collect(bool full);
  BufferStats stats() const { return {live_, live_bytes_, collections_}; }

 private:
  struct Entry {
    void* data = nullptr;
    int64_t bytes = 0;
    napi_ref owner = nullptr;
    int32_t pins = 0;
    bool released = false;  // while it was pinned
  };

  bool valid(int64_t handle) const {
    return handle > 0 && handle < static_cast<int64_t>(entries_.size()) &&
           entries_[static_cast<size_t>(handle)].data != nullptr && !entries_[static_cast<size_t>(handle)].released;
  }
  bool collected(const Entry& entry) const;
  bool pinned(int64_t handle) const;
  int64_t sweep(std::vector<int64_t>& handles, std::vector<int64_t>* survivors);
  void pump();

  napi_env env_;
  napi_ref collector_ = nullptr;
  const int64_t* pinned_ = nullptr;
  int32_t num_pinned_ = 0;
  std::vector<Entry> entries_;
  std::vector<int64_t> free_;
  std::vector<int64_t> young_;   // allocated since the last sweep
  std::vector<int64_t> middle_;  // survived one: V8 may still collect them cheaply
  std::vector<int64_t> old_;     // survived two: only a full collection frees them
  int64_t live_ = 0;
  int64_t live_bytes_ = 0;
  int64_t new_bytes_ = 0;         // since the last sweep
  int64_t bytes_after_full_ = 0;  // live after the last full collection
  int64_t bytes_since_full_ = 0;  // new ones since then
  int64_t growth_;                // of live bytes beside their half that the next one waits for
  int64_t collections_ = 0;
};

}  // namespace keratin
