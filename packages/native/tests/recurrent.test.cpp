// Recurrent cells against plain loops in double precision, gradients against finite differences of those loops.

#include "check.h"
#include "runtime/threads.h"

namespace {

constexpr DType kFloats[] = {DType::float32, DType::float64};

double tolerance_of(DType dtype) { return dtype == DType::float32 ? 1e-4 : 1e-11; }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// No features: x holds the products of the inputs and their kernel.
struct Sizes {
  int64_t samples, steps, features, units;
};

// Groups of samples, blocks of steps, chunks of units, whole and broken vectors, packed kernels of a few rows and of
// many; the last three are too large for one thread's cache.
const std::vector<Sizes> kSizes = {{1, 1, 1, 1},    {3, 1, 4, 2},   {1, 4, 3, 5},   {2, 3, 1, 7},    {4, 5, 9, 16},
                                   {9, 2, 33, 17},  {33, 6, 5, 31}, {5, 3, 20, 64}, {21, 30, 6, 40}, {40, 2, 8, 129},
                                   {1, 140, 2, 3},  {70, 33, 3, 9}, {3, 2, 0, 7},   {9, 35, 0, 33},  {3, 2, 10, 300},
                                   {70, 2, 7, 520}, {3, 3, 0, 300}, {0, 3, 2, 4},   {5, 2, 3, 0}};

/// A cell's kernel, its gates, and the widths of what it keeps of all steps beside h.
struct Cell {
  std::string kernel;
  int64_t gates;
  bool has_cell;        // a second state, c
  bool has_state_bias;  // a bias of the product of the states
  int64_t kept_width;   // of the gates in units; 0 for none
};

const Cell kLSTM{"lstm_sequence", 4, true, false, 4};
const Cell kGRU{"gru_sequence", 3, false, true, 4};
const Cell kSimple{"simple_rnn_sequence", 1, false, false, 0};
const Cell kCells[] = {kLSTM, kGRU, kSimple};

using Values = std::vector<double>;

/// What a cell is given.
struct Inputs {
  Array x, h0, c0, kernel, recurrent, bias, state_bias;
  Inputs(const Cell& cell, const Sizes& s, DType dtype)
      : x(random(dtype, {s.samples, s.steps, s.features > 0 ? s.features : cell.gates * s.units}, 2, 1)),
        h0(random(dtype, {s.samples, s.units}, 1, 2)),
        c0(random(dtype, {s.samples, s.units}, 1, 3)),
        kernel(random(dtype, {s.features, cell.gates * s.units}, scale(s.features), 4)),
        recurrent(random(dtype, {s.units, cell.gates * s.units}, scale(s.units), 5)),
        bias(random(dtype, {cell.gates * s.units}, 1, 6)),
        state_bias(random(dtype, {cell.gates * s.units}, 1, 7)) {}

  std::vector<Array*> all() { return {&x, &h0, &c0, &kernel, &recurrent, &bias, &state_bias}; }

