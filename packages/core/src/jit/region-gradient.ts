import {type Element, isDifferentiable} from '../dtype.js';
import {TraceError} from '../errors.js';
import {type AnyTensor} from '../engine/primitive.js';
import {activeRecorders, identity, withoutRecorder, withRecorder} from '../engine/recording.js';
import {TapeRecorder, type Weighted} from '../engine/tape-recorder.js';
import {GradientTape} from '../engine/tape.js';
import {full} from '../tensor/convert.js';
import {Tensor} from '../tensor/tensor.js';
import {concrete} from '../shape.js';
import {type Node, type Operand, type Value} from './ir.js';
import {type RegionTracer} from './region-tracer.js';

// Gradients of branches and loops that are parts of a program. A part is followed once, forward and backward; then its operations are
// parted: what leads to its results is one program, what is left another one, and values that the second one needs of the first are saved.

export const hasGradient = ({dtype}: {readonly dtype: AnyTensor['dtype']}): boolean => isDifferentiable(dtype);

/** A part of a function with its gradient, as tensors of its tracer. */
export interface Differentiated<R> {
  readonly made: R;
  /** Gradients of the results, those that have one: inputs. */
  readonly cotangents: readonly (Tensor | null)[];
  /** Gradients of what it was given; null where there is none. */
  readonly gradients: readonly (Tensor | null)[];
  /** What it reads from outside and a tape follows, with its gradients. */
  readonly foreign: ReadonlyMap<AnyTensor, Tensor | null>;
}

/**
 * Runs a part of a function and its gradient, which begins with inputs of its own.
 * @param given what it takes
 * @param outputsOf the tensors of what it made
 */
export function differentiated<R>(
  tracer: RegionTracer,
  given: readonly AnyTensor[],
  fn: () => R | null,
  outputsOf: (made: R) => readonly AnyTensor[],
): Differentiated<R> | null {
  const recorders = activeRecorders();
  const recorder = new TapeRecorder(false, recorders);
  return withoutRecorder(null, () => {
    for (const tensor of given) if (hasGradient(tensor)) recorder.watch(tensor);
    const made = recorders.length === 0 ? fn() : withRecorder(recorder, fn);
    if (made === null) return null;
    const outputs = outputsOf(made).map(identity);
    if (recorders.length === 0) {
      return {made, cotangents: outputs.map(() => null), gradients: given.map(() => null), foreign: new Map()};
    }
    // A result may be something of outside as it is.
    for (const tensor of [...outputs, ...tracer.met]) recorder.follows(identity(tensor));
    const foreign = [...recorder.foreign].filter(hasGradient);
    const cotangents = outputs.map((output) => (hasGradient(output) ? (tracer.given(output) as Tensor) : null));
    const targets = outputs.flatMap((output, i): Weighted[] => {
      const cotangent = cotangents[i];
      return cotangent === null || cotangent === undefined ? [] : [[output, cotangent]];
    });
    const found = recorder.gradientsOf(targets, [...given, ...foreign]);
    recorder.clear();
    return {
      made,
      cotangents,
      gradients: given.map((tensor, i) => (hasGradient(tensor) ? (found[i] ?? null) : null)),
      foreign: new Map(foreign.map((tensor, i) => [tensor, found[given.length + i] ?? null] as const)),
    };
  });
}

/** A zero in every place. */
export const zerosOf = ({shape, dtype}: AnyTensor): Tensor => full(concrete(shape), 0, dtype);

interface Parted {
  readonly forward: readonly Node[];
  readonly backward: readonly Node[];
  /** What the way back needs of the way there: values that it made, and inputs of `changing`. */
  readonly saved: readonly Value[];
}

/**
 * Parts the operations of a function and its gradient.
 * @param changing inputs that differ from trip to trip; others are there again on the way back
 */
export function part(
  nodes: readonly Node[],
  results: readonly Operand[],
  gradients: readonly Operand[],
  changing: ReadonlySet<Value>,
): Parted {
  const makers = new Map<Value, Node>();
  for (const node of nodes) for (const output of node.outputs) makers.set(output, node);
  const there = new Set<Node>();
  visit(results, makers, (_, node) => {
    if (node === undefined || there.has(node)) return false;
    there.add(node);
    return true;
  });
  const back = new Set<Node>();
  const saved = new Set<Value>();
  visit(gradients, makers, (value, node) => {
    if (node === undefined) {
      if (changing.has(value)) saved.add(value);
      return false;
    }
    if (there.has(node) && !isView(node)) {
      saved.add(value);
      return false;
    }
    if (back.has(node)) return false;
    back.add(node);
    return true;
  });
  return {
    forward: nodes.filter((node) => there.has(node)),
    backward: nodes.filter((node) => back.has(node)),
    saved: [...saved],
  };
}

/** Costs nothing to make once more. */
const isView = (node: Node): boolean => node.kind === 'call' && node.execution.kind === 'view';

/** Goes from operands to what they are made of, as far as `enter` says. */
function visit(
  from: readonly Operand[],
  makers: ReadonlyMap<Value, Node>,
  enter: (value: Value, node: Node | undefined) => boolean,
): void {
  const open = [...from];
  for (let operand = open.pop(); operand !== undefined; operand = open.pop()) {
    if (operand.kind === 'scalar') continue;
    const node = makers.get(operand);
    if (enter(operand, node) && node !== undefined) open.push(...node.inputs);
  }
}

/**
 * Gradients by way of the single operations, for a tape that follows the gradient itself.
 * @param again the outputs once more, operation by operation
 */
export function composedGradients(
  op: string,
  inputs: readonly AnyTensor[],
  again: (() => readonly AnyTensor[]) | null,
  cotangents: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  if (again === null) {
    throw new TraceError(
      `${op}: gradients of gradients of a loop or branch that assigns Variables are not known in a jitted function; call it outside of jit`,
    );
  }
  const tape = new GradientTape();
  const sources = inputs.filter(hasGradient) as Tensor[];
  for (const source of sources) tape.watch(source);
  const target = tape.record<Tensor | null>(() => {
    const parts = again().flatMap((y, i) => {
      const dy = cotangents[i];
      return dy === null || dy === undefined || !hasGradient(y) ? [] : [(y as Tensor).mul(dy).sum()];
    });
    return parts.length === 0 ? null : parts.reduce((total, each) => total.add(each));
  });
  if (target === null) return inputs.map(() => null);
  const gradients = tape.gradient(target, sources, {unconnectedGradients: 'none'});
  return inputs.map((input) => gradients[sources.indexOf(input as Tensor)] ?? null);
}

/** A tensor that keeps what a Variable, or whatever it is, holds now. */
export const constantOf = (operand: Extract<Operand, {kind: 'scalar'}>): Tensor<Element> =>
  Tensor.create<Element>(operand.shape, operand.dtype, operand.value);
