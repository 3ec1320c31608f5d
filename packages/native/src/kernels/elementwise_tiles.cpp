#include "kernels/elementwise_tiles.h"

#include <algorithm>

#include "kernels/elementwise_steps.h"
#include "runtime/registry.h"

namespace keratin::generic {
namespace {

// Below this length a call for each row costs more than repeating the row's value.
constexpr int64_t kShortRow = 64;

template <class U>
void repeat_each(const void* values, void* to, int64_t rows, int64_t length) {
  const U* from = static_cast<const U*>(values);
  U* out = static_cast<U*>(to);
  for (int64_t r = 0; r < rows; ++r, out += length) std::fill_n(out, length, from[r]);
}

struct Element16 {
  uint64_t low, high;
};

void repeat_each(const void* values, void* to, int64_t bytes, int64_t rows, int64_t length) {
  if (bytes == 1) return repeat_each<uint8_t>(values, to, rows, length);
  if (bytes == 2) return repeat_each<uint16_t>(values, to, rows, length);
  if (bytes == 4) return repeat_each<uint32_t>(values, to, rows, length);
  if (bytes == 8) return repeat_each<uint64_t>(values, to, rows, length);
  repeat_each<Element16>(values, to, rows, length);
}

/// How an input of `rows` times `length` elements lies in memory; false where it is none of the forms.
bool form_of(const Operand& x, int64_t rows, Form& form) {
  const int64_t row = rows == 1 ? 0 : x.strides[0];
  const int64_t column = x.strides[1];
  if (column == 1 && (rows == 1 || row == x.shape[1])) {
    form = Form::whole;
  } else if (column == 1 && row == 0) {
    form = Form::column;
  } else if (column == 0 && row == 1) {
    form = Form::row;
  } else if (column == 0 && row == 0) {
    form = Form::scalar;
  } else {
    return false;
  }
  return true;
}

}  // namespace

const char* read_rows(const Call& call, Reduces reduces, Rows& rows) {
  const bool by_row = reduces == Reduces::rows;
  constexpr const char* kRange = "an attribute of a program over rows is out of range";
  if (call.num_inputs < 1 || call.num_inputs > kMaxRowInputs) return kRange;
  if (call.num_outputs < 1 || call.num_outputs > kMaxRowOutputs || call.num_attributes < 2) return kRange;
  rows.num_inputs = call.num_inputs;
  rows.num_outputs = call.num_outputs;
  rows.rows = call.inputs[0].shape[0];
  rows.length = call.inputs[0].shape[1];
  if (rows.length < 2 || (by_row && rows.length > kMaxRowLength)) return "rows are too short or too long";
  if (!by_row && rows.rows < 2) return "there are too few rows";
  const double* at = call.attributes;
  const double* const end = at + call.num_attributes;
  const int64_t registers = whole_number(*at++, kMaxRowRegisters);
  const int64_t steps = whole_number(*at++, kMaxRowSteps);
  if (registers < 0 || steps < 1) return kRange;
  rows.num_registers = static_cast<int32_t>(registers);
  rows.num_steps = static_cast<int32_t>(steps);
  const int32_t outputs = call.num_inputs + call.num_outputs;
  const int32_t places = outputs + rows.num_registers;
  rows.widest = 1;
  bool written[kMaxRowPlaces] = {};
  Form forms[kMaxRowPlaces] = {};
  for (int32_t i = 0; i < call.num_inputs; ++i) {
    if (!form_of(call.inputs[i], rows.rows, forms[i])) return "an input has strides that rows cannot have";
    rows.dtypes[i] = call.inputs[i].dtype;
    rows.widest = std::max(rows.widest, size_of(rows.dtypes[i]));
    written[i] = true;
  }
  for (int32_t i = 0; i < call.num_outputs; ++i) {
    const bool reduced = call.outputs[i].shape[by_row ? 1 : 0] == 1;
    forms[call.num_inputs + i] = !reduced ? Form::whole : by_row ? Form::row : Form::column;
    rows.dtypes[call.num_inputs + i] = call.outputs[i].dtype;
  }
  std::copy_n(forms, kMaxRowPlaces, rows.forms);
  for (int32_t s = 0; s < rows.num_steps; ++s) {
    RowStep& step = rows.steps[s];
    if (end - at < 5) return kRange;
    const int64_t opcode = whole_number(*at++, static_cast<int64_t>(registry().names().size()) - 1);
    const int64_t dtype = whole_number(*at++, kNumDTypes - 1);
    const int64_t kind = whole_number(*at++, 2);
    const int64_t to = whole_number(*at++, int64_t{places} - 1);
    const int64_t inputs = whole_number(*at++, 3);
    if (opcode < 0 || dtype < 0 || kind < 0 || to < call.num_inputs || inputs < 1 || end - at < inputs) return kRange;
    if (!by_row && (kind == 1 || (kind == 2 && to >= outputs))) return kRange;
    step.inputs = static_cast<int32_t>(inputs);
    step.to = static_cast<int32_t>(to);
    step.whole = kind == 0;
    const auto out = static_cast<DType>(dtype);
    DType in[3];
    for (int32_t i = 0; i < step.inputs; ++i) {
      const int64_t from = whole_number(*at++, int64_t{places} - 1);
      if (from < 0 || !written[from]) return "a program over rows reads what was not written";
      step.from[i] = static_cast<int32_t>(from);
      in[i] = rows.dtypes[from];
      step.in_sizes[i] = size_of(in[i]);
      const Form form = forms[from];
      if (!by_row && from >= call.num_inputs && form != Form::whole)
        return "the result of a reduction is read too early";
      if (kind == 1 && form != Form::row && form != Form::scalar) return "a row has one element where it has many";
      if (kind == 2 && form != Form::whole) return "a reduction takes whole rows";
      // What is repeated over a row must not be overwritten by it.
      if (from == to && (form == Form::whole) != step.whole) return "a step overwrites what it reads";
    }
    step.out_size = size_of(out);
    const bool folds = kind == 2 && inputs == 1 && in[0] == out;
    step.fold = folds && by_row ? registry().row_fold(opcode, in[0]) : nullptr;
    step.columns = folds && !by_row ? registry().column_fold(opcode, in[0]) : nullptr;
    step.body = nullptr;
    step.scalars = false;
    if (kind == 2 ? step.fold == nullptr && step.columns == nullptr
                  : !find_body(opcode, in, step.inputs, out, step.body, step.scalars)) {
      return "a step of a program over rows has no body for its dtypes";
    }
    if (step.to < outputs) {
      if (rows.dtypes[step.to] != out) return "dtypes do not fit";
      if ((forms[step.to] == Form::whole) != step.whole) return "an output has another number of elements";
    } else {
      forms[step.to] = step.whole ? Form::whole : Form::row;
      rows.dtypes[step.to] = out;
    }
    rows.widest = std::max(rows.widest, size_of(out));
    written[step.to] = true;
  }
  for (int32_t i = call.num_inputs; i < outputs; ++i) {
    if (!written[i]) return "an output of a program over rows is not written";
  }
  return at == end ? nullptr : kRange;
}

void bind_operands(const Call& call, RowRun& run) {
  for (int32_t i = 0; i < call.num_inputs; ++i) run.inputs[i] = static_cast<const char*>(call.inputs[i].data);
  for (int32_t i = 0; i < call.num_outputs; ++i) run.outputs[i] = static_cast<char*>(call.outputs[i].data);
}

Tiles::Tiles(const RowRun& run)
    : run_(run),
      rows_(run.program),
      stride_(run.tile * run.window * rows_.widest),
      scratch_((rows_.num_registers + places()) * stride_) {
  std::copy_n(rows_.forms, kMaxRowPlaces, forms_);
  const int32_t first = rows_.num_inputs + rows_.num_outputs;
  for (int32_t r = 0; r < rows_.num_registers; ++r) at_[first + r] = memory(r);
}

void Tiles::run(int64_t row, int64_t count, int64_t column, int64_t width) {
  if (width != width_) std::fill_n(repeated_, kMaxRowPlaces, 0);
  width_ = width;
  for (int32_t i = 0; i < places(); ++i) {
    const int64_t bytes = size_of(rows_.dtypes[i]);
    const int64_t elements = forms_[i] == Form::whole    ? row * rows_.length + column
                             : forms_[i] == Form::row    ? row
                             : forms_[i] == Form::column ? column
                                                         : 0;
    // Bodies do not write their inputs.
    if (i < rows_.num_inputs) {
      at_[i] = const_cast<char*>(run_.inputs[i]) + elements * bytes;
    } else if (i < rows_.num_inputs + rows_.num_outputs) {
      at_[i] = run_.outputs[i - rows_.num_inputs] + elements * bytes;
    }
    // What is the same for all rows stays.
    if (forms_[i] == Form::whole || forms_[i] == Form::row || rows_.length != width) repeated_[i] = 0;
  }
  for (int32_t s = 0; s < rows_.num_steps; ++s) {
    if (rows_.steps[s].columns == nullptr) step(rows_.steps[s], count);
  }
}

void Tiles::step(const RowStep& step, int64_t count) {
  if (step.fold != nullptr) {
    const char* x = at_[step.from[0]];
    char* y = at_[step.to];
    const int64_t in = rows_.length * step.in_sizes[0];
    for (int64_t r = 0; r < count; ++r) step.fold(x + r * in, rows_.length, y + r * step.out_size);
  } else {
    apply(step, count);
  }
  if (step.to >= rows_.num_inputs + rows_.num_outputs) forms_[step.to] = step.whole ? Form::whole : Form::row;
  repeated_[step.to] = 0;
}

/// Rows are one stretch of elements where all operands are; else each row is a call.
void Tiles::apply(const RowStep& step, int64_t count) {
  const int64_t length = step.whole ? width_ : 1;
  const void* in[3];
  int64_t steps[3];
  int64_t advance[3];  // bytes from row to row
  const int64_t out_pitch = step.whole ? pitch(step.to) : 1;
  bool by_row = count > 1 && out_pitch != length;
  for (int32_t i = 0; i < step.inputs; ++i) {
    const int32_t from = step.from[i];
    const Form form = forms_[from];
    const int64_t bytes = step.in_sizes[i];
    in[i] = at_[from];
    steps[i] = 1;
    advance[i] = length * bytes;
    if (form == Form::whole) {
      advance[i] = pitch(from) * bytes;
      by_row = by_row || (count > 1 && pitch(from) != length);
      continue;
    }
    if (form == Form::row && !step.whole) continue;
    if (form == Form::scalar && step.scalars) {
      steps[i] = advance[i] = 0;
      continue;
    }
    const bool short_rows = width_ < kShortRow || !step.whole;
    if (short_rows || (form != Form::column && !step.scalars)) {
      in[i] = repeat(from, form, bytes, count);
      continue;
    }
    by_row = true;
    if (form == Form::column) {
      advance[i] = 0;
    } else {
      steps[i] = 0;
      advance[i] = bytes;
    }
  }
  char* out = at_[step.to];
  if (!by_row) {
    step.body(in, steps, out, count * length);
    return;
  }
  for (int64_t r = 0; r < count; ++r) {
    step.body(in, steps, out, length);
    out += out_pitch * step.out_size;
    for (int32_t i = 0; i < step.inputs; ++i) in[i] = static_cast<const char*>(in[i]) + advance[i];
  }
}

/// A place's values as whole rows.
const void* Tiles::repeat(int32_t place, Form form, int64_t bytes, int64_t count) {
  char* to = memory(rows_.num_registers + place);
  if (repeated_[place] >= count) return to;
  if (form == Form::row) {
    repeat_each(at_[place], to, bytes, count, width_);
  } else if (form == Form::scalar) {
    repeat_each(at_[place], to, bytes, 1, count * width_);
  } else {
    const int64_t row = width_ * bytes;
    for (int64_t r = 0; r < count; ++r) std::copy_n(at_[place], row, to + r * row);
  }
  repeated_[place] = count;
  return to;
}

}  // namespace keratin::generic
