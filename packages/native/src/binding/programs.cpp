#include "binding/programs.h"

#include <cmath>

namespace keratin {
namespace {

// Programs of models that nobody reaches any more may take this much, and half of what lives, before a full collection
// is worth its milliseconds.
constexpr int64_t kFullBytes = int64_t{8} << 20;
constexpr size_t kSweepEvery = 16;
// What the compiler keeps of a program, for each word of it.
constexpr int64_t kBytesOfWord = 24;

}  // namespace

int64_t Programs::compile(const double* words, int64_t count, const Napi::Float64Array& bindings, napi_value owner) {
  const int64_t bytes = count * kBytesOfWord;
  make_room();
  auto made = std::make_unique<Entry>();
  made->program = std::make_shared<Program>(words, count);
  const Program& program = *made->program;
  const auto externals = static_cast<int64_t>(program.externals().size());
  const auto results = static_cast<int64_t>(program.result_bytes().size());
  const int64_t needed = 2 * externals + program.num_host_words() + results;
  if (static_cast<int64_t>(bindings.ElementLength()) < std::max<int64_t>(needed, 1)) {
    fail("internal", "program: %lld bindings are needed", static_cast<long long>(needed));
  }
  made->bindings = static_cast<double*>(
      static_cast<void*>(static_cast<unsigned char*>(bindings.ArrayBuffer().Data()) + bindings.ByteOffset()));
  made->handles.resize(static_cast<size_t>(externals + results));
  made->externals.resize(static_cast<size_t>(externals));
  made->results.resize(static_cast<size_t>(results));
  if (napi_create_reference(env_, bindings, 1, &made->array) != napi_ok) fail("internal", "program: no reference");
  const auto handle = static_cast<int64_t>(entries_.size());
  if (owner != nullptr) {
    if (napi_create_reference(env_, owner, 0, &made->owner) != napi_ok) fail("internal", "program: no reference");
    owned_.push_back(handle);
  }
  made->bytes = bytes;
  live_bytes_ += bytes;
  count_ += 1;
  entries_.push_back(std::move(made));
  return handle;
}

void Programs::make_room() {
  // A collection frees what was compiled before, not what is being compiled now.
  const bool grown = live_bytes_ > bytes_after_full_ + bytes_after_full_ / 2 + kFullBytes;
  if (!grown && ++compiled_ < kSweepEvery) return;
  if (grown) buffers_.collect(true);
  sweep();
  if (!grown) return;
  buffers_.sweep_all();
  bytes_after_full_ = live_bytes_;
}

void Programs::sweep() {
  compiled_ = 0;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  std::erase_if(owned_, [this](int64_t handle) {
    const std::unique_ptr<Entry>& slot = entries_[static_cast<size_t>(handle)];
    if (!slot) return true;
    napi_value value = nullptr;
    if (napi_get_reference_value(env_, slot->owner, &value) != napi_ok || value != nullptr) return false;
    return release(handle);
  });
  napi_close_handle_scope(env_, scope);
}

Programs::Entry& Programs::entry(int64_t handle) {
  if (handle <= 0 || handle >= static_cast<int64_t>(entries_.size()) || !entries_[static_cast<size_t>(handle)]) {
    fail("internal", "program %lld does not exist", static_cast<long long>(handle));
  }
  return *entries_[static_cast<size_t>(handle)];
}

void* Programs::bind(Entry& entry, size_t external, int64_t bytes) {
  const double handle = entry.bindings[2 * external];
  const double offset = entry.bindings[2 * external + 1];
  const int64_t index = std::fabs(handle) < 9e15 ? static_cast<int64_t>(handle) : 0;
  auto* data = static_cast<unsigned char*>(buffers_.data(index));
  if (data == nullptr) fail("internal", "program: handle %lld is not live", static_cast<long long>(index));
  if (!(offset >= 0 && offset < 9e15) || static_cast<int64_t>(offset) + bytes > buffers_.bytes(index)) {
    fail("internal", "program: external %zu needs %lld bytes", external, static_cast<long long>(bytes));
  }
  entry.handles[external] = index;
  return data + static_cast<int64_t>(offset);
}

void Programs::bind(Entry& entry) {
  const auto& externals = entry.program->externals();
  for (size_t i = 0; i < externals.size(); ++i) entry.externals[i] = bind(entry, i, externals[i].bytes);
}

void Programs::execute(int64_t handle, const napi_value* owners, size_t num_owners) {
  Entry& running = entry(handle);
  const auto& bytes = running.program->result_bytes();
  const size_t externals = running.externals.size();
  if (num_owners < bytes.size()) fail("internal", "program: a result has no owner");
  bind(running);
  size_t made = 0;
  int64_t* const results = running.handles.data() + externals;
  try {
    for (; made < bytes.size(); ++made) {
      const Buffers::Pins pins(buffers_, running.handles.data(), static_cast<int32_t>(externals + made));
      results[made] = buffers_.allocate(bytes[made], owners[made]);
      if (results[made] == 0) {
        fail("value", "out of memory: a tensor of %lld bytes", static_cast<long long>(bytes[made]));
      }
      running.results[made] = buffers_.data(results[made]);
    }
    const double* host = running.bindings + 2 * externals;
    running.program->run({running.externals.data(), running.results.data(), host});
  } catch (...) {
    for (size_t i = 0; i < made; ++i) buffers_.release(results[i]);
    running.bindings[0] = static_cast<double>(running.program->failed());
    throw;
  }
  double* const out = running.bindings + 2 * externals + running.program->num_host_words();
  for (size_t i = 0; i < made; ++i) out[i] = static_cast<double>(results[i]);
}

std::shared_ptr<Programs::Run> Programs::prepare(int64_t handle, const double* control, int64_t num_control,
                                                 const double* host, int64_t num_host, const napi_value* owners,
                                                 size_t num_owners) {
  Entry& from = entry(handle);
  auto made = std::make_shared<Run>();
  StepPlan& plan = made->plan;
  const auto& externals = from.program->externals();
  const auto& bytes = from.program->result_bytes();
  Words words(control, num_control);
  constexpr int64_t kMany = int64_t{1} << 40;
  plan.steps = words.count(kMany, "steps");
  plan.budget_ms = words.number();
  plan.batch = words.count(kMany, "rows");
  plan.first = words.count(kMany, "place");
  const int64_t order = words.count(kMany, "order");
  const int64_t order_offset = words.count(kMany, "offset");
  const int64_t order_size = words.count(kMany, "size");
  plan.feeds.resize(static_cast<size_t>(words.count(static_cast<int64_t>(externals.size()), "feeds")));
  if (plan.steps < 1 || plan.batch < 1 || num_owners < bytes.size()) fail("internal", "program: steps without results");
  if (num_host < plan.steps * from.program->num_host_words()) fail("internal", "program: host words are missing");
  const int64_t end = plan.first + plan.steps * plan.batch;
  if (order != 0) {
    const auto* data = static_cast<const int32_t*>(buffers_.data(order));
    if (data == nullptr || (order_offset + order_size) * 4 > buffers_.bytes(order) || end > order_size) {
      fail("internal", "program: the order of the rows is too short");
    }
    plan.order = data + order_offset;
    made->pinned.push_back(order);
  }
  for (size_t i = 0; i < externals.size(); ++i) {
    int64_t needed = externals[i].bytes;
    if (i < plan.feeds.size()) {
      Feed& feed = plan.feeds[i];
      feed.row_bytes = words.count(kMany, "bytes of a row");
      feed.rows = words.count(kMany, "rows");
      if (feed.row_bytes > 0) {
        if (feed.row_bytes * plan.batch != needed || (order == 0 && end > feed.rows)) {
          fail("internal", "program: external %zu is no batch of its feed", i);
        }
        needed = feed.row_bytes * feed.rows;
      }
    }
    plan.externals.push_back(bind(from, i, needed));
    made->pinned.push_back(from.handles[i]);
  }
  plan.host.assign(host, host + plan.steps * from.program->num_host_words());
  made->program = from.program;
  made->handle = handle;
  for (const int64_t each : made->pinned) buffers_.pin(each);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int64_t result = buffers_.allocate(bytes[i], owners[i]);
    if (result == 0) {
      conclude(*made);
      fail("value", "out of memory: a tensor of %lld bytes", static_cast<long long>(bytes[i]));
    }
    buffers_.pin(result);
    made->results.push_back(result);
    plan.results.push_back(buffers_.data(result));
  }
  return made;
}

