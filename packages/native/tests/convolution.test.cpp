#include "check.h"
#include "runtime/threads.h"

namespace {

struct Problem {
  Shape in;  // spatial
  Shape window;
  Shape stride;
  Shape low;
  Shape high;
  Shape dilation;
  int64_t images;
  int64_t c;  // all input channels
  int64_t o;  // all output channels
  int64_t groups;

  Shape out() const {
    Shape sizes;
    for (size_t i = 0; i < in.size(); ++i) {
      sizes.push_back((in[i] + low[i] + high[i] - (window[i] - 1) * dilation[i] - 1) / stride[i] + 1);
    }
    return sizes;
  }
  Shape x_shape() const { return whole(images, in, c); }
  Shape y_shape() const { return whole(images, out(), o); }
  Shape filter_shape() const {
    Shape shape = window;
    shape.push_back(c / groups);
    shape.push_back(o);
    return shape;
  }
  std::vector<double> attributes() const {
    std::vector<double> all{static_cast<double>(in.size())};
    for (const Shape* list : {&stride, &low, &high, &dilation}) all.insert(all.end(), list->begin(), list->end());
    all.push_back(static_cast<double>(groups));
    return all;
  }
  std::string text() const {
    return "x" + show(x_shape()) + " filter" + show(filter_shape()) + " strides" + show(stride) + " padding" +
           show(low) + show(high) + " dilations" + show(dilation) + " groups " + std::to_string(groups);
  }

 private:
  static Shape whole(int64_t images, Shape spatial, int64_t channels) {
    spatial.insert(spatial.begin(), images);
    spatial.push_back(channels);
    return spatial;
  }
};

/// Calls visit(x index, filter index, y index) for every multiplication of the convolution.
template <class Visit>
void for_each_product(const Problem& q, const Visit& visit) {
  const size_t r = q.in.size();
  const Shape out = q.out();
  const int64_t c = q.c / q.groups;
  const int64_t o = q.o / q.groups;
  const int64_t positions = product(out);
  const int64_t taps = product(q.window);
  for (int64_t n = 0; n < q.images; ++n) {
    for (int64_t p = 0; p < positions; ++p) {
      for (int64_t t = 0; t < taps; ++t) {
        int64_t at = 0;
        int64_t rest_p = p;
        int64_t rest_t = t;
        int64_t scale = 1;
        bool inside = true;
        for (size_t i = r; i-- > 0;) {
          const int64_t position = rest_p % out[i] * q.stride[i] + rest_t % q.window[i] * q.dilation[i] - q.low[i];
          rest_p /= out[i];
          rest_t /= q.window[i];
          inside = inside && position >= 0 && position < q.in[i];
          at += position * scale;
          scale *= q.in[i];
        }
        if (!inside) continue;
        for (int64_t j = 0; j < q.o; ++j) {
          for (int64_t k = 0; k < c; ++k) {
            visit(static_cast<size_t>((n * scale + at) * q.c + j / o * c + k),
                  static_cast<size_t>((t * c + k) * q.o + j), static_cast<size_t>((n * positions + p) * q.o + j));
          }
        }
      }
    }
  }
}

double activated(double x, int activation) {
  return activation == 1   ? std::max(x, 0.0)
         : activation == 2 ? 1 / (1 + std::exp(-x))
         : activation == 3 ? std::tanh(x)
         : activation == 4 ? x / (1 + std::exp(-x))
         : activation == 5 ? 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)))
         : activation == 6 ? 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)))
         : activation == 7 ? (x < 0 ? std::expm1(x) : x)
         : activation == 8 ? std::log1p(std::exp(x))
                           : x;
}

