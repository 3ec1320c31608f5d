// What loops and branches of a run keep for their way back: the gradient of a loop goes through its trips in reverse
// and needs values of each. Such a value is known in a program by its number, and lives until the run ends or the trip
// that made it does.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace keratin {

/// Entries of the same values, one for each trip; what was added stays where it is.
class Saved {
 public:
  /// `bytes` of each value; `expected` entries, or -1 where nobody knows.
  Saved(std::vector<int64_t> bytes, int64_t expected);
  ~Saved();
  Saved(const Saved&) = delete;
  Saved& operator=(const Saved&) = delete;

  const std::vector<int64_t>& bytes() const { return bytes_; }
  int64_t count() const { return count_; }
  /// Which of several programs made the entries.
  int64_t which() const { return which_; }
  void set_which(int64_t which) { which_ = which; }
  /// Memory for one more entry.
  void add(std::vector<void*>& values);
  /// The values of an entry.
  void at(int64_t entry, std::vector<void*>& values) const;

 private:
  struct Chunk {
    unsigned char* data;
    int64_t first, entries;
  };
  void place(const Chunk& chunk, int64_t entry, std::vector<void*>& values) const;

  std::vector<int64_t> bytes_;
  int64_t stride_ = 0;
  int64_t next_entries_;
  int64_t count_ = 0;
  int64_t which_ = 0;
  std::vector<Chunk> chunks_;
};

/// A run of a program on this thread. What is kept within the outermost one goes when it ends.
class SavedScope {
 public:
  SavedScope();
  ~SavedScope();
  SavedScope(const SavedScope&) = delete;
  SavedScope& operator=(const SavedScope&) = delete;
};

/// Begins to keep values, and gives their number; only within a scope.
int64_t begin_saving(std::vector<int64_t> bytes, int64_t expected);
/// What has this number; fails where nothing has.
Saved& saved(int64_t number);
/// How many are kept now, and away with those that came after so many.
int64_t saved_count();
void forget_saved(int64_t count);

}  // namespace keratin
