#include "binding/buffers.h"

#include <algorithm>

#include "runtime/pool.h"

namespace keratin {
namespace {

// New tensors of this many bytes are worth a minor collection (about 0.1 ms), so that the working set stays in cache.
constexpr int64_t kMinorBytes = int64_t{16} << 20;
// The same for small tensors, by their number.
constexpr size_t kMinorCount = 4096;
// Live bytes may grow by this much, and by half, before a full collection is worth its milliseconds. One in the middle
// of a computation makes old what lives then, which only another can free: where they follow each other after fewer new
// bytes than so many times the growth, twice as much is allowed, up to a limit.
constexpr int64_t kFullBytes = int64_t{8} << 20;
constexpr int64_t kMostFullBytes = int64_t{32} << 20;
constexpr int64_t kFullEvery = 16;

}  // namespace

Buffers::Buffers(napi_env env) : env_(env), growth_(kFullBytes) { entries_.emplace_back(); }

Buffers::~Buffers() {
  // The environment is going: its references go with it.
  for (const Entry& entry : entries_) {
    if (entry.data != nullptr) pool_release(entry.data, entry.bytes);
  }
}

int64_t Buffers::allocate(int64_t bytes, napi_value owner) {
  const int64_t rounded = pool_rounded(bytes);
  new_bytes_ += rounded;
  if (new_bytes_ > kMinorBytes || young_.size() > kMinorCount) pump();
  void* data = pool_allocate(bytes);
  if (data == nullptr) {
    collect(true);
    sweep_all();
    data = pool_allocate(bytes);
    if (data == nullptr) return 0;
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, owner, 0, &reference) != napi_ok) {
    pool_release(data, bytes);
    return 0;
  }
  int64_t handle;
  if (free_.empty()) {
    handle = static_cast<int64_t>(entries_.size());
    entries_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  entries_[static_cast<size_t>(handle)] = {data, bytes, reference};
  young_.push_back(handle);
  live_ += 1;
  live_bytes_ += rounded;
  return handle;
}

bool Buffers::release(int64_t handle) {
  if (!valid(handle)) return false;
  Entry& entry = entries_[static_cast<size_t>(handle)];
  if (entry.pins > 0) {
    entry.released = true;
    return true;
  }
  napi_delete_reference(env_, entry.owner);
  pool_release(entry.data, entry.bytes);
  live_ -= 1;
  live_bytes_ -= pool_rounded(entry.bytes);
  // The handle is reused only after the lists that name it were swept: until then it stands for nothing.
  entry = Entry{};
  return true;
}

void Buffers::unpin(int64_t handle) {
  Entry& entry = entries_[static_cast<size_t>(handle)];
  entry.pins -= 1;
  if (entry.pins > 0 || !entry.released) return;
  entry.released = false;
  release(handle);
}

bool Buffers::collected(const Entry& entry) const {
  napi_value value = nullptr;
  return napi_get_reference_value(env_, entry.owner, &value) == napi_ok && value == nullptr;
}

bool Buffers::pinned(int64_t handle) const {
  return std::find(pinned_, pinned_ + num_pinned_, handle) != pinned_ + num_pinned_;
}

int64_t Buffers::sweep(std::vector<int64_t>& handles, std::vector<int64_t>* survivors) {
  const int64_t before = live_bytes_;
  std::vector<int64_t> kept;
  // A scope for every few handles keeps V8's handle blocks small.
  constexpr size_t kScopeSize = 1024;
  for (size_t start = 0; start < handles.size(); start += kScopeSize) {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env_, &scope);
    for (size_t i = start; i < std::min(start + kScopeSize, handles.size()); ++i) {
      const int64_t handle = handles[i];
      const Entry& entry = entries_[static_cast<size_t>(handle)];
      if (valid(handle) && entry.pins == 0 && collected(entry) && !pinned(handle)) release(handle);
      if (valid(handle) || entry.pins > 0) {
        kept.push_back(handle);
      } else {
        free_.push_back(handle);
      }
    }
    napi_close_handle_scope(env_, scope);
  }
  handles.clear();
  if (survivors == nullptr) {
    handles.swap(kept);
  } else {
    survivors->insert(survivors->end(), kept.begin(), kept.end());
  }
  return before - live_bytes_;
}

int64_t Buffers::sweep_all() {
  const int64_t freed = sweep(old_, nullptr) + sweep(middle_, &old_) + sweep(young_, &middle_);
  new_bytes_ = 0;
  return freed;
}

void Buffers::pump() {
  collect(false);
  bytes_since_full_ += new_bytes_;
  new_bytes_ = 0;
  sweep(middle_, &old_);
  sweep(young_, &middle_);
  const bool grown = live_bytes_ > bytes_after_full_ + bytes_after_full_ / 2 + growth_;
  const bool littered = old_.size() > 2 * static_cast<size_t>(live_) + kMinorCount;
  if (grown) collect(true);
  if (grown || littered) {
    sweep(old_, nullptr);
    sweep(middle_, nullptr);
  }
  if (!grown) return;
  const bool soon = bytes_since_full_ < kFullEvery * growth_;
  growth_ = soon ? std::min(growth_ * 2, kMostFullBytes) : std::max(growth_ / 2, kFullBytes);
  bytes_after_full_ = live_bytes_;
  bytes_since_full_ = 0;
}

void Buffers::set_collector(napi_value collect) { napi_create_reference(env_, collect, 1, &collector_); }

void Buffers::collect(bool full) {
  if (collector_ == nullptr) return;
  collections_ += 1;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  napi_value function = nullptr;
  napi_value receiver = nullptr;
  napi_value argument = nullptr;
  napi_get_reference_value(env_, collector_, &function);
  napi_get_undefined(env_, &receiver);
  napi_get_boolean(env_, full, &argument);
  napi_call_function(env_, receiver, function, 1, &argument, nullptr);
  napi_close_handle_scope(env_, scope);
}

}  // namespace keratin
