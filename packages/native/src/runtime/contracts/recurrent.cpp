// Sequences of recurrent cells.
#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Recurrent cells ---------------------------------------------------------------------------------------------

bool is_matrix(const Operand& a, int64_t rows, int64_t columns) {
  return a.rank == 2 && a.shape[0] == rows && a.shape[1] == columns;
}

bool is_sequence(const Operand& a, int64_t samples, int64_t steps, int64_t width) {
  return a.rank == 3 && a.shape[0] == samples && a.shape[1] == steps && a.shape[2] == width;
}

/// Sizes of a sequence, from x and h0.
struct SequenceSizes {
  int64_t b, t, f, u, gates;
  bool projected;  // the kernel of the inputs has no rows: x holds the products with it

  SequenceSizes(const Operand& x, const Operand& h0, const Operand& kernel, int64_t gates_)
      : b(x.shape[0]), t(x.shape[1]), f(x.shape[2]), u(h0.shape[1]), gates(gates_), projected(kernel.shape[0] == 0) {}

  bool inputs() const { return t > 0 && (!projected || f == gates * u); }
  bool state(const Operand& a) const { return is_matrix(a, b, u); }
  bool state_or_none(const Operand& a) const { return state(a) || is_matrix(a, 0, u); }
  bool kernel(const Operand& a) const { return is_matrix(a, projected ? 0 : f, gates * u); }
  bool recurrent(const Operand& a) const { return is_matrix(a, u, gates * u); }
  bool bias(const Operand& a) const { return is_vector(a, gates * u); }
  bool steps(const Operand& a, int64_t parts) const { return is_sequence(a, b, t, parts * u); }
  bool none(const Operand& a, int64_t parts) const { return is_sequence(a, b, 0, parts * u); }
  bool steps_or_none(const Operand& a) const { return steps(a, 1) || none(a, 1); }
  bool dx(const Operand& a) const { return is_sequence(a, b, t, f) || is_sequence(a, b, 0, f); }
};

bool have_ranks(const Operand& x, const Operand& h0, const Operand& kernel) {
  return x.rank == 3 && h0.rank == 2 && kernel.rank == 2;
}

