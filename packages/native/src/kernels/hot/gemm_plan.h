// How a matrix product is computed: which operand is on the left, what is copied, and the chunks of its output.
#pragma once

#include "kernels/hot/gemm_pack.h"
#include "runtime/brief.h"

namespace keratin::KERATIN_ISA {
namespace {

// Inner elements per pass: a panel of the right operand that is two vectors wide then streams from the second-level
// cache, and the sums in c are read again only once a pass.
constexpr int64_t kInnerBlock = 512;
// Most elements that a chunk reads of an operand in one pass, so that both fit in the second-level cache.
constexpr int64_t kOperandElements = int64_t{1} << 17;
// Multiplications that are worth a second thread if there are twice as many: about 6 us.
constexpr int64_t kLeastWork = int64_t{1} << 19;
// Of less than so many, about 100 us on one thread, those threads take part that are awake.
constexpr int64_t kBriefWork = int64_t{1} << 23;
// Multiplications per chunk, about 20 to 50 us, for those who share out several products: convolutions, sequences.
constexpr int64_t kChunkWork = int64_t{3} << 20;
// More chunks than these only where the caches ask for it.
constexpr int64_t kManyChunks = 16;
// Up to so many elements the right operand is packed once for all chunks; a larger one would leave the caches
// meanwhile, so each chunk packs what it reads next.
constexpr int64_t kSharedElements = int64_t{1} << 16;
// Left operands whose rows are neighbours are packed from these numbers of inner elements and of columns of a chunk on.
constexpr int64_t kPackedInner = 64;
constexpr int64_t kPackedColumns = 192;
// How many threads wait while one of them packs for all.
constexpr double kWaiting = 4;

/// Depends on the shape and the strides of the product only.
struct Plan {
  bool swapped;    // as the transposed product: rows of c become columns
  bool direct;     // the right operand is read where it lies
  bool shared;     // it is packed once, before the chunks
  bool pack_left;  // each chunk packs the left operand too
  int64_t panel;   // vectors of a panel
  int64_t m_parts;
  int64_t n_parts;  // a part is whole panels, but for the last one
  bool brief;       // takes no longer than to wake a thread
};

template <class T>
inline Product<T> transposed(const Product<T>& p) {
  return {p.n,
          p.m,
          p.k,
          {p.b.data, p.b.column, p.b.row},
          {p.a.data, p.a.column, p.a.row},
          p.c,
          p.c_row,
          p.bias,
          p.activation,
          p.accumulate,
          p.addend,
          p.addend_row};
}

/// Whether the right operand is read where it lies. Tiles read ahead of themselves, which makes up for rows that are
/// far apart; a copy that is used by several tiles took longer at every shape that was tried, powers of 2 among them.
template <class T>
inline bool reads_directly(const Product<T>& p) {
  return p.b.column == 1 && p.n >= lanes<T>;
}

/// Rough cycles of all tiles of m x n results.
template <class T>
inline double tile_cycles(int64_t m, int64_t n, int64_t k, int64_t panel) {
  const RowBlocks blocks(m, panel);
  const double height = static_cast<double>(m) / static_cast<double>(blocks.count);
  // Two multiply-adds a cycle; two loads, of an element a row and of the vectors, which may straddle cache lines; and
  // no sum sooner than after its latency.
  const auto step = [&](int64_t vectors) {
    const double multiplications = 0.5 * height * static_cast<double>(vectors);
    const double loads = 0.5 * (height + 2.0 * static_cast<double>(vectors));
    const double most = multiplications > loads ? multiplications : loads;
    return most > 4 ? most : 4.0;
  };
  const int64_t width = panel * lanes<T>;
  double columns = static_cast<double>(n / width) * step(panel);
  for (int64_t rest = n % width; rest > 0;) {
    const int64_t vectors = panel_vectors<T>(rest, panel);
    columns += step(vectors);
    rest -= vectors * lanes<T>;
  }
  return static_cast<double>(blocks.count * k) * columns;
}

/// Rough cycles of packing k x n elements of the right operand.
template <class T>
inline double right_cycles(const Product<T>& p, int64_t n) {
  if (reads_directly(p)) return 0;
  return static_cast<double>(p.k * n) * (p.b.column == 1 ? 2.0 : 6.0) / static_cast<double>(lanes<T>);
}

inline int64_t panel_of(int64_t m) { return m <= kWideTileRows ? 4 : 2; }

template <class T>
inline double cycles(const Product<T>& p) {
  double sum = tile_cycles<T>(p.m, p.n, p.k, panel_of(p.m)) + right_cycles(p, p.n);
  if (p.a.row != 1 && p.a.column != 1) sum += static_cast<double>(p.k * p.m);
  return sum;
}

/// Whether the rows of the left operand, which are neighbours, are packed: they lie a whole matrix row apart along the
/// inner axis, in a page each.
template <class T>
inline bool packs_left(const Product<T>& q, int64_t n_chunk) {
  return q.a.row == 1 && q.a.column != 1 && q.m > 1 && q.k >= kPackedInner && n_chunk >= kPackedColumns;
}

/// The parts that take the least time by these figures.
template <class T>
inline void choose_chunks(const Product<T>& q, Plan& plan) {
  const int64_t work = q.m * q.n * max_of(q.k, 1);
  plan.m_parts = 1;
  plan.n_parts = 1;
  plan.shared = plan.direct || q.n * q.k <= kSharedElements;
  if (work < 2 * kLeastWork) return;
  const int64_t wanted = min_of(work / kLeastWork, kManyChunks);
  const int64_t width = plan.panel * lanes<T>;
  const int64_t panels = divide_up(q.n, width);
  const int64_t inner = min_of(q.k, kInnerBlock);
  const int64_t least_m = divide_up(q.m * inner, kOperandElements);
  const int64_t least_n = divide_up(q.n * inner, kOperandElements);
  const double pack_once = q.n * q.k <= kSharedElements ? kWaiting * right_cycles(q, q.n) : 0;
  double least = 0;
  for (int64_t n_parts = min_of(least_n, panels); n_parts <= panels && n_parts < least_n + wanted; ++n_parts) {
    const int64_t m_parts = min_of(max_of(least_m, wanted / n_parts), q.m);
    const int64_t m = divide_up(q.m, m_parts);
    const int64_t n = min_of(divide_up(panels, n_parts) * width, q.n);
    double chunk = tile_cycles<T>(m, n, q.k, plan.panel) + 500;
    // What a chunk reads of both operands comes from the second-level cache, or beyond it.
    chunk += static_cast<double>((m + n) * q.k) * 2.0 / static_cast<double>(lanes<T>);
    if (q.a.row == 1 && q.a.column != 1) chunk += static_cast<double>(m * q.k);
    const double pack_each = right_cycles(q, n) * static_cast<double>(m_parts * n_parts);
    const bool shared = plan.direct || (pack_once > 0 && pack_once < pack_each);
    // At the end the others wait for about one chunk, unless all take as long and each of two threads as many.
    const double share = static_cast<double>(m * n) / static_cast<double>(q.m * q.n);
    const bool even = panels % n_parts == 0 && q.m % m_parts == 0 && m_parts * n_parts % 2 == 0;
    const double all = chunk / share + (even ? 0.25 : 1.0) * chunk + (shared ? pack_once : pack_each);
    if (least == 0 || all < least) {
      least = all;
      plan.shared = shared;
      plan.m_parts = m_parts;
      plan.n_parts = n_parts;
    }
  }
}

template <class T>
inline Plan plan_product(const Product<T>& p) {
  Plan plan{};
  const Product<T> other = transposed(p);
  const double moved = 8.0 / static_cast<double>(lanes<T>) * static_cast<double>(p.m) * static_cast<double>(p.n);
  // A swapped product is computed beside c, which does not hold sums then.
  plan.swapped = !p.accumulate && 1.2 * cycles(other) + moved < cycles(p);
  const Product<T>& q = plan.swapped ? other : p;
  plan.direct = reads_directly(q);
  plan.panel = panel_of(q.m);
  choose_chunks(q, plan);
  plan.brief = q.m * q.n * q.k < kBriefWork;
  plan.pack_left = packs_left(q, divide_up(q.n, plan.n_parts));
  return plan;
}

}  // namespace
}  // namespace keratin::KERATIN_ISA
