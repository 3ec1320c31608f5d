// The border between JavaScript and the engine: a few typed entry points (mirrored and documented in src/addon.ts).
//
// `run` reads one instruction from the environment's word block, a Float64Array that both sides share:
//   opcode, inputs, outputs, attributes, attribute..., operand...
//   operand: handle, dtype, offset, rank, shape..., and strides... unless it is a fresh output
//   handle > 0: a buffer; -1: the scalar in `offset`; 0 (outputs only): allocate, contiguous, owned by the next owner
//   argument
// Afterwards word i holds the handle of fresh output i.
#include <dlfcn.h>
#include <napi.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "binding/buffers.h"
#include "binding/programs.h"
#include "kernels/scalar.h"
#include "runtime/contracts.h"
#include "runtime/error.h"
#include "runtime/operand.h"
#include "runtime/pool.h"
#include "runtime/registry.h"
#include "runtime/threads.h"

namespace keratin {
namespace {

constexpr int32_t kAbi = 1;
constexpr int64_t kNumWords = 8192;
constexpr int kMaxOperands = 128;
constexpr size_t kMaxFresh = 8;

struct Environment {
  explicit Environment(napi_env env) : buffers(env), programs(env, buffers) {}
  Buffers buffers;
  Programs programs;
  double* words = nullptr;
  Napi::Reference<Napi::ArrayBuffer> block;
  Operand operands[kMaxOperands];
  int64_t handles[kMaxOperands];
  alignas(16) unsigned char scalars[kMaxOperands][16];
};

Environment& environment(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

/// Reads words in order and refuses to leave the block.
class Reader {
 public:
  explicit Reader(const double* words) : words_(words) {}
  double number() {
    if (position_ >= kNumWords) fail("internal", "instruction leaves the word block");
    return words_[position_++];
  }
  int64_t integer() {
    const double word = number();
    if (!(std::fabs(word) <= 9007199254740992.0)) fail("internal", "word %lld is no integer", (long long)position_ - 1);
    return static_cast<int64_t>(word);
  }
  int32_t count(int64_t limit, const char* what) {
    const int64_t n = integer();
    if (n < 0 || n > limit) fail("internal", "%s %lld is out of range", what, static_cast<long long>(n));
    return static_cast<int32_t>(n);
  }
  const double* skip(int64_t n) {
    if (position_ + n > kNumWords) fail("internal", "instruction leaves the word block");
    const double* start = words_ + position_;
    position_ += n;
    return start;
  }

 private:
  const double* words_;
  int64_t position_ = 0;
};

void read_shape(Reader& reader, Operand& operand) {
  operand.rank = reader.count(kMaxRank, "rank");
  operand.size = 1;
  for (int axis = 0; axis < operand.rank; ++axis) {
    operand.shape[axis] = reader.integer();
    if (operand.shape[axis] < 0 || __builtin_mul_overflow(operand.size, operand.shape[axis], &operand.size)) {
      fail("internal", "operand shape is out of range");
    }
  }
}

/// Gives false for an output that is still to be allocated.
bool read_operand(Environment& state, Reader& reader, int slot, bool output) {
  Operand& operand = state.operands[slot];
  const int64_t handle = reader.integer();
  state.handles[slot] = handle;
  operand.dtype = static_cast<DType>(reader.count(kNumDTypes - 1, "dtype"));
  const double offset = reader.number();
  read_shape(reader, operand);
  if (handle == 0 && output) {
    int64_t stride = 1;
    for (int axis = operand.rank - 1; axis >= 0; --axis) {
      operand.strides[axis] = stride;
      stride *= operand.shape[axis];
    }
    operand.contiguous = true;
    return false;
  }
  for (int axis = 0; axis < operand.rank; ++axis) operand.strides[axis] = reader.integer();
  operand.contiguous = is_contiguous(operand);
  if (handle == -1 && !output) {
    for (int axis = 0; axis < operand.rank; ++axis) {
      if (operand.strides[axis] != 0 && operand.shape[axis] > 1) fail("internal", "scalar operand with strides");
    }
    store_scalar(operand.dtype, offset, state.scalars[slot]);
    operand.data = state.scalars[slot];
    return true;
  }
  auto* data = static_cast<unsigned char*>(state.buffers.data(handle));
  if (data == nullptr) fail("internal", "handle %lld is not live", static_cast<long long>(handle));
  const int64_t start = static_cast<int64_t>(offset);
  check_extent(operand, start, state.buffers.bytes(handle));
  operand.data = data + start * size_of(operand.dtype);
  return true;
}

Contract contract_of(int64_t opcode) {
  static const std::vector<Contract> contracts = contracts_for(registry().names());
  return contracts[static_cast<size_t>(opcode)];
}

void throw_to_js(napi_env env, const KernelError& error) {
  napi_throw_error(env, error.kind.c_str(), error.message.c_str());
}

napi_value run(napi_env env, napi_callback_info info) {
  Environment& state = environment(env);
  size_t num_owners = kMaxFresh;
  napi_value owners[kMaxFresh];
  napi_get_cb_info(env, info, &num_owners, owners, nullptr, nullptr);
  try {
    Reader reader(state.words);
    const int64_t opcode = reader.count(static_cast<int64_t>(registry().names().size()) - 1, "opcode");
    const int32_t num_inputs = reader.count(kMaxOperands, "inputs");
    const int32_t num_outputs = reader.count(kMaxOperands - num_inputs, "outputs");
    const int32_t num_attributes = reader.count(kNumWords, "attributes");
    const double* attributes = reader.skip(num_attributes);
    for (int32_t i = 0; i < num_inputs; ++i) read_operand(state, reader, i, false);
    bool is_fresh[kMaxOperands];
    for (int32_t i = num_inputs; i < num_inputs + num_outputs; ++i) is_fresh[i] = !read_operand(state, reader, i, true);
    const Operand& first = state.operands[0];
    const Kernel kernel = num_inputs + num_outputs > 0 ? registry().find(opcode, first.dtype) : nullptr;
    const char* const name = registry().names()[static_cast<size_t>(opcode)].c_str();
    if (kernel == nullptr) fail("internal", "kernel %s does not take %s", name, name_of(first.dtype));
    const Call call{state.operands, state.operands + num_inputs, attributes, num_inputs, num_outputs, num_attributes};
    const Contract contract = contract_of(opcode);
    const char* const problem = contract == nullptr ? nullptr : contract(call);
    if (problem != nullptr) fail("internal", "kernel %s: %s", name, problem);
    const Buffers::Pins pins(state.buffers, state.handles, num_inputs + num_outputs);
    size_t fresh = 0;
    int64_t handles[kMaxFresh];
    try {
      for (int32_t i = num_inputs; i < num_inputs + num_outputs; ++i) {
        if (!is_fresh[i]) continue;
        Operand& operand = state.operands[i];
        int64_t bytes = 0;
        if (fresh >= num_owners || fresh >= kMaxFresh) fail("internal", "an output has no owner");
        if (__builtin_mul_overflow(operand.size, size_of(operand.dtype), &bytes)) fail("value", "tensor is too large");
        const int64_t handle = state.buffers.allocate(bytes, owners[fresh]);
        if (handle == 0) fail("value", "out of memory: a tensor of %lld bytes", static_cast<long long>(bytes));
        operand.data = state.buffers.data(handle);
        handles[fresh++] = handle;
      }
      kernel(call);
    } catch (...) {
      for (size_t i = 0; i < fresh; ++i) state.buffers.release(handles[i]);
      throw;
    }
    for (size_t i = 0; i < fresh; ++i) state.words[i] = static_cast<double>(handles[i]);
  } catch (const KernelError& error) {
    throw_to_js(env, error);
  } catch (const std::exception& error) {
    throw_to_js(env, {"internal", error.what()});
  }
  return nullptr;
}

int64_t handle_argument(const Napi::CallbackInfo& info, size_t index) {
  return info[index].IsNumber() ? info[index].As<Napi::Number>().Int64Value() : 0;
}

/// allocate(bytes, owner) -> handle
Napi::Value allocate(const Napi::CallbackInfo& info) {
  const int64_t bytes = handle_argument(info, 0);
  if (bytes < 0 || !info[1].IsObject()) throw Napi::Error::New(info.Env(), "internal: allocate(bytes, owner)");
  const int64_t handle = environment(info.Env()).buffers.allocate(bytes, info[1]);
  if (handle == 0) throw Napi::Error::New(info.Env(), "out of memory: a tensor of " + std::to_string(bytes) + " bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(handle));
}

/// compile(words, bindings, owner?) -> program
Napi::Value compile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto is_doubles = [](const Napi::Value& value) {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  };
  if (!is_doubles(info[0]) || !is_doubles(info[1])) {
    throw Napi::Error::New(env, "internal: compile(words, bindings) takes Float64Arrays");
  }
  const auto words = info[0].As<Napi::Float64Array>();
  try {
    const int64_t program = environment(env).programs.compile(words.Data(), static_cast<int64_t>(words.ElementLength()),
                                                              info[1].As<Napi::Float64Array>(),
                                                              info[2].IsObject() ? napi_value{info[2]} : nullptr);
    return Napi::Number::New(env, static_cast<double>(program));
  } catch (const KernelError& error) {
    throw_to_js(env, error);
  }
  return env.Undefined();
}

/// execute(program, ...owners)
napi_value execute(napi_env env, napi_callback_info info) {
  constexpr size_t kFew = 16;
  napi_value few[kFew];
  std::vector<napi_value> many;
  napi_value* arguments = few;
  size_t count = kFew;
  napi_get_cb_info(env, info, &count, few, nullptr, nullptr);
  if (count > kFew) {
    many.resize(count);
    napi_get_cb_info(env, info, &count, many.data(), nullptr, nullptr);
    arguments = many.data();
  }
  try {
    double program = 0;
    if (count == 0 || napi_get_value_double(env, arguments[0], &program) != napi_ok || !(std::fabs(program) < 9e15)) {
      fail("internal", "execute(program, ...owners)");
    }
    environment(env).programs.execute(static_cast<int64_t>(program), arguments + 1, count - 1);
  } catch (const KernelError& error) {
    throw_to_js(env, error);
  } catch (const std::exception& error) {
    throw_to_js(env, {"internal", error.what()});
  }
  return nullptr;
}

struct Doubles {
  double* data = nullptr;
  int64_t length = 0;
};

Doubles doubles_argument(napi_env env, napi_value value, const char* call) {
  bool is_array = false;
  napi_is_typedarray(env, value, &is_array);
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  if (is_array) napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr);
  if (!is_array || type != napi_float64_array) fail("internal", "%s takes Float64Arrays", call);
  return {static_cast<double*>(data), static_cast<int64_t>(length)};
}

/// runSteps(program, control, host, ...owners), startSteps(program, control, host, callback, ...owners) -> run
template <bool kStart>
napi_value run_steps(napi_env env, napi_callback_info info) {
  constexpr const char* kCall = kStart ? "startSteps" : "runSteps";
  constexpr size_t kFixed = kStart ? 4 : 3;
  size_t count = 0;
  napi_get_cb_info(env, info, &count, nullptr, nullptr, nullptr);
  std::vector<napi_value> arguments(std::max(count, kFixed));
  count = arguments.size();
  napi_get_cb_info(env, info, &count, arguments.data(), nullptr, nullptr);
  napi_value result = nullptr;
  try {
    double program = 0;
    if (napi_get_value_double(env, arguments[0], &program) != napi_ok || !(std::fabs(program) < 9e15)) {
      fail("internal", "%s(program, control, host)", kCall);
    }
    const Doubles control = doubles_argument(env, arguments[1], kCall);
    const Doubles host = doubles_argument(env, arguments[2], kCall);
    const napi_value* const owners = arguments.data() + kFixed;
    const size_t num_owners = arguments.size() - kFixed;
    Programs& programs = environment(env).programs;
    const auto handle = static_cast<int64_t>(program);
    if constexpr (kStart) {
      napi_valuetype type = napi_undefined;
      napi_typeof(env, arguments[3], &type);
      if (type != napi_function) fail("internal", "startSteps needs a callback");
      const int64_t run = programs.start(handle, control.data, control.length, host.data, host.length, arguments[3],
                                         owners, num_owners);
      napi_create_double(env, static_cast<double>(run), &result);
    } else {
      programs.steps(handle, control.data, control.length, host.data, host.length, owners, num_owners);
    }
  } catch (const KernelError& error) {
    throw_to_js(env, error);
  } catch (const std::exception& error) {
    throw_to_js(env, {"internal", error.what()});
  }
  return result;
}

/// settleSteps(run)
void settle_steps(const Napi::CallbackInfo& info) { environment(info.Env()).programs.settle(handle_argument(info, 0)); }

/// finishSteps(run, out): steps done, milliseconds, instruction that failed
Napi::Value finish_steps(const Napi::CallbackInfo& info) {
  try {
    const Doubles out = doubles_argument(info.Env(), info[1], "finishSteps");
    if (out.length < 3) fail("internal", "finishSteps gives three numbers");
    environment(info.Env()).programs.finish(handle_argument(info, 0), out.data);
  } catch (const KernelError& error) {
    throw_to_js(info.Env(), error);
  }
  return info.Env().Undefined();
}

/// releaseProgram(program) -> whether it was there
Napi::Value release_program(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), environment(info.Env()).programs.release(handle_argument(info, 0)));
}