void check_problem(DType dtype, const Problem& q) {
  context() = std::string(name_of(dtype)) + " " + q.text();
  const double unit = dtype == DType::float32 ? 1e-6 : 1e-14;
  const Array x = Array::random(dtype, q.x_shape(), -1, 1, 1);
  const Array filter = Array::random(dtype, q.filter_shape(), -1, 1, 2);
  const Array dy = Array::random(dtype, q.y_shape(), -1, 1, 3);
  const Array bias = Array::random(dtype, {q.o}, -1, 1, 4);
  const std::vector<double> xs = x.values();
  const std::vector<double> filters = filter.values();
  const std::vector<double> dys = dy.values();
  std::vector<double> want_y(dys.size());
  std::vector<double> want_dx(xs.size());
  std::vector<double> want_dfilter(filters.size());
  for_each_product(q, [&](size_t i, size_t f, size_t o) {
    want_y[o] += xs[i] * filters[f];
    want_dx[i] += dys[o] * filters[f];
    want_dfilter[f] += xs[i] * dys[o];
  });

  const Array y = Array::empty(dtype, q.y_shape());
  std::vector<double> attributes = q.attributes();
  attributes.push_back(0);
  call("convolution", {x, filter}, {y}, attributes);
  CHECK_ALL_NEAR(y, want_y, 60 * unit);
  const int activation = static_cast<int>(q.o % 9);
  attributes.back() = activation;
  call("convolution", {x, filter, bias}, {y}, attributes);
  for (size_t i = 0; i < want_y.size(); ++i) {
    want_y[i] = activated(want_y[i] + bias.at(static_cast<int64_t>(i) % q.o), activation);
  }
  CHECK_ALL_NEAR(y, want_y, 60 * unit);

  const Array dx = Array::empty(dtype, q.x_shape());
  call("convolution_input_gradient", {dy, filter}, {dx}, q.attributes());
  CHECK_ALL_NEAR(dx, want_dx, 60 * unit);
  const Array dfilter = Array::empty(dtype, q.filter_shape());
  call("convolution_filter_gradient", {x, dy}, {dfilter}, q.attributes());
  CHECK_ALL_NEAR(dfilter, want_dfilter, 100 * unit);
}

void check_both(const Problem& q) {
  check_problem(DType::float32, q);
  check_problem(DType::float64, q);
}

}  // namespace

TEST(one_axis) {
  for (const int64_t stride : {1, 2, 3}) {
    for (const int64_t dilation : {1, 2, 3}) {
      for (const int64_t window : {1, 2, 4}) {
        check_both({{17}, {window}, {stride}, {1}, {2}, {dilation}, 2, 3, 5, 1});
        check_both({{17}, {window}, {stride}, {0}, {0}, {dilation}, 1, 4, 18, 2});
      }
    }
  }
  check_both({{300}, {5}, {1}, {4}, {0}, {1}, 3, 8, 33, 1});
}

TEST(two_axes) {
  for (const int64_t stride : {1, 2, 3}) {
    for (const int64_t dilation : {1, 2}) {
      check_both({{9, 11}, {3, 3}, {stride, stride}, {1, 1}, {1, 1}, {dilation, dilation}, 2, 3, 7, 1});
      check_both({{9, 11}, {2, 3}, {stride, 1}, {0, 2}, {1, 0}, {1, dilation}, 3, 4, 20, 2});
      check_both({{9, 11}, {3, 2}, {1, stride}, {0, 0}, {0, 0}, {dilation, 1}, 1, 1, 40, 1});
    }
  }
}

TEST(three_axes) {
  for (const int64_t stride : {1, 2}) {
    for (const int64_t dilation : {1, 2}) {
      check_both(
          {{5, 6, 7}, {3, 2, 3}, {stride, 1, stride}, {1, 0, 1}, {1, 1, 1}, {dilation, 1, dilation}, 2, 2, 5, 1});
      check_both({{5, 6, 7}, {2, 2, 1}, {1, stride, stride}, {0, 1, 0}, {0, 0, 0}, {1, dilation, 1}, 1, 4, 6, 2});
    }
  }
}

