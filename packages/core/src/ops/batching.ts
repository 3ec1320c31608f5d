import {type Element} from '../dtype.js';
import {isSymbolic} from '../engine/hidden.js';
import {type AnyTensor} from '../engine/primitive.js';
import {isRecording, type Recorder, type TapeNode, withoutRecorder, withRecorder} from '../engine/recording.js';
import {tracing, TracedStorage} from '../engine/tracing.js';
import {type Operand, type Value} from '../jit/ir.js';
import {constantOf} from '../jit/region-gradient.js';
import {follow} from '../jit/region-tracer.js';
import {Tracer} from '../jit/tracer.js';
import {concrete} from '../shape.js';
import {flattenStructure} from '../structure.js';
import {type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type Lane, onLanes} from './batching-rules.js';
import {leavesOf} from './regions.js';
import {broadcastTo} from './shape.js';
import {packLike} from './structures.js';

// A function of one entry as a function of all of them: it is followed once on an entry without values, then its operations run with one
// more axis, the first, on what differs from entry to entry (`jax.vmap`).

/** What stands around a function outside of any program: tensors are what they are. */
class Outside extends Tracer {
  readonly #known = new Map<AnyTensor, Operand>();

  override operand(tensor: AnyTensor, op: string): Operand {
    const {source} = tensor;
    if (
      tensor instanceof Variable ||
      typeof source === 'number' ||
      source instanceof TracedStorage ||
      source === null
    ) {
      return super.operand(tensor, op);
    }
    const known = this.#known.get(tensor);
    if (known !== undefined) return known;
    const {source: made} = this.input({shape: concrete(tensor.shape), dtype: tensor.dtype});
    const operand = (made as TracedStorage<Value>).operand;
    this.#known.set(tensor, operand);
    return operand;
  }
}

/** Sees whether a function has gradients that its operations do not tell. */
class OwnGradients implements Recorder {
  found = false;

  follows(): boolean {
    return true;
  }
  hold(): void {
    // Nothing is kept.
  }
  add({inputNames}: TapeNode): void {
    // Primitives name their inputs.
    if (inputNames === undefined) this.found = true;
  }
}

/** `f` of every entry, stacked; null where an operation of it works on single entries only. */
export function atOnce<X, Y>(f: (x: X) => Y, elements: X): {readonly value: Y} | null {
  const whole = flattenStructure(elements) as Tensor<Element>[];
  if (whole.some(isSymbolic) || whole.some(({dtype}) => dtype === 'string')) return null;
  const [first] = whole;
  if (first === undefined || (tracing !== null && !(tracing instanceof Tracer))) return null;
  const forms: unknown[] = [];
  const own = new OwnGradients();
  const around = tracing ?? new Outside();
  const followed = follow(
    around,
    (tracer) => {
      const rows = whole.map(({shape, dtype}) => tracer.given({shape: shape.slice(1), dtype}));
      const results = withoutRecorder(null, () =>
        withRecorder(own, () => leavesOf(f(packLike(elements, rows) as X), forms)),
      );
      return results === null || results.length === 0 ? null : {rows, results};
    },
    (tracer, {rows, results}) => ({
      rows: rows.map((row) => tracer.valueFor(row)),
      results: results.map((result) => tracer.operand(result, 'vectorizedMap')),
    }),
  );
  if (around instanceof Outside) around.restore();
  if (followed === null || (own.found && isRecording())) return null;
  const {tracer, nodes, variables, made} = followed;
  const lanes = new Map<Value, Lane>();
  made.rows.forEach((row, i) => lanes.set(row, {tensor: whole[i] ?? first, isBatched: true}));
  for (const {value, given} of tracer.captured.values()) lanes.set(value, {tensor: given, isBatched: false});
  for (const [variable, {initial, final}] of variables) {
    if (initial !== final) return null;
    lanes.set(initial, {tensor: variable, isBatched: false});
  }
  const laneOf = (operand: Operand): Lane =>
    operand.kind === 'scalar'
      ? {tensor: constantOf(operand), isBatched: false}
      : (lanes.get(operand) ?? {tensor: first, isBatched: false});
  const count = first.dim(0);
  for (const node of nodes) {
    const outputs = onLanes(node, node.inputs.map(laneOf), count);
    if (outputs === null) return null;
    node.outputs.forEach((output, i) => {
      const lane = outputs[i];
      if (lane !== undefined) lanes.set(output, lane);
    });
  }
  const leaves = made.results.map((result) => {
    const {tensor, isBatched} = laneOf(result);
    return isBatched ? tensor : broadcastTo(tensor, [count, ...concrete(tensor.shape)]);
  });
  return {value: packLike(forms[0], leaves) as Y};
}
