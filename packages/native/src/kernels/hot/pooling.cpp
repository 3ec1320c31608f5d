// Max and average pooling of channels-last tensors with one to three spatial axes, and their gradients.
//
// Missing axes are put in front with size 1, so that every loop sees [n, d, h, w, c]; the inner loops are vectors of
// channels.
#include "kernels/hot/lanes.h"

namespace keratin::KERATIN_ISA {
namespace {

// Elements read by one chunk.
constexpr int64_t kGrain = 65536;

struct Pool {
  int64_t n, c;
  int64_t first;  // the first axis that was given
  int64_t in[3], out[3], window[3], stride[3], low[3];

  Pool(const Operand& x, const Operand& y, const double* attributes) {
    const auto rank = static_cast<int64_t>(attributes[0]);
    n = x.shape[0];
    c = x.shape[rank + 1];
    first = 3 - rank;
    for (int64_t a = 0; a < 3; ++a) {
      const int64_t given = a - first;
      in[a] = given < 0 ? 1 : x.shape[1 + given];
      out[a] = given < 0 ? 1 : y.shape[1 + given];
      window[a] = given < 0 ? 1 : static_cast<int64_t>(attributes[1 + given]);
      stride[a] = given < 0 ? 1 : static_cast<int64_t>(attributes[1 + rank + given]);
      low[a] = given < 0 ? 0 : static_cast<int64_t>(attributes[1 + 2 * rank + given]);
    }
  }

  int64_t in_size() const { return in[0] * in[1] * in[2] * c; }
  int64_t out_size() const { return out[0] * out[1] * out[2] * c; }
  int64_t window_size() const { return window[0] * window[1] * window[2]; }

  /// The part of a window that is not padding, on one axis.
  int64_t begin(int64_t axis, int64_t o) const {
    const int64_t i = o * stride[axis] - low[axis];
    return i > 0 ? i : 0;
  }
  int64_t end(int64_t axis, int64_t o) const {
    const int64_t i = o * stride[axis] - low[axis] + window[axis];
    return i < in[axis] ? i : in[axis];
  }

