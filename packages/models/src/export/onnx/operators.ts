import {type DType} from '@keratin/core';
import {isFloating} from '@keratin/core/internal';
import {activated, type Call, type Operator} from './call.js';
import {dataType} from './graph.js';
import {layout} from './movement.js';
import {recurrent} from './recurrent.js';
import {windows} from './windows.js';

// What each primitive is in ONNX. A missing one is refused by name.

/** A primitive that ONNX has with the same inputs. */
const same =
  (type: string, attributes: Parameters<Call['graph']['node']>[2] = {}): Operator =>
  (call) =>
    call.graph.node(type, call.inputs, attributes);

const dtypeOf = (call: Call, i = 0): DType => call.operand(i).dtype;
const number = (call: Call, value: number): string => call.graph.number(value, dtypeOf(call));
const not =
  (type: string): Operator =>
  (call) =>
    call.graph.node('Not', [call.graph.node(type, call.inputs)]);

const reduce =
  (type: string): Operator =>
  (call) =>
    call.graph.node(type, [call.whole(0), call.graph.ints(call.numbers('axes'))], {keepdims: 1});

/** A reduction of booleans, which ONNX does on whole numbers. */
const reduceBooleans =
  (type: string): Operator =>
  (call) => {
    const {graph} = call;
    const whole = graph.node('Cast', [call.whole(0)], {to: dataType('int32')});
    const reduced = graph.node(type, [whole, graph.ints(call.numbers('axes'))], {keepdims: 1});
    return graph.node('Cast', [reduced], {to: dataType('bool')});
  };

const extreme =
  (type: string): Operator =>
  (call) => {
    const found = call.graph.node(type, [call.whole(0)], {axis: call.numberOf('axis'), keepdims: 1});
    return call.graph.node('Cast', [found], {to: dataType('int32')});
  };

/** A composition of one tensor. */
const compose =
  (make: (node: Call['graph']['node'], x: string, constant: (value: number) => string) => string): Operator =>
  (call) =>
    make(
      (type, inputs, attributes) => call.graph.node(type, inputs, attributes),
      call.input(0),
      (value) => number(call, value),
    );

const integers = (call: Call, i: number): string => {
  const operand = call.operand(i);
  const name = call.whole(i);
  return operand.dtype === 'int64' ? name : call.graph.node('Cast', [name], {to: dataType('int64')});
};

