// convolution, convolution_input_gradient and convolution_filter_gradient for
// float32 and float64.
#include "kernels/hot/convolution_gradient.h"

namespace keratin::KERATIN_ISA {
namespace {

/// A window of one element on every position: each position's channels are one
/// row of a matrix product.
inline bool is_pointwise(const Geometry& g) {
  if (g.groups != 1 || g.taps() != 1) return false;
  for (int axis = 0; axis < kAxes; ++axis) {
    if (g.stride[axis] != 1 || g.low[axis] != 0 || g.out[axis] != g.in[axis]) return false;
  }
  return true;
}

template <class T>
void convolution(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& filter = call.inputs[1];
  const Operand& y = call.outputs[0];
  const Geometry g = geometry_of(x, filter, y, call.attributes);
  const int r = static_cast<int>(call.attributes[0]);
  const T* bias = call.num_inputs > 2 ? static_cast<const T*>(call.inputs[2].data) : nullptr;
  const Activation activation = static_cast<Activation>(static_cast<int32_t>(call.attributes[2 + 4 * r]));
  if (is_pointwise(g)) {
    Product<T> product{};
    product.m = g.images * g.positions();
    product.n = g.o;
    product.k = g.c;
    product.a = {static_cast<const T*>(x.data), g.c, 1};
    product.b = {static_cast<const T*>(filter.data), g.o, 1};
    product.c = static_cast<T*>(y.data);
    product.c_row = g.o;
    product.bias = bias;
    product.activation = activation;
    multiply(product);
    return;
  }
  Correlation<T> q{};
  q.geometry = g;
  q.x = static_cast<const T*>(x.data);
  q.filter = static_cast<const T*>(filter.data);
  q.y = static_cast<T*>(y.data);
  q.y_image = g.out_image();
  q.y_step[2] = g.outputs();
  q.y_step[1] = g.out[2] * q.y_step[2];
  q.y_step[0] = g.out[1] * q.y_step[1];
  q.bias = bias;
  q.activation = activation;
  correlate(q);
}

template <class T>
void convolution_input_gradient(const Call& call) {
  const Operand& dy = call.inputs[0];
  const Operand& filter = call.inputs[1];
  const Operand& dx = call.outputs[0];
  const Geometry g = geometry_of(dx, filter, dy, call.attributes);
  if (dx.size == 0) return;
  if (is_pointwise(g)) {
    Product<T> product{};
    product.m = g.images * g.positions();
    product.n = g.c;
    product.k = g.o;
    product.a = {static_cast<const T*>(dy.data), g.o, 1};
    product.b = {static_cast<const T*>(filter.data), 1, g.o};
    product.c = static_cast<T*>(dx.data);
    product.c_row = g.c;
    multiply(product);
    return;
  }
  input_gradient(g, static_cast<const T*>(dy.data), static_cast<const T*>(filter.data), static_cast<T*>(dx.data));
}

template <class T>
void convolution_filter_gradient(const Call& call) {
  const Operand& x = call.inputs[0];
  const Operand& dy = call.inputs[1];
  const Operand& dfilter = call.outputs[0];
  const Geometry g = geometry_of(x, dfilter, dy, call.attributes);
  if (dfilter.size == 0) return;
  filter_gradient(g, static_cast<const T*>(x.data), static_cast<const T*>(dy.data), static_cast<T*>(dfilter.data));
}

template <class T>
void register_for(Registry& registry, DType dtype) {
  add_kernel(registry, "convolution", dtype, &convolution<T>);
  add_kernel(registry, "convolution_input_gradient", dtype, &convolution_input_gradient<T>);
  add_kernel(registry, "convolution_filter_gradient", dtype, &convolution_filter_gradient<T>);
}

}  // namespace

void register_convolution(Registry& registry) {
  register_for<float>(registry, DType::float32);
  register_for<double>(registry, DType::float64);
}

}  // namespace keratin::KERATIN_ISA