/// The bytes [offset, offset + size of `array`) of a buffer, checked.
unsigned char* window(const Napi::CallbackInfo& info, const Napi::TypedArray& array) {
  Environment& state = environment(info.Env());
  const int64_t handle = handle_argument(info, 0);
  const int64_t offset = handle_argument(info, 2);
  const int64_t size = static_cast<int64_t>(array.ByteLength());
  auto* data = static_cast<unsigned char*>(state.buffers.data(handle));
  if (data == nullptr || offset < 0 || offset + size > state.buffers.bytes(handle)) {
    throw Napi::Error::New(info.Env(), "internal: bytes outside of buffer " + std::to_string(handle));
  }
  return data + offset;
}

Napi::TypedArray array_argument(const Napi::CallbackInfo& info) {
  if (!info[1].IsTypedArray()) throw Napi::Error::New(info.Env(), "internal: a typed array is needed");
  return info[1].As<Napi::TypedArray>();
}

/// write(handle, array, byteOffset): copies into the buffer
void write(const Napi::CallbackInfo& info) {
  const Napi::TypedArray array = array_argument(info);
  unsigned char* target = window(info, array);
  const auto* source = static_cast<const unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  if (array.ByteLength() > 0) std::memcpy(target, source, array.ByteLength());
}

/// read(handle, array, byteOffset): copies out of the buffer
void read(const Napi::CallbackInfo& info) {
  const Napi::TypedArray array = array_argument(info);
  const unsigned char* source = window(info, array);
  auto* target = static_cast<unsigned char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  if (array.ByteLength() > 0) std::memcpy(target, source, array.ByteLength());
}

