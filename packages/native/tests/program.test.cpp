#include "program/program.h"

#include "check.h"
#include "runtime/contracts.h"

namespace {

double opcode(const std::string& name) {
  const auto& names = registry().names();
  const auto found = std::find(names.begin(), names.end(), name);
  return static_cast<double>(found - names.begin());
}

using Numbers = std::vector<double>;

void append(Numbers& to, const Numbers& more) { to.insert(to.end(), more.begin(), more.end()); }

/// A contiguous vector of float32.
Numbers vector_at(double slot, double n, double offset = 0) { return {slot, 0, offset, 1, n, 1}; }

/// Two externals of 4 floats, the second one writable, one result, 64 bytes of arena, one host word.
Numbers header(double instructions) { return {1, 2, 16, 0, 16, 1, 1, 16, 64, 1, instructions}; }

Numbers instruction(const std::string& name, double inputs, double outputs, const Numbers& attributes,
                    const std::vector<Numbers>& operands, const Numbers& dynamic = {0}) {
  Numbers words{opcode(name), inputs, outputs, static_cast<double>(attributes.size())};
  append(words, attributes);
  for (const Numbers& operand : operands) append(words, operand);
  append(words, dynamic);
  return words;
}

struct Memory {
  float a[4] = {1, 2, 3, 4};
  float b[4] = {10, 20, 30, 40};
  float y[4] = {};
  double host = 0.5;
  void run(Program& program) {
    void* externals[] = {a, b};
    void* results[] = {y};
    program.run({externals, results, &host});
  }
};

Numbers whole_program() {
  Numbers words = header(3);
  // arena = a + b; y = arena * 2; b -= a * rate, the rate a host word
  append(words, instruction("add", 2, 1, {}, {vector_at(0, 4), vector_at(1, 4), vector_at(3, 4)}));
  append(words, instruction("multiply", 2, 1, {}, {vector_at(3, 4), {-1, 0, 2, 1, 4, 0}, vector_at(2, 4)}));
  append(words, instruction("sgd_update", 1, 1, {0, 0, 0}, {vector_at(0, 4), vector_at(1, 4)}, {1, 0, 0}));
  return words;
}

TEST(runs_with_new_memory_each_time) {
  const Numbers words = whole_program();
  Program program(words.data(), static_cast<int64_t>(words.size()));
  CHECK(program.externals().size() == 2 && program.result_bytes().size() == 1 && program.num_host_words() == 1);
  Memory first;
  first.run(program);
  Memory second;
  second.a[0] = 7;
  second.host = 0.25;
  second.run(program);
  CHECK_NEAR(first.y[0], 22, 0);
  CHECK_NEAR(first.y[3], 88, 0);
  CHECK_NEAR(first.b[3], 38, 0);
  CHECK_NEAR(second.y[0], 34, 0);
  CHECK_NEAR(second.b[3], 39, 0);
}

TEST(every_damaged_word_is_an_error_or_harmless) {
  const Numbers words = whole_program();
  int refused = 0;
  for (size_t length = 0; length < words.size(); ++length) {
    CHECK_FAILS(Program(words.data(), static_cast<int64_t>(length)), "program");
  }
  for (size_t at = 0; at < words.size(); ++at) {
    for (const double value : {-2.0, -1.0, 0.0, 1.0, 5.0, 1e6, 1e15, 0.5, -1e300, std::nan("")}) {
      Numbers damaged = words;
      damaged[at] = value;
      try {
        Program program(damaged.data(), static_cast<int64_t>(damaged.size()));
        // What it wants of its surroundings has changed: the caller would refuse.
        if (program.externals().size() != 2 || program.result_bytes().size() != 1 || program.num_host_words() > 1)
          continue;
        if (program.externals()[0].bytes > 16 || program.externals()[1].bytes > 16) continue;
        if (program.result_bytes()[0] > 16 || program.arena_bytes() > 1 << 20) continue;
        Memory memory;
        memory.run(program);
      } catch (const KernelError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 200);
}

TEST(says_which_instruction_failed) {
  Numbers words = header(1);
  words[2] = 16;
  append(words, instruction("sgd_update", 1, 1, {0, 0, 0}, {vector_at(1, 4), vector_at(0, 4)}));
  CHECK_FAILS(Program(words.data(), static_cast<int64_t>(words.size())), "external 0 is read only");
  Numbers wide = header(1);
  append(wide, instruction("add", 2, 1, {}, {vector_at(0, 4), vector_at(1, 3), vector_at(3, 4)}));
  CHECK_FAILS(Program(wide.data(), static_cast<int64_t>(wide.size())), "kernel add: shapes do not fit");
  Numbers far = header(1);
  append(far, instruction("add", 2, 1, {}, {vector_at(0, 4), vector_at(1, 4), vector_at(3, 4, 13)}));
  CHECK_FAILS(Program(far.data(), static_cast<int64_t>(far.size())), "leaves its buffer");
}

// ---- Chains ------------------------------------------------------------------------------------------------------

double code(DType dtype) { return static_cast<double>(dtype); }

TEST(chains_give_what_their_functions_give) {
  for (const DType dtype : {DType::float32, DType::float64, DType::float16}) {
    for (const Shape& shape : {Shape{1}, Shape{5}, Shape{3, 700}, Shape{40, 1000}, Shape{2, 3, 5}}) {
      context() = std::string(name_of(dtype)) + check::show(shape);
      const Array a = Array::random(dtype, shape, -2, 2);
      const Array b = Array::random(dtype, shape, 1, 2);
      const Array product_ = Array::empty(dtype, shape);
      const Array root = Array::empty(dtype, shape);
      const Array sum = Array::empty(dtype, shape);
      call("multiply", {a, b}, {product_});
      call("tanh", {product_}, {root});
      call("add", {root, a}, {sum});
      const Array y = Array::empty(dtype, shape);
      const Array kept = Array::empty(dtype, shape);
      const double d = code(dtype);
      // places: 0 a, 1 b, 2 y, 3 kept, 4 register
      call("chain", {a, b}, {y, kept},
           {1, 3, opcode("multiply"), d, 4, 2, 0, 1, opcode("tanh"), d, 3, 1, 4, opcode("add"), d, 2, 2, 3, 0});
      CHECK_ALL_NEAR(y, sum.values(), 0);
      CHECK_ALL_NEAR(kept, root.values(), 0);
    }
  }
}

TEST(chains_choose_and_convert) {
  const Array a = Array::of<float>({-1, 2, -3, 4}, {4});
  const Array y = Array::empty(DType::int32, {4});
  const double f = code(DType::float32);
  // y = int(a > 0 ? a : -a)
  call("chain", {a}, {y}, {3,
                           4,
                           opcode("isfinite"),
                           code(DType::boolean),
                           2,
                           1,
                           0,
                           opcode("negative"),
                           f,
                           3,
                           1,
                           0,
                           opcode("select"),
                           f,
                           4,
                           3,
                           2,
                           3,
                           0,
                           opcode("cast"),
                           code(DType::int32),
                           1,
                           1,
                           4});
  CHECK_ALL_NEAR(y, (Numbers{1, -2, 3, -4}), 0);
}

TEST(damaged_chains_are_refused) {
  const double f = code(DType::float32);
  const Numbers attributes{1, 2, opcode("multiply"), f, 3, 2, 0, 1, opcode("tanh"), f, 2, 1, 3};
  const Shape shape{300};
  for (size_t at = 0; at < attributes.size(); ++at) {
    for (const double value : {-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 60.0, 1e9, 0.5, std::nan("")}) {
      Numbers damaged = attributes;
      damaged[at] = value;
      try {
        call("chain", {Array::random(DType::float32, shape, 0, 1), Array::random(DType::float32, shape, 0, 1)},
             {Array::empty(DType::float32, shape)}, damaged);
      } catch (const KernelError&) {
      }
    }
  }
  CHECK_FAILS(call("chain", {}, {Array::empty(DType::float32, shape)}, {1, 1, opcode("tanh"), f, 0, 1, 1}),
              "reads what was not written");
}

}  // namespace
