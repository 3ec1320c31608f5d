// Branches and loops within a program: kernels whose attributes are the words of further programs.
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/families.h"
#include "program/program.h"
#include "runtime/pool.h"

namespace keratin::generic {
namespace {

// The programs that a thread ran last, with their words: reading them takes longer than short loops.
constexpr size_t kRemembered = 32;

struct Remembered {
  std::vector<double> words;
  std::shared_ptr<Program> program;
};

std::shared_ptr<Program> program_of(const double* words, int64_t count) {
  thread_local std::vector<Remembered> remembered;
  const auto size = static_cast<size_t>(count);
  for (size_t i = 0; i < remembered.size(); ++i) {
    const std::vector<double>& known = remembered[i].words;
    if (known.size() != size || std::memcmp(known.data(), words, size * sizeof(double)) != 0) continue;
    if (i > 0) std::swap(remembered[i], remembered[i - 1]);
    return remembered[i > 0 ? i - 1 : 0].program;
  }
  auto made = std::make_shared<Program>(words, count);
  if (remembered.size() == kRemembered) remembered.pop_back();
  remembered.insert(remembered.begin(), {std::vector<double>(words, words + count), made});
  return made;
}

int64_t bytes_of(const Operand& operand) { return operand.size * size_of(operand.dtype); }

/// Whether a program takes these inputs and gives so many bytes.
void check(const Program& program, const Operand* inputs, int64_t num_inputs, const std::vector<int64_t>& results) {
  const auto& externals = program.externals();
  bool fits = static_cast<int64_t>(externals.size()) == num_inputs && program.result_bytes() == results &&
              program.num_host_words() == 0;
  for (int64_t i = 0; fits && i < num_inputs; ++i) {
    const Program::External& external = externals[static_cast<size_t>(i)];
    fits = !external.writable && external.bytes <= bytes_of(inputs[i]);
  }
  if (!fits) fail("internal", "a program of a branch or loop does not fit its operands");
}

std::vector<int64_t> bytes_of_outputs(const Call& call) {
  std::vector<int64_t> bytes;
  for (int i = 0; i < call.num_outputs; ++i) bytes.push_back(bytes_of(call.outputs[i]));
  return bytes;
}

// cond: predicate, captured... -> outputs; attributes: words of the first program, of the second one, both.
void branch(const Call& call) {
  const auto first = static_cast<int64_t>(call.attributes[0]);
  const auto second = static_cast<int64_t>(call.attributes[1]);
  const double* const words = call.attributes + 2;
  const bool truth = *static_cast<const unsigned char*>(call.inputs[0].data) != 0;
  const auto program = truth ? program_of(words, first) : program_of(words + first, second);
  check(*program, call.inputs + 1, call.num_inputs - 1, bytes_of_outputs(call));
  std::vector<void*> externals;
  for (int i = 1; i < call.num_inputs; ++i) externals.push_back(call.inputs[i].data);
  std::vector<void*> results;
  for (int i = 0; i < call.num_outputs; ++i) results.push_back(call.outputs[i].data);
  program->run({externals.data(), results.data(), nullptr});
}

/// Memory for the states of the next trip.
class States {
 public:
  explicit States(const std::vector<int64_t>& bytes) {
    for (const int64_t each : bytes) bytes_ += (each + 63) / 64 * 64;
    if (bytes_ == 0) return;
    data_ = pool_allocate(bytes_);
    if (data_ == nullptr) fail("value", "out of memory: %lld bytes for a loop", static_cast<long long>(bytes_));
  }
  ~States() {
    if (data_ != nullptr) pool_release(data_, bytes_);
  }
  States(const States&) = delete;
  States& operator=(const States&) = delete;
  unsigned char* data() const { return static_cast<unsigned char*>(data_); }

 private:
  int64_t bytes_ = 0;
  void* data_ = nullptr;
};

// while: states, captured... -> states; attributes: most trips or -1, words of the condition, of the body, both.
void while_loop(const Call& call) {
  const double limit = call.attributes[0];
  const auto first = static_cast<int64_t>(call.attributes[1]);
  const auto second = static_cast<int64_t>(call.attributes[2]);
  const double* const words = call.attributes + 3;
  const auto condition = program_of(words, first);
  const auto body = program_of(words + first, second);
  const std::vector<int64_t> bytes = bytes_of_outputs(call);
  check(*condition, call.inputs, call.num_inputs, {1});
  check(*body, call.inputs, call.num_inputs, bytes);
  const States spare(bytes);
  std::vector<void*> now;
  std::vector<void*> next;
  std::vector<void*> externals;
  int64_t offset = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    now.push_back(call.outputs[i].data);
    next.push_back(spare.data() + offset);
    offset += (bytes[i] + 63) / 64 * 64;
    if (bytes[i] > 0) std::memmove(now[i], call.inputs[i].data, static_cast<size_t>(bytes[i]));
  }
  for (int i = 0; i < call.num_inputs; ++i) externals.push_back(call.inputs[i].data);
  for (double trip = 0; limit < 0 || trip < limit; ++trip) {
    for (size_t i = 0; i < bytes.size(); ++i) externals[i] = now[i];
    unsigned char goes_on = 0;
    void* const flag[] = {&goes_on};
    condition->run({externals.data(), flag, nullptr});
    if (goes_on == 0) break;
    body->run({externals.data(), next.data(), nullptr});
    std::swap(now, next);
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    void* const target = call.outputs[i].data;
    if (now[i] != target && bytes[i] > 0) std::memcpy(target, now[i], static_cast<size_t>(bytes[i]));
  }
}

}  // namespace

void register_control(Registry& registry) {
  registry.add("branch", &branch);
  registry.add("while_loop", &while_loop);
}

}  // namespace keratin::generic
