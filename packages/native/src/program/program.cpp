#include "program/program.h"

#include "kernels/scalar.h"
#include "program/saved.h"
#include "runtime/operand.h"
#include "runtime/pool.h"
#include "runtime/registry.h"

namespace keratin {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kMaxOperands = 4096;
constexpr int64_t kMaxBytes = int64_t{1} << 46;

Contract contract_of(int64_t opcode) {
  static const std::vector<Contract> contracts = contracts_for(registry().names());
  return contracts[static_cast<size_t>(opcode)];
}

}  // namespace

Program::Program(const double* data, int64_t count) {
  Words words(data, count);
  if (words.integer() != kVersion) fail("internal", "program: another version of the format");
  externals_.resize(static_cast<size_t>(words.count(words.left(), "number of externals")));
  for (External& external : externals_) {
    external.bytes = words.count(kMaxBytes, "bytes");
    external.writable = words.count(1, "flag") == 1;
  }
  results_.resize(static_cast<size_t>(words.count(words.left(), "number of results")));
  for (int64_t& bytes : results_) bytes = words.count(kMaxBytes, "bytes");
  arena_bytes_ = words.count(kMaxBytes, "arena");
  num_host_ = words.count(int64_t{1} << 24, "number of host words");
  slots_.resize(externals_.size() + results_.size() + 1);
  const int64_t instructions = words.count(words.left(), "number of instructions");
  for (int64_t i = 0; i < instructions; ++i) {
    current_ = i;
    read_instruction(words);
  }
  if (words.left() != 0) fail("internal", "program: %lld words too many", static_cast<long long>(words.left()));
  for (size_t i = 0; i < scalar_operands_.size(); ++i) {
    operands_[static_cast<size_t>(scalar_operands_[i])].data = scalars_[i].bytes;
  }
  current_ = -1;
}

Program::~Program() = default;

void Program::read_instruction(Words& words) {
  Instruction instruction;
  const int64_t opcode = words.count(static_cast<int64_t>(registry().names().size()) - 1, "opcode");
  instruction.name = registry().names()[static_cast<size_t>(opcode)].c_str();
  instruction.num_inputs = static_cast<int32_t>(words.count(kMaxOperands, "inputs"));
  instruction.num_outputs = static_cast<int32_t>(words.count(kMaxOperands, "outputs"));
  instruction.num_attributes = static_cast<int32_t>(words.count(words.left(), "attributes"));
  instruction.first_attribute = static_cast<int32_t>(attributes_.size());
  for (int32_t i = 0; i < instruction.num_attributes; ++i) attributes_.push_back(words.number());
  instruction.first_operand = static_cast<int32_t>(operands_.size());
  for (int32_t i = 0; i < instruction.num_inputs; ++i) read_operand(words, false);
  for (int32_t i = 0; i < instruction.num_outputs; ++i) read_operand(words, true);
  instruction.first_dynamic = static_cast<int32_t>(dynamic_.size());
  instruction.num_dynamic = static_cast<int32_t>(words.count(words.left(), "dynamic attributes"));
  for (int32_t i = 0; i < instruction.num_dynamic; ++i) {
    Dynamic dynamic;
    const int64_t attribute = words.count(int64_t{instruction.num_attributes} - 1, "attribute");
    dynamic.attribute = instruction.first_attribute + attribute;
    dynamic.host = words.integer();
    dynamic.operand = -1;
    if (dynamic.host < -1 || dynamic.host >= num_host_) fail("internal", "program: host word out of range");
    if (dynamic.host == -1) {
      dynamic.operand = read_operand(words, false);
      const Operand& value = operands_[static_cast<size_t>(dynamic.operand)];
      if (value.size != 1 || value.dtype != DType::float64) fail("internal", "program: a dynamic attribute is float64");
    }
    dynamic_.push_back(dynamic);
  }
  const Operand* first = operands_.data() + instruction.first_operand;
  const bool any = instruction.num_inputs + instruction.num_outputs > 0;
  instruction.kernel = any ? registry().find(opcode, first->dtype) : nullptr;
  if (instruction.kernel == nullptr) {
    fail("internal", "kernel %s does not take %s", instruction.name, any ? name_of(first->dtype) : "no operands");
  }
  const Contract contract = contract_of(opcode);
  instruction.contract = instruction.num_dynamic > 0 ? contract : nullptr;
  if (contract != nullptr && instruction.num_dynamic == 0) {
    const Call call{first,
                    operands_.data() + instruction.first_operand + instruction.num_inputs,
                    attributes_.data() + instruction.first_attribute,
                    instruction.num_inputs,
                    instruction.num_outputs,
                    instruction.num_attributes};
    const char* const problem = contract(call);
    if (problem != nullptr) fail("internal", "kernel %s: %s", instruction.name, problem);
  }
  instructions_.push_back(instruction);
}

