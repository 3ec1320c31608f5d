// Recurrent cells against plain loops in double precision, gradients against finite differences of those loops.
#include <functional>

#include "check.h"
#include "runtime/threads.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 5e-5 : 1e-11; }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Sizes {
  int64_t steps, samples, units;
};

// Chunks of samples and of units, whole and broken vectors, packed kernels of a few rows and of many.
const std::vector<Sizes> kSizes = {{1, 1, 1},   {1, 3, 2},    {4, 1, 5},  {3, 2, 7},   {5, 4, 16},
                                   {2, 9, 17},  {6, 33, 31},  {3, 5, 64}, {2, 21, 70}, {2, 40, 129},
                                   {2, 3, 300}, {2, 70, 520}, {0, 3, 4},  {3, 0, 4},   {2, 5, 0}};

/// What a cell is given and what it gives, by position.
struct Cell {
  std::string kernel;
  int64_t gates;                 // of x and of the recurrent kernel
  int64_t states;                // beside x, before the kernel
  bool bias;                     // after it
  std::vector<int64_t> outputs;  // widths in units
};

const Cell kLSTM{"lstm_sequence", 4, 2, false, {1, 1, 4}};
const Cell kGRU{"gru_sequence", 3, 1, true, {1, 4}};
const Cell kSimple{"simple_rnn_sequence", 1, 1, false, {1}};

using Values = std::vector<double>;

/// The outputs of a cell by loops.
std::vector<Values> expected(const Cell& cell, const Sizes& s, const std::vector<Values>& in) {
  const size_t n = static_cast<size_t>(s.samples), u = static_cast<size_t>(s.units), t = static_cast<size_t>(s.steps);
  const size_t g = static_cast<size_t>(cell.gates);
  const Values& x = in[0];
  const Values& kernel = in[static_cast<size_t>(1 + cell.states)];
  std::vector<Values> out;
  for (const int64_t width : cell.outputs) out.emplace_back(t * n * u * static_cast<size_t>(width));
  for (size_t row = 0; row < n; ++row) {
    Values h(in[1].begin() + static_cast<int64_t>(row * u), in[1].begin() + static_cast<int64_t>((row + 1) * u));
    Values c(u);
    if (cell.states > 1) {
      for (size_t j = 0; j < u; ++j) c[j] = in[2][row * u + j];
    }
    for (size_t step = 0; step < t; ++step) {
      Values product(g * u);
      for (size_t k = 0; k < u; ++k) {
        for (size_t j = 0; j < g * u; ++j) product[j] += h[k] * kernel[k * g * u + j];
      }
      if (cell.bias) {
        for (size_t j = 0; j < g * u; ++j) product[j] += in.back()[j];
      }
      const size_t at = step * n + row;
      for (size_t j = 0; j < u; ++j) {
        const auto sum = [&](size_t gate) { return x[(at * g + gate) * u + j] + product[gate * u + j]; };
        if (g == 4) {
          const double i = sigmoid(sum(0)), f = sigmoid(sum(1)), candidate = std::tanh(sum(2)), o = sigmoid(sum(3));
          c[j] = f * c[j] + i * candidate;
          h[j] = o * std::tanh(c[j]);
          out[1][at * u + j] = c[j];
          const double gates[] = {i, f, candidate, o};
          for (size_t gate = 0; gate < 4; ++gate) out[2][(at * 4 + gate) * u + j] = gates[gate];
        } else if (g == 3) {
          const double z = sigmoid(sum(0)), r = sigmoid(sum(1)), own = product[2 * u + j];
          const double candidate = std::tanh(x[(at * g + 2) * u + j] + r * own);
          h[j] = z * h[j] + (1 - z) * candidate;
          const double gates[] = {z, r, candidate, own};
          for (size_t gate = 0; gate < 4; ++gate) out[1][(at * 4 + gate) * u + j] = gates[gate];
        } else {
          h[j] = std::tanh(sum(0));
        }
        out[0][at * u + j] = h[j];
      }
    }
  }
  return out;
}

std::vector<Array> inputs_of(const Cell& cell, const Sizes& s, DType dtype) {
  const double scale = 1.5 / std::sqrt(static_cast<double>(s.units) + 1);
  std::vector<Array> in{Array::random(dtype, {s.steps, s.samples, cell.gates * s.units}, -2, 2, 1)};
  for (int64_t i = 0; i < cell.states; ++i) {
    in.push_back(Array::random(dtype, {s.samples, s.units}, -1, 1, static_cast<uint32_t>(2 + i)));
  }
  in.push_back(Array::random(dtype, {s.units, cell.gates * s.units}, -scale, scale, 5));
  if (cell.bias) in.push_back(Array::random(dtype, {cell.gates * s.units}, -1, 1, 6));
  return in;
}

std::vector<Array> run(const Cell& cell, const Sizes& s, const std::vector<Array>& in) {
  std::vector<Array> out;
  for (const int64_t width : cell.outputs) {
    out.push_back(Array::empty(in[0].dtype(), {s.steps, s.samples, width * s.units}));
  }
  call(cell.kernel, in, out);
  return out;
}

