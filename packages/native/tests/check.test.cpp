// The test frame itself: views and comparisons that every other test trusts.
#include "check.h"

namespace {

TEST(views_address_the_right_elements) {
  const Array x = Array::of<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  CHECK(x.transposed({1, 0}).values() == (std::vector<double>{0, 3, 1, 4, 2, 5}));
  CHECK(x.sliced(1, 2, 2, -1).values() == (std::vector<double>{2, 1, 5, 4}));
  CHECK(x.sliced(0, 1, 1).broadcast_to({2, 2, 3}).values() ==
        (std::vector<double>{3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5}));
  CHECK(x.with_gaps().values() == x.values());
  CHECK(!x.with_gaps().operand().contiguous);
  CHECK(x.reshaped({3, 2}).operand().strides[0] == 2);
}

TEST(nearness_tells_nan_and_infinities_apart) {
  CHECK(is_near(NAN, NAN, 0));
  CHECK(!is_near(NAN, INFINITY, 1));
  CHECK(!is_near(-INFINITY, INFINITY, 1));
  CHECK(is_near(INFINITY, INFINITY, 0));
  CHECK(!is_near(1, 1.1, 0.01));
}

TEST(halves_round_trip) {
  CHECK_NEAR(Array::of(DType::float16, {1.5, -65504}, {2}).at(1), -65504, 0);
  CHECK_NEAR(Array::of(DType::bfloat16, {1.5, -65536}, {2}).at(1), -65536, 0);
}

}  // namespace
