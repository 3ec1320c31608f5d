// Branches and loops within a program: kernels whose attributes are the words of further programs. Those that keep
// values for their gradient give a number for them, by which the way back finds them (program/saved.h).
#include <cstring>
#include <list>
#include <memory>
#include <vector>

#include "kernels/families.h"
#include "program/program.h"
#include "program/saved.h"
#include "runtime/pool.h"

namespace keratin::generic {
namespace {

// The programs that a thread ran last, with their words: reading them takes longer than short loops.
constexpr size_t kRemembered = 64;

struct Remembered {
  std::vector<double> words;
  std::unique_ptr<Program> program;
  int uses = 0;
};

/// A program that nothing else runs meanwhile: a loop within another one may have the same words.
class Borrowed {
 public:
  Borrowed(const double* words, int64_t count) {
    thread_local std::list<Remembered> remembered;
    const auto size = static_cast<size_t>(count);
    for (auto at = remembered.begin(); at != remembered.end(); ++at) {
      if (at->uses > 0 || at->words.size() != size) continue;
      if (std::memcmp(at->words.data(), words, size * sizeof(double)) != 0) continue;
      remembered.splice(remembered.begin(), remembered, at);
      take(remembered.front());
      return;
    }
    auto program = std::make_unique<Program>(words, count);
    for (auto at = remembered.end(); remembered.size() >= kRemembered && at != remembered.begin();) {
      --at;
      if (at->uses == 0) at = remembered.erase(at);
    }
    remembered.push_front({std::vector<double>(words, words + count), std::move(program)});
    take(remembered.front());
  }
  ~Borrowed() { --entry_->uses; }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Program& operator*() const { return *entry_->program; }

