#include "kernels/elementwise_chain.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/elementwise_steps.h"

namespace keratin::generic {
namespace {

constexpr int64_t kBlockBytes = 4096;
// From so many steps on a chunk is worth a thread earlier.
constexpr int32_t kManySteps = 4;

/// The opcodes of the functions whose body depends on more than one dtype.
struct Special {
  int64_t select = -1;
  int64_t cast = -1;
};

const Special& special() {
  static const Special found = [] {
    Special result;
    const auto& names = registry().names();
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "select") result.select = static_cast<int64_t>(i);
      if (names[i] == "cast") result.cast = static_cast<int64_t>(i);
    }
    return result;
  }();
  return found;
}

struct Run {
  Chain chain;
  char* outputs[kMaxChainOutputs];
  int64_t block;
};

void run_block(const Run& run, char* const* places, const int64_t* steps, unsigned char (*filled)[kBlockBytes],
               int64_t n) {
  for (int32_t s = 0; s < run.chain.num_steps; ++s) {
    const ChainStep& step = run.chain.steps[s];
    const void* in[3];
    int64_t in_steps[3];
    for (int32_t i = 0; i < step.inputs; ++i) {
      const int32_t from = step.from[i];
      const bool scalar = steps[from] == 0;
      in[i] = scalar && !step.scalars ? reinterpret_cast<const char*>(filled[from]) : places[from];
      in_steps[i] = scalar && step.scalars ? 0 : 1;
    }
    step.body(in, in_steps, places[step.to], n);
  }
}

template <class U>
void fill(const void* value, void* block, int64_t n) {
  std::fill_n(static_cast<U*>(block), n, *static_cast<const U*>(value));
}

struct Element16 {
  uint64_t low, high;
};

void fill_block(const void* value, void* block, int64_t bytes, int64_t n) {
  if (bytes == 1) return fill<uint8_t>(value, block, n);
  if (bytes == 2) return fill<uint16_t>(value, block, n);
  if (bytes == 4) return fill<uint32_t>(value, block, n);
  if (bytes == 8) return fill<uint64_t>(value, block, n);
  fill<Element16>(value, block, n);
}

/// Functions without bodies for scalars get a block that repeats the value.
void fill_scalars(const Run& run, const void* const* in, const int64_t* steps, unsigned char (*filled)[kBlockBytes],
                  int64_t n) {
  for (int32_t s = 0; s < run.chain.num_steps; ++s) {
    const ChainStep& step = run.chain.steps[s];
    for (int32_t i = 0; i < step.inputs && !step.scalars; ++i) {
      const int32_t from = step.from[i];
      if (from >= run.chain.num_inputs || steps[from] != 0) continue;
      fill_block(in[from], filled[from], size_of(run.chain.dtypes[from]), n);
    }
  }
}

void run_chain(const void* context, const void* const* in, const int64_t* steps, int64_t position, int64_t n) {
  const Run& run = *static_cast<const Run*>(context);
  const Chain& chain = run.chain;
  alignas(64) unsigned char registers[kMaxChainRegisters][kBlockBytes];
  alignas(64) unsigned char filled[kMaxChainInputs][kBlockBytes];
  constexpr int kPlaces = kMaxChainInputs + kMaxChainOutputs + kMaxChainRegisters;
  char* places[kPlaces];
  int64_t place_steps[kPlaces];
  std::fill_n(place_steps, kPlaces, 1);
  std::copy_n(steps, chain.num_inputs, place_steps);
  const int32_t first_register = chain.num_inputs + chain.num_outputs;
  for (int r = 0; r < kMaxChainRegisters; ++r) places[first_register + r] = reinterpret_cast<char*>(registers[r]);
  fill_scalars(run, in, steps, filled, std::min(n, run.block));
  for (int64_t begin = 0; begin < n; begin += run.block) {
    for (int32_t i = 0; i < chain.num_inputs; ++i) {
      // Bodies do not write their inputs.
      char* data = const_cast<char*>(static_cast<const char*>(in[i]));
      places[i] = data + begin * steps[i] * size_of(chain.dtypes[i]);
    }
    for (int32_t i = 0; i < chain.num_outputs; ++i) {
      places[chain.num_inputs + i] = run.outputs[i] + (position + begin) * size_of(chain.dtypes[chain.num_inputs + i]);
    }
    run_block(run, places, place_steps, filled, std::min(run.block, n - begin));
  }
}