  /// The outputs on an axis whose windows hold any of the inputs [from, to).
  int64_t first_output(int64_t axis, int64_t from) const {
    const int64_t i = from + low[axis] - window[axis];
    return i < 0 ? 0 : i / stride[axis] + 1;
  }
  int64_t end_output(int64_t axis, int64_t to) const {
    const int64_t o = (to + low[axis] - 1) / stride[axis] + 1;
    return o < out[axis] ? o : out[axis];
  }
};

/// A window clipped to the input.
struct Box {
  int64_t begin[3], end[3];
  int64_t size() const { return (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]); }
};

// What a window does to its values, one vector of channels at a time.

// The maximum instruction loses NaN, so whether there was one is kept beside.
template <class T>
struct MaxOf {
  using I = typename VectorOf<T>::integer;
  Vec<T> value = splat<Vec<T>>(static_cast<T>(-__builtin_inf()));
  I nan{};
  [[gnu::always_inline]] void add(Vec<T> v) {
    value = larger(v, value);
    nan |= I(v != v);
  }
  // All bits set are a NaN.
  [[gnu::always_inline]] Vec<T> finish(T) const { return Vec<T>(I(value) | nan); }
};

template <class T>
struct MeanOf {
  Vec<T> sum{};
  [[gnu::always_inline]] void add(Vec<T> v) { sum += v; }
  [[gnu::always_inline]] Vec<T> finish(T count) const { return sum / count; }
};

// One output pixel, kVectors vectors of channels. `x` is the image at the first of these channels.
template <class T, class Op, int kVectors, class Lanes>
[[gnu::always_inline]] inline void pool_window(const Pool& p, const Box& box, const T* x, T* y, T count, Lanes part) {
  Op window[kVectors];
  for (int64_t i0 = box.begin[0]; i0 < box.end[0]; ++i0) {
    for (int64_t i1 = box.begin[1]; i1 < box.end[1]; ++i1) {
      const T* row = x + (i0 * p.in[1] + i1) * p.in[2] * p.c;
      for (int64_t i2 = box.begin[2]; i2 < box.end[2]; ++i2) {
        for (int v = 0; v < kVectors; ++v) {
          window[v].add(part.load(row + i2 * p.c + v * lanes<T>));
        }
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) part.store(y + v * lanes<T>, window[v].finish(count));
}

// One row of output pixels.
template <class T, class Op>
void pool_row(const Pool& p, Box box, const T* x, T* y) {
  for (int64_t o2 = 0; o2 < p.out[2]; ++o2, y += p.c) {
    box.begin[2] = p.begin(2, o2);
    box.end[2] = p.end(2, o2);
    const int64_t size = box.size();
    const T count = static_cast<T>(size > 0 ? size : 1);
    int64_t j = 0;
    for (; j + 4 * lanes<T> <= p.c; j += 4 * lanes<T>) pool_window<T, Op, 4>(p, box, x + j, y + j, count, Whole<T>{});
    for (; j + 2 * lanes<T> <= p.c; j += 2 * lanes<T>) pool_window<T, Op, 2>(p, box, x + j, y + j, count, Whole<T>{});
    for (; j + lanes<T> <= p.c; j += lanes<T>) pool_window<T, Op, 1>(p, box, x + j, y + j, count, Whole<T>{});
    if (j < p.c) pool_window<T, Op, 1>(p, box, x + j, y + j, count, Part<T>{p.c - j});
  }
}

template <class T, class Op>
void pool(const Call& call) {
  const Pool p(call.inputs[0], call.outputs[0], call.attributes);
  const T* x = static_cast<const T*>(call.inputs[0].data);
  T* y = static_cast<T*>(call.outputs[0].data);
  if (call.outputs[0].size == 0) return;
  const int64_t row_cost = p.out[2] * p.c * p.window_size();
  parallel_range(p.n * p.out[0] * p.out[1], (kGrain + row_cost - 1) / row_cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t o1 = row % p.out[1];
      const int64_t o0 = row / p.out[1] % p.out[0];
      const int64_t image = row / p.out[1] / p.out[0];
      const Box box{{p.begin(0, o0), p.begin(1, o1), 0}, {p.end(0, o0), p.end(1, o1), 0}};
      pool_row<T, Op>(p, box, x + image * p.in_size(), y + row * p.out[2] * p.c);
    }
  });
}

// A band [from, to) of one image on the first axis. Each band is written by one chunk, which looks at every window that
// reaches into it; so overlapping windows need no atomic additions and add up in the order of the outputs.
struct Band {
  int64_t from, to;
};

// How windows meet dx: they may overlap (add), they do not (set), or one straddles the border of the band (add what is
// inside).
enum class Write { add, set, add_inside };

template <class T, Write kWrite, class Lanes>
[[gnu::always_inline]] inline void spread_maximum(const Pool& p, const Box& box, const Band& band, const T* x,
                                                  const T* y, const T* dy, T* dx, Lanes part) {
  using V = Vec<T>;
  using I = typename VectorOf<T>::integer;
  const V largest = part.load(y);
  const I gradient = I(part.load(dy));
  I open = ~I{};
  int64_t i[3];
  for (i[0] = box.begin[0]; i[0] < box.end[0]; ++i[0]) {
    for (i[1] = box.begin[1]; i[1] < box.end[1]; ++i[1]) {
      for (i[2] = box.begin[2]; i[2] < box.end[2]; ++i[2]) {
        const int64_t at = ((i[0] * p.in[1] + i[1]) * p.in[2] + i[2]) * p.c;
        const V v = part.load(x + at);
        // The first one that equals the maximum, or the first NaN.
        const I hit = I((v == largest) | (v != v)) & open;
        open &= ~hit;
        if (kWrite == Write::add_inside && (i[p.first] < band.from || i[p.first] >= band.to)) continue;
        const V share = V(gradient & hit);
        part.store(dx + at, kWrite == Write::set ? share : part.load(dx + at) + share);
      }
    }
  }
}

template <class T, Write kWrite>
void spread_pixel(const Pool& p, const Box& box, const Band& band, const T* x, const T* y, const T* dy, T* dx) {
  for_vectors<T>(p.c, [&](int64_t j, auto part) __attribute__((always_inline)) {
    spread_maximum<T, kWrite>(p, box, band, x + j, y + j, dy + j, dx + j, part);
  });
}

// x, y, dy and dx are those of one image.
template <class T>
void max_pool_gradient_band(const Pool& p, const Band& band, bool disjoint, const T* x, const T* y, const T* dy,
                            T* dx) {
  int64_t from[3] = {0, 0, 0};
  int64_t to[3] = {p.out[0], p.out[1], p.out[2]};
  from[p.first] = p.first_output(p.first, band.from);
  to[p.first] = p.end_output(p.first, band.to);
  Box box;
  for (int64_t o0 = from[0]; o0 < to[0]; ++o0) {
    box.begin[0] = p.begin(0, o0);
    box.end[0] = p.end(0, o0);
    for (int64_t o1 = from[1]; o1 < to[1]; ++o1) {
      box.begin[1] = p.begin(1, o1);
      box.end[1] = p.end(1, o1);
      for (int64_t o2 = from[2]; o2 < to[2]; ++o2) {
        box.begin[2] = p.begin(2, o2);
        box.end[2] = p.end(2, o2);
        const int64_t at = ((o0 * p.out[1] + o1) * p.out[2] + o2) * p.c;
        if (box.begin[p.first] < band.from || box.end[p.first] > band.to) {
          spread_pixel<T, Write::add_inside>(p, box, band, x, y + at, dy + at, dx);
        } else if (disjoint) {
          spread_pixel<T, Write::set>(p, box, band, x, y + at, dy + at, dx);
        } else {
          spread_pixel<T, Write::add>(p, box, band, x, y + at, dy + at, dx);
        }
      }
    }
  }
}

template <class T>
void max_pool_gradient(const Call& call) {
  const Pool p(call.inputs[0], call.inputs[1], call.attributes);
  const T* x = static_cast<const T*>(call.inputs[0].data);
  const T* y = static_cast<const T*>(call.inputs[1].data);
  const T* dy = static_cast<const T*>(call.inputs[2].data);
  T* dx = static_cast<T*>(call.outputs[0].data);
  if (call.outputs[0].size == 0) return;
  // Windows that tile the input write every element, others leave gaps to clear.
  bool disjoint = true;
  bool tiles = true;
  for (int64_t a = 0; a < 3; ++a) {
    disjoint = disjoint && p.stride[a] >= p.window[a];
    tiles = tiles && p.stride[a] == p.window[a] && p.low[a] == 0 && p.out[a] * p.stride[a] == p.in[a];
  }
  const int64_t axis_size = p.in[p.first];
  const int64_t slice = p.in_size() / axis_size;  // elements of one step on the first axis
  // Bands of some windows, so that little work is done twice where they straddle the border.
  int64_t height = kGrain / slice > 8 * p.window[p.first] ? kGrain / slice : 8 * p.window[p.first];
  height = (height + p.stride[p.first] - 1) / p.stride[p.first] * p.stride[p.first];
  if (height > axis_size) height = axis_size;
  const int64_t bands = (axis_size + height - 1) / height;
  const int64_t band_size = height * slice;
  parallel_range(p.n * bands, (kGrain + band_size - 1) / band_size, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / bands;
      const int64_t from = i % bands * height;
      const Band band{from, from + height < axis_size ? from + height : axis_size};
      T* target = dx + image * p.in_size();
      if (!tiles) memset(target + from * slice, 0, static_cast<size_t>((band.to - from) * slice) * sizeof(T));
      const int64_t at = image * p.out_size();
      max_pool_gradient_band(p, band, disjoint, x + image * p.in_size(), y + at, dy + at, target);
    }
  });
}

