#include "program/saved.h"

#include <algorithm>

#include "runtime/call.h"
#include "runtime/pool.h"

namespace keratin {
namespace {

// Entries of the first block where their number is not known, and the most bytes of a later one, which doubles until
// then.
constexpr int64_t kFirstEntries = 8;
constexpr int64_t kMostBytes = int64_t{1} << 26;

int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

thread_local std::vector<std::unique_ptr<Saved>> kept;
thread_local int64_t depth = 0;

}  // namespace

Saved::Saved(std::vector<int64_t> bytes, int64_t expected)
    : bytes_(std::move(bytes)), next_entries_(expected >= 0 ? expected : kFirstEntries) {
  for (const int64_t each : bytes_) stride_ += aligned(each);
  // A limit may be far from what is needed.
  const int64_t most = std::max<int64_t>(1, kMostBytes / std::max<int64_t>(stride_, 1));
  next_entries_ = std::clamp<int64_t>(next_entries_, 1, most);
}

Saved::~Saved() {
  for (const Chunk& chunk : chunks_) {
    if (chunk.data != nullptr) pool_release(chunk.data, chunk.entries * stride_);
  }
}

void Saved::place(const Chunk& chunk, int64_t entry, std::vector<void*>& values) const {
  unsigned char* at = chunk.data + (entry - chunk.first) * stride_;
  for (const int64_t each : bytes_) {
    values.push_back(at);
    at += aligned(each);
  }
}

void Saved::add(std::vector<void*>& values) {
  if (stride_ > 0 && (chunks_.empty() || count_ == chunks_.back().first + chunks_.back().entries)) {
    const int64_t bytes = next_entries_ * stride_;
    void* const data = pool_allocate(bytes);
    if (data == nullptr) {
      fail("value", "out of memory: %lld bytes for what a loop keeps for its gradient", static_cast<long long>(bytes));
    }
    chunks_.push_back({static_cast<unsigned char*>(data), count_, next_entries_});
    if (2 * bytes <= kMostBytes) next_entries_ *= 2;
  }
  if (stride_ > 0) {
    place(chunks_.back(), count_, values);
  } else {
    values.insert(values.end(), bytes_.size(), nullptr);
  }
  ++count_;
}

void Saved::at(int64_t entry, std::vector<void*>& values) const {
  if (stride_ == 0) {
    values.insert(values.end(), bytes_.size(), nullptr);
    return;
  }
  const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), entry,
                                      [](int64_t wanted, const Chunk& chunk) { return wanted < chunk.first; });
  place(*(after - 1), entry, values);
}

SavedScope::SavedScope() { ++depth; }

SavedScope::~SavedScope() {
  if (--depth == 0) kept.clear();
}

int64_t begin_saving(std::vector<int64_t> bytes, int64_t expected) {
  if (depth == 0) fail("internal", "only what runs in a program can keep values");
  kept.push_back(std::make_unique<Saved>(std::move(bytes), expected));
  return static_cast<int64_t>(kept.size()) - 1;
}

Saved& saved(int64_t number) {
  if (number < 0 || number >= static_cast<int64_t>(kept.size())) {
    fail("internal", "the values of a loop or branch are gone");
  }
  return *kept[static_cast<size_t>(number)];
}

int64_t saved_count() { return static_cast<int64_t>(kept.size()); }

void forget_saved(int64_t count) {
  if (count < static_cast<int64_t>(kept.size())) kept.resize(static_cast<size_t>(count));
}

}  // namespace keratin