void Programs::perform(Run& run) {
  try {
    run_steps(*run.program, run.plan, run.stop, run.done);
  } catch (const KernelError& error) {
    run.error = error;
    run.failed = run.program->failed();
  } catch (const std::exception& error) {
    run.error = KernelError{"internal", error.what()};
  }
}

// From here on the run's memory belongs to JavaScript again.
void Programs::conclude(Run& run) {
  for (const int64_t handle : run.pinned) buffers_.unpin(handle);
  for (const int64_t handle : run.results) buffers_.unpin(handle);
}

void Programs::steps(int64_t handle, double* control, int64_t num_control, const double* host, int64_t num_host,
                     const napi_value* owners, size_t num_owners) {
  const auto run = prepare(handle, control, num_control, host, num_host, owners, num_owners);
  perform(*run);
  take(*run, control);
}

void Programs::take(Run& run, double* out) {
  conclude(run);
  out[0] = static_cast<double>(run.done.steps);
  out[1] = run.done.milliseconds;
  out[2] = static_cast<double>(run.failed);
  if (run.error) {
    for (const int64_t result : run.results) buffers_.release(result);
    throw *run.error;
  }
  Entry& from = entry(run.handle);
  double* const results = from.bindings + 2 * from.externals.size() + from.program->num_host_words();
  for (size_t i = 0; i < run.results.size(); ++i) results[i] = static_cast<double>(run.results[i]);
}