/// release(handle) -> whether it was live
Napi::Value release(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), environment(info.Env()).buffers.release(handle_argument(info, 0)));
}

/// sweep() -> bytes freed
Napi::Value sweep(const Napi::CallbackInfo& info) {
  Environment& state = environment(info.Env());
  state.programs.sweep();
  return Napi::Number::New(info.Env(), static_cast<double>(state.buffers.sweep_all()));
}

/// setCollector(collect): what to call for a minor (false) or full (true) collection
void set_collector(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw Napi::Error::New(info.Env(), "internal: setCollector(function)");
  environment(info.Env()).buffers.set_collector(info[0]);
}

/// stats() -> words 0..5: live buffers, their bytes, collections asked for, the pool's live and cached bytes, live
/// programs
void stats(const Napi::CallbackInfo& info) {
  Environment& state = environment(info.Env());
  const BufferStats buffers = state.buffers.stats();
  const PoolStats pool = pool_stats();
  const int64_t values[] = {buffers.count,   buffers.bytes,     buffers.collections,
                            pool.live_bytes, pool.cached_bytes, state.programs.count()};
  for (int i = 0; i < 6; ++i) state.words[i] = static_cast<double>(values[i]);
}

void trim(const Napi::CallbackInfo&) { pool_trim(); }

