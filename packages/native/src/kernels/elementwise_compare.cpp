// Comparisons, tests and logic: boolean results.
#include <cmath>

#include "kernels/elementwise.h"

namespace keratin::generic {
namespace {

#define KERATIN_COMPARE(Name, expression) \
  struct Name {                           \
    template <class T>                    \
    static bool apply(T a, T b) {         \
      return expression;                  \
    }                                     \
  };

KERATIN_COMPARE(Equal, a == b)
KERATIN_COMPARE(NotEqual, a != b)
KERATIN_COMPARE(Less, a < b)
KERATIN_COMPARE(LessEqual, a <= b)
KERATIN_COMPARE(Greater, a > b)
KERATIN_COMPARE(GreaterEqual, a >= b)
KERATIN_COMPARE(LogicalAnd, (a != 0) & (b != 0))
KERATIN_COMPARE(LogicalOr, (a != 0) | (b != 0))
KERATIN_COMPARE(LogicalXor, (a != 0) ^ (b != 0))

#undef KERATIN_COMPARE

#define KERATIN_TEST(Name, expression) \
  struct Name {                        \
    template <class T>                 \
    static bool apply(T x) {           \
      return expression;               \
    }                                  \
  };

KERATIN_TEST(IsNan, x != x)
KERATIN_TEST(IsInf, std::abs(x) == T(INFINITY))
KERATIN_TEST(IsFinite, std::abs(x) < T(INFINITY))
KERATIN_TEST(LogicalNot, x == 0)

#undef KERATIN_TEST

// Booleans compare as 0 and 1.
template <class Op>
void add_boolean(Registry& registry, const char* name) {
  add_integer<Op, 2, kCheapGrain, true, uint8_t>(registry, name, DType::boolean);
}

template <class Op>
void add_equality(Registry& registry, const char* name) {
  add_floats<Op, 2, kCheapGrain, true>(registry, name);
  add_widths<Op, 2, kCheapGrain, true>(registry, name);
  add_boolean<Op>(registry, name);
}

template <class Op>
void add_order(Registry& registry, const char* name) {
  add_floats<Op, 2, kCheapGrain, true>(registry, name);
  add_integers<Op, 2, kCheapGrain, true>(registry, name);
  add_boolean<Op>(registry, name);
}

}  // namespace

void register_compare(Registry& registry) {
  add_equality<Equal>(registry, "equal");
  add_equality<NotEqual>(registry, "not_equal");
  add_order<Less>(registry, "less");
  add_order<LessEqual>(registry, "less_equal");
  add_order<Greater>(registry, "greater");
  add_order<GreaterEqual>(registry, "greater_equal");
  add_boolean<LogicalAnd>(registry, "logical_and");
  add_boolean<LogicalOr>(registry, "logical_or");
  add_boolean<LogicalXor>(registry, "logical_xor");
  add_integer<LogicalNot, 1, kCheapGrain, true, uint8_t>(registry, "logical_not", DType::boolean);
  add_floats<IsNan, 1, kCheapGrain, true>(registry, "isnan");
  add_floats<IsInf, 1, kCheapGrain, true>(registry, "isinf");
  add_floats<IsFinite, 1, kCheapGrain, true>(registry, "isfinite");
}

}  // namespace keratin::generic