const elementwise: Readonly<Record<string, Operator>> = {
  negative: same('Neg'),
  abs: same('Abs'),
  sign: same('Sign'),
  sqrt: same('Sqrt'),
  exp: same('Exp'),
  log: same('Log'),
  sin: same('Sin'),
  cos: same('Cos'),
  tan: same('Tan'),
  asin: same('Asin'),
  acos: same('Acos'),
  atan: same('Atan'),
  sinh: same('Sinh'),
  cosh: same('Cosh'),
  tanh: same('Tanh'),
  asinh: same('Asinh'),
  acosh: same('Acosh'),
  atanh: same('Atanh'),
  sigmoid: same('Sigmoid'),
  softplus: same('Softplus'),
  erf: same('Erf'),
  reciprocal: same('Reciprocal'),
  relu: same('Relu'),
  elu: same('Elu'),
  selu: same('Selu'),
  softsign: same('Softsign'),
  floor: same('Floor'),
  ceil: same('Ceil'),
  round: same('Round'),
  isnan: same('IsNaN'),
  isinf: same('IsInf'),
  logical_not: same('Not'),
  stop_gradient: same('Identity'),
  square: compose((node, x) => node('Mul', [x, x])),
  rsqrt: compose((node, x) => node('Reciprocal', [node('Sqrt', [x])])),
  expm1: compose((node, x, of) => node('Sub', [node('Exp', [x]), of(1)])),
  log1p: compose((node, x, of) => node('Log', [node('Add', [x, of(1)])])),
  erfc: compose((node, x, of) => node('Sub', [of(1), node('Erf', [x])])),
  relu6: compose((node, x, of) => node('Clip', [x, of(0), of(6)])),
  silu: compose((node, x) => node('Mul', [x, node('Sigmoid', [x])])),
  log_sigmoid: compose((node, x) => node('Neg', [node('Softplus', [node('Neg', [x])])])),
  trunc: compose((node, x) => node('Mul', [node('Sign', [x]), node('Floor', [node('Abs', [x])])])),
  isfinite: compose((node, x) => node('Not', [node('Or', [node('IsNaN', [x]), node('IsInf', [x])])])),
  // x (1 + erf(x / sqrt(2))) / 2
  gelu: compose((node, x, of) => {
    const phi = node('Add', [node('Erf', [node('Mul', [x, of(Math.SQRT1_2)])]), of(1)]);
    return node('Mul', [node('Mul', [x, of(0.5)]), phi]);
  }),
  // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  gelu_tanh: compose((node, x, of) => {
    const cube = node('Mul', [node('Mul', [node('Mul', [x, x]), x]), of(0.044715)]);
    const t = node('Tanh', [node('Mul', [node('Add', [x, cube]), of(Math.sqrt(2 / Math.PI))])]);
    return node('Mul', [node('Mul', [x, of(0.5)]), node('Add', [t, of(1)])]);
  }),
  add: same('Add'),
  subtract: same('Sub'),
  multiply: same('Mul'),
  divide: same('Div'),
  power: same('Pow'),
  maximum: same('Max'),
  minimum: same('Min'),
  equal: same('Equal'),
  not_equal: not('Equal'),
  less: same('Less'),
  less_equal: same('LessOrEqual'),
  greater: same('Greater'),
  greater_equal: same('GreaterOrEqual'),
  logical_and: same('And'),
  logical_or: same('Or'),
  logical_xor: same('Xor'),
  bitwise_and: same('BitwiseAnd'),
  bitwise_or: same('BitwiseOr'),
  bitwise_xor: same('BitwiseXor'),
  bitwise_not: same('BitwiseNot'),
  select: same('Where'),
  squared_difference: (call) => {
    const difference = call.graph.node('Sub', call.inputs);
    return call.graph.node('Mul', [difference, difference]);
  },
  // The sign of the divisor, as in Python; for integers Mod has it.
  mod: (call) => {
    if (!isFloating(dtypeOf(call))) return call.graph.node('Mod', call.inputs);
    const [x = '', y = ''] = call.inputs;
    const quotient = call.graph.node('Floor', [call.graph.node('Div', [x, y])]);
    return call.graph.node('Sub', [x, call.graph.node('Mul', [quotient, y])]);
  },
  floor_divide: (call) => {
    const [x = '', y = ''] = call.inputs;
    const {graph} = call;
    if (isFloating(dtypeOf(call))) return graph.node('Floor', [graph.node('Div', [x, y])]);
    return graph.node('Div', [graph.node('Sub', [x, graph.node('Mod', [x, y])]), y]);
  },
  cast: (call) => call.graph.node('Cast', [call.input(0)], {to: dataType(call.attribute('dtype') as DType)}),
};

