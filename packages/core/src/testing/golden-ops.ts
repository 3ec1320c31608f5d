import {customGradient, ops, tensor, type Tensor} from '../index.js';
import {type Index} from '../tensor/indexing/plan.js';

// How the cases of the golden suite `ops` are called here, and which are not run.

/** Keywords of Keras that are positional here, by op. What else is given by keyword goes into the options object. */
export const POSITIONAL: Readonly<Record<string, readonly string[]>> = {
  append: ['x1', 'x2', 'axis'],
  concatenate: ['xs', 'axis'],
  count_nonzero: ['x', 'axis'],
  cumprod: ['x', 'axis'],
  cumsum: ['x', 'axis'],
  nancumprod: ['x', 'axis'],
  nancumsum: ['x', 'axis'],
  diag: ['x', 'k'],
  diagflat: ['x', 'k'],
  tril: ['x', 'k'],
  triu: ['x', 'k'],
  extract_sequences: ['x', 'sequence_length', 'sequence_stride'],
  flip: ['x', 'axis'],
  glu: ['x', 'axis'],
  linspace: ['start', 'stop', 'num'],
  logspace: ['start', 'stop', 'num'],
  geomspace: ['start', 'stop', 'num'],
  'image.map_coordinates': ['inputs', 'coordinates', 'order'],
  arange: ['start', 'stop', 'step', 'dtype'],
  eye: ['N', 'M'],
  tri: ['N', 'M'],
  vander: ['x', 'N'],
  pad: ['x', 'pad_width'],
  zeros: ['shape', 'dtype'],
  zeros_like: ['x', 'dtype'],
  ones: ['shape', 'dtype'],
  ones_like: ['x', 'dtype'],
  full: ['shape', 'fill_value', 'dtype'],
  repeat: ['x', 'repeats', 'axis'],
  roll: ['x', 'shift', 'axis'],
  round: ['x', 'decimals'],
  softmax: ['x', 'axis'],
  log_softmax: ['x', 'axis'],
  sparsemax: ['x', 'axis'],
  sort: ['x', 'axis'],
  argsort: ['x', 'axis'],
  split: ['x', 'indices', 'axis'],
  array_split: ['x', 'indices', 'axis'],
  squeeze: ['x', 'axis'],
  stack: ['xs', 'axis'],
  unstack: ['x', 'axis'],
  take: ['x', 'indices', 'axis'],
  take_along_axis: ['x', 'indices', 'axis'],
  tensordot: ['x1', 'x2', 'axes'],
  trapezoid: ['y', 'x'],
  transpose: ['x', 'axes'],
  view: ['x', 'dtype'],
};

type Call = (args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) => unknown;

const given = (x: unknown): Tensor => x as Tensor;

const key = (part: unknown): Index => {
  if (part === null) return 'newaxis';
  if (typeof part === 'number') return part;
  const object = part as {ellipsis?: true; slice?: readonly (number | null)[]};
  return object.ellipsis === true ? '...' : ((object.slice ?? []).map((n) => String(n ?? '')).join(':') as Index);
};

/** Ops whose form differs by more than names. */
export const SPECIAL: Readonly<Record<string, Call>> = {
  get_item: ([x, parts]) => given(x).at(...(parts as readonly unknown[]).map(key)),
  meshgrid: (args, options) => ops.meshgrid(args.map(given), options),
  batch_normalization: ([x, mean, variance], {axis, ...options}) =>
    ops.batchNormalization(given(x), given(mean), given(variance), Number(axis), options),
  layer_normalization: ([x, gamma, beta], options) =>
    ops.layerNormalization(given(x), {gamma: given(gamma), beta: given(beta), ...options}),
  rms_normalization: ([x, scale], options) => ops.rmsNormalization(given(x), {scale: given(scale), ...options}),
  array: ([x]) => ops.array(x as number),
  convert_to_tensor: ([x]) => ops.convertToTensor(x as number),
};

/** Tensors of two dtypes: Keras promotes, here they are refused. */
const mixedOps =
  'add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 hypot logaddexp mod fmod floor_divide divide_no_nan heaviside';
