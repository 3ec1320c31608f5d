// oneDNN's products and convolutions: figures as JSON lines. Arguments: sgemm,M,N,K,A,MARK (A is a where the left
// operand is transposed, b where the right one is) or convolutions.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <dnnl.hpp>
#include <functional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using dnnl::memory;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string peer() {
  const auto* version = dnnl_version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

// Seconds of a call: warm for 0.3 s, then some repetitions of so many calls.
std::vector<double> timed(const std::function<void()>& fn, int repetitions, int inner) {
  for (const double begin = now(); now() - begin < 0.3;) fn();
  std::vector<double> seconds;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    const double start = now();
    for (int i = 0; i < inner; ++i) fn();
    seconds.push_back((now() - start) / inner);
  }
  return seconds;
}

void emit(const std::string& workload, const std::vector<double>& values, const char* unit) {
  std::printf(R"({"peer": "%s", "workload": "%s", "unit": "%s", "values": [)", peer().c_str(), workload.c_str(), unit);
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%.6g", i == 0 ? "" : ", ", values[i]);
  std::printf("]}\n");
}

void sgemm(const std::vector<std::string>& words) {
  const long m = std::stol(words[1]), n = std::stol(words[2]), k = std::stol(words[3]);
  const bool left = words[4] == "a", right = words[4] == "b";
  std::vector<float> a(m * k, 0.5F), b(k * n, 0.25F), c(m * n);
  const double flops = 2.0 * m * n * k;
  auto seconds = timed(
      [&] {
        dnnl_sgemm(left ? 'T' : 'N', right ? 'T' : 'N', m, n, k, 1, a.data(), left ? m : k, b.data(), right ? k : n, 0,
                   c.data(), n);
      },
      7, std::max(1, static_cast<int>(2e9 / flops)));
  for (double& value : seconds) value = flops / value / 1e9;
  emit("sgemm_" + words[1] + "x" + words[2] + "x" + words[3] + words[5], seconds, "GFLOP/s");
}

// One convolution forward, to its filter and, unless it is the first layer, to its input.
std::vector<std::function<void()>> convolution(const dnnl::engine& engine, dnnl::stream& stream, long batch, long in,
                                               long size, long out, bool is_first) {
  using dnnl::algorithm;
  const auto f32 = memory::data_type::f32;
  const auto any = memory::format_tag::any;
  const long size_out = size - 2;
  const memory::desc x({batch, in, size, size}, f32, any), w({out, in, 3, 3}, f32, any),
      bias({out}, f32, memory::format_tag::a), y({batch, out, size_out, size_out}, f32, any);
  const memory::dims strides{1, 1}, none{0, 0};
  std::vector<std::function<void()>> calls;
  const auto add = [&](const dnnl::primitive& primitive, std::unordered_map<int, memory> args) {
    for (auto& [kind, each] : args) {
      auto* values = static_cast<float*>(each.get_data_handle());
      for (size_t i = 0; i < each.get_desc().get_size() / sizeof(float); ++i)
        values[i] = static_cast<float>(i % 7) * 0.1F;
    }
    calls.emplace_back([primitive, args, &stream] {
      primitive.execute(stream, args);
      stream.wait();
    });
  };
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, algorithm::convolution_auto, x, w, bias, y, strides, none, none}, engine);
  add(dnnl::convolution_forward(forward), {{DNNL_ARG_SRC, memory(forward.src_desc(), engine)},
                                           {DNNL_ARG_WEIGHTS, memory(forward.weights_desc(), engine)},
                                           {DNNL_ARG_BIAS, memory(bias, engine)},
                                           {DNNL_ARG_DST, memory(forward.dst_desc(), engine)}});
  const dnnl::convolution_backward_weights::primitive_desc filter(
      {algorithm::convolution_auto, x, w, bias, y, strides, none, none}, engine, forward);
  add(dnnl::convolution_backward_weights(filter), {{DNNL_ARG_SRC, memory(filter.src_desc(), engine)},
                                                   {DNNL_ARG_DIFF_WEIGHTS, memory(filter.diff_weights_desc(), engine)},
                                                   {DNNL_ARG_DIFF_BIAS, memory(bias, engine)},
                                                   {DNNL_ARG_DIFF_DST, memory(filter.diff_dst_desc(), engine)}});
  if (!is_first) {
    const dnnl::convolution_backward_data::primitive_desc input(
        {algorithm::convolution_auto, x, w, y, strides, none, none}, engine, forward);
    add(dnnl::convolution_backward_data(input), {{DNNL_ARG_DIFF_SRC, memory(input.diff_src_desc(), engine)},
                                                 {DNNL_ARG_WEIGHTS, memory(input.weights_desc(), engine)},
                                                 {DNNL_ARG_DIFF_DST, memory(input.diff_dst_desc(), engine)}});
  }
  return calls;
}

void convolutions() {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  auto calls = convolution(engine, stream, 64, 1, 28, 32, true);
  for (auto& call : convolution(engine, stream, 64, 32, 13, 64, false)) calls.push_back(call);
  auto seconds = timed(
      [&] {
        for (const auto& call : calls) call();
      },
      15, 5);
  for (double& value : seconds) value *= 1e3;
  emit("convnet_convolutions", seconds, "ms");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::vector<std::string> words;
    std::istringstream text(argv[i]);
    for (std::string word; std::getline(text, word, ',');) words.push_back(word);
    words.resize(6);
    if (words[0] == "sgemm") sgemm(words);
    if (words[0] == "convolutions") convolutions();
  }
}
