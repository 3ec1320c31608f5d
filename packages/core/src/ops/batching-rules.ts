import {type Element} from '../dtype.js';
import {apply, applyAll} from '../engine/dispatch.js';
import {type AnyTensor, type Primitive, registeredPrimitives} from '../engine/primitive.js';
import {type CallNode, type Node} from '../jit/ir.js';
import {gatherNd} from '../primitives/indexing.js';
import * as movement from '../primitives/movement.js';
import {concrete} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';

/** What stands for a value: one tensor for all entries, or one with an entry each along its first axis. */
export interface Lane {
  readonly tensor: Tensor<Element>;
  readonly isBatched: boolean;
}

interface Call {
  readonly node: CallNode;
  readonly primitive: Primitive<unknown>;
  readonly lanes: readonly Lane[];
  /** Entries. */
  readonly count: number;
}

/** A primitive on entries together; null where it cannot be. */
type Rule = (call: Call) => readonly AnyTensor[] | null;

/** What a primitive gives, of one output or several. */
function outputsOf(
  primitive: Primitive<unknown>,
  inputs: readonly AnyTensor[],
  attributes: unknown,
  op: string,
): readonly AnyTensor[] {
  const {outputs = ['y']} = primitive.definition;
  return outputs.length > 1 ? applyAll(primitive, inputs, attributes, op) : [apply(primitive, inputs, attributes, op)];
}

/** How many axes an entry has. */
const rankOf = ({tensor, isBatched}: Lane): number => tensor.ndim - (isBatched ? 1 : 0);

/** With so many axes within an entry: ones in front of what is there. */
function raised({tensor, isBatched}: Lane, rank: number): AnyTensor {
  if (!isBatched || tensor.ndim - 1 >= rank) return tensor;
  const [count = 1, ...own] = concrete(tensor.shape);
  return apply(movement.reshape, [tensor], {shape: [count, ...new Array<number>(rank - own.length).fill(1), ...own]});
}

/** An entry each, whatever it was. */
function spread({tensor, isBatched}: Lane, count: number): AnyTensor {
  return isBatched ? tensor : apply(movement.broadcastTo, [tensor], {shape: [count, ...concrete(tensor.shape)]});
}

const entryShape = ({node}: Call): readonly number[] => node.outputs[0]?.shape ?? [];

/** Entries broadcast against each other from the last axis on. */
const broadcasting: Rule = (call) => {
  const rank = Math.max(...call.lanes.map(rankOf));
  return [
    apply(
      call.primitive,
      call.lanes.map((lane) => raised(lane, rank)),
      call.node.given,
      call.node.op,
    ),
  ];
};

/** With other attributes, on one input. */
const withAttributes =
  (attributes: (given: never, call: Call) => object): Rule =>
  (call) =>
    outputsOf(call.primitive, call.lanes.map((lane) => spread(lane, call.count)), attributes(call.node.given as never, call), call.node.op); // prettier-ignore

/** What works on the last axes, `least` of them within an entry, and leaves the others alone. */
const onLastAxes =
  (least: number): Rule =>
  (call) =>
    call.lanes.some((lane) => rankOf(lane) < least)
      ? null
      : outputsOf(call.primitive, call.lanes.map((lane) => spread(lane, call.count)), call.node.given, call.node.op); // prettier-ignore

interface Axes {
  readonly axes: readonly number[];
}
interface Axis {
  readonly axis: number;
}

const overAxes: Rule = withAttributes(({axes, ...rest}: Axes, {lanes: [lane]}) => {
  const rank = lane === undefined ? 0 : rankOf(lane);
  return {...rest, axes: axes.map((axis) => (axis < 0 ? axis + rank : axis) + 1)};
});

const overAxis: Rule = withAttributes(({axis, ...rest}: Axis, {lanes: [lane]}) => {
  const rank = lane === undefined ? 0 : rankOf(lane);
  return {...rest, axis: (axis < 0 ? axis + rank : axis) + 1};
});

/** The entry axis joins the batch axis of the first inputs; the others are the same for all entries. */
const inBatch =
  (batched: number): Rule =>
  (call) => {
    const {primitive, lanes, node, count} = call;
    if (lanes.slice(batched).some(({isBatched}) => isBatched)) return null;
    const inputs = lanes.map((lane, i) => {
      if (i >= batched) return lane.tensor;
      const [entries = 1, batch = 1, ...rest] = concrete(spread(lane, count).shape);
      return apply(movement.reshape, [spread(lane, count)], {shape: [entries * batch, ...rest]});
    });
    return outputsOf(primitive, inputs, node.given, node.op).map((y, i) =>
      apply(movement.reshape, [y], {shape: [count, ...(node.outputs[i]?.shape ?? [])]}),
    );
  };

/** Of each entry of `x` what the entry of `indices` says, along the first axis of the entry. */
function picking(x: AnyTensor, indices: AnyTensor, {count}: Call): Tensor {
  const expanded = apply(movement.reshape, [indices], {shape: [...concrete(indices.shape), 1]});
  return apply(gatherNd, [x, withEntry(expanded, count)], undefined);
}

/** Coordinates [count, ..., k] with the number of the entry before them. */
function withEntry(coordinates: AnyTensor, count: number): AnyTensor {
  const shape = [...concrete(coordinates.shape).slice(0, -1), 1];
  const numbers = apply(movement.range, [], {start: 0, step: 1, count, dtype: coordinates.dtype});
  const column = apply(movement.reshape, [numbers], {shape: [count, ...shape.slice(1).map(() => 1)]});
  const entries = apply(movement.broadcastTo, [column], {shape});
  return apply(movement.concatenate, [entries, coordinates], {axis: shape.length - 1});
}

