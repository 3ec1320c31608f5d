// A compiled program: a list of kernel calls whose operands lie in buffers of the caller (externals), in fresh buffers
// (results) and in one arena. It is read and checked once and then runs without decoding, checking or allocating. It
// knows nothing of JavaScript and runs on any thread, one run at a time: others wait.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "program/words.h"
#include "runtime/call.h"
#include "runtime/contracts.h"

namespace keratin {

/// Memory for one run. `host` holds the numbers that the caller draws for each run, such as random states.
struct Bindings {
  void* const* externals;
  void* const* results;
  const double* host;
};

class Program {
 public:
  struct External {
    int64_t bytes;  // how many the program may touch
    bool writable;
  };

  /// Reads the words that `jit/encode.ts` writes (its comment has the layout); fails where anything does not fit.
  Program(const double* words, int64_t count);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::vector<External>& externals() const { return externals_; }
  const std::vector<int64_t>& result_bytes() const { return results_; }
  int64_t num_host_words() const { return num_host_; }
  int64_t num_instructions() const { return static_cast<int64_t>(instructions_.size()); }
  int64_t arena_bytes() const { return arena_bytes_; }

  /// Runs of one thread, which share the memory of intermediate values.
  class Session {
   public:
    explicit Session(Program& program);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    /// Runs all instructions in order. Errors of kernels pass through; `failed()` then says which instruction it was.
    void run(const Bindings& bindings);

   private:
    Program& program_;
    const std::lock_guard<std::mutex> lock_;
    void* arena_ = nullptr;
  };

  /// One run.
  void run(const Bindings& bindings) { Session(*this).run(bindings); }
  int64_t failed() const { return current_; }

 private:
  // An attribute whose value is known only when the program runs.
  struct Dynamic {
    int64_t attribute;  // index into attributes_
    int64_t host;       // index of the host word, or -1 where an operand has the value
    int64_t operand;    // index into operands_, of one element
  };
  struct Instruction {
    Kernel kernel;
    Contract contract;  // asked at each run where attributes are dynamic, else null
    const char* name;
    int32_t first_operand, num_inputs, num_outputs;
    int32_t first_attribute, num_attributes;
    int32_t first_dynamic, num_dynamic;
  };
  // Where an operand's memory begins within its slot.
  struct Place {
    int32_t operand;
    int64_t offset;
  };
  struct Slot {
    std::vector<Place> places;
    void* bound = nullptr;
  };
  struct alignas(16) Cell {
    unsigned char bytes[16];
  };

  void read_instruction(Words& words);
  int32_t read_operand(Words& words, bool output);
  void bind(Slot& slot, void* data);
  void set_dynamic(const Instruction& instruction, const double* host);
  int64_t bytes_of_slot(int64_t slot) const;

  std::vector<External> externals_;
  std::vector<int64_t> results_;
  int64_t arena_bytes_ = 0;
  int64_t num_host_ = 0;
  std::vector<Instruction> instructions_;
  std::vector<Operand> operands_;
  std::vector<double> attributes_;
  std::vector<Dynamic> dynamic_;
  std::vector<Slot> slots_;  // externals, results, the arena
  std::vector<Cell> scalars_;
  std::vector<int32_t> scalar_operands_;
  int64_t current_ = -1;
  std::mutex mutex_;  // of the run
};

}  // namespace keratin