int64_t Program::bytes_of_slot(int64_t slot) const {
  const auto index = static_cast<size_t>(slot);
  if (index < externals_.size()) return externals_[index].bytes;
  if (index < externals_.size() + results_.size()) return results_[index - externals_.size()];
  return arena_bytes_;
}

int32_t Program::read_operand(Words& words, bool output) {
  Operand operand{};
  const int64_t slot = words.integer();
  operand.dtype = static_cast<DType>(words.count(kNumDTypes - 1, "dtype"));
  const double offset = words.number();
  operand.rank = static_cast<int32_t>(words.count(kMaxRank, "rank"));
  operand.size = 1;
  for (int axis = 0; axis < operand.rank; ++axis) {
    operand.shape[axis] = words.count(kMaxBytes, "size");
    if (__builtin_mul_overflow(operand.size, operand.shape[axis], &operand.size)) {
      fail("internal", "program: a shape is out of range");
    }
  }
  for (int axis = 0; axis < operand.rank; ++axis) operand.strides[axis] = words.integer();
  operand.contiguous = is_contiguous(operand);
  const auto index = static_cast<int32_t>(operands_.size());
  if (slot == -1 && !output) {
    for (int axis = 0; axis < operand.rank; ++axis) {
      if (operand.strides[axis] != 0 && operand.shape[axis] > 1) fail("internal", "scalar operand with strides");
    }
    Cell cell;
    store_scalar(operand.dtype, offset, cell.bytes);
    scalars_.push_back(cell);
    scalar_operands_.push_back(index);
    operands_.push_back(operand);
    return index;
  }
  if (slot < 0 || slot >= static_cast<int64_t>(slots_.size())) fail("internal", "program: slot out of range");
  if (output && slot < static_cast<int64_t>(externals_.size()) && !externals_[static_cast<size_t>(slot)].writable) {
    fail("internal", "program: external %lld is read only", static_cast<long long>(slot));
  }
  if (!(std::fabs(offset) <= static_cast<double>(kMaxBytes)) || offset != std::floor(offset)) {
    fail("internal", "program: an offset is no integer");
  }
  const auto start = static_cast<int64_t>(offset);
  check_extent(operand, start, bytes_of_slot(slot));
  slots_[static_cast<size_t>(slot)].places.push_back({index, start * size_of(operand.dtype)});
  operands_.push_back(operand);
  return index;
}

void Program::bind(Slot& slot, void* data) {
  if (slot.bound == data) return;
  for (const Place& place : slot.places) {
    operands_[static_cast<size_t>(place.operand)].data = static_cast<unsigned char*>(data) + place.offset;
  }
  slot.bound = data;
}

void Program::set_dynamic(const Instruction& instruction, const double* host) {
  for (int32_t i = 0; i < instruction.num_dynamic; ++i) {
    const Dynamic& dynamic = dynamic_[static_cast<size_t>(instruction.first_dynamic + i)];
    attributes_[static_cast<size_t>(dynamic.attribute)] =
        dynamic.host >= 0 ? host[dynamic.host]
                          : *static_cast<const double*>(operands_[static_cast<size_t>(dynamic.operand)].data);
  }
}

Program::Session::Session(Program& program) : program_(program), lock_(program.mutex_) {
  const int64_t bytes = program.arena_bytes_;
  program.current_ = -1;
  if (bytes == 0) return;
  arena_ = pool_allocate(bytes);
  if (arena_ == nullptr) {
    fail("value", "out of memory: %lld bytes for the intermediate results", static_cast<long long>(bytes));
  }
  program.bind(program.slots_.back(), arena_);
}

Program::Session::~Session() {
  if (arena_ != nullptr) pool_release(arena_, program_.arena_bytes_);
}

void Program::Session::run(const Bindings& bindings) {
  Program& program = program_;
  const SavedScope scope;
  program.current_ = -1;
  size_t slot = 0;
  for (size_t i = 0; i < program.externals_.size(); ++i) program.bind(program.slots_[slot++], bindings.externals[i]);
  for (size_t i = 0; i < program.results_.size(); ++i) program.bind(program.slots_[slot++], bindings.results[i]);
  for (const Instruction& instruction : program.instructions_) {
    ++program.current_;
    Operand* const operands = program.operands_.data() + instruction.first_operand;
    const Call call{operands,
                    operands + instruction.num_inputs,
                    program.attributes_.data() + instruction.first_attribute,
                    instruction.num_inputs,
                    instruction.num_outputs,
                    instruction.num_attributes};
    if (instruction.num_dynamic > 0) {
      program.set_dynamic(instruction, bindings.host);
      const char* const problem = instruction.contract == nullptr ? nullptr : instruction.contract(call);
      if (problem != nullptr) fail("internal", "kernel %s: %s", instruction.name, problem);
    }
    instruction.kernel(call);
  }
}

}  // namespace keratin
