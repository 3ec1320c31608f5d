import {isComplex} from '../dtype.js';
import {Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {type AnyTensor, type Primitive, type Spec} from './primitive.js';
import {watcher} from './watch.js';

/** One primitive call, as a tape remembers it. */
export interface TapeNode {
  readonly op: string;
  /** Names of the inputs, for messages; the last one stands for all that follow. */
  readonly inputNames?: readonly string[] | undefined;
  readonly inputs: readonly number[];
  readonly inputSpecs: readonly Spec[];
  readonly outputs: readonly number[];
  readonly outputSpecs: readonly Spec[];
  /** Gradients of the inputs from those of the outputs; null where the primitive has no gradient. */
  readonly pullback:
    ((cotangents: readonly (Tensor | null)[], needs: readonly boolean[]) => readonly (Tensor | null)[]) | null;
}

/** Something that follows primitive calls: a gradient tape. */
export interface Recorder {
  /** Whether the tensor's gradient may be asked for. */
  follows(tensor: AnyTensor): boolean;
  /** Keeps a storage's values as they are until the recorder lets go. */
  hold(storage: Storage): void;
  add(node: TapeNode): void;
}

let active: readonly Recorder[] = [];

/** Those that follow what happens now, outermost first. */
export function activeRecorders(): readonly Recorder[] {
  return active;
}

export function isRecording(): boolean {
  return active.length > 0;
}

/** Runs `fn` with one more recorder. */
export function withRecorder<T>(recorder: Recorder, fn: () => T): T {
  const outer = active;
  active = [...outer, recorder];
  try {
    return fn();
  } finally {
    active = outer;
  }
}

/** Runs `fn` without some recorder, or without any. */
export function withoutRecorder<T>(recorder: Recorder | null, fn: () => T): T {
  const outer = active;
  active = recorder === null ? [] : outer.filter((other) => other !== recorder);
  try {
    return fn();
  } finally {
    active = outer;
  }
}

/** How many recorders are active: zero outside of any tape, which tests check. */
export function recordingDepth(): number {
  return active.length;
}

const specOf = ({shape, dtype}: AnyTensor): Spec => ({shape, dtype});

/** The tensor as it is now: a Variable's later values do not show in it. */
function snapshot(tensor: AnyTensor, recorder: Recorder): AnyTensor {
  if (!tensor.mutable) return tensor.held?.() ?? tensor;
  if (tensor.source instanceof Storage) recorder.hold(tensor.source);
  // The identity stays, so that gradients of gradients still lead to the variable.
  const copy = Tensor.create(tensor.shape, tensor.dtype, tensor.source);
  alias.set(copy, tensor);
  return copy;
}

// Snapshots of Variables, by the Variable they stand for.
const alias = new WeakMap<AnyTensor, AnyTensor>();

/** The tensor whose gradient is meant: the Variable for a snapshot of one. */
export function identity(tensor: AnyTensor): AnyTensor {
  return alias.get(tensor) ?? tensor;
}

/** Tells every active recorder that follows an input. */
export function record<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  outputs: readonly AnyTensor[],
  attributes: A,
): void {
  for (const recorder of active) {
    if (!inputs.some((input) => recorder.follows(identity(input)))) continue;
    const node = nodeOf(primitive, inputs, outputs, attributes, recorder);
    recorder.add(watcher === null ? node : watcher.recorded(node));
  }
}

function nodeOf<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  outputs: readonly AnyTensor[],
  attributes: A,
  recorder: Recorder,
): TapeNode {
  const {definition} = primitive;
  const {gradient} = definition;
  const inputSpecs = inputs.map(specOf);
  const outputSpecs = outputs.map(specOf);
  let pullback: TapeNode['pullback'] = null;
  if (gradient !== null) {
    const saved: Record<string, Tensor> = {};
    for (const name of gradient.saves) {
      const position = definition.inputs.indexOf(name);
      const value = position >= 0 ? inputs[position] : outputs[(definition.outputs ?? ['y']).indexOf(name)];
      // Integer and boolean tensors are saved too (indices, masks): formulas know which they are.
      if (value !== undefined) saved[name] = snapshot(value, recorder) as Tensor;
    }
    pullback = (cotangents, needs) => {
      const dy = cotangents.find((cotangent) => cotangent !== null);
      if (dy === undefined) return [];
      const context = {inputs: inputSpecs, outputs: outputSpecs, attributes, needs, cotangents};
      const first = cotangents[0] ?? dy;
      if (gradient.holomorphic !== true || !isComplex(first.dtype)) return gradient.vjp(saved, first, context);
      return gradient.vjp(saved, first.conj(), context).map((found) => found?.conj() ?? null);
    };
  }
  return {
    op: primitive.name,
    inputNames: definition.inputs,
    inputs: inputs.map((input) => identity(input).id),
    inputSpecs,
    outputs: outputs.map((output) => output.id),
    outputSpecs,
    pullback,
  };
}

/**
 * Tells every active recorder that follows an input of a function with a gradient of its own.
 * @param pullback gradients of the inputs from those of the outputs
 */
export function recordFunction(
  op: string,
  inputs: readonly AnyTensor[],
  outputs: readonly AnyTensor[],
  pullback: NonNullable<TapeNode['pullback']>,
): void {
  for (const recorder of active) {
    if (!inputs.some((input) => recorder.follows(identity(input)))) continue;
    recorder.add({
      op,
      inputs: inputs.map((input) => identity(input).id),
      inputSpecs: inputs.map(specOf),
      outputs: outputs.map((output) => output.id),
      outputSpecs: outputs.map(specOf),
      pullback,
    });
  }
}
