// Programs over rows that add the rows up: bias gradients and statistics of a batch with the elementwise functions that
// they read, in one pass over memory.
//
// Sums have the same bits as those of the reductions alone (hot/reduction_columns.h): rows are added in leaves of 128,
// narrow ones several side by side; leaves go into a binary tree. Leaves and windows of columns are shared out over the
// threads.
#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/elementwise_tiles.h"
#include "kernels/reduction_plan.h"
#include "runtime/parallel.h"

namespace keratin::generic {
namespace {

constexpr int64_t kLeaf = 128;
// Rows that are added at a time.
constexpr int64_t kRowsAtOnce = 8;
// Columns of a window: with all registers the rows that are added at a time fit into the nearest caches.
constexpr int64_t kWidest = 512;
constexpr int64_t kNarrowest = 128;
// So many tasks share the work of a few threads out evenly.
constexpr int64_t kTasks = 8;

/// A part of the rows, which has sums of its own.
struct Part {
  int64_t begin, end;
  int64_t side;    // rows that are added side by side
  int64_t folded;  // groups of so many rows
  int64_t leaves;
  int64_t first_task;
  int64_t sums;  // bytes before its sums in the scratch memory of a fold
  int64_t tail() const { return begin + folded * side; }
};

class Columns {
 public:
  explicit Columns(const Call& call) {
    const char* const problem = read_rows(call, Reduces::columns, run_.program);
    if (problem != nullptr) fail("internal", "columns: %s", problem);
    bind_operands(call, run_);
    const Rows& program = run_.program;
    for (int32_t s = 0; s < program.num_steps; ++s) {
      if (program.steps[s].columns == nullptr) continue;
      folds_[num_folds_++] = &program.steps[s];
      bytes_ = std::max(bytes_, program.steps[s].out_size);
    }
  }

  void run() {
    const Rows& program = run_.program;
    if (num_folds_ == 0) fail("internal", "columns: nothing is reduced");
    for (int32_t f = 1; f < num_folds_; ++f) {
      if (folds_[f]->columns->block != fold().block) fail("internal", "columns: reductions of two dtypes");
    }
    plan();
    Scratch scratch(num_folds_ * fold_bytes_ + parts_ * static_cast<int64_t>(sizeof(Part)));
    sums_ = static_cast<char*>(scratch.data);
    part_ = reinterpret_cast<Part*>(sums_ + num_folds_ * fold_bytes_);
    for (int64_t p = 0; p < parts_; ++p) part_[p] = part(p);
    const int64_t windows = (program.length + run_.window - 1) / run_.window;
    parallel_chunks(tasks_ * windows, [&](int64_t task) { compute(task / windows, task % windows * run_.window); });
    for (int32_t f = 0; f < num_folds_; ++f) finish(*folds_[f], sums_ + f * fold_bytes_);
  }

 private:
  const ColumnFold& fold() const { return *folds_[0]->columns; }

  void plan() {
    const Rows& program = run_.program;
    const int64_t block = std::min(program.length, fold().block);
    blocks_ = (program.length + block - 1) / block;
    const int64_t wanted = reduced_parts(blocks_, program.rows * block);
    parts_ = wanted < program.rows ? wanted : 1;
    step_ = (program.rows + parts_ - 1) / parts_;
    int64_t widest_side = 1;
    for (int64_t p = 0; p < parts_; ++p) {
      const Part each = part(p);
      widest_side = std::max(widest_side, each.side);
    }
    run_.tile = kRowsAtOnce * widest_side;
    run_.window = program.length;
    if (widest_side > 1) return;
    const int64_t splits =
        std::max((program.length + kWidest - 1) / kWidest, std::min(kTasks / tasks_, program.length / kNarrowest));
    if (splits > 1) run_.window = ((program.length + splits - 1) / splits + 15) / 16 * 16;
  }

  /// Parts come one after the other: each begins where the one before it ends.
  Part part(int64_t p) {
    if (p == 0) tasks_ = fold_bytes_ = 0;
    const Rows& program = run_.program;
    Part each;
    each.begin = std::min(program.rows, p * step_);
    each.end = std::min(program.rows, each.begin + step_);
    const int64_t count = each.end - each.begin;
    each.side = blocks_ == 1 ? fold().side(program.length, count) : 1;
    each.folded = count / each.side;
    each.leaves = std::max(int64_t{1}, (each.folded + kLeaf - 1) / kLeaf);
    each.first_task = tasks_;
    each.sums = fold_bytes_;
    // One task more computes the rows that are left over.
    tasks_ += each.leaves + (each.tail() < each.end ? 1 : 0);
    fold_bytes_ += (each.leaves * each.side + each.end - each.tail()) * program.length * bytes_;
    fold_bytes_ = (fold_bytes_ + 63) / 64 * 64;
    return each;
  }