 private:
  static double scale(int64_t n) { return 1.5 / std::sqrt(static_cast<double>(n) + 1); }
  static Array random(DType dtype, const Shape& shape, double bound, uint32_t seed) {
    return Array::random(dtype, shape, -bound, bound, seed);
  }
};

struct InputValues {
  Values x, h0, c0, kernel, recurrent, bias, state_bias;
  explicit InputValues(const Inputs& in)
      : x(in.x.values()),
        h0(in.h0.values()),
        c0(in.c0.values()),
        kernel(in.kernel.values()),
        recurrent(in.recurrent.values()),
        bias(in.bias.values()),
        state_bias(in.state_bias.values()) {}
  std::vector<Values*> all() { return {&x, &h0, &c0, &kernel, &recurrent, &bias, &state_bias}; }
};

/// The states after each step and the gates.
struct Outputs {
  Values h, c, gates;
};

/// The outputs of a cell by loops.
Outputs expected(const Cell& cell, const Sizes& s, const InputValues& in) {
  const auto n = static_cast<size_t>(s.samples), u = static_cast<size_t>(s.units), steps = static_cast<size_t>(s.steps);
  const auto g = static_cast<size_t>(cell.gates), f = static_cast<size_t>(s.features);
  Outputs out{Values(n * steps * u), Values(n * steps * u), Values(n * steps * 4 * u)};
  for (size_t row = 0; row < n; ++row) {
    Values h(in.h0.begin() + static_cast<int64_t>(row * u), in.h0.begin() + static_cast<int64_t>((row + 1) * u));
    Values c(in.c0.begin() + static_cast<int64_t>(row * u), in.c0.begin() + static_cast<int64_t>((row + 1) * u));
    for (size_t t = 0; t < steps; ++t) {
      const size_t at = row * steps + t;
      Values sums(in.bias), product(g * u);
      if (cell.has_state_bias) product = in.state_bias;
      for (size_t j = 0; j < g * u && f == 0; ++j) sums[j] += in.x[at * g * u + j];
      for (size_t k = 0; k < f; ++k) {
        for (size_t j = 0; j < g * u; ++j) sums[j] += in.x[at * f + k] * in.kernel[k * g * u + j];
      }
      for (size_t k = 0; k < u; ++k) {
        for (size_t j = 0; j < g * u; ++j) product[j] += h[k] * in.recurrent[k * g * u + j];
      }
      for (size_t j = 0; j < u; ++j) {
        const auto sum = [&](size_t gate) { return sums[gate * u + j] + product[gate * u + j]; };
        Values gates(4);
        if (g == 4) {
          gates = {sigmoid(sum(0)), sigmoid(sum(1)), std::tanh(sum(2)), sigmoid(sum(3))};
          c[j] = gates[1] * c[j] + gates[0] * gates[2];
          h[j] = gates[3] * std::tanh(c[j]);
        } else if (g == 3) {
          const double z = sigmoid(sum(0)), r = sigmoid(sum(1)), own = product[2 * u + j];
          const double candidate = std::tanh(sums[2 * u + j] + r * own);
          h[j] = z * h[j] + (1 - z) * candidate;
          gates = {z, r, candidate, own};
        } else {
          h[j] = std::tanh(sum(0));
        }
        for (size_t gate = 0; gate < 4; ++gate) out.gates[(at * 4 + gate) * u + j] = gates[gate];
        out.h[at * u + j] = h[j];
        out.c[at * u + j] = c[j];
      }
    }
  }
  return out;
}

Values last_of(const Sizes& s, const Values& all) {
  Values last;
  for (int64_t row = 0; row < s.samples; ++row) {
    const auto begin = all.begin() + ((row + 1) * s.steps - 1) * s.units;
    last.insert(last.end(), begin, begin + s.units);
  }
  return last;
}

/// What a cell gives; of h, c and gates no step where they are not wanted.
struct Results {
  Array last, cell, h, c, gates;
  Results(const Cell& cell_, const Sizes& s, DType dtype, bool sequence, bool keep)
      : last(Array::empty(dtype, {s.samples, s.units})),
        cell(Array::empty(dtype, {s.samples, s.units})),
        h(Array::empty(dtype, {s.samples, sequence ? s.steps : 0, s.units})),
        c(Array::empty(dtype, {s.samples, keep ? s.steps : 0, s.units})),
        gates(Array::empty(dtype, {s.samples, keep ? s.steps : 0, cell_.kept_width * s.units})) {}
};

Results run(const Cell& cell, const Sizes& s, const Inputs& in, bool sequence = true, bool keep = true) {
  Results out(cell, s, in.x.dtype(), sequence, keep);
  if (cell.gates == 4) {
    call(cell.kernel, {in.x, in.h0, in.c0, in.kernel, in.recurrent, in.bias},
         {out.last, out.cell, out.h, out.c, out.gates});
  } else if (cell.gates == 3) {
    call(cell.kernel, {in.x, in.h0, in.kernel, in.recurrent, in.bias, in.state_bias}, {out.last, out.h, out.gates});
  } else {
    call(cell.kernel, {in.x, in.h0, in.kernel, in.recurrent, in.bias}, {out.last, out.h});
  }
  return out;
}

std::string name_of(const Cell& cell, const Sizes& s, DType dtype) {
  return cell.kernel + name_of(dtype) + show(Shape{s.samples, s.steps, s.features, s.units});
}

TEST(sequences_match_loops) {
  for (const Cell& cell : kCells) {
    for (const DType dtype : kFloats) {
      for (const Sizes& s : kSizes) {
        const Inputs in(cell, s, dtype);
        const Outputs wanted = expected(cell, s, InputValues(in));
        for (const bool keep : {true, false}) {
          for (const bool sequence : {true, false}) {
            if (keep && !sequence) continue;
            context() = name_of(cell, s, dtype) + (keep ? " keep" : "") + (sequence ? " sequence" : "");
            const Results out = run(cell, s, in, sequence, keep);
            const double tolerance = tolerance_of(dtype);
            CHECK_ALL_NEAR(out.last, last_of(s, wanted.h), tolerance);
            if (cell.has_cell) CHECK_ALL_NEAR(out.cell, last_of(s, wanted.c), tolerance);
            if (sequence) CHECK_ALL_NEAR(out.h, wanted.h, tolerance);
            if (keep && cell.has_cell) CHECK_ALL_NEAR(out.c, wanted.c, tolerance);
            if (keep && cell.kept_width > 0) CHECK_ALL_NEAR(out.gates, wanted.gates, tolerance);
          }
        }
      }
    }
  }
}

/// Which gradients reach a cell: those of all states, or of the last ones alone.
enum class Reached { all, sequence, last };

struct Cotangents {
  Array dlast, dcell, dh;
  Cotangents(const Sizes& s, DType dtype, Reached reached)
      : dlast(Array::random(dtype, {reached == Reached::sequence ? 0 : s.samples, s.units}, -1, 1, 11)),
        dcell(Array::random(dtype, {reached == Reached::sequence ? 0 : s.samples, s.units}, -1, 1, 12)),
        dh(Array::random(dtype, {s.samples, reached == Reached::last ? 0 : s.steps, s.units}, -1, 1, 13)) {}
};

/// Gradients in the order of Inputs; a cell without c or a bias of the states leaves these alone.
struct Gradients {
  Array x, h0, c0, kernel, recurrent, bias, state_bias;
  Gradients(const Inputs& in, bool of_inputs)
      : x(Array::empty(in.x.dtype(), {in.x.shape()[0], of_inputs ? in.x.shape()[1] : 0, in.x.shape()[2]})),
        h0(like(in.h0)),
        c0(like(in.c0)),
        kernel(like(in.kernel)),
        recurrent(like(in.recurrent)),
        bias(like(in.bias)),
        state_bias(like(in.state_bias)) {}
  std::vector<std::pair<size_t, const Array*>> of(const Cell& cell) const {
    std::vector<std::pair<size_t, const Array*>> all{{1, &h0}, {3, &kernel}, {4, &recurrent}, {5, &bias}};
    if (x.size() > 0) all.push_back({0, &x});
    if (cell.has_cell) all.push_back({2, &c0});
    if (cell.has_state_bias) all.push_back({6, &state_bias});
    return all;
  }

