// Sequences of recurrent cells.
#include "runtime/contracts/rules.h"

namespace keratin::contracts {
namespace {

// ---- Recurrent cells ---------------------------------------------------------------------------------------------

bool is_matrix(const Operand& a, int64_t rows, int64_t columns) {
  return a.rank == 2 && a.shape[0] == rows && a.shape[1] == columns;
}

bool is_sequence(const Operand& a, int64_t steps, int64_t samples, int64_t width) {
  return a.rank == 3 && a.shape[0] == steps && a.shape[1] == samples && a.shape[2] == width;
}

/// Sizes of a sequence: of h, or of its gradient.
struct SequenceSizes {
  int64_t t, b, u;
  explicit SequenceSizes(const Operand& h) : t(h.shape[0]), b(h.shape[1]), u(h.shape[2]) {}
  bool state(const Operand& a) const { return is_matrix(a, b, u); }
  bool kernel(const Operand& a, int64_t gates) const { return is_matrix(a, u, gates * u); }
  bool steps(const Operand& a, int64_t gates) const { return is_sequence(a, t, b, gates * u); }
};

const char* lstm_sequence(const Call& call) {
  EXPECT(has(call, 4, 3, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 4) && s.state(in(call, 1)) && s.state(in(call, 2)) && s.kernel(in(call, 3), 4), kShapes);
  EXPECT(s.steps(out(call, 1), 1) && s.steps(out(call, 2), 4), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* lstm_sequence_gradient(const Call& call) {
  EXPECT(has(call, 6, 3, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 1) || is_sequence(in(call, 1), 0, s.b, s.u), kShapes);
  EXPECT(s.steps(in(call, 2), 4) && s.steps(in(call, 3), 1) && s.state(in(call, 4)) && s.kernel(in(call, 5), 4),
         kShapes);
  EXPECT(s.steps(out(call, 0), 4) && s.state(out(call, 1)) && s.state(out(call, 2)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* gru_sequence(const Call& call) {
  EXPECT(has(call, 4, 2, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 3) && s.state(in(call, 1)) && s.kernel(in(call, 2), 3), kShapes);
  EXPECT(is_vector(in(call, 3), 3 * s.u) && s.steps(out(call, 1), 4), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* gru_sequence_gradient(const Call& call) {
  EXPECT(has(call, 5, 3, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 4) && s.steps(in(call, 2), 1) && s.state(in(call, 3)) && s.kernel(in(call, 4), 3),
         kShapes);
  EXPECT(s.steps(out(call, 0), 3) && s.steps(out(call, 1), 3) && s.state(out(call, 2)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* simple_rnn_sequence(const Call& call) {
  EXPECT(has(call, 3, 1, 0), kCounts);
  EXPECT(out(call, 0).rank == 3, kShapes);
  const SequenceSizes s(out(call, 0));
  EXPECT(s.steps(in(call, 0), 1) && s.state(in(call, 1)) && s.kernel(in(call, 2), 1), kShapes);
  EXPECT(all_of_dtype(call, out(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
}

const char* simple_rnn_sequence_gradient(const Call& call) {
  EXPECT(has(call, 3, 2, 0), kCounts);
  EXPECT(in(call, 0).rank == 3, kShapes);
  const SequenceSizes s(in(call, 0));
  EXPECT(s.steps(in(call, 1), 1) && s.kernel(in(call, 2), 1), kShapes);
  EXPECT(s.steps(out(call, 0), 1) && s.state(out(call, 1)), kShapes);
  EXPECT(all_of_dtype(call, in(call, 0).dtype), kDTypes);
  EXPECT(all_contiguous(call), kGaps);
  return nullptr;
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