const char* plain(const Call& call) {
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* lstm_sequence(const Call& call) {
  EXPECT(has(call, 6, 5, 0), kCounts);
  EXPECT(have_ranks(in(call, 0), in(call, 1), in(call, 3)), kShapes);
  const SequenceSizes s(in(call, 0), in(call, 1), in(call, 3), 4);
  EXPECT(s.inputs() && s.state(in(call, 1)) && s.state(in(call, 2)) && s.kernel(in(call, 3)), kShapes);
  EXPECT(s.recurrent(in(call, 4)) && s.bias(in(call, 5)) && s.state(out(call, 0)) && s.state(out(call, 1)), kShapes);
  // The gates are kept with all states, or not at all.
  const bool kept = s.steps(out(call, 2), 1) && s.steps(out(call, 3), 1) && s.steps(out(call, 4), 4);
  const bool not_kept = s.steps_or_none(out(call, 2)) && s.none(out(call, 3), 1) && s.none(out(call, 4), 4);
  EXPECT(kept || not_kept, kShapes);
  return plain(call);
}

const char* lstm_sequence_gradient(const Call& call) {
  EXPECT(has(call, 11, 6, 0), kCounts);
  EXPECT(have_ranks(in(call, 3), in(call, 4), in(call, 9)), kShapes);
  const SequenceSizes s(in(call, 3), in(call, 4), in(call, 9), 4);
  EXPECT(s.inputs() && s.state_or_none(in(call, 0)) && s.state_or_none(in(call, 1)), kShapes);
  EXPECT(s.steps_or_none(in(call, 2)) && s.state(in(call, 4)) && s.state(in(call, 5)), kShapes);
  EXPECT(s.steps(in(call, 6), 1) && s.steps(in(call, 7), 1) && s.steps(in(call, 8), 4), kShapes);
  EXPECT(s.kernel(in(call, 9)) && s.recurrent(in(call, 10)), kShapes);
  EXPECT(s.dx(out(call, 0)) && s.kernel(out(call, 1)) && s.recurrent(out(call, 2)) && s.bias(out(call, 3)), kShapes);
  EXPECT(s.state(out(call, 4)) && s.state(out(call, 5)), kShapes);
  return plain(call);
}

const char* gru_sequence(const Call& call) {
  EXPECT(has(call, 6, 3, 0), kCounts);
  EXPECT(have_ranks(in(call, 0), in(call, 1), in(call, 2)), kShapes);
  const SequenceSizes s(in(call, 0), in(call, 1), in(call, 2), 3);
  EXPECT(s.inputs() && s.state(in(call, 1)) && s.kernel(in(call, 2)) && s.recurrent(in(call, 3)), kShapes);
  EXPECT(s.bias(in(call, 4)) && s.bias(in(call, 5)) && s.state(out(call, 0)), kShapes);
  const bool kept = s.steps(out(call, 1), 1) && s.steps(out(call, 2), 4);
  EXPECT(kept || (s.steps_or_none(out(call, 1)) && s.none(out(call, 2), 4)), kShapes);
  return plain(call);
}

const char* gru_sequence_gradient(const Call& call) {
  EXPECT(has(call, 8, 6, 0), kCounts);
  EXPECT(have_ranks(in(call, 2), in(call, 3), in(call, 6)), kShapes);
  const SequenceSizes s(in(call, 2), in(call, 3), in(call, 6), 3);
  EXPECT(s.inputs() && s.state_or_none(in(call, 0)) && s.steps_or_none(in(call, 1)) && s.state(in(call, 3)), kShapes);
  EXPECT(s.steps(in(call, 4), 1) && s.steps(in(call, 5), 4) && s.kernel(in(call, 6)), kShapes);
  EXPECT(s.recurrent(in(call, 7)) && s.dx(out(call, 0)) && s.kernel(out(call, 1)), kShapes);
  EXPECT(s.recurrent(out(call, 2)) && s.bias(out(call, 3)) && s.bias(out(call, 4)) && s.state(out(call, 5)), kShapes);
  return plain(call);
}

const char* simple_rnn_sequence(const Call& call) {
  EXPECT(has(call, 5, 2, 0), kCounts);
  EXPECT(have_ranks(in(call, 0), in(call, 1), in(call, 2)), kShapes);
  const SequenceSizes s(in(call, 0), in(call, 1), in(call, 2), 1);
  EXPECT(s.inputs() && s.state(in(call, 1)) && s.kernel(in(call, 2)) && s.recurrent(in(call, 3)), kShapes);
  EXPECT(s.bias(in(call, 4)) && s.state(out(call, 0)) && s.steps_or_none(out(call, 1)), kShapes);
  return plain(call);
}

const char* simple_rnn_sequence_gradient(const Call& call) {
  EXPECT(has(call, 7, 5, 0), kCounts);
  EXPECT(have_ranks(in(call, 2), in(call, 3), in(call, 5)), kShapes);
  const SequenceSizes s(in(call, 2), in(call, 3), in(call, 5), 1);
  EXPECT(s.inputs() && s.state_or_none(in(call, 0)) && s.steps_or_none(in(call, 1)) && s.state(in(call, 3)), kShapes);
  EXPECT(s.steps(in(call, 4), 1) && s.kernel(in(call, 5)) && s.recurrent(in(call, 6)), kShapes);
  EXPECT(s.dx(out(call, 0)) && s.kernel(out(call, 1)) && s.recurrent(out(call, 2)), kShapes);
  EXPECT(s.bias(out(call, 3)) && s.state(out(call, 4)), kShapes);
  return plain(call);
}

}  // namespace

void add_recurrent(const Add& add) {
  add({"lstm_sequence"}, &lstm_sequence);
  add({"lstm_sequence_gradient"}, &lstm_sequence_gradient);
  add({"gru_sequence"}, &gru_sequence);
  add({"gru_sequence_gradient"}, &gru_sequence_gradient);
  add({"simple_rnn_sequence"}, &simple_rnn_sequence);
  add({"simple_rnn_sequence_gradient"}, &simple_rnn_sequence_gradient);
}

}  // namespace keratin::contracts
