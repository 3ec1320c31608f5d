#include "kernels/elementwise_loop.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/strided_copy.h"
#include "runtime/parallel.h"

namespace keratin {
namespace {

// Of single functions; chains have more.
constexpr int kMaxInputs = 3;
constexpr int64_t kBufferBytes = 8192;
// Below this length rows cost more in calls than their elements, so blocks that span rows are gathered instead.
constexpr int64_t kShortRow = 64;
// From this size on transposed inputs are copied before the loop.
constexpr int64_t kTransposedSize = 4096;

struct Input {
  const char* data;
  int64_t bytes;
  int64_t strides[kMaxRank];
  bool linear;     // row-major without gaps
  bool constant;   // one element, broadcast
  bool reusable;   // a gathered block serves all blocks of a chunk: the pattern repeats
  int64_t period;  // elements after which the input repeats
};

// Axes are kept from the innermost outwards, without those of length 1 and with neighbours merged where all inputs
// allow it.
struct Loop {
  LoopBody body;
  const ChainBody* chain;  // instead of the body
  bool scalars;
  int inputs;
  int rank;
  int64_t size;
  int64_t block;
  char* out;
  int64_t out_bytes;
  int64_t shape[kMaxRank];
  Input input[kMaxChainInputs];

  void run(const void* const* in, const int64_t* steps, int64_t position, int64_t n) const {
    if (chain != nullptr) {
      chain->run(chain->context, in, steps, position, n);
    } else {
      body(in, steps, out + position * out_bytes, n);
    }
  }
};

Loop collapse(const Call& call, LoopBody body, const ChainBody* chain, bool scalars) {
  const Operand& y = call.outputs[0];
  Loop loop;
  loop.body = body;
  loop.chain = chain;
  loop.scalars = scalars;
  loop.inputs = call.num_inputs;
  loop.size = y.size;
  loop.out = static_cast<char*>(y.data);
  loop.out_bytes = size_of(y.dtype);
  int rank = 0;
  for (int axis = y.rank - 1; axis >= 0; --axis) {
    const int64_t extent = y.shape[axis];
    if (extent == 1) continue;
    bool merges = rank > 0;
    for (int i = 0; merges && i < loop.inputs; ++i) {
      merges = call.inputs[i].strides[axis] == loop.input[i].strides[rank - 1] * loop.shape[rank - 1];
    }
    if (merges) {
      loop.shape[rank - 1] *= extent;
      continue;
    }
    for (int i = 0; i < loop.inputs; ++i) loop.input[i].strides[rank] = call.inputs[i].strides[axis];
    loop.shape[rank++] = extent;
  }
  if (rank == 0) {
    for (int i = 0; i < loop.inputs; ++i) loop.input[i].strides[0] = 1;
    loop.shape[rank++] = 1;
  }
  loop.rank = rank;
  for (int i = 0; i < loop.inputs; ++i) {
    Input& input = loop.input[i];
    input.data = static_cast<const char*>(call.inputs[i].data);
    input.bytes = size_of(call.inputs[i].dtype);
    input.linear = input.constant = true;
    input.period = 1;
    int64_t row_major = 1;
    for (int d = 0; d < rank; ++d) {
      input.linear = input.linear && input.strides[d] == row_major;
      input.constant = input.constant && input.strides[d] == 0;
      row_major *= loop.shape[d];
      if (input.strides[d] != 0) input.period = row_major;
    }
  }
  return loop;
}

// Blocks are as long as the buffers allow and, where that fits, a multiple of the periods of broadcast inputs.
void plan_blocks(Loop& loop) {
  int64_t longest = 1;
  for (int i = 0; i < loop.inputs; ++i) longest = std::max(longest, loop.input[i].bytes);
  const int64_t limit = kBufferBytes / longest;
  int64_t period = 1;
  for (int i = 0; i < loop.inputs; ++i) {
    const Input& input = loop.input[i];
    if (input.linear || input.period > limit) continue;
    const int64_t both = std::lcm(period, input.period);
    if (both <= limit) period = both;
  }
  loop.block = limit / period * period;
  for (int i = 0; i < loop.inputs; ++i) {
    loop.input[i].reusable = !loop.input[i].linear && loop.block % loop.input[i].period == 0;
  }
}

// A position in the collapsed axes.
struct Cursor {
  int64_t index[kMaxRank];

  Cursor(const Loop& loop, int64_t position) {
    for (int d = 0; d < loop.rank; ++d) {
      index[d] = position % loop.shape[d];
      position /= loop.shape[d];
    }
  }

