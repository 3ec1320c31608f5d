// Programs over rows that reduce each row.
#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/elementwise_tiles.h"
#include "runtime/parallel.h"

namespace keratin::generic {
namespace {

// Elements that are computed at a time: with all registers they fit into the second-level cache.
constexpr int64_t kTile = 1024;
// Elements of one chunk of work.
constexpr int64_t kChunk = 16384;

void rows(const Call& call) {
  RowRun run;
  const char* const problem = read_rows(call, Reduces::rows, run.program);
  if (problem != nullptr) fail("internal", "rows: %s", problem);
  const int64_t length = run.program.length;
  run.tile = std::max(int64_t{1}, kTile / length);
  run.window = length;
  bind_operands(call, run);
  const int64_t grain = std::max(int64_t{1}, kChunk / (run.tile * length)) * run.tile;
  parallel_range(run.program.rows, grain, [&](int64_t begin, int64_t end) {
    Tiles tiles(run);
    for (int64_t row = begin; row < end; row += run.tile) tiles.run(row, std::min(run.tile, end - row), 0, length);
  });
}

}  // namespace

void register_rows(Registry& registry) { registry.add("rows", &rows); }

}  // namespace keratin::generic