export const MIXED: ReadonlySet<string> = new Set([
  ...mixedOps.split(' ').map((op) => `${op}/int32-float32`),
  ...['add', 'subtract', 'multiply', 'maximum'].flatMap((op) => [`${op}/float64-float32`, `${op}/bool-int32`]),
  'multiply/bool-float32',
  'equal/int32-float32',
  'digitize/int32',
  'concatenate/int32-float32',
  'where/int32-float32',
  'matmul/int32-float32',
]);

/** Results whose dtype differs, because a plain number takes the tensor's dtype or float32. */
export const UNCHECKED_DTYPES = /^(\w+\/int32-with-2\.0|(array|convert_to_tensor)\/(ints|nested|int)|prod\/dtype)$/;

/** Dtypes of the tables that are refused. */
export const REFUSED: ReadonlySet<string> = new Set(['matmul bool,bool']);

/** Why cases are not run: names of ops, or ids. */
const LEFT: Readonly<Record<string, readonly string[]>> = {
  'integers become float32, where TensorFlow refuses them': [
    'sigmoid/error-int32',
    'softplus/error-int32',
    'gelu/error-int32',
    'erf/error-int32',
  ],
  'TensorFlow gives NaN for an infinite argument, this is infinity': ['i0/special-values'],
  'Keras mixes up the elements of matrices that are not square': ['rot90/k2'],
  'Keras gives 4 rows and 6 columns': ['eye/M-k'],
  'TensorFlow takes labels for a distribution; these do not sum to 1': ['categorical_crossentropy/axis0'],
};

/** Why a case is not run, or null. */
export function left(id: string, op: string): string | null {
  const name = op.replace('keras.ops.', '');
  for (const [reason, names] of Object.entries(LEFT)) {
    if (names.includes(name) || names.includes(id)) return reason;
  }
  return null;
}

type Inputs = Readonly<Record<string, Tensor>>;

const halving = (carry: Tensor, x: Tensor): [Tensor, Tensor] => [carry.mul(0.5).add(x), carry.mul(x)];

/** Cases that the file gives as an expression in Python. */
export const EXPRESSIONS: Readonly<Record<string, (inputs: Inputs) => unknown>> = {
  'stop_gradient/python': ({x = tensor(0)}) => x.mul(ops.stopGradient(ops.exp(x))),
  'custom_gradient/python': ({x = tensor(0)}) =>
    customGradient((a: Tensor) => [a.square(), (dy: Tensor) => dy.mul(7)])(x),
  'cond/python': ({p = tensor(0), x = tensor(0)}) =>
    ops.cond(
      p,
      () => x.mul(2),
      () => x.sub(1),
    ),
  'map/python': ({xs = tensor(0)}) => ops.map((row: Tensor) => row.sum().mul(row), xs),
  'vectorized_map/python': ({xs = tensor(0)}) => ops.vectorizedMap((row: Tensor) => row.exp().sub(row.max()), xs),
  'scan/python': ({init = tensor(0), xs = tensor(0)}) => ops.scan(halving, init, xs),
  'scan/reverse': ({init = tensor(0), xs = tensor(0)}) => ops.scan(halving, init, xs, {reverse: true}),
  'associative_scan/python': ({xs = tensor(0)}) => ops.associativeScan((a: Tensor, b: Tensor) => a.add(b), xs),
  'associative_scan/reverse': ({xs = tensor(0)}) =>
    ops.associativeScan((a: Tensor, b: Tensor) => a.mul(b), xs, {reverse: true}),
  'while_loop/python': ({x = tensor(0)}) =>
    ops.whileLoop(
      (i) => i.less(4),
      (i, a) => [i.add(1), a.mul(1.5)],
      [tensor(0, 'int32'), x],
    ),
  'fori_loop/python': ({x = tensor(0)}) => ops.foriLoop(1, 5, (i, a) => a.mul(0.5).add(i.cast('float32')), x),
  'switch/python': ({x = tensor(0)}) =>
    ops.switch(1, [(a: Tensor) => a.add(1), (a: Tensor) => a.mul(a), (a: Tensor) => a.neg()], x),
  'jvp/python': ({x = tensor(0), t = tensor(0)}) => ops.jvp((a: Tensor) => a.sin().mul(a), [x], [t]),
};