int64_t Programs::start(int64_t handle, const double* control, int64_t num_control, const double* host,
                        int64_t num_host, napi_value callback, const napi_value* owners, size_t num_owners) {
  if (stopped_) fail("internal", "program: this thread ends");
  open_channel();
  auto run = prepare(handle, control, num_control, host, num_host, owners, num_owners);
  if (napi_create_reference(env_, callback, 1, &run->callback) != napi_ok) {
    conclude(*run);
    fail("internal", "program: no reference");
  }
  const int64_t number = ++last_run_;
  runs_.emplace(number, run);
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, channel_);
  engine_.post([run, channel = channel_] {
    perform(*run);
    {
      const std::lock_guard lock(run->mutex);
      run->over = true;
      run->changed.notify_all();
    }
    auto* const data = new std::shared_ptr<Run>(run);
    if (napi_call_threadsafe_function(channel, data, napi_tsfn_nonblocking) != napi_ok) delete data;
  });
  return number;
}

void Programs::open_channel() {
  if (channel_ != nullptr) return;
  napi_value name = nullptr;
  napi_create_string_utf8(env_, "keratin engine", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, call_back,
                                      &channel_) != napi_ok) {
    fail("internal", "program: no way back from the engine's thread");
  }
  napi_unref_threadsafe_function(env_, channel_);
  // Before the channel goes, the thread that uses it ends.
  napi_add_env_cleanup_hook(env_, [](void* data) { static_cast<Programs*>(data)->stop(); }, this);
}

void Programs::stop() {
  if (stopped_) return;
  stopped_ = true;
  for (const auto& [number, run] : runs_) run->stop = true;
  engine_.stop();
}

void Programs::call_back(napi_env env, napi_value, void* context, void* data) {
  const std::unique_ptr<std::shared_ptr<Run>> run(static_cast<std::shared_ptr<Run>*>(data));
  if (env == nullptr) return;
  auto& programs = *static_cast<Programs*>(context);
  if (--programs.pending_ == 0) napi_unref_threadsafe_function(env, programs.channel_);
  napi_value callback = nullptr;
  napi_value receiver = nullptr;
  napi_get_reference_value(env, (*run)->callback, &callback);
  napi_delete_reference(env, (*run)->callback);
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, callback, 0, nullptr, nullptr);
}

void Programs::settle(int64_t number) {
  const auto found = runs_.find(number);
  if (found == runs_.end()) return;
  Run& run = *found->second;
  run.stop = true;
  std::unique_lock lock(run.mutex);
  run.changed.wait(lock, [&run] { return run.over; });
}

void Programs::finish(int64_t number, double* out) {
  settle(number);
  const auto found = runs_.find(number);
  if (found == runs_.end()) fail("internal", "program: there is no run %lld", static_cast<long long>(number));
  const std::shared_ptr<Run> run = found->second;
  runs_.erase(found);
  take(*run, out);
}

bool Programs::release(int64_t handle) {
  if (handle <= 0 || handle >= static_cast<int64_t>(entries_.size())) return false;
  std::unique_ptr<Entry>& slot = entries_[static_cast<size_t>(handle)];
  if (!slot) return false;
  napi_delete_reference(env_, slot->array);
  if (slot->owner != nullptr) napi_delete_reference(env_, slot->owner);
  live_bytes_ -= slot->bytes;
  count_ -= 1;
  slot.reset();
  return true;
}

}  // namespace keratin