// The outputs on one axis whose windows hold an input.
struct Covering {
  int64_t begin, end;
};

// By axis: what covers each input, and 1 / size of each output's window.
template <class T>
struct Shares {
  const Covering* covering[3];
  const T* weights[3];
};

// One input pixel, kVectors vectors of channels: the shares of the windows that hold it.
template <class T, int kVectors, class Lanes>
[[gnu::always_inline]] inline void collect_shares(const Pool& p, const Shares<T>& s, const Covering (&from)[3],
                                                  const T* dy, T* dx, Lanes part) {
  Vec<T> sum[kVectors] = {};
  for (int64_t o0 = from[0].begin; o0 < from[0].end; ++o0) {
    for (int64_t o1 = from[1].begin; o1 < from[1].end; ++o1) {
      const T weight = s.weights[0][o0] * s.weights[1][o1];
      const T* row = dy + (o0 * p.out[1] + o1) * p.out[2] * p.c;
      for (int64_t o2 = from[2].begin; o2 < from[2].end; ++o2) {
        const T share = weight * s.weights[2][o2];
        for (int v = 0; v < kVectors; ++v) sum[v] += part.load(row + o2 * p.c + v * lanes<T>) * share;
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) part.store(dx + v * lanes<T>, sum[v]);
}

template <class T>
void average_pool_gradient_row(const Pool& p, const Shares<T>& s, int64_t i0, int64_t i1, const T* dy, T* dx) {
  Covering from[3] = {s.covering[0][i0], s.covering[1][i1], {0, 0}};
  for (int64_t i2 = 0; i2 < p.in[2]; ++i2, dx += p.c) {
    from[2] = s.covering[2][i2];
    int64_t j = 0;
    for (; j + 4 * lanes<T> <= p.c; j += 4 * lanes<T>) collect_shares<T, 4>(p, s, from, dy + j, dx + j, Whole<T>{});
    for (; j + 2 * lanes<T> <= p.c; j += 2 * lanes<T>) collect_shares<T, 2>(p, s, from, dy + j, dx + j, Whole<T>{});
    for (; j + lanes<T> <= p.c; j += lanes<T>) collect_shares<T, 1>(p, s, from, dy + j, dx + j, Whole<T>{});
    if (j < p.c) collect_shares<T, 1>(p, s, from, dy + j, dx + j, Part<T>{p.c - j});
  }
}

template <class T>
void average_pool_gradient(const Call& call) {
  const Pool p(call.outputs[0], call.inputs[0], call.attributes);
  const T* dy = static_cast<const T*>(call.inputs[0].data);
  T* dx = static_cast<T*>(call.outputs[0].data);
  if (call.outputs[0].size == 0) return;
  const int64_t num_in = p.in[0] + p.in[1] + p.in[2];
  const int64_t num_out = p.out[0] + p.out[1] + p.out[2];
  const Scratch scratch(num_in * static_cast<int64_t>(sizeof(Covering)) + num_out * static_cast<int64_t>(sizeof(T)));
  auto* covering = static_cast<Covering*>(scratch.data);
  auto* weights = reinterpret_cast<T*>(covering + num_in);
  Shares<T> s;
  for (int64_t a = 0; a < 3; ++a) {
    s.covering[a] = covering;
    s.weights[a] = weights;
    for (int64_t i = 0; i < p.in[a]; ++i) *covering++ = {p.first_output(a, i), p.end_output(a, i + 1)};
    for (int64_t o = 0; o < p.out[a]; ++o) *weights++ = 1 / static_cast<T>(p.end(a, o) - p.begin(a, o));
  }
  const int64_t row_size = p.in[2] * p.c;
  parallel_range(p.n * p.in[0] * p.in[1], (kGrain + row_size - 1) / row_size, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i1 = row % p.in[1];
      const int64_t i0 = row / p.in[1] % p.in[0];
      const int64_t image = row / p.in[1] / p.in[0];
      average_pool_gradient_row(p, s, i0, i1, dy + image * p.out_size(), dx + row * row_size);
    }
  });
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "max_pool", dtype, &pool<T, MaxOf<T>>);
  add_kernel(registry, "max_pool_gradient", dtype, &max_pool_gradient<T>);
  add_kernel(registry, "average_pool", dtype, &pool<T, MeanOf<T>>);
  add_kernel(registry, "average_pool_gradient", dtype, &average_pool_gradient<T>);
}

}  // namespace

void register_pooling(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