std::vector<Values> values_of(const std::vector<Array>& arrays) {
  std::vector<Values> all;
  for (const Array& array : arrays) all.push_back(array.values());
  return all;
}

std::string name_of(const Cell& cell, const Sizes& s, DType dtype) {
  return cell.kernel + name_of(dtype) + show(Shape{s.steps, s.samples, s.units});
}

TEST(sequences_match_loops) {
  for (const Cell& cell : {kLSTM, kGRU, kSimple}) {
    for (const DType dtype : kFloats) {
      for (const Sizes& s : kSizes) {
        context() = name_of(cell, s, dtype);
        const std::vector<Array> in = inputs_of(cell, s, dtype);
        const std::vector<Array> out = run(cell, s, in);
        const std::vector<Values> wanted = expected(cell, s, values_of(in));
        for (size_t i = 0; i < out.size(); ++i) CHECK_ALL_NEAR(out[i], wanted[i], tolerance_of(dtype));
      }
    }
  }
}

/// The cotangents of h and, with two of them, of an LSTM's c.
struct Cotangents {
  Array dh, dc;
  Cotangents(const Sizes& s, DType dtype, bool both)
      : dh(Array::random(dtype, {s.steps, s.samples, s.units}, -1, 1, 11)),
        dc(Array::random(dtype, {both ? s.steps : 0, s.samples, s.units}, -1, 1, 12)) {}
};

/// Gradients of x and of the states (an LSTM's two), then that of a GRU's product.
std::vector<Array> gradients(const Cell& cell, const Sizes& s, const std::vector<Array>& in, const Cotangents& d) {
  const DType dtype = in[0].dtype();
  const std::vector<Array> out = run(cell, s, in);
  const Array dx = Array::empty(dtype, {s.steps, s.samples, cell.gates * s.units});
  const Array dh0 = Array::empty(dtype, {s.samples, s.units});
  if (cell.gates == 4) {
    const Array dc0 = Array::empty(dtype, {s.samples, s.units});
    call(cell.kernel + "_gradient", {d.dh, d.dc, out[2], out[1], in[2], in[3]}, {dx, dh0, dc0});
    return {dx, dh0, dc0};
  }
  if (cell.gates == 3) {
    const Array dproduct = Array::empty(dtype, {s.steps, s.samples, 3 * s.units});
    call(cell.kernel + "_gradient", {d.dh, out[1], out[0], in[1], in[2]}, {dx, dproduct, dh0});
    return {dx, dh0, dproduct};
  }
  call(cell.kernel + "_gradient", {d.dh, out[0], in[2]}, {dx, dh0});
  return {dx, dh0};
}

double loss(const Cell& cell, const Sizes& s, const std::vector<Values>& in, const Cotangents& d) {
  const std::vector<Values> out = expected(cell, s, in);
  double sum = 0;
  for (size_t i = 0; i < out[0].size(); ++i) sum += out[0][i] * d.dh.at(static_cast<int64_t>(i));
  if (d.dc.size() > 0) {
    for (size_t i = 0; i < out[1].size(); ++i) sum += out[1][i] * d.dc.at(static_cast<int64_t>(i));
  }
  return sum;
}

/// d loss / d in[input][element], by central differences.
double difference(const Cell& cell, const Sizes& s, std::vector<Values> in, const Cotangents& d, size_t input,
                  size_t element) {
  constexpr double step = 1e-5;
  const double start = in[input][element];
  in[input][element] = start + step;
  const double above = loss(cell, s, in, d);
  in[input][element] = start - step;
  return (above - loss(cell, s, in, d)) / (2 * step);
}

TEST(gradients_match_finite_differences) {
  for (const Cell& cell : {kLSTM, kGRU, kSimple}) {
    for (const Sizes& s : {Sizes{1, 1, 1}, Sizes{3, 2, 3}, Sizes{4, 3, 9}, Sizes{2, 9, 4}}) {
      for (const bool both : {false, true}) {
        if (both && cell.gates != 4) continue;
        context() = name_of(cell, s, DType::float64);
        const std::vector<Array> in = inputs_of(cell, s, DType::float64);
        const std::vector<Values> values = values_of(in);
        const Cotangents d(s, DType::float64, both);
        const std::vector<Array> found = gradients(cell, s, in, d);
        const auto check = [&](size_t input, const Array& gradient) {
          for (int64_t i = 0; i < gradient.size(); ++i) {
            CHECK_NEAR(gradient.at(i), difference(cell, s, values, d, input, static_cast<size_t>(i)), 1e-7);
          }
        };
        check(0, found[0]);
        check(1, found[1]);
        if (cell.gates == 4) check(2, found[2]);
        // The gradient of a GRU's bias is the sum of that of its products.
        for (int64_t j = 0; cell.gates == 3 && j < 3 * s.units; ++j) {
          double sum = 0;
          for (int64_t i = j; i < found[2].size(); i += 3 * s.units) sum += found[2].at(i);
          CHECK_NEAR(sum, difference(cell, s, values, d, 3, static_cast<size_t>(j)), 1e-7);
        }
      }
    }
  }
}