void chain(const Call& call) {
  Run run;
  const char* const problem = read_chain(call, run.chain);
  if (problem != nullptr) fail("internal", "chain: %s", problem);
  run.block = kBlockBytes / run.chain.widest;
  for (int32_t i = 0; i < call.num_outputs; ++i) run.outputs[i] = static_cast<char*>(call.outputs[i].data);
  elementwise_loop(call, ChainBody{&run_chain, &run}, run.chain.num_steps < kManySteps ? kCheapGrain : kCostlyGrain);
}

}  // namespace

int64_t whole_number(double value, int64_t limit) {
  if (!(value >= 0 && value <= static_cast<double>(limit))) return -1;
  const auto n = static_cast<int64_t>(value);
  return static_cast<double>(n) == value ? n : -1;
}

bool find_body(int64_t opcode, const DType* in, int32_t inputs, DType out, LoopBody& loop, bool& scalars) {
  scalars = false;
  if (opcode == special().select) {
    if (inputs != 3 || in[0] != DType::boolean || in[1] != out || in[2] != out) return false;
    loop = select_body_for(size_of(out));
    return true;
  }
  if (opcode == special().cast) {
    loop = inputs == 1 ? cast_body_for(in[0], out) : nullptr;
    return loop != nullptr;
  }
  const Body* body = registry().body(opcode, in[0]);
  if (body == nullptr || body->inputs != inputs) return false;
  for (int32_t i = 1; i < inputs; ++i) {
    if (in[i] != in[0]) return false;
  }
  if (out != (body->boolean_output ? DType::boolean : in[0])) return false;
  loop = body->loop;
  scalars = body->scalars;
  return true;
}

const char* read_chain(const Call& call, Chain& chain) {
  constexpr const char* kRange = "a chain's attribute is out of range";
  chain.num_inputs = call.num_inputs;
  chain.num_outputs = call.num_outputs;
  if (call.num_inputs > kMaxChainInputs || call.num_outputs < 1 || call.num_outputs > kMaxChainOutputs) return kRange;
  if (call.num_attributes < 2) return kRange;
  const double* at = call.attributes;
  const double* const end = at + call.num_attributes;
  const int64_t registers = whole_number(*at++, kMaxChainRegisters);
  const int64_t steps = whole_number(*at++, kMaxChainSteps);
  if (registers < 0 || steps < 1) return kRange;
  chain.num_steps = static_cast<int32_t>(steps);
  const auto outputs = static_cast<int32_t>(call.num_inputs + call.num_outputs);
  const auto places = outputs + static_cast<int32_t>(registers);
  chain.widest = 1;
  bool written[kMaxChainInputs + kMaxChainOutputs + kMaxChainRegisters] = {};
  for (int32_t i = 0; i < call.num_inputs; ++i) {
    chain.dtypes[i] = call.inputs[i].dtype;
    chain.widest = std::max(chain.widest, size_of(chain.dtypes[i]));
    written[i] = true;
  }
  for (int32_t s = 0; s < chain.num_steps; ++s) {
    ChainStep& step = chain.steps[s];
    if (end - at < 4) return kRange;
    const int64_t opcode = whole_number(*at++, static_cast<int64_t>(registry().names().size()) - 1);
    const int64_t dtype = whole_number(*at++, kNumDTypes - 1);
    const int64_t to = whole_number(*at++, int64_t{places} - 1);
    const int64_t inputs = whole_number(*at++, 3);
    if (opcode < 0 || dtype < 0 || to < call.num_inputs || inputs < 1 || end - at < inputs) return kRange;
    step.inputs = static_cast<int32_t>(inputs);
    step.to = static_cast<int32_t>(to);
    DType in[3];
    for (int32_t i = 0; i < step.inputs; ++i) {
      const int64_t from = whole_number(*at++, int64_t{places} - 1);
      if (from < 0 || !written[from]) return "a chain reads what was not written";
      step.from[i] = static_cast<int32_t>(from);
      in[i] = chain.dtypes[from];
    }
    const auto out = static_cast<DType>(dtype);
    if (!find_body(opcode, in, step.inputs, out, step.body, step.scalars))
      return "a chain's step has no body for its dtypes";
    if (step.to < outputs && call.outputs[step.to - call.num_inputs].dtype != out) return "dtypes do not fit";
    chain.dtypes[step.to] = out;
    chain.widest = std::max(chain.widest, size_of(out));
    written[step.to] = true;
  }
  for (int32_t i = call.num_inputs; i < outputs; ++i) {
    if (!written[i]) return "a chain's output is not written";
  }
  return at == end ? nullptr : kRange;
}

void register_chain(Registry& registry) { registry.add("chain", &chain); }

}  // namespace keratin::generic