const nested: Rule = (call) => {
  const {primitive, lanes, node, count} = call;
  const [x, coordinates] = lanes;
  if (x === undefined || coordinates === undefined) return null;
  const given = x.isBatched ? withEntry(spread(coordinates, count), count) : coordinates.tensor;
  return [apply(primitive, [x.tensor, given], node.given, node.op)];
};

const gather: Rule = (call) => {
  const {primitive, lanes, node} = call;
  const [x, indices] = lanes;
  if (x === undefined || indices === undefined) return null;
  const given = (node.given as Axis).axis;
  const axis = given < 0 ? given + rankOf(x) : given;
  if (!indices.isBatched) return [apply(primitive, [x.tensor, indices.tensor], {axis: axis + 1}, node.op)];
  if (x.isBatched) {
    // The axis comes first in each entry, and goes back where it was.
    const rank = rankOf(x);
    const others = Array.from({length: rank}, (_, i) => i).filter((i) => i !== axis);
    const front = apply(movement.transpose, [x.tensor], {axes: [0, axis + 1, ...others.map((i) => i + 1)]});
    const picked = picking(front, indices.tensor, call);
    const inner = rankOf(indices);
    const before = Array.from({length: axis}, (_, i) => 1 + inner + i);
    const own = Array.from({length: inner}, (_, i) => 1 + i);
    const after = Array.from({length: rank - 1 - axis}, (_, i) => 1 + inner + axis + i);
    return [apply(movement.transpose, [picked], {axes: [0, ...before, ...own, ...after]})];
  }
  // All entries pick of the same.
  const y = apply(primitive, [x.tensor, indices.tensor], {axis}, node.op);
  if (axis === 0) return [y];
  const order = y.shape.map((_, i) => i);
  order.splice(axis, 1);
  return [apply(movement.transpose, [y], {axes: [axis, ...order]})];
};

const RULES: Readonly<Record<string, Rule>> = {
  reshape: withAttributes((_, call) => ({shape: [call.count, ...entryShape(call)]})),
  broadcast_to: (call) => {
    const [lane] = call.lanes;
    if (lane === undefined) return null;
    return [apply(call.primitive, [raised(lane, entryShape(call).length)], {shape: [call.count, ...entryShape(call)]})];
  },
  transpose: withAttributes(({axes}: Axes) => ({
    axes: [0, ...axes.map((axis) => (axis < 0 ? axis + axes.length : axis) + 1)],
  })),
  slice: withAttributes(({starts, sizes, steps}: movement.SliceAttributes, {count}): movement.SliceAttributes => ({
    starts: [0, ...starts],
    sizes: [count, ...sizes],
    steps: [1, ...steps],
  })),
  pad: withAttributes(({low, high, value}: movement.PadAttributes) => ({low: [0, ...low], high: [0, ...high], value})),
  concatenate: overAxis,
  sum: overAxes,
  mean: overAxes,
  max: overAxes,
  min: overAxes,
  prod: overAxes,
  any: overAxes,
  all: overAxes,
  argmax: overAxis,
  argmin: overAxis,
  cumsum: overAxis,
  cumprod: overAxis,
  matmul: broadcasting,
  select: broadcasting,
  gather,
  gather_nd: nested,
  one_hot: onLastAxes(0),
  argsort: onLastAxes(1),
  softmax: onLastAxes(1),
  log_softmax: onLastAxes(1),
  sparse_softmax_cross_entropy: inBatch(2),
  softmax_cross_entropy: inBatch(2),
  stop_gradient: onLastAxes(0),
  cholesky: onLastAxes(2),
  determinant: onLastAxes(2),
  log_determinant: onLastAxes(2),
  inverse: onLastAxes(2),
  solve: onLastAxes(2),
  triangular_solve: onLastAxes(2),
  qr: onLastAxes(2),
  eigh: onLastAxes(2),
  svd: onLastAxes(2),
  fft: onLastAxes(1),
  rfft: onLastAxes(1),
  irfft: onLastAxes(1),
  dense: (call) => (call.lanes.slice(1).some(({isBatched}) => isBatched) ? null : onFirst(call)),
  layer_normalization: inBatch(1),
  convolution: inBatch(1),
  convolution_bias: inBatch(1),
  max_pool: inBatch(1),
  average_pool: inBatch(1),
};

/** The other inputs are the same for all entries. */
function onFirst({primitive, lanes, node}: Call): readonly AnyTensor[] | null {
  return outputsOf(primitive, lanes.map(({tensor}) => tensor), node.given, node.op); // prettier-ignore
}

/** Primitives that have a rule of their own; elementwise ones need none. */
export const BATCHED: readonly string[] = Object.keys(RULES);

/** A node on values of one entry or all of them; null where it works on single entries only. */
export function onLanes(node: Node, lanes: readonly Lane[], count: number): readonly Lane[] | null {
  if (node.kind !== 'call') return null;
  const primitive = registeredPrimitives().get(node.name) as Primitive<unknown> | undefined;
  if (primitive === undefined) return null;
  const call = (isBatched: boolean, outputs: readonly AnyTensor[] | null): Lane[] | null =>
    outputs === null ? null : outputs.map((tensor) => ({tensor, isBatched}));
  if (!lanes.some(({isBatched}) => isBatched)) {
    return call(false, outputsOf(primitive, lanes.map(({tensor}) => tensor), node.given, node.op)); // prettier-ignore
  }
  const {run} = primitive.definition;
  const rule = RULES[node.name] ?? (run.kind === 'elementwise' ? broadcasting : null);
  if (rule === null) return null;
  return call(true, rule({node, primitive, lanes, count}));
}