/// A step from the last to the first by loops: what the kernel's gradient gives for all sizes, in float32 too.
std::vector<Values> expected_gradients(const Cell& cell, const Sizes& s, const std::vector<Values>& in,
                                       const Cotangents& d) {
  const auto n = static_cast<size_t>(s.samples), u = static_cast<size_t>(s.units), t = static_cast<size_t>(s.steps);
  const auto g = static_cast<size_t>(cell.gates);
  const std::vector<Values> out = expected(cell, s, in);
  const Values& kernel = in[static_cast<size_t>(1 + cell.states)];
  Values dx(t * n * g * u), dh0(n * u), carry(n * u), dproduct(t * n * g * u);
  for (size_t row = 0; row < n; ++row) {
    Values dstate(u);
    for (size_t step = t; step-- > 0;) {
      const size_t at = step * n + row;
      const auto before = [&](size_t output, size_t input, size_t j) {
        return step == 0 ? in[input][row * u + j] : out[output][(at - n) * u + j];
      };
      for (size_t j = 0; j < u; ++j) {
        const double dh = dstate[j] + d.dh.at(static_cast<int64_t>(at * u + j));
        const auto gate = [&](size_t k) { return out.back()[(at * 4 + k) * u + j]; };
        Values to(g), products(g);
        if (g == 4) {
          const double squashed = std::tanh(out[1][at * u + j]);
          const double extra = d.dc.size() > 0 ? d.dc.at(static_cast<int64_t>(at * u + j)) : 0;
          const double dc = carry[row * u + j] + extra + dh * gate(3) * (1 - squashed * squashed);
          to = {dc * gate(2) * gate(0) * (1 - gate(0)), dc * before(1, 2, j) * gate(1) * (1 - gate(1)),
                dc * gate(0) * (1 - gate(2) * gate(2)), dh * squashed * gate(3) * (1 - gate(3))};
          carry[row * u + j] = dc * gate(1);
          products = to;
        } else if (g == 3) {
          const double own = dh * (1 - gate(0)) * (1 - gate(2) * gate(2));
          to = {dh * (before(0, 1, j) - gate(2)) * gate(0) * (1 - gate(0)), own * gate(3) * gate(1) * (1 - gate(1)),
                own};
          carry[row * u + j] = dh * gate(0);
          products = {to[0], to[1], own * gate(1)};
        } else {
          const double y = out[0][at * u + j];
          to = {dh * (1 - y * y)};
          products = to;
        }
        for (size_t k = 0; k < g; ++k) {
          dx[(at * g + k) * u + j] = to[k];
          dproduct[(at * g + k) * u + j] = products[k];
        }
      }
      for (size_t k = 0; k < u; ++k) {
        dstate[k] = g == 3 ? carry[row * u + k] : 0;
        for (size_t j = 0; j < g * u; ++j) dstate[k] += dproduct[at * g * u + j] * kernel[k * g * u + j];
      }
    }
    for (size_t j = 0; j < u; ++j) dh0[row * u + j] = dstate[j];
  }
  if (g == 4) return {dx, dh0, carry};
  return g == 3 ? std::vector<Values>{dx, dh0, dproduct} : std::vector<Values>{dx, dh0};
}

TEST(gradients_match_loops) {
  for (const Cell& cell : {kLSTM, kGRU, kSimple}) {
    for (const DType dtype : kFloats) {
      for (const Sizes& s : kSizes) {
        context() = name_of(cell, s, dtype);
        const std::vector<Array> in = inputs_of(cell, s, dtype);
        const Cotangents d(s, dtype, s.units % 2 == 1);
        const std::vector<Array> found = gradients(cell, s, in, d);
        const std::vector<Values> wanted = expected_gradients(cell, s, values_of(in), d);
        for (size_t i = 0; i < found.size(); ++i) CHECK_ALL_NEAR(found[i], wanted[i], tolerance_of(dtype));
      }
    }
  }
}

TEST(results_do_not_depend_on_the_number_of_threads) {
  const int before = num_threads();
  for (const Cell& cell : {kLSTM, kGRU, kSimple}) {
    for (const Sizes& s : {Sizes{20, 37, 70}, Sizes{3, 70, 520}, Sizes{9, 3, 300}}) {
      context() = name_of(cell, s, DType::float32);
      const std::vector<Array> in = inputs_of(cell, s, DType::float32);
      const Cotangents d(s, DType::float32, true);
      set_num_threads(1);
      const std::vector<Array> one = run(cell, s, in);
      const std::vector<Array> back = gradients(cell, s, in, d);
      set_num_threads(3);
      const std::vector<Array> three = run(cell, s, in);
      const std::vector<Array> back_three = gradients(cell, s, in, d);
      for (size_t i = 0; i < one.size(); ++i) CHECK(one[i].identical(three[i]));
      for (size_t i = 0; i < back.size(); ++i) CHECK(back[i].identical(back_three[i]));
    }
  }
  set_num_threads(before);
}

}  // namespace
