// Recurrent cells over whole sequences. Without rows the kernel of the inputs stands for the identity: x holds the
// products with it already.
#include "kernels/hot/recurrent_forward.h"
#include "kernels/hot/recurrent_gradient.h"

namespace keratin::KERATIN_ISA {
namespace {

/// Null for an operand without elements.
template <class T>
const T* input(const Call& call, int32_t index) {
  const Operand& operand = call.inputs[index];
  return operand.size == 0 ? nullptr : static_cast<const T*>(operand.data);
}

template <class T>
T* output(const Call& call, int32_t index) {
  const Operand& operand = call.outputs[index];
  return operand.size == 0 ? nullptr : static_cast<T*>(operand.data);
}

/// Of x, the state h0 and the kernel of the inputs.
template <class Cell, class T>
SequencePlan plan_of(const Operand& x, const Operand& h0, const Operand& kernel) {
  return plan_sequence<T>(x.shape[0], x.shape[1], x.shape[2], h0.shape[1], Cell::kGates, Cell::kApart,
                          kernel.shape[0] == 0);
}

/// Without samples or units nothing is left but zeros.
bool clear_empty(const Call& call) {
  const bool empty = call.outputs[call.num_outputs - 1].size == 0;
  if (!empty) return false;
  for (int32_t i = 0; i < call.num_outputs; ++i) {
    const Operand& to = call.outputs[i];
    const size_t bytes = to.dtype == DType::float32 ? 4 : 8;
    if (to.size > 0) memset(to.data, 0, static_cast<size_t>(to.size) * bytes);
  }
  return true;
}

template <class Cell, class T>
void forward(const Call& call, const ForwardCall<T>& pass, const Operand& kernel) {
  const SequencePlan p = plan_of<Cell, T>(call.inputs[0], call.inputs[1], kernel);
  if (p.samples * p.units > 0) ForwardPass<Cell, T>(p, pass).run();
}

/// x, h0, c0, kernel, recurrent, bias -> last, cell, h, c, gates
template <class T>
void lstm_sequence(const Call& call) {
  ForwardCall<T> pass{};
  pass.x = input<T>(call, 0);
  pass.h0 = input<T>(call, 1);
  pass.c0 = input<T>(call, 2);
  pass.kernel = input<T>(call, 3);
  pass.recurrent = input<T>(call, 4);
  pass.bias = input<T>(call, 5);
  pass.last = output<T>(call, 0);
  pass.cell = output<T>(call, 1);
  pass.h = output<T>(call, 2);
  pass.c = output<T>(call, 3);
  pass.gates = output<T>(call, 4);
  forward<Lstm>(call, pass, call.inputs[3]);
}

/// x, h0, kernel, recurrent, bias, recurrent bias -> last, h, gates
template <class T>
void gru_sequence(const Call& call) {
  ForwardCall<T> pass{};
  pass.x = input<T>(call, 0);
  pass.h0 = input<T>(call, 1);
  pass.kernel = input<T>(call, 2);
  pass.recurrent = input<T>(call, 3);
  pass.bias = input<T>(call, 4);
  pass.recurrent_bias = input<T>(call, 5);
  pass.last = output<T>(call, 0);
  pass.h = output<T>(call, 1);
  pass.gates = output<T>(call, 2);
  forward<Gru>(call, pass, call.inputs[2]);
}

/// x, h0, kernel, recurrent, bias -> last, h
template <class T>
void simple_sequence(const Call& call) {
  ForwardCall<T> pass{};
  pass.x = input<T>(call, 0);
  pass.h0 = input<T>(call, 1);
  pass.kernel = input<T>(call, 2);
  pass.recurrent = input<T>(call, 3);
  pass.bias = input<T>(call, 4);
  pass.last = output<T>(call, 0);
  pass.h = output<T>(call, 1);
  forward<Simple>(call, pass, call.inputs[2]);
}

template <class Cell, class T>
void backward(const BackwardCall<T>& pass, const Operand& x, const Operand& h0, const Operand& kernel) {
  const SequencePlan p = plan_of<Cell, T>(x, h0, kernel);
  BackwardPass<Cell, T>(p, pass).run();
}

/// dlast, dcell, dh, x, h0, c0, h, c, gates, kernel, recurrent -> dx, dkernel, drecurrent, dbias, dc0, dh0
template <class T>
void lstm_sequence_gradient(const Call& call) {
  if (clear_empty(call)) return;
  BackwardCall<T> pass{};
  pass.dlast = input<T>(call, 0);
  pass.dcell = input<T>(call, 1);
  pass.dh = input<T>(call, 2);
  pass.x = input<T>(call, 3);
  pass.h0 = input<T>(call, 4);
  pass.c0 = input<T>(call, 5);
  pass.h = input<T>(call, 6);
  pass.c = input<T>(call, 7);
  pass.gates = input<T>(call, 8);
  pass.kernel = input<T>(call, 9);
  pass.recurrent = input<T>(call, 10);
  pass.dx = output<T>(call, 0);
  pass.dkernel = output<T>(call, 1);
  pass.drecurrent = output<T>(call, 2);
  pass.dbias = output<T>(call, 3);
  pass.dc0 = output<T>(call, 4);
  pass.dh0 = output<T>(call, 5);
  backward<Lstm>(pass, call.inputs[3], call.inputs[4], call.inputs[9]);
}

/// dlast, dh, x, h0, h, gates, kernel, recurrent -> dx, dkernel, drecurrent, dbias, drecurrent_bias, dh0
template <class T>
void gru_sequence_gradient(const Call& call) {
  if (clear_empty(call)) return;
  BackwardCall<T> pass{};
  pass.dlast = input<T>(call, 0);
  pass.dh = input<T>(call, 1);
  pass.x = input<T>(call, 2);
  pass.h0 = input<T>(call, 3);
  pass.h = input<T>(call, 4);
  pass.gates = input<T>(call, 5);
  pass.kernel = input<T>(call, 6);
  pass.recurrent = input<T>(call, 7);
  pass.dx = output<T>(call, 0);
  pass.dkernel = output<T>(call, 1);
  pass.drecurrent = output<T>(call, 2);
  pass.dbias = output<T>(call, 3);
  pass.drecurrent_bias = output<T>(call, 4);
  pass.dh0 = output<T>(call, 5);
  backward<Gru>(pass, call.inputs[2], call.inputs[3], call.inputs[6]);
}

/// dlast, dh, x, h0, h, kernel, recurrent -> dx, dkernel, drecurrent, dbias, dh0
template <class T>
void simple_sequence_gradient(const Call& call) {
  if (clear_empty(call)) return;
  BackwardCall<T> pass{};
  pass.dlast = input<T>(call, 0);
  pass.dh = input<T>(call, 1);
  pass.x = input<T>(call, 2);
  pass.h0 = input<T>(call, 3);
  pass.h = input<T>(call, 4);
  pass.kernel = input<T>(call, 5);
  pass.recurrent = input<T>(call, 6);
  pass.dx = output<T>(call, 0);
  pass.dkernel = output<T>(call, 1);
  pass.drecurrent = output<T>(call, 2);
  pass.dbias = output<T>(call, 3);
  pass.dh0 = output<T>(call, 4);
  backward<Simple>(pass, call.inputs[2], call.inputs[3], call.inputs[5]);
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "lstm_sequence", dtype, &lstm_sequence<T>);
  add_kernel(registry, "lstm_sequence_gradient", dtype, &lstm_sequence_gradient<T>);
  add_kernel(registry, "gru_sequence", dtype, &gru_sequence<T>);
  add_kernel(registry, "gru_sequence_gradient", dtype, &gru_sequence_gradient<T>);
  add_kernel(registry, "simple_rnn_sequence", dtype, &simple_sequence<T>);
  add_kernel(registry, "simple_rnn_sequence_gradient", dtype, &simple_sequence_gradient<T>);
}

}  // namespace

void register_recurrent(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