 private:
  static Array like(const Array& a) { return Array::empty(a.dtype(), a.shape()); }
};

Gradients gradients(const Cell& cell, const Sizes& s, const Inputs& in, const Cotangents& d, bool of_inputs = true) {
  const Results out = run(cell, s, in);
  Gradients g(in, of_inputs);
  const std::string kernel = cell.kernel + "_gradient";
  if (cell.gates == 4) {
    call(kernel, {d.dlast, d.dcell, d.dh, in.x, in.h0, in.c0, out.h, out.c, out.gates, in.kernel, in.recurrent},
         {g.x, g.kernel, g.recurrent, g.bias, g.c0, g.h0});
  } else if (cell.gates == 3) {
    call(kernel, {d.dlast, d.dh, in.x, in.h0, out.h, out.gates, in.kernel, in.recurrent},
         {g.x, g.kernel, g.recurrent, g.bias, g.state_bias, g.h0});
  } else {
    call(kernel, {d.dlast, d.dh, in.x, in.h0, out.h, in.kernel, in.recurrent},
         {g.x, g.kernel, g.recurrent, g.bias, g.h0});
  }
  return g;
}

double loss(const Cell& cell, const Sizes& s, const InputValues& in, const Cotangents& d) {
  const Outputs out = expected(cell, s, in);
  const auto dot = [](const Values& a, const Array& b) {
    double sum = 0;
    for (int64_t i = 0; i < b.size(); ++i) sum += a[static_cast<size_t>(i)] * b.at(i);
    return sum;
  };
  return dot(out.h, d.dh) + dot(last_of(s, out.h), d.dlast) + (cell.has_cell ? dot(last_of(s, out.c), d.dcell) : 0);
}

TEST(gradients_match_finite_differences) {
  constexpr double step = 1e-5;
  for (const Cell& cell : kCells) {
    for (const Sizes& s : {Sizes{1, 1, 1, 1}, Sizes{2, 3, 2, 3}, Sizes{3, 4, 0, 5}, Sizes{9, 2, 3, 4}}) {
      for (const Reached reached : {Reached::all, Reached::sequence, Reached::last}) {
        context() = name_of(cell, s, DType::float64);
        const Inputs in(cell, s, DType::float64);
        const Cotangents d(s, DType::float64, reached);
        const Gradients found = gradients(cell, s, in, d);
        InputValues values(in);
        for (const auto& [input, gradient] : found.of(cell)) {
          for (int64_t i = 0; i < gradient->size(); ++i) {
            double& x = (*values.all()[input])[static_cast<size_t>(i)];
            const double start = x;
            x = start + step;
            const double above = loss(cell, s, values, d);
            x = start - step;
            const double below = loss(cell, s, values, d);
            x = start;
            CHECK_NEAR(gradient->at(i), (above - below) / (2 * step), 1e-7);
          }
        }
      }
    }
  }
}

/// From the last step to the first by loops: what the kernel's gradient gives for all sizes, in float32 too.
std::vector<Values> expected_gradients(const Cell& cell, const Sizes& s, const InputValues& in, const Cotangents& d) {
  const auto n = static_cast<size_t>(s.samples), u = static_cast<size_t>(s.units), steps = static_cast<size_t>(s.steps);
  const auto g = static_cast<size_t>(cell.gates), f = static_cast<size_t>(s.features);
  const Outputs out = expected(cell, s, in);
  Values dx(in.x.size()), dh0(n * u), dc0(n * u), dkernel(in.kernel.size()), drecurrent(in.recurrent.size());
  Values dbias(g * u), dstate_bias(g * u);
  const auto at_or_zero = [](const Array& a, size_t i) { return a.size() > 0 ? a.at(static_cast<int64_t>(i)) : 0.0; };
  for (size_t row = 0; row < n; ++row) {
    Values dstate(u), carry(u);
    for (size_t j = 0; j < u; ++j) {
      dstate[j] = at_or_zero(d.dlast, row * u + j);
      carry[j] = at_or_zero(d.dcell, row * u + j);
    }
    for (size_t t = steps; t-- > 0;) {
      const size_t at = row * steps + t;
      const auto before = [&](const Values& all, const Values& first, size_t j) {
        return t == 0 ? first[row * u + j] : all[(at - 1) * u + j];
      };
      Values of_inputs(g * u), of_states(g * u), passed(u);
      for (size_t j = 0; j < u; ++j) {
        const double dh = dstate[j] + at_or_zero(d.dh, at * u + j);
        const auto gate = [&](size_t k) { return out.gates[(at * 4 + k) * u + j]; };
        Values to(g);
        if (g == 4) {
          const double squashed = std::tanh(out.c[at * u + j]);
          const double dc = carry[j] + dh * gate(3) * (1 - squashed * squashed);
          to = {dc * gate(2) * gate(0) * (1 - gate(0)), dc * before(out.c, in.c0, j) * gate(1) * (1 - gate(1)),
                dc * gate(0) * (1 - gate(2) * gate(2)), dh * squashed * gate(3) * (1 - gate(3))};
          carry[j] = dc * gate(1);
        } else if (g == 3) {
          const double own = dh * (1 - gate(0)) * (1 - gate(2) * gate(2));
          to = {dh * (before(out.h, in.h0, j) - gate(2)) * gate(0) * (1 - gate(0)),
                own * gate(3) * gate(1) * (1 - gate(1)), own};
          passed[j] = dh * gate(0);
        } else {
          to = {dh * (1 - out.h[at * u + j] * out.h[at * u + j])};
        }
        for (size_t k = 0; k < g; ++k) {
          of_inputs[k * u + j] = to[k];
          of_states[k * u + j] = g == 3 && k == 2 ? to[k] * gate(1) : to[k];
        }
      }
      for (size_t j = 0; j < g * u; ++j) {
        dbias[j] += of_inputs[j];
        dstate_bias[j] += of_states[j];
        if (f == 0) dx[at * g * u + j] = of_inputs[j];
        for (size_t k = 0; k < f; ++k) {
          dx[at * f + k] += of_inputs[j] * in.kernel[k * g * u + j];
          dkernel[k * g * u + j] += in.x[at * f + k] * of_inputs[j];
        }
        for (size_t k = 0; k < u; ++k) {
          passed[k] += of_states[j] * in.recurrent[k * g * u + j];
          drecurrent[k * g * u + j] += before(out.h, in.h0, k) * of_states[j];
        }
      }
      dstate = passed;
    }
    for (size_t j = 0; j < u; ++j) {
      dh0[row * u + j] = dstate[j];
      dc0[row * u + j] = carry[j];
    }
  }
  return {dx, dh0, dc0, dkernel, drecurrent, dbias, dstate_bias};
}

TEST(gradients_match_loops) {
  size_t turn = 0;
  for (const Cell& cell : kCells) {
    for (const DType dtype : kFloats) {
      for (const Sizes& s : kSizes) {
        const Reached reached = static_cast<Reached>(turn++ % 3);
        context() = name_of(cell, s, dtype) + show(static_cast<double>(reached));
        const Inputs in(cell, s, dtype);
        const Cotangents d(s, dtype, reached);
        const Gradients found = gradients(cell, s, in, d, s.units % 2 == 1);
        const std::vector<Values> wanted = expected_gradients(cell, s, InputValues(in), d);
        // Sums over all steps and samples.
        const double scale = std::sqrt(static_cast<double>(s.samples * s.steps) + 1);
        for (const auto& [input, gradient] : found.of(cell)) {
          CHECK_ALL_NEAR(*gradient, wanted[input], tolerance_of(dtype) * scale);
        }
      }
    }
  }
}

TEST(results_do_not_depend_on_the_number_of_threads) {
  const int before = num_threads();
  for (const Cell& cell : kCells) {
    for (const Sizes& s : {Sizes{37, 20, 12, 70}, Sizes{70, 3, 5, 520}, Sizes{3, 9, 0, 300}}) {
      context() = name_of(cell, s, DType::float32);
      const Inputs in(cell, s, DType::float32);
      const Cotangents d(s, DType::float32, Reached::all);
      set_num_threads(1);
      const Results one = run(cell, s, in);
      const Gradients back = gradients(cell, s, in, d);
      set_num_threads(3);
      const Results three = run(cell, s, in);
      const Gradients back_three = gradients(cell, s, in, d);
      CHECK(one.h.identical(three.h) && one.last.identical(three.last) && one.gates.identical(three.gates));
      const auto all = back.of(cell), all_three = back_three.of(cell);
      for (size_t i = 0; i < all.size(); ++i) CHECK(all[i].second->identical(*all_three[i].second));
    }
  }
  set_num_threads(before);
}

}  // namespace