Napi::Value get_num_threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), num_threads()); }

void change_num_threads(const Napi::CallbackInfo& info) {
  const int64_t n = handle_argument(info, 0);
  if (n < 1 || n > 1024) throw Napi::Error::New(info.Env(), "internal: setNumThreads takes 1 to 1024");
  set_num_threads(static_cast<int>(n));
}

/// Kernel threads and pooled memory outlive the JavaScript thread that loaded the addon. Node closes the library with
/// its last worker thread; it must stay where it is.
void keep_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&keep_loaded), &info) != 0) dlopen(info.dli_fname, RTLD_LAZY | RTLD_NODELETE);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  keep_loaded();
  auto* state = new Environment(env);
  napi_set_instance_data(
      env, state, [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  Napi::ArrayBuffer block = Napi::ArrayBuffer::New(env, kNumWords * sizeof(double));
  state->words = static_cast<double*>(block.Data());
  state->block = Napi::Persistent(block);
  // The environment frees its references itself.
  state->block.SuppressDestruct();

  Napi::Array kernels = Napi::Array::New(env);
  for (const std::string& name : registry().names()) kernels[kernels.Length()] = name;

  exports["abi"] = Napi::Number::New(env, kAbi);
  exports["isa"] = Napi::String::New(env, active_isa());
  exports["block"] = block;
  exports["kernels"] = kernels;
  Napi::Array bodies = Napi::Array::New(env);
  for (size_t opcode = 0; opcode < registry().names().size(); ++opcode) {
    int64_t dtypes = 0;
    for (int dtype = 0; dtype < kNumDTypes; ++dtype) {
      if (registry().body(static_cast<int64_t>(opcode), static_cast<DType>(dtype)) != nullptr) dtypes |= 1 << dtype;
    }
    bodies[bodies.Length()] = static_cast<double>(dtypes);
  }
  exports["bodies"] = bodies;
  napi_value run_function = nullptr;
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, nullptr, &run_function);
  exports["run"] = Napi::Value(env, run_function);
  napi_value execute_function = nullptr;
  napi_create_function(env, "execute", NAPI_AUTO_LENGTH, execute, nullptr, &execute_function);
  exports["execute"] = Napi::Value(env, execute_function);
  napi_value steps_function = nullptr;
  napi_create_function(env, "runSteps", NAPI_AUTO_LENGTH, run_steps<false>, nullptr, &steps_function);
  exports["runSteps"] = Napi::Value(env, steps_function);
  napi_create_function(env, "startSteps", NAPI_AUTO_LENGTH, run_steps<true>, nullptr, &steps_function);
  exports["startSteps"] = Napi::Value(env, steps_function);
  exports["settleSteps"] = Napi::Function::New(env, settle_steps, "settleSteps");
  exports["finishSteps"] = Napi::Function::New(env, finish_steps, "finishSteps");
  exports["compile"] = Napi::Function::New(env, compile, "compile");
  exports["releaseProgram"] = Napi::Function::New(env, release_program, "releaseProgram");
  exports["allocate"] = Napi::Function::New(env, allocate, "allocate");
  exports["write"] = Napi::Function::New(env, write, "write");
  exports["read"] = Napi::Function::New(env, read, "read");
  exports["release"] = Napi::Function::New(env, release, "release");
  exports["sweep"] = Napi::Function::New(env, sweep, "sweep");
  exports["setCollector"] = Napi::Function::New(env, set_collector, "setCollector");
  exports["stats"] = Napi::Function::New(env, stats, "stats");
  exports["trim"] = Napi::Function::New(env, trim, "trim");
  exports["numThreads"] = Napi::Function::New(env, get_num_threads, "numThreads");
  exports["setNumThreads"] = Napi::Function::New(env, change_num_threads, "setNumThreads");
  return exports;
}

}  // namespace
}  // namespace keratin

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return keratin::initialize(env, exports); }
NODE_API_MODULE(keratin, Init)
