#include "binding/programs.h"

#include <cmath>

namespace keratin {
namespace {

// Programs of models that nobody reaches any more may take this much, and half of what lives, before a full collection
// is worth its milliseconds.
constexpr int64_t kFullBytes = int64_t{4} << 20;
constexpr size_t kSweepEvery = 16;
// What the compiler keeps of a program, for each word of it.
constexpr int64_t kBytesOfWord = 24;

}  // namespace

int64_t Programs::compile(const double* words, int64_t count, const Napi::Float64Array& bindings, napi_value owner) {
  const int64_t bytes = count * kBytesOfWord;
  make_room(bytes);
  auto made = std::make_unique<Entry>();
  made->program = std::make_unique<Program>(words, count);
  const Program& program = *made->program;
  const auto externals = static_cast<int64_t>(program.externals().size());
  const auto results = static_cast<int64_t>(program.result_bytes().size());
  const int64_t needed = 2 * externals + program.num_host_words() + results;
  if (static_cast<int64_t>(bindings.ElementLength()) < std::max<int64_t>(needed, 1)) {
    fail("internal", "program: %lld bindings are needed", static_cast<long long>(needed));
  }
  made->bindings = static_cast<double*>(
      static_cast<void*>(static_cast<unsigned char*>(bindings.ArrayBuffer().Data()) + bindings.ByteOffset()));
  made->handles.resize(static_cast<size_t>(externals + results));
  made->externals.resize(static_cast<size_t>(externals));
  made->results.resize(static_cast<size_t>(results));
  if (napi_create_reference(env_, bindings, 1, &made->array) != napi_ok) fail("internal", "program: no reference");
  const auto handle = static_cast<int64_t>(entries_.size());
  if (owner != nullptr) {
    if (napi_create_reference(env_, owner, 0, &made->owner) != napi_ok) fail("internal", "program: no reference");
    owned_.push_back(handle);
  }
  made->bytes = bytes;
  live_bytes_ += bytes;
  count_ += 1;
  entries_.push_back(std::move(made));
  return handle;
}

void Programs::make_room(int64_t bytes) {
  const bool grown = live_bytes_ + bytes > bytes_after_full_ + bytes_after_full_ / 2 + kFullBytes;
  if (!grown && ++compiled_ < kSweepEvery) return;
  if (grown) buffers_.collect(true);
  sweep();
  if (!grown) return;
  buffers_.sweep_all();
  bytes_after_full_ = live_bytes_;
}

void Programs::sweep() {
  compiled_ = 0;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  std::erase_if(owned_, [this](int64_t handle) {
    const std::unique_ptr<Entry>& slot = entries_[static_cast<size_t>(handle)];
    if (!slot) return true;
    napi_value value = nullptr;
    if (napi_get_reference_value(env_, slot->owner, &value) != napi_ok || value != nullptr) return false;
    return release(handle);
  });
  napi_close_handle_scope(env_, scope);
}

Programs::Entry& Programs::entry(int64_t handle) {
  if (handle <= 0 || handle >= static_cast<int64_t>(entries_.size()) || !entries_[static_cast<size_t>(handle)]) {
    fail("internal", "program %lld does not exist", static_cast<long long>(handle));
  }
  return *entries_[static_cast<size_t>(handle)];
}

void Programs::bind(Entry& entry) {
  const auto& externals = entry.program->externals();
  for (size_t i = 0; i < externals.size(); ++i) {
    const double handle = entry.bindings[2 * i];
    const double offset = entry.bindings[2 * i + 1];
    const int64_t index = std::fabs(handle) < 9e15 ? static_cast<int64_t>(handle) : 0;
    auto* data = static_cast<unsigned char*>(buffers_.data(index));
    if (data == nullptr) fail("internal", "program: handle %lld is not live", static_cast<long long>(index));
    if (!(offset >= 0 && offset < 9e15) || static_cast<int64_t>(offset) + externals[i].bytes > buffers_.bytes(index)) {
      fail("internal", "program: external %zu needs %lld bytes", i, static_cast<long long>(externals[i].bytes));
    }
    entry.handles[i] = index;
    entry.externals[i] = data + static_cast<int64_t>(offset);
  }
}

void Programs::execute(int64_t handle, const napi_value* owners, size_t num_owners) {
  Entry& running = entry(handle);
  const auto& bytes = running.program->result_bytes();
  const size_t externals = running.externals.size();
  if (num_owners < bytes.size()) fail("internal", "program: a result has no owner");
  bind(running);
  size_t made = 0;
  int64_t* const results = running.handles.data() + externals;
  try {
    for (; made < bytes.size(); ++made) {
      const Buffers::Pins pins(buffers_, running.handles.data(), static_cast<int32_t>(externals + made));
      results[made] = buffers_.allocate(bytes[made], owners[made]);
      if (results[made] == 0) {
        fail("value", "out of memory: a tensor of %lld bytes", static_cast<long long>(bytes[made]));
      }
      running.results[made] = buffers_.data(results[made]);
    }
    const double* host = running.bindings + 2 * externals;
    running.program->run({running.externals.data(), running.results.data(), host});
  } catch (...) {
    for (size_t i = 0; i < made; ++i) buffers_.release(results[i]);
    running.bindings[0] = static_cast<double>(running.program->failed());
    throw;
  }
  double* const out = running.bindings + 2 * externals + running.program->num_host_words();
  for (size_t i = 0; i < made; ++i) out[i] = static_cast<double>(results[i]);
}

bool Programs::release(int64_t handle) {
  if (handle <= 0 || handle >= static_cast<int64_t>(entries_.size())) return false;
  std::unique_ptr<Entry>& slot = entries_[static_cast<size_t>(handle)];
  if (!slot) return false;
  napi_delete_reference(env_, slot->array);
  if (slot->owner != nullptr) napi_delete_reference(env_, slot->owner);
  live_bytes_ -= slot->bytes;
  count_ -= 1;
  slot.reset();
  return true;
}

}  // namespace keratin
