// Scaled dot product attention: y = dropout(softmax(q k^T scale + bias)) v for each head, with its gradients, without
// the scores of all pairs in memory (Dao et al., "FlashAttention: Fast and memory-efficient exact attention with
// IO-awareness", 2022).
//
// Blocks and the order in which they are added depend on shapes only. Several heads of queries may read one of keys.
#include "kernels/hot/attention_forward.h"
#include "kernels/hot/attention_gradient.h"

namespace keratin::KERATIN_ISA {
namespace {

/// query [b, t, h, d], key [b, s, g, d], value [b, s, g, e], bias, mask [b, h, t, s]
/// -> y [b, t, h, e], max, rsum [b, h, t]
template <class T>
void attention(const Call& call) {
  const Attention<T> a(call, 0);
  const Operand* outputs = call.outputs;
  const ForwardOutputs<T> out{grid_of<T>(outputs[0]), static_cast<T*>(outputs[1].data),
                              static_cast<T*>(outputs[2].data)};
  const int64_t parts = divide_up(a.queries, kQueriesOfTask);
  const int64_t work = min_of(a.queries, kQueriesOfTask) * max_of(a.keys, 1) * (a.size + a.value_size + 8);
  parallel_range(a.batch * a.heads * parts, divide_up(kChunkWork / 4, max_of(work, 1)),
                 [&](int64_t begin, int64_t end) {
                   ForwardTask<T> task(a, out);
                   for (int64_t i = begin; i < end; ++i) {
                     const int64_t first = i % parts * kQueriesOfTask;
                     const int64_t head = i / parts;
                     task.run(head / a.heads, head % a.heads, first, min_of(kQueriesOfTask, a.queries - first));
                   }
                 });
}

// Of fewer pairs of samples and groups each is divided by its keys; the parts of dq are added up afterwards.
constexpr int64_t kEnoughTasks = 8;

/// dy, query, key, value, bias, mask, y, max, rsum -> dq, dk, dv, dbias [b, h, t, s] or [0, h, t, s]
template <class T>
void attention_gradient(const Call& call) {
  const Attention<T> a(call, 1);
  GradientOperands<T> g{};
  g.dy = grid_of<const T>(call.inputs[0]);
  g.y = grid_of<const T>(call.inputs[6]);
  g.max = static_cast<const T*>(call.inputs[7].data);
  g.rsum = static_cast<const T*>(call.inputs[8].data);
  const Grid<T> dq = grid_of<T>(call.outputs[0]);
  g.dk = grid_of<T>(call.outputs[1]);
  g.dv = grid_of<T>(call.outputs[2]);
  g.dbias = call.outputs[3].size == 0 ? nullptr : static_cast<T*>(call.outputs[3].data);
  const int64_t size = call.outputs[0].size;
  memset(dq.data, 0, static_cast<size_t>(size) * sizeof(T));
  const int64_t pairs = a.batch * a.groups;
  if (pairs == 0 || a.keys == 0) return;
  const int64_t blocks = divide_up(a.keys, kKeyBlock);
  const int64_t parts = min_of(blocks, divide_up(kEnoughTasks, pairs));
  const int64_t length = divide_up(blocks, parts) * kKeyBlock;
  const Scratch memory((parts - 1) * size * static_cast<int64_t>(sizeof(T)));
  T* others = static_cast<T*>(memory.data);
  if (parts > 1) memset(others, 0, static_cast<size_t>((parts - 1) * size) * sizeof(T));
  const int64_t work = a.queries * (a.heads / a.groups) * min_of(length, a.keys) * 3 * (a.size + a.value_size + 8);
  parallel_range(pairs * parts, divide_up(kChunkWork / 4, max_of(work, 1)), [&](int64_t begin, int64_t end) {
    GradientTask<T> task(a, g);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t part = i % parts;
      const int64_t pair = i / parts;
      Grid<T> own = dq;
      if (part > 0) own.data = others + (part - 1) * size;
      task.run(pair / a.groups, pair % a.groups, min_of(part * length, a.keys), min_of((part + 1) * length, a.keys),
               own);
    }
  });
  for (int64_t part = 1; part < parts; ++part) {
    const T* from = others + (part - 1) * size;
    for_vectors<T>(size, [&](int64_t i, auto whole) __attribute__((always_inline)) {
      whole.store(dq.data + i, whole.load(dq.data + i) + whole.load(from + i));
    });
  }
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "attention", dtype, &attention<T>);
  add_kernel(registry, "attention_gradient", dtype, &attention_gradient<T>);
}

}  // namespace

void register_attention(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