const reductions: Readonly<Record<string, Operator>> = {
  sum: reduce('ReduceSum'),
  mean: reduce('ReduceMean'),
  max: reduce('ReduceMax'),
  min: reduce('ReduceMin'),
  prod: reduce('ReduceProd'),
  any: reduceBooleans('ReduceMax'),
  all: reduceBooleans('ReduceMin'),
  argmax: extreme('ArgMax'),
  argmin: extreme('ArgMin'),
  softmax: (call) => call.graph.node('Softmax', [call.whole(0)], {axis: -1}),
  log_softmax: (call) => call.graph.node('LogSoftmax', [call.whole(0)], {axis: -1}),
  cumsum: (call) =>
    call.graph.node('CumSum', [call.whole(0), call.graph.int(call.numberOf('axis'))], {
      reverse: call.attribute('reverse') === true ? 1 : 0,
    }),
  argsort: (call) => {
    const {graph} = call;
    const count = call.attribute('count');
    const axis = call.operand(0).shape.length - 1;
    const sizes = graph.sizes.fixed(call.sizesOf(0, axis), `${call.what}: the sorted axis`);
    const [, indices = ''] = graph.nodeOf(
      'TopK',
      [call.whole(0), graph.ints([typeof count === 'number' ? count : sizes])],
      [true, true],
      {axis, largest: call.attribute('descending') === true ? 1 : 0, sorted: 1},
    );
    return graph.node('Cast', [indices], {to: dataType('int32')});
  },
  // How many elements of the list come before each value.
  searchsorted: (call) => {
    const {graph} = call;
    const values = graph.node('Unsqueeze', [call.whole(1), graph.ints([-1])]);
    const before = graph.node(call.attribute('right') === true ? 'LessOrEqual' : 'Less', [call.whole(0), values]);
    const ones = graph.node('Cast', [before], {to: dataType('int32')});
    return graph.node('ReduceSum', [ones, graph.ints([-1])], {keepdims: 0});
  },
  layer_normalization: (call) => {
    const {graph} = call;
    const [y = '', mean = '', rstd = ''] = graph.nodeOf(
      'LayerNormalization',
      [0, 1, 2].map((i) => call.whole(i)),
      [true, call.used[1] === true, call.used[2] === true],
      {axis: -1, epsilon: {float: call.numberOf('epsilon')}},
    );
    const row = (name: string): string => (name === '' ? '' : graph.node('Squeeze', [name, graph.ints([1])]));
    return [y, row(mean), row(rstd)];
  },
};

const products: Readonly<Record<string, Operator>> = {
  matmul: (call) => call.graph.node('MatMul', [call.whole(0), call.whole(1)]),
  dense: (call) => {
    const product = call.graph.node('MatMul', [call.whole(0), call.whole(1)]);
    return activated(call, call.graph.node('Add', [product, call.input(2)]));
  },
};

const selections: Readonly<Record<string, Operator>> = {
  gather: (call) => call.graph.node('Gather', [call.whole(0), call.whole(1)], {axis: call.numberOf('axis')}),
  gather_nd: (call) => call.graph.node('GatherND', [call.whole(0), integers(call, 1)]),
  // An index outside gives `off`, where ONNX's OneHot counts negative ones from the end.
  one_hot: (call) => {
    const {graph} = call;
    const [depth, dtype] = [call.numberOf('depth'), call.attribute('dtype') as DType];
    const index = graph.node('Unsqueeze', [integers(call, 0), graph.ints([-1])]);
    const found = graph.node('Equal', [index, graph.ints(Array.from({length: depth}, (_, i) => i))]);
    return graph.node('Where', [
      found,
      graph.number(call.numberOf('on'), dtype),
      graph.number(call.numberOf('off'), dtype),
    ]);
  },
  scatter_add: (call) => {
    const {graph} = call;
    const outputs = call.all.map((each) => each.outputs[0]).filter((value) => value !== undefined);
    const sizes = (outputs[0]?.shape ?? []).map((_, axis) => graph.sizeAt(outputs, axis, call.what));
    const zeros = graph.node('Expand', [graph.number(0, dtypeOf(call, 1)), graph.shape(sizes)]);
    return graph.node('ScatterND', [zeros, integers(call, 0), call.whole(1)], {reduction: 'add'});
  },
  scatter_update: (call) => {
    const {graph} = call;
    const mode = String(call.attribute('mode'));
    const updates = mode === 'subtract' ? graph.node('Neg', [call.whole(1)]) : call.whole(1);
    const reduction = {set: 'none', subtract: 'add'}[mode] ?? mode;
    return graph.node('ScatterND', [call.whole(2), integers(call, 0), updates], {reduction});
  },
};

/** All primitives that have a form in ONNX. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...elementwise,
  ...reductions,
  ...products,
  ...selections,
  ...layout,
  ...windows,
  ...recurrent,
};
