import {isDifferentiable} from '../dtype.js';
import {GradientError} from '../errors.js';
import {concrete, sameShape, show} from '../shape.js';
import {full} from '../tensor/convert.js';
import {collectCreated, type Storage, withPassingViews} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {share} from './dispatch.js';
import {type AnyTensor} from './primitive.js';
import {isRecording, type Recorder, type TapeNode, withoutRecorder} from './recording.js';

/** A tensor whose gradients are asked for, and the weights of its elements: those of its shape and dtype. */
export type Weighted = readonly [target: AnyTensor, weights: Tensor];

/** The memory of a tape. */
export class TapeRecorder implements Recorder {
  readonly #watchVariables: boolean;
  readonly #outer: readonly Recorder[];
  #nodes: TapeNode[] = [];
  /** Ids of tensors that are watched or follow from a watched one. */
  #connected = new Set<number>();
  #held: Storage[] = [];

  /** What the recorders of `outer` follow, by what it met of that. */
  readonly foreign = new Set<AnyTensor>();

  /** @param outer others: what they follow is followed here too */
  constructor(watchVariables: boolean, outer: readonly Recorder[] = []) {
    this.#watchVariables = watchVariables;
    this.#outer = outer;
  }

  watch(tensor: AnyTensor): void {
    this.#connected.add(tensor.id);
  }

  follows(tensor: AnyTensor): boolean {
    if (this.#connected.has(tensor.id)) return true;
    if (this.#watchVariables && tensor instanceof Variable && tensor.trainable && isDifferentiable(tensor.dtype)) {
      this.#connected.add(tensor.id);
      return true;
    }
    if (!this.#outer.some((recorder) => recorder.follows(tensor))) return false;
    this.#connected.add(tensor.id);
    this.foreign.add(tensor);
    return true;
  }

  hold(storage: Storage): void {
    storage.holds += 1;
    this.#held.push(storage);
  }

  add(node: TapeNode): void {
    this.#nodes.push(node);
    for (const output of node.outputs) this.#connected.add(output);
  }

  clear(): void {
    for (const storage of this.#held) storage.holds -= 1;
    this.#held = [];
    this.#nodes = [];
    this.#connected.clear();
  }

  /** Gradients of the sum of `target` times `weights`, which are ones where they are not given. */
  gradients(target: AnyTensor, sources: readonly AnyTensor[], weights?: Tensor): (Tensor | null)[] {
    return this.gradientsOf([[target, weights ?? full(concrete(target.shape), 1, target.dtype)]], sources);
  }

  /** Gradients of the sum of all targets, each times its weights. */
  gradientsOf(targets: readonly Weighted[], sources: readonly AnyTensor[]): (Tensor | null)[] {
    const run = () => withoutRecorder(this, () => this.#backward(targets, sources));
    // Other tapes may remember what happens here; else all that is not a result can go at once.
    if (isRecording()) return run();
    return collectCreated(
      () => withPassingViews(run),
      (created, results) => releaseAllBut(created, results ?? []),
    );
  }

  #backward(targets: readonly Weighted[], sources: readonly AnyTensor[]): (Tensor | null)[] {
    // What was not followed has gradients in some nodes perhaps, but not in those where it stood alone.
    const wanted = new Set(sources.filter((source) => this.follows(source)).map(({id}) => id));
    // Which nodes lie between the sources and the target, and which of their inputs lead to a source.
    const reaching = new Set(wanted);
    const relevant: TapeNode[] = [];
    for (const node of this.#nodes) {
      if (!node.inputs.some((id) => reaching.has(id))) continue;
      relevant.push(node);
      for (const id of node.outputs) reaching.add(id);
    }
    const cotangents = new Map<number, Tensor>();
    for (const [{id}, weights] of targets) cotangents.set(id, cotangents.get(id)?.add(weights) ?? weights);
    const results = new Map<number, Tensor>();
    for (let i = relevant.length - 1; i >= 0; i--) {
      const node = relevant[i];
      if (node === undefined || node.pullback === null) continue;
      const incoming = node.outputs.map((id) => cotangents.get(id) ?? null);
      if (incoming.every((dy) => dy === null)) continue;
      for (const id of node.outputs) {
        const done = cotangents.get(id);
        if (done !== undefined && wanted.has(id)) results.set(id, done);
        cotangents.delete(id);
      }
      const needs = node.inputs.map(
        (id, k) => reaching.has(id) && isDifferentiable(node.inputSpecs[k]?.dtype ?? 'bool'),
      );
      const gradients = node.pullback(incoming, needs);
      node.inputs.forEach((id, k) => {
        const gradient = gradients[k];
        if (needs[k] !== true || gradient === undefined || gradient === null) return;
        checkGradient(node, k, gradient);
        const before = cotangents.get(id);
        cotangents.set(id, before === undefined ? gradient : before.add(gradient));
      });
    }
    return sources.map(({id}) => (wanted.has(id) ? (cotangents.get(id) ?? results.get(id) ?? null) : null));
  }
}

/** A gradient has the dtype and the shape of what it is the gradient of. */
function checkGradient({op, inputs, inputNames = [], inputSpecs}: TapeNode, k: number, gradient: AnyTensor): void {
  const spec = inputSpecs[k];
  if (spec === undefined || (spec.dtype === gradient.dtype && sameShape(spec.shape, gradient.shape))) return;
  // Of a primitive of any number of inputs the one name stands for all.
  const name = k < inputNames.length && inputs.length <= inputNames.length ? inputNames[k] : undefined;
  throw new GradientError(
    `gradient: ${op} gave a gradient of dtype ${gradient.dtype} and shape ${show(gradient.shape)} for its input ${name ?? String(k)},` +
      ` which is ${spec.dtype} of shape ${show(spec.shape)}`,
  );
}

function releaseAllBut(created: readonly Storage[], kept: readonly (Tensor | null)[]): void {
  const keep = new Set<unknown>(kept.map((tensor) => tensor?.source));
  // What a user's gradient function was given is shared: it may have kept it.
  for (const storage of created) if (!keep.has(storage) && !storage.shared) storage.release();
  // A gradient may be a view of something older, such as a Variable.
  for (const tensor of kept) if (tensor !== null) share(tensor);
}