  int64_t offset(const Loop& loop, const Input& input) const {
    int64_t sum = 0;
    for (int d = 0; d < loop.rank; ++d) sum += index[d] * input.strides[d];
    return sum;
  }

  // Moves n elements on along the innermost axis, carrying at its end.
  void advance(const Loop& loop, int64_t n) {
    index[0] += n;
    for (int d = 0; index[d] == loop.shape[d] && d + 1 < loop.rank; ++d) {
      index[d] = 0;
      ++index[d + 1];
    }
  }
};

struct Element16 {
  uint64_t low, high;
};

template <class U>
void copy_run(const U* from, int64_t stride, U* to, int64_t n) {
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i];
  } else if (stride == 0) {
    std::fill_n(to, n, *from);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
  }
}

// n elements from the cursor on, row by row.
template <class U>
void gather(const Loop& loop, const Input& input, Cursor cursor, int64_t n, U* to) {
  const U* from = reinterpret_cast<const U*>(input.data) + cursor.offset(loop, input);
  const int64_t row = loop.shape[0];
  const int64_t stride = input.strides[0];
  int64_t run = std::min(n, row - cursor.index[0]);
  copy_run(from, stride, to, run);
  from -= cursor.index[0] * stride;
  while ((n -= run) > 0) {
    to += run;
    for (int d = 1; d < loop.rank; ++d) {
      from += input.strides[d];
      if (++cursor.index[d] < loop.shape[d]) break;
      cursor.index[d] = 0;
      from -= input.strides[d] * loop.shape[d];
    }
    run = std::min(n, row);
    copy_run(from, stride, to, run);
  }
}

// As gather, for an input that repeats after `period` elements.
template <class U>
void gather_periodic(const Loop& loop, const Input& input, const Cursor& cursor, int64_t n, U* to) {
  int64_t done = std::min(n, input.period);
  gather(loop, input, cursor, done, to);
  while (done < n) {
    const int64_t more = std::min(done, n - done);
    std::memcpy(to + done, to, static_cast<size_t>(more) * sizeof(U));
    done += more;
  }
}

void gather_bytes(const Loop& loop, const Input& input, const Cursor& cursor, int64_t n, char* to) {
  switch (input.bytes) {
    case 1:
      return gather_periodic(loop, input, cursor, n, reinterpret_cast<uint8_t*>(to));
    case 2:
      return gather_periodic(loop, input, cursor, n, reinterpret_cast<uint16_t*>(to));
    case 4:
      return gather_periodic(loop, input, cursor, n, reinterpret_cast<uint32_t*>(to));
    case 8:
      return gather_periodic(loop, input, cursor, n, reinterpret_cast<uint64_t*>(to));
    default:
      return gather_periodic(loop, input, cursor, n, reinterpret_cast<Element16*>(to));
  }
}

// Long rows: one call of the body for a row, or for a block of it where an input must be gathered.
template <int kMax>
void run_rows(const Loop& loop, int64_t begin, int64_t end) {
  alignas(64) char buffers[kMax][kBufferBytes];
  const void* in[kMax];
  int64_t steps[kMax];
  const char* filled[kMax] = {};  // the element that a buffer repeats, and how often
  int64_t filled_length[kMax] = {};
  int64_t limit = loop.size;
  for (int i = 0; i < loop.inputs; ++i) {
    const int64_t stride = loop.input[i].strides[0];
    if (stride != 1 && !(stride == 0 && loop.scalars)) limit = loop.block;
  }
  Cursor cursor(loop, begin);
  for (int64_t position = begin; position < end;) {
    const int64_t n = std::min({loop.shape[0] - cursor.index[0], end - position, limit});
    for (int i = 0; i < loop.inputs; ++i) {
      const Input& input = loop.input[i];
      const char* p = input.data + cursor.offset(loop, input) * input.bytes;
      const int64_t stride = input.strides[0];
      const bool direct = stride == 1 || (stride == 0 && loop.scalars);
      if (!direct && !(stride == 0 && filled[i] == p && filled_length[i] >= n)) {
        gather_bytes(loop, input, cursor, n, buffers[i]);
        filled[i] = p;
        filled_length[i] = n;
      }
      in[i] = direct ? p : buffers[i];
      steps[i] = direct ? stride : 1;
    }
    loop.run(in, steps, position, n);
    position += n;
    cursor.advance(loop, n);
  }
}