 private:
  void take(Remembered& entry) {
    entry_ = &entry;
    ++entry.uses;
  }
  Remembered* entry_ = nullptr;
};

using Bytes = std::vector<int64_t>;

int64_t bytes_of(const Operand& operand) { return operand.size * size_of(operand.dtype); }

[[noreturn]] void unfit() { fail("internal", "a program of a branch or loop does not fit its operands"); }

/// Whether a program may touch these inputs, and gives at least these results; what it gives beyond is what it keeps.
Bytes check(const Program& program, const Bytes& inputs, const Bytes& results) {
  const auto& externals = program.externals();
  const Bytes& given = program.result_bytes();
  bool fits = externals.size() == inputs.size() && given.size() >= results.size() && program.num_host_words() == 0;
  for (size_t i = 0; fits && i < inputs.size(); ++i) {
    fits = !externals[i].writable && externals[i].bytes <= inputs[i];
  }
  for (size_t i = 0; fits && i < results.size(); ++i) fits = given[i] == results[i];
  if (!fits) unfit();
  return {given.begin() + static_cast<std::ptrdiff_t>(results.size()), given.end()};
}

int64_t number_of(const Operand& operand) { return *static_cast<const int64_t*>(operand.data); }

// cond: predicate, what is restored, captured... -> outputs, what is saved; attributes: whether it saves, restores,
// words of the first program, of the second one, both. A program takes what is restored, then the captured.
void branch(const Call& call) {
  const bool saves = call.attributes[0] != 0;
  const bool restores = call.attributes[1] != 0;
  const auto first = static_cast<int64_t>(call.attributes[2]);
  const auto second = static_cast<int64_t>(call.attributes[3]);
  const double* const words = call.attributes + 4;
  const bool truth = *static_cast<const unsigned char*>(call.inputs[0].data) != 0;
  const Borrowed program(truth ? words : words + first, truth ? first : second);
  Bytes inputs;
  std::vector<void*> externals;
  int captured = 1;
  if (restores) {
    const Saved& values = saved(number_of(call.inputs[captured++]));
    if (values.count() != 1 || values.which() != (truth ? 1 : 0)) unfit();
    inputs = values.bytes();
    values.at(0, externals);
  }
  for (int i = captured; i < call.num_inputs; ++i) {
    inputs.push_back(bytes_of(call.inputs[i]));
    externals.push_back(call.inputs[i].data);
  }
  Bytes outputs;
  std::vector<void*> results;
  const int given = call.num_outputs - (saves ? 1 : 0);
  for (int i = 0; i < given; ++i) {
    outputs.push_back(bytes_of(call.outputs[i]));
    results.push_back(call.outputs[i].data);
  }
  const Bytes kept = check(*program, inputs, outputs);
  if (!saves && !kept.empty()) unfit();
  if (saves) {
    const int64_t number = begin_saving(kept, 1);
    saved(number).set_which(truth ? 1 : 0);
    saved(number).add(results);
    *static_cast<int64_t*>(call.outputs[given].data) = number;
  }
  (*program).run({externals.data(), results.data(), nullptr});
}

/// Memory for the states of the next trip.
class States {
 public:
  explicit States(const Bytes& bytes) {
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

/// Rows of an operand, one for each trip.
struct Rows {
  unsigned char* data;
  int64_t bytes;
};

Rows rows_of(const Operand& operand, int64_t trips) {
  if (operand.rank == 0 || operand.shape[0] != trips) unfit();
  return {static_cast<unsigned char*>(operand.data), trips == 0 ? 0 : bytes_of(operand) / trips};
}

// loop: what is restored, states..., xs..., captured... -> states..., ys..., what is saved; attributes: most trips or
// -1, whether from the last row to the first, states, xs, ys, whether it saves, restores, keeps what its trips save,
// words of the condition (0: none), of the body, both. The condition takes states and captured; the body states, rows
// of xs, what is restored, captured, and gives states, rows of ys, what is saved.
void loop(const Call& call) {
  const double* const attributes = call.attributes;
  const auto limit = static_cast<int64_t>(attributes[0]);
  const bool reverse = attributes[1] != 0;
  const auto num_states = static_cast<int>(attributes[2]);
  const auto num_xs = static_cast<int>(attributes[3]);
  const auto num_ys = static_cast<int>(attributes[4]);
  const bool saves = attributes[5] != 0;
  const bool restores = attributes[6] != 0;
  const bool keeps = attributes[7] != 0;
  const auto condition_words = static_cast<int64_t>(attributes[8]);
  const auto body_words = static_cast<int64_t>(attributes[9]);
  const double* const words = attributes + 10;

  const Operand* const inputs = call.inputs + (restores ? 1 : 0);
  const int num_inputs = call.num_inputs - (restores ? 1 : 0);
  const int first_captured = num_states + num_xs;
  // A loop within may make others meanwhile, but this one stays where it is.
  const Saved* const restored = restores ? &saved(number_of(call.inputs[0])) : nullptr;
  const int64_t trips = restored != nullptr ? restored->count() : limit;
  if (restored != nullptr && limit >= 0 && limit != trips) unfit();

  Bytes state_bytes;
  for (int i = 0; i < num_states; ++i) state_bytes.push_back(bytes_of(call.outputs[i]));
  std::vector<Rows> xs;
  std::vector<Rows> ys;
  for (int i = 0; i < num_xs; ++i) xs.push_back(rows_of(inputs[num_states + i], trips));
  for (int i = 0; i < num_ys; ++i) ys.push_back(rows_of(call.outputs[num_states + i], trips));

  const Borrowed body(words + condition_words, body_words);
  Bytes body_inputs = state_bytes;
  Bytes body_results = state_bytes;
  for (const Rows& x : xs) body_inputs.push_back(x.bytes);
  for (const Rows& y : ys) body_results.push_back(y.bytes);
  if (restored != nullptr) {
    body_inputs.insert(body_inputs.end(), restored->bytes().begin(), restored->bytes().end());
  }
  for (int i = first_captured; i < num_inputs; ++i) body_inputs.push_back(bytes_of(inputs[i]));
  // Without trips the rows have no size to compare.
  const bool runs = trips != 0;
  const Bytes kept = runs ? check(*body, body_inputs, body_results) : Bytes{};
  if (!saves && !kept.empty()) unfit();

  const int64_t own = saves ? begin_saving(kept, limit) : -1;
  std::unique_ptr<Borrowed> condition;
  std::unique_ptr<Program::Session> asking;
  std::vector<void*> condition_externals;
  if (condition_words > 0) {
    condition = std::make_unique<Borrowed>(words, condition_words);
    Bytes taken = state_bytes;
    for (int i = first_captured; i < num_inputs; ++i) taken.push_back(bytes_of(inputs[i]));
    if (!check(**condition, taken, {1}).empty()) unfit();
    asking = std::make_unique<Program::Session>(**condition);
    for (int i = 0; i < num_states; ++i) condition_externals.push_back(nullptr);
    for (int i = first_captured; i < num_inputs; ++i) condition_externals.push_back(inputs[i].data);
  } else if (trips < 0) {
    unfit();
  }

  const States spare(state_bytes);
  std::vector<void*> now;
  std::vector<void*> next;
  int64_t offset = 0;
  for (size_t i = 0; i < state_bytes.size(); ++i) {
    now.push_back(call.outputs[i].data);
    next.push_back(spare.data() + offset);
    offset += (state_bytes[i] + 63) / 64 * 64;
    if (state_bytes[i] > 0) std::memmove(now[i], inputs[i].data, static_cast<size_t>(state_bytes[i]));
  }
  Program::Session running(*body);
  std::vector<void*> externals;
  std::vector<void*> results;
  for (int64_t trip = 0; trips < 0 || trip < trips; ++trip) {
    if (asking != nullptr) {
      std::copy(now.begin(), now.end(), condition_externals.begin());
      unsigned char goes_on = 0;
      void* const flag[] = {&goes_on};
      asking->run({condition_externals.data(), flag, nullptr});
      if (goes_on == 0) break;
    }
    const int64_t row = reverse ? trips - 1 - trip : trip;
    externals.assign(now.begin(), now.end());
    for (const Rows& x : xs) externals.push_back(x.data + row * x.bytes);
    // What was saved last is restored first.
    if (restored != nullptr) restored->at(trips - 1 - trip, externals);
    for (int i = first_captured; i < num_inputs; ++i) externals.push_back(inputs[i].data);
    results.assign(next.begin(), next.end());
    for (const Rows& y : ys) results.push_back(y.data + row * y.bytes);
    if (own >= 0) saved(own).add(results);
    const int64_t mark = saved_count();
    running.run({externals.data(), results.data(), nullptr});
    if (!keeps) forget_saved(mark);
    std::swap(now, next);
  }
  for (size_t i = 0; i < state_bytes.size(); ++i) {
    void* const target = call.outputs[i].data;
    if (now[i] != target && state_bytes[i] > 0) std::memcpy(target, now[i], static_cast<size_t>(state_bytes[i]));
  }
  if (own >= 0) *static_cast<int64_t*>(call.outputs[num_states + num_ys].data) = own;
}

}  // namespace

void register_control(Registry& registry) {
  registry.add("branch", &branch);
  registry.add("loop", &loop);
}

}  // namespace keratin::generic