  /// The sums of one leaf of a window of columns, or the rows that are left over.
  void compute(int64_t task, int64_t column) {
    const Rows& program = run_.program;
    const Part* part = part_ + parts_ - 1;
    while (part->first_task > task) --part;
    const int64_t leaf = task - part->first_task;
    const int64_t width = std::min(run_.window, program.length - column);
    const int64_t side = part->side;
    Tiles tiles(run_);
    if (leaf == part->leaves) {
      const int64_t count = part->end - part->tail();
      tiles.run(part->tail(), count, column, width);
      for (int32_t f = 0; f < num_folds_; ++f) {
        const int64_t row = program.length * folds_[f]->out_size;
        std::copy_n(tiles.at(folds_[f]->from[0]), count * row, leaf_sums(f, *part, leaf, 0));
      }
      return;
    }
    const int64_t end = std::min(part->folded, (leaf + 1) * kLeaf);
    for (int32_t f = 0; f < num_folds_; ++f) folds_[f]->columns->start(leaf_sums(f, *part, leaf, column), side * width);
    for (int64_t at = leaf * kLeaf; at < end; at += kRowsAtOnce) {
      const int64_t count = std::min(kRowsAtOnce, end - at);
      tiles.run(part->begin + at * side, count * side, column, width);
      for (int32_t f = 0; f < num_folds_; ++f) {
        const int32_t from = folds_[f]->from[0];
        folds_[f]->columns->add(leaf_sums(f, *part, leaf, column), side * width, tiles.at(from),
                                side * tiles.pitch(from), count);
      }
    }
  }

  char* leaf_sums(int32_t f, const Part& part, int64_t leaf, int64_t column) const {
    const int64_t bytes = folds_[f]->out_size;
    return sums_ + f * fold_bytes_ + part.sums + (leaf * part.side * run_.program.length + column) * bytes;
  }

  /// Leaves are combined as a counter carries, then the rows side by side, then what is left over; parts in pairs.
  void finish(const RowStep& step, char* sums) {
    const Rows& program = run_.program;
    const ColumnFold& fold = *step.columns;
    const int64_t row = program.length * step.out_size;
    for (int64_t p = 0; p < parts_; ++p) {
      const Part& part = part_[p];
      char* const first = sums + part.sums;
      const int64_t wide = part.side * program.length;
      combine_leaves(fold, first, wide, wide * step.out_size, part.leaves);
      for (int64_t i = 1; i < part.side; ++i) fold.join(first, first + i * row, program.length);
      const char* const tail = first + part.leaves * part.side * row;
      for (int64_t i = 0; i < part.end - part.tail(); ++i) fold.join(first, tail + i * row, program.length);
    }
    for (int64_t s = 1; s < parts_; s *= 2) {
      for (int64_t p = 0; p + s < parts_; p += 2 * s) {
        fold.join(sums + part_[p].sums, sums + part_[p + s].sums, program.length);
      }
    }
    fold.finish(run_.outputs[step.to - program.num_inputs], sums + part_[0].sums, program.length, program.rows);
  }

  /// Into the first one. Leaves of 2^l leaves stand where the last of them stood.
  static void combine_leaves(const ColumnFold& fold, char* leaves, int64_t width, int64_t bytes, int64_t count) {
    char* levels[64];
    uint64_t pushed = 0;
    for (int64_t i = 0; i + 1 < count; ++i) {
      char* const leaf = leaves + i * bytes;
      int l = 0;
      for (uint64_t c = pushed++; (c & 1) != 0; c >>= 1) fold.join(leaf, levels[l++], width);
      levels[l] = leaf;
    }
    char* const last = leaves + (count - 1) * bytes;
    int l = 0;
    for (uint64_t c = pushed; c != 0; c >>= 1, ++l) {
      if ((c & 1) != 0) fold.join(last, levels[l], width);
    }
    if (last != leaves) std::copy_n(last, bytes, leaves);
  }

  RowRun run_;
  const RowStep* folds_[kMaxRowOutputs];
  int32_t num_folds_ = 0;
  int64_t bytes_ = 0;  // of the largest element that is summed
  int64_t blocks_ = 1;
  int64_t parts_ = 1;
  int64_t step_ = 0;
  int64_t tasks_ = 0;
  int64_t fold_bytes_ = 0;
  char* sums_ = nullptr;
  Part* part_ = nullptr;
};

void columns(const Call& call) { Columns(call).run(); }

}  // namespace

void register_columns(Registry& registry) { registry.add("columns", &columns); }

}  // namespace keratin::generic