// Short rows: blocks of many rows, inputs that are not linear gathered.
template <int kMax>
void run_blocks(const Loop& loop, int64_t begin, int64_t end) {
  alignas(64) char buffers[kMax][kBufferBytes];
  const void* in[kMax];
  int64_t steps[kMax];
  for (int64_t position = begin; position < end;) {
    const int64_t n = std::min(loop.block, end - position);
    for (int i = 0; i < loop.inputs; ++i) {
      const Input& input = loop.input[i];
      const bool scalar = input.constant && loop.scalars;
      if (input.linear) {
        in[i] = input.data + position * input.bytes;
      } else if (scalar) {
        in[i] = input.data;
      } else if (position == begin || !input.reusable) {
        gather_bytes(loop, input, Cursor(loop, position), n, buffers[i]);
        in[i] = buffers[i];
      }
      steps[i] = scalar ? 0 : 1;
    }
    loop.run(in, steps, position, n);
    position += n;
  }
}

template <int kMax>
void run_contiguous(const Call& call, LoopBody body, const ChainBody* chain, int64_t begin, int64_t end) {
  const void* in[kMax];
  int64_t steps[kMax];
  for (int i = 0; i < call.num_inputs; ++i) {
    in[i] = static_cast<const char*>(call.inputs[i].data) + begin * size_of(call.inputs[i].dtype);
    steps[i] = 1;
  }
  if (chain != nullptr) {
    chain->run(chain->context, in, steps, begin, end - begin);
    return;
  }
  const Operand& y = call.outputs[0];
  body(in, steps, static_cast<char*>(y.data) + begin * size_of(y.dtype), end - begin);
}

// Whether gathering rows would read the input across its lines: a long last axis that is not the one of stride 1.
bool is_transposed(const Operand& x) {
  if (x.contiguous || x.size < kTransposedSize) return false;
  const int64_t last = x.strides[x.rank - 1];
  if (last == 0 || last == 1 || x.shape[x.rank - 1] < kShortRow / 4) return false;
  for (int axis = 0; axis < x.rank - 1; ++axis) {
    if (x.strides[axis] == 1 && x.shape[axis] > 1) return true;
  }
  return false;
}

template <int kMax>
void run_loop(const Call& call, LoopBody body, const ChainBody* chain, int64_t grain, bool scalars);

// The call with input i copied first: the copy knows how to transpose.
template <int kMax>
void run_with_contiguous(const Call& call, int i, LoopBody body, const ChainBody* chain, int64_t grain, bool scalars) {
  Operand inputs[kMax];
  std::copy_n(call.inputs, call.num_inputs, inputs);
  Operand& x = inputs[i];
  const Scratch scratch(x.size * size_of(x.dtype));
  int64_t stride = 1;
  for (int axis = x.rank - 1; axis >= 0; --axis) {
    x.strides[axis] = stride;
    stride *= x.shape[axis];
  }
  x.data = scratch.data;
  x.contiguous = true;
  generic::strided_copy(call.inputs[i], x);
  Call changed = call;
  changed.inputs = inputs;
  run_loop<kMax>(changed, body, chain, grain, scalars);
}

template <int kMax>
void run_loop(const Call& call, LoopBody body, const ChainBody* chain, int64_t grain, bool scalars) {
  const int64_t size = call.outputs[0].size;
  if (size == 0) return;
  for (int i = 0; i < call.num_inputs; ++i) {
    if (is_transposed(call.inputs[i])) return run_with_contiguous<kMax>(call, i, body, chain, grain, scalars);
  }
  if (size < 2 * grain) grain = size;
  bool contiguous = true;
  for (int i = 0; i < call.num_inputs; ++i) contiguous = contiguous && call.inputs[i].contiguous;
  if (contiguous) {
    parallel_range(size, grain,
                   [&](int64_t begin, int64_t end) { run_contiguous<kMax>(call, body, chain, begin, end); });
    return;
  }
  Loop loop = collapse(call, body, chain, scalars);
  plan_blocks(loop);
  parallel_range(size, grain, [&](int64_t begin, int64_t end) {
    if (loop.shape[0] < kShortRow) {
      run_blocks<kMax>(loop, begin, end);
    } else {
      run_rows<kMax>(loop, begin, end);
    }
  });
}

}  // namespace

void elementwise_loop(const Call& call, LoopBody body, int64_t grain, bool scalars) {
  run_loop<kMaxInputs>(call, body, nullptr, grain, scalars);
}

void elementwise_loop(const Call& call, const ChainBody& body, int64_t grain) {
  run_loop<kMaxChainInputs>(call, nullptr, &body, grain, true);
}

}  // namespace keratin