TEST(pointwise) {
  check_both({{7, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 3, 9, 35, 1});
  check_both({{7, 5}, {1, 1}, {2, 2}, {0, 0}, {0, 0}, {1, 1}, 3, 9, 35, 1});
  check_both({{7, 5}, {1, 1}, {1, 1}, {1, 0}, {0, 1}, {1, 1}, 2, 6, 4, 1});
  check_both({{7, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 2, 6, 8, 2});
}

TEST(depthwise) {
  for (const int64_t stride : {1, 2}) {
    for (const int64_t channels : {1, 3, 16, 37}) {
      check_both({{9, 8}, {3, 3}, {stride, stride}, {1, 1}, {1, 1}, {1, 1}, 2, channels, channels, channels});
      check_both({{9, 8}, {3, 2}, {stride, 1}, {0, 1}, {1, 0}, {1, 2}, 2, channels, 3 * channels, channels});
    }
  }
  check_both({{12}, {5}, {1}, {4}, {0}, {1}, 2, 20, 20, 20});
  check_both({{4, 5, 6}, {2, 3, 2}, {1, 2, 1}, {0, 1, 1}, {1, 1, 0}, {1, 1, 2}, 2, 18, 18, 18});
}

TEST(groups_of_few_channels) {
  for (const int64_t each : {2, 4, 8}) {
    for (const int64_t stride : {1, 2}) {
      // Whole vectors of groups, and groups that fill none.
      check_both({{9, 11}, {3, 3}, {stride, stride}, {1, 1}, {1, 1}, {1, 1}, 2, 32, 32, 32 / each});
      check_both({{9, 11}, {3, 2}, {stride, 1}, {0, 1}, {1, 0}, {1, 2}, 2, 3 * each, 3 * each, 3});
    }
    check_both({{4, 5, 6}, {2, 3, 2}, {1, 2, 1}, {0, 1, 1}, {1, 1, 0}, {1, 1, 2}, 2, 16, 16, 16 / each});
  }
  check_both({{70}, {5}, {1}, {4}, {0}, {1}, 3, 32, 32, 8});
}

TEST(large_filters) {
  // Divided by output channels, with several images at a time.
  check_problem(DType::float32, {{4, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 5, 150, 230, 1});
  check_problem(DType::float32, {{3, 2}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 60, 150, 230, 1});
}

TEST(same_bits_for_any_number_of_threads) {
  const int threads = num_threads();
  for (const int64_t groups : {1, 2, 16}) {
    const Problem q{{30, 31}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 20, 16, 48, groups};
    context() = q.text();
    const Array x = Array::random(DType::float32, q.x_shape(), -1, 1, 1);
    const Array filter = Array::random(DType::float32, q.filter_shape(), -1, 1, 2);
    const Array dy = Array::random(DType::float32, q.y_shape(), -1, 1, 3);
    std::vector<double> attributes = q.attributes();
    attributes.push_back(0);
    std::vector<Array> results[2];
    for (const int several : {0, 1}) {
      set_num_threads(several == 0 ? 1 : 4);
      results[several] = {Array::empty(DType::float32, q.y_shape()), Array::empty(DType::float32, q.x_shape()),
                          Array::empty(DType::float32, q.filter_shape())};
      call("convolution", {x, filter}, {results[several][0]}, attributes);
      call("convolution_input_gradient", {dy, filter}, {results[several][1]}, q.attributes());
      call("convolution_filter_gradient", {x, dy}, {results[several][2]}, q.attributes());
    }
    for (size_t i = 0; i < 3; ++i) CHECK(results[0][i].identical(results[1][i]));
  }
  set_num_threads(threads);
}

TEST(odd_geometry) {
  // Windows that lie in the padding alone, strides larger than windows, rows at the end that no window reaches.
  check_both({{4, 4}, {2, 2}, {1, 1}, {3, 3}, {3, 3}, {1, 1}, 1, 2, 3, 1});
  check_both({{9, 9}, {2, 2}, {4, 3}, {0, 0}, {0, 0}, {1, 1}, 2, 2, 3, 1});
  check_both({{10, 10}, {3, 3}, {4, 4}, {0, 0}, {0, 0}, {1, 1}, 2, 2, 3, 1});
  check_both({{1, 1}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 4, 5, 6, 1});
  check_both({{3, 3}, {3, 3}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 4, 5, 70, 1});
  check_both({{6, 6}, {2, 2}, {3, 3}, {1, 1}, {1, 1}, {3, 3}, 2, 3, 4, 1});
  check_both({{8, 8}, {3, 3}, {4, 4}, {2, 2}, {2, 2}, {2, 2}, 2, 3, 4, 1});
}

TEST(empty_axes) {
  check_both({{5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 0, 3, 4, 1});
  check_both({{2, 2}, {3, 3}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 2, 3, 4, 1});
  check_both({{5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 2, 0, 4, 1});
  check_both({{5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 2, 3, 0, 1});
}

TEST(training_sizes) {
  check_problem(DType::float32, {{28, 28}, {3, 3}, {2, 2}, {0, 0}, {1, 1}, {1, 1}, 32, 1, 128, 1});
  check_problem(DType::float32, {{28, 28}, {2, 2}, {2, 2}, {0, 0}, {0, 0}, {1, 1}, 32, 1, 128, 1});
  check_problem(DType::float32, {{26, 26}, {3, 3}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 3, 32, 64, 1});
  check_problem(DType::float32, {{14, 14}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 130, 140, 1});
  check_problem(DType::float32, {{40, 40}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 64, 64, 1});
}
