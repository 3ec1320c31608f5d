import {type Element, isDifferentiable} from '../dtype.js';
import {ValueError} from '../errors.js';
import {recordStates, replayStates} from '../random/seed.js';
import {mapStructure, tensorsIn} from '../structure.js';
import {describe} from '../suggest.js';
import {outsideScopes, Storage} from '../tensor/storage.js';
import {isTensor, type Source, Tensor} from '../tensor/tensor.js';
import {Variable, watchingWrites} from '../tensor/variable.js';
import {share} from './dispatch.js';
import {type AnyTensor} from './primitive.js';
import {
  activeRecorders,
  isRecording,
  type Recorder,
  recordFunction,
  withoutRecorder,
  withRecorder,
} from './recording.js';
import {GradientTape} from './tape.js';

type AnyVariable = Variable<Element>;

/**
 * A function that keeps none of its intermediate values for the backward pass: the gradient runs it again. Memory for time
 * (T. Chen et al., "Training deep nets with sublinear memory cost", 2016; `tf.recompute_grad`).
 *
 * The second run is the first once more: Variables have the values that they had then, random functions draw the same numbers,
 * and what the function assigns to Variables is not assigned twice. Gradients reach arguments, Variables and whatever else the
 * function reads. Other side effects, such as printing, happen twice.
 *
 * @example
 * const block = recomputeGrad((x: Tensor) => dense2(dense1(x).relu()).relu());
 * const loss = tape.record(() => block(block(x)).mean());
 * @throws ValueError where the function returns a Promise
 */
export function recomputeGrad<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  if (typeof fn !== 'function') throw new ValueError(`recomputeGrad: a function is needed, got ${describe(fn)}`);
  return (...args) => {
    if (!isRecording()) return checked(fn(...args));
    const recorders = activeRecorders();
    const spy = new Spy(recorders);
    let made: {result: R; states: ReturnType<typeof recordStates<R>>['states']};
    try {
      made = withoutRecorder(null, () =>
        withRecorder(spy, () => watchingWrites(spy.note, () => recordStates(() => checked(fn(...args))))),
      );
      // Nodes hold what they need again; a tape that is cleared lets go.
      for (const recorder of recorders) for (const storage of spy.storages()) recorder.hold(storage);
    } finally {
      spy.release();
    }
    const inputs = [...spy.inputs];
    if (inputs.length === 0) return made.result;
    const again = () => rerun(spy.sources, () => replayStates(made.states, () => fn(...args)));
    return recordOutputs(made.result, inputs, again);
  };
}

function checked<R>(result: R): R {
  if (typeof result === 'object' && result !== null && 'then' in result) {
    throw new ValueError('recomputeGrad: the function must be synchronous, it returned a Promise');
  }
  return result;
}

/** Sees what a function reads and writes, and records nothing. */
class Spy implements Recorder {
  /** Tensors from outside that some tape follows. */
  readonly inputs = new Set<AnyTensor>();
  /** The values that Variables had when the function began. */
  readonly sources = new Map<AnyVariable, Source>();
  readonly #outer: readonly Recorder[];

  constructor(outer: readonly Recorder[]) {
    this.#outer = outer;
  }

  follows(tensor: AnyTensor): boolean {
    if (tensor instanceof Variable) this.note(tensor as AnyVariable);
    // All of them: each may have to note it.
    const followed = this.#outer.filter((recorder) => recorder.follows(tensor));
    if (followed.length > 0) this.inputs.add(tensor);
    return false;
  }

  /** A Variable is about to be read or written. */
  readonly note = (variable: AnyVariable): void => {
    if (this.sources.has(variable)) return;
    this.sources.set(variable, variable.source);
    if (variable.source instanceof Storage) variable.source.holds += 1;
  };

  storages(): Storage[] {
    return [...this.sources.values()].filter((source) => source instanceof Storage);
  }

  release(): void {
    for (const storage of this.storages()) storage.holds -= 1;
  }

  hold(): void {
    // Nothing is recorded, so that nothing is kept.
  }

  add(): void {
    // As above.
  }
}

/** Runs `fn` with the Variables' values of another time; afterwards they have those of now. */
function rerun<T>(then: ReadonlyMap<AnyVariable, Source>, fn: () => T): T {
  const now = new Map<AnyVariable, Source>();
  for (const [variable, source] of then) now.set(variable, variable.exchange(source));
  const held: Storage[] = [];
  const note = (variable: AnyVariable): void => {
    if (now.has(variable)) return;
    now.set(variable, variable.source);
    if (!(variable.source instanceof Storage)) return;
    variable.source.holds += 1;
    held.push(variable.source);
  };
  try {
    return watchingWrites(note, fn);
  } finally {
    for (const [variable, source] of now) variable.exchange(source);
    for (const storage of held) storage.holds -= 1;
  }
}

/** What a result consists of, each tensor once. */
const outputsOf = (result: unknown): AnyTensor[] => [...new Set(tensorsIn(result))];

function recordOutputs<R>(result: R, inputs: readonly AnyTensor[], again: () => unknown): R {
  // Handles of their own: gradients of what the function gave lead to its inputs at once.
  const copies = new Map(
    outputsOf(result).map((y) => {
      share(y);
      const copy = Tensor.create<Element>(y.shape, y.dtype, y.source, y.strides, y.offset);
      // Not the logits: a loss that took them would pass by the node.
      if (y.extra?.mask !== undefined) copy.extra = {mask: y.extra.mask};
      return [y, copy] as const;
    }),
  );
  recordFunction('recomputeGrad', inputs, [...copies.values()], (cotangents) =>
    // What the user's function makes may be kept by it.
    outsideScopes(() => pullback(inputs, again, cotangents)),
  );
  return mapStructure(result, (leaf) => (isTensor(leaf) ? copies.get(leaf) : leaf)) as R;
}

function pullback(
  inputs: readonly AnyTensor[],
  again: () => unknown,
  cotangents: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  const tape = new GradientTape();
  const sources = inputs.filter(({dtype}) => isDifferentiable(dtype)) as Tensor[];
  for (const source of sources) tape.watch(source);
  const target = tape.record<Tensor | null>(() => {
    const parts = outputsOf(again()).flatMap((y, i) => {
      const dy = cotangents[i];
      return dy === null || dy === undefined || !isDifferentiable(y.dtype) ? [] : [(y as Tensor).mul(dy).sum()];
    });
    return parts.length === 0 ? null : parts.reduce((total, part) => total.add(part));
  });
  if (target === null) return inputs.map(() => null);
  const gradients = tape.gradient(target, sources, {unconnectedGradients: 'none'});
  return inputs.map((input) => gradients[sources.indexOf(input as Tensor)] ?? null);
}
