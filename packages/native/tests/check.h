// The kernels' own test frame: cases, checks, operands with any strides, and calls by kernel name.
//
//   TEST(sum_of_columns) {
//     Array x = Array::of<float>({1, 2, 3, 4, 5, 6}, {2, 3});
//     Array y = Array::empty(DType::float32, {1, 3});
//     call("sum", {x}, {y}, {0});
//     CHECK_NEAR(y.at(0), 5, 1e-6);
//   }
//
// run.mjs links every *.test.cpp of this folder into one program and runs it for each instruction set.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "array.h"
#include "runtime/call.h"
#include "runtime/error.h"
#include "runtime/registry.h"

namespace keratin::check {

// ---- Cases -------------------------------------------------------------------------------------------------------

struct Case {
  std::string suite;
  std::string name;
  void (*body)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

/// "/a/b/reduction.test.cpp" -> "reduction".
inline std::string suite_of(const char* file) {
  std::string name(file);
  const size_t slash = name.find_last_of('/');
  if (slash != std::string::npos) name = name.substr(slash + 1);
  return name.substr(0, name.find(".test.cpp"));
}

struct Registrar {
  Registrar(const char* file, const char* name, void (*body)()) { cases().push_back({suite_of(file), name, body}); }
};

inline int64_t& failures_of_case() {
  static int64_t count = 0;
  return count;
}

/// The values under test, shown with each failure: loops over shapes and dtypes set it.
inline std::string& context() {
  static std::string text;
  return text;
}

inline void report_failure(const char* file, int line, const std::string& what) {
  // A wrong kernel fails at every element; the first few say enough.
  if (++failures_of_case() <= 5) {
    std::printf("    %s:%d: %s%s%s\n", file, line, what.c_str(), context().empty() ? "" : "  in ", context().c_str());
  }
}

inline std::string show(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

inline std::string show(const Shape& shape) {
  std::string text = "[";
  for (const int64_t n : shape) text += (text.size() > 1 ? "," : "") + std::to_string(n);
  return text + "]";
}

/// Absolute or relative to the expected value, whichever is larger. NaN equals NaN only, infinity the same infinity
/// only.
inline bool is_near(double actual, double expected, double tolerance) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return actual == expected;
  return std::abs(actual - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

#define TEST(name)                                                                                     \
  static void keratin_test_##name();                                                                   \
  static const ::keratin::check::Registrar keratin_case_##name(__FILE__, #name, &keratin_test_##name); \
  static void keratin_test_##name()

#define CHECK(condition)                                                                             \
  do {                                                                                               \
    if (!(condition)) ::keratin::check::report_failure(__FILE__, __LINE__, "not true: " #condition); \
  } while (0)

#define CHECK_NEAR(actual, expected, tolerance)                                                             \
  do {                                                                                                      \
    const double keratin_actual = static_cast<double>(actual);                                              \
    const double keratin_expected = static_cast<double>(expected);                                          \
    if (!::keratin::check::is_near(keratin_actual, keratin_expected, tolerance)) {                          \
      ::keratin::check::report_failure(__FILE__, __LINE__,                                                  \
                                       #actual " is " + ::keratin::check::show(keratin_actual) + ", not " + \
                                           ::keratin::check::show(keratin_expected));                       \
    }                                                                                                       \
  } while (0)

/// The statement must end with fail() and a message that contains `part`.
#define CHECK_FAILS(statement, part)                                                                           \
  do {                                                                                                         \
    std::string keratin_message = "\n";                                                                        \
    try {                                                                                                      \
      statement;                                                                                               \
    } catch (const ::keratin::KernelError& error) {                                                            \
      keratin_message = error.message;                                                                         \
    }                                                                                                          \
    if (keratin_message == "\n") {                                                                             \
      ::keratin::check::report_failure(__FILE__, __LINE__, "did not fail: " #statement);                       \
    } else if (keratin_message.find(part) == std::string::npos) {                                              \
      ::keratin::check::report_failure(__FILE__, __LINE__, "failed with another message: " + keratin_message); \
    }                                                                                                          \
  } while (0)

// ---- Calls -------------------------------------------------------------------------------------------------------

/// Finds the kernel as the engine does: by name and by the dtype of the first operand.
inline Kernel find(const std::string& name, DType dtype) {
  const auto& names = registry().names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return registry().find(static_cast<int64_t>(i), dtype);
  }
  return nullptr;
}

inline void call(const std::string& name, const std::vector<Array>& inputs, std::vector<Array> outputs,
                 const std::vector<double>& attributes = {}) {
  std::vector<Operand> in;
  std::vector<Operand> out;
  for (const Array& a : inputs) in.push_back(a.operand());
  for (const Array& a : outputs) out.push_back(a.operand());
  const DType dtype = in.empty() ? out.at(0).dtype : in[0].dtype;
  const Kernel kernel = find(name, dtype);
  if (kernel == nullptr) {
    report_failure(__FILE__, __LINE__, "no kernel " + name + " for " + name_of(dtype));
    return;
  }
  kernel({in.data(), out.data(), attributes.data(), static_cast<int32_t>(in.size()), static_cast<int32_t>(out.size()),
          static_cast<int32_t>(attributes.size())});
}

/// Compares element by element; `tolerance` as in CHECK_NEAR.
inline void check_all_near(const char* file, int line, const Array& actual, const std::vector<double>& expected,
                           double tolerance) {
  if (actual.size() != static_cast<int64_t>(expected.size())) {
    report_failure(file, line, "sizes differ");
    return;
  }
  for (int64_t i = 0; i < actual.size(); ++i) {
    const double got = actual.at(i);
    const double want = expected[static_cast<size_t>(i)];
    if (!is_near(got, want, tolerance)) {
      report_failure(file, line, "element " + std::to_string(i) + " is " + show(got) + ", not " + show(want));
    }
  }
}

#define CHECK_ALL_NEAR(actual, expected, tolerance) \
  ::keratin::check::check_all_near(__FILE__, __LINE__, actual, expected, tolerance)

/// Runs the cases of the named suites (all when none is named). Prints one line a suite and a last line for run.mjs.
inline int run(int num_arguments, char** arguments) {
  if (num_arguments == 2 && std::strcmp(arguments[1], "--isa") == 0) {
    std::printf("%s\n", active_isa());
    return 0;
  }
  std::vector<std::pair<std::string, std::pair<int, int>>> suites;
  int passed = 0;
  int failed = 0;
  for (const Case& c : cases()) {
    bool wanted = num_arguments < 2;
    for (int i = 1; i < num_arguments; ++i) wanted = wanted || c.suite == arguments[i];
    if (!wanted) continue;
    if (suites.empty() || suites.back().first != c.suite) suites.push_back({c.suite, {0, 0}});
    failures_of_case() = 0;
    context().clear();
    try {
      c.body();
    } catch (const ::keratin::KernelError& error) {
      report_failure(c.suite.c_str(), 0, std::string("unexpected failure: ") + error.message);
    } catch (const std::exception& error) {
      report_failure(c.suite.c_str(), 0, std::string("unexpected exception: ") + error.what());
    }
    if (failures_of_case() == 0) {
      ++passed;
      ++suites.back().second.first;
    } else {
      ++failed;
      ++suites.back().second.second;
      std::printf("  FAILED %s: %s (%lld checks)\n", c.suite.c_str(), c.name.c_str(),
                  static_cast<long long>(failures_of_case()));
    }
    std::fflush(stdout);
  }
  for (const auto& [name, counts] : suites) {
    std::printf("  %-24s %d passed, %d failed\n", name.c_str(), counts.first, counts.second);
  }
  std::printf("total %d %d\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace keratin::check

using namespace keratin;         // NOLINT: a test file is all about these names
using namespace keratin::check;  // NOLINT
