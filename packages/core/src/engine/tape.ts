import {isDifferentiable} from '../dtype.js';
import {GradientError, ShapeError, ValueError} from '../errors.js';
import {oneHot} from '../ops/nn.js';
import {stack} from '../ops/shape.js';
import {concrete, sameShape, show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {full} from '../tensor/convert.js';
import {collectCreated, type Storage, withPassingViews} from '../tensor/storage.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type AnyTensor} from './primitive.js';
import {share} from './dispatch.js';
import {isRecording, type Recorder, type TapeNode, withoutRecorder, withRecorder} from './recording.js';

/** What gradients are asked for: one tensor, a list or an object of them. */
export type Sources = Variable | Tensor | readonly (Variable | Tensor)[] | {readonly [name: string]: Variable | Tensor};

/** Gradients in the form of the sources. */
export type GradientsOf<S, G = Tensor> = S extends Tensor ? G : {-readonly [K in keyof S]: G};

export interface GradientTapeOptions {
  /** Whether `gradient` may be called more than once. Default false: the tape forgets after the first call. */
  persistent?: boolean | undefined;
  /** Whether trainable Variables are watched when an operation reads them. Default true. */
  watchAccessedVariables?: boolean | undefined;
}

export interface GradientOptions {
  /**
   * What to give for a source that the target does not depend on: an error that names it (the default), zeros, or null.
   */
  unconnectedGradients?: 'error' | 'zero' | 'none' | undefined;
}

/**
 * Remembers operations so that gradients can be computed. Trainable Variables are watched by themselves; tensors are with
 * {@link watch}. Tapes may be nested, which gives higher orders.
 *
 * @example
 * const x = new Variable(3);
 * const tape = new GradientTape();
 * const y = tape.record(() => x.square());
 * tape.gradient(y, x).item(); // 6
 */
export class GradientTape {
  readonly persistent: boolean;
  readonly #recorder: TapeRecorder;
  #used = false;

  constructor(options: GradientTapeOptions = {}) {
    checkOptions('GradientTape', options, ['persistent', 'watchAccessedVariables']);
    this.persistent = options.persistent ?? false;
    this.#recorder = new TapeRecorder(options.watchAccessedVariables ?? true);
  }

  /** Runs `fn` and remembers its operations; gives what `fn` gives. May be called several times: the tape goes on. */
  record<T>(fn: () => T extends PromiseLike<unknown> ? never : T): T {
    const result: T = withRecorder(this.#recorder, fn);
    if (typeof result === 'object' && result !== null && 'then' in result) {
      throw new ValueError(
        'record: the function must be synchronous, it returned a Promise; do what waits before the tape',
      );
    }
    return result;
  }

  /** Makes gradients of a plain tensor available. Call it before the operations that use the tensor. */
  watch(x: Tensor): void {
    if (!isTensor(x)) throw new ValueError(`watch: a tensor is needed, got ${describe(x)}`);
    if (!isDifferentiable(x.dtype))
      throw new GradientError(`watch: only floating and complex tensors have gradients, got ${x.dtype}`);
    this.#recorder.watch(x);
  }

  /** Runs `fn` without remembering its operations. */
  stopRecording<T>(fn: () => T): T {
    return withoutRecorder(this.#recorder, fn);
  }

  /**
   * Gradients of the sum of `target`'s elements with respect to the sources, each of its source's shape and dtype: one for one,
   * a list for a list, an object for an object.
   * @throws GradientError where a source is not connected to the target (see `unconnectedGradients`), or on the second call
   *   of a tape that is not persistent
   */
  gradient<const S extends Sources>(
    target: Tensor,
    sources: S,
    options?: {unconnectedGradients?: 'error' | 'zero' | undefined},
  ): GradientsOf<S>;
  gradient<const S extends Sources>(
    target: Tensor,
    sources: S,
    options: {unconnectedGradients: 'none'},
  ): GradientsOf<S, Tensor | null>;
  gradient(target: Tensor, sources: Sources, options: GradientOptions = {}): unknown {
    const {list, unconnected} = this.#check('gradient', target, sources, options);
    const gradients = this.#recorder.gradients(target, list).map((gradient, i) => gradient ?? unconnected(i));
    this.#finish();
    return restore(sources, gradients);
  }

  /**
   * The derivative of every element of `target` with respect to every element of the sources: shape `target.shape` followed
   * by the source's. It costs a backward pass for each element of the target.
   *
   * @example
   * const y = tape.record(() => x.square()); // x of shape (3,)
   * tape.jacobian(y, x); // (3, 3), 2x on the diagonal
   * @throws GradientError as {@link gradient}
   */
  jacobian<const S extends Sources>(
    target: Tensor,
    sources: S,
    options?: {unconnectedGradients?: 'error' | 'zero' | undefined},
  ): GradientsOf<S>;
  jacobian<const S extends Sources>(
    target: Tensor,
    sources: S,
    options: {unconnectedGradients: 'none'},
  ): GradientsOf<S, Tensor | null>;
  jacobian(target: Tensor, sources: Sources, options: GradientOptions = {}): unknown {
    const {list, unconnected} = this.#check('jacobian', target, sources, options);
    const shape = concrete(target.shape);
    const rows = Array.from({length: target.size}, (_, i): readonly (Tensor | null)[] =>
      this.#recorder.gradients(target, list, unit(target.size, i, target).reshape(shape)),
    );
    const jacobians = list.map((source, k) => {
      const whole = [...shape, ...concrete(source.shape)];
      if (rows.length === 0) return full(whole, 0, source.dtype);
      if (rows.every((row) => row[k] === null)) {
        const nothing = unconnected(k);
        return nothing === null ? null : full(whole, 0, source.dtype);
      }
      return stack(
        // An element that does not depend on the source, beside others that do.
        rows.map((row) => row[k] ?? full(concrete(source.shape), 0, source.dtype)),
      ).reshape(whole);
    });
    this.#finish();
    return restore(sources, jacobians);
  }

  /**
   * The {@link jacobian} of each entry of a batch, where `target[i]` depends on `source[i]` alone: shape (b, ...) of the target
   * followed by (...) of the source. It costs a backward pass for each element of one entry of the target.
   * @throws ShapeError where the first axes differ
   * @throws GradientError as {@link gradient}
   */
  batchJacobian(
    target: Tensor,
    source: Variable | Tensor,
    options?: {unconnectedGradients?: 'error' | 'zero' | undefined},
  ): Tensor;
  batchJacobian(target: Tensor, source: Variable | Tensor, options: {unconnectedGradients: 'none'}): Tensor | null;
  batchJacobian(target: Tensor, source: Variable | Tensor, options: GradientOptions = {}): Tensor | null {
    const {list, unconnected} = this.#check('batchJacobian', target, source, options);
    if (target.ndim === 0 || source.ndim === 0 || target.length !== source.length) {
      throw new ShapeError(
        `batchJacobian: target and source must have one first axis (the batch), got ${show(target.shape)} and ${show(source.shape)}`,
      );
    }
    const batch = target.length;
    const size = target.size / Math.max(batch, 1);
    const columns = Array.from({length: size}, (_, i) => {
      const weights = unit(size, i, target).broadcastTo([batch, size]).reshape(target.shape.map(Number));
      return this.#recorder.gradients(target, list, weights)[0] ?? null;
    });
    const whole = [...target.shape, ...source.shape.slice(1)].map(Number);
    if (columns.length > 0 && columns.every((column) => column === null) && unconnected(0) === null) {
      this.#finish();
      return null;
    }
    this.#finish();
    if (columns.every((column) => column === null)) return full(whole, 0, source.dtype);
    const none = full(concrete(source.shape), 0, source.dtype);
    return stack(
      columns.map((column) => column ?? none),
      1,
    ).reshape(whole);
  }

  #check(where: string, target: Tensor, sources: Sources, options: GradientOptions) {
    checkOptions(where, options, ['unconnectedGradients']);
    if (this.#used) {
      throw new GradientError(
        `${where}: this tape was used up by the first call; make it with {persistent: true} to call it again`,
      );
    }
    if (!isTensor(target)) throw new ValueError(`${where}: the target must be a tensor, got ${describe(target)}`);
    if (!isDifferentiable(target.dtype)) {
      throw new GradientError(`${where}: the target must be a floating or complex tensor, got ${target.dtype}`);
    }
    const {list, names} = flatten(where, sources);
    const mode = options.unconnectedGradients ?? 'error';
    checkChoice(where, 'unconnectedGradients', mode, ['error', 'zero', 'none']);
    const unconnected = (i: number): Tensor | null => {
      const source = list[i];
      if (source === undefined || mode === 'none') return null;
      if (mode === 'zero') return full(concrete(source.shape), 0, source.dtype);
      throw new GradientError(
        `${where}: the target of shape ${show(target.shape)} does not depend on ${names[i] ?? 'the source'} in a way that this tape` +
          ` recorded${unwatchedHint(source)}; pass {unconnectedGradients: 'zero'} or 'none' where that is meant`,
      );
    };
    return {list, unconnected};
  }

  #finish(): void {
    if (this.persistent) return;
    this.#used = true;
    this.#recorder.clear();
  }
}

/** Zeros with a one at position `i`. */
function unit(size: number, i: number, {dtype}: AnyTensor): Tensor {
  return oneHot(i, size, {dtype});
}

function unwatchedHint(source: AnyTensor): string {
  if (!isDifferentiable(source.dtype)) return ` (it is ${source.dtype}: integers have no gradient)`;
  if (source instanceof Variable && !source.trainable) return ' (it is not trainable: tape.watch it first)';
  return source instanceof Variable ? '' : ' (a plain tensor needs tape.watch first)';
}

function flatten(where: string, sources: Sources): {list: Tensor[]; names: string[]} {
  const label = (source: Tensor, otherwise: string) =>
    source instanceof Variable ? `variable ${source.path}` : otherwise;
  if (isTensor(sources))
    return {list: [sources], names: [label(sources, `the source of shape ${show(sources.shape)}`)]};
  const entries: [string, unknown][] = Object.entries(sources);
  const list: Tensor[] = [];
  const names: string[] = [];
  for (const [key, source] of entries) {
    if (!isTensor(source))
      throw new ValueError(`${where}: source ${key} must be a Variable or tensor, got ${describe(source)}`);
    const tensor = source as Tensor;
    list.push(tensor);
    names.push(label(tensor, `source ${key} of shape ${show(tensor.shape)}`));
  }
  return {list, names};
}

function restore(sources: Sources, gradients: readonly (Tensor | null)[]): unknown {
  if (isTensor(sources)) return gradients[0];
  if (Array.isArray(sources)) return gradients;
  return Object.fromEntries(Object.keys(sources).map((key, i) => [key, gradients[i]]));
}

/** The memory of a tape. */
class TapeRecorder implements Recorder {
  readonly #watchVariables: boolean;
  #nodes: TapeNode[] = [];
  /** Ids of tensors that are watched or follow from a watched one. */
  #connected = new Set<number>();
  #held: Storage[] = [];

  constructor(watchVariables: boolean) {
    this.#watchVariables = watchVariables;
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
    return false;
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
    const run = () => withoutRecorder(this, () => this.#backward(target, sources, weights));
    // Other tapes may remember what happens here; else all that is not a result can go at once.
    if (isRecording()) return run();
    return collectCreated(
      () => withPassingViews(run),
      (created, results) => releaseAllBut(created, results ?? []),
    );
  }

  #backward(target: AnyTensor, sources: readonly AnyTensor[], weights?: Tensor): (Tensor | null)[] {
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
    cotangents.set(target.id, weights ?? full(concrete(target.shape), 1, target.dtype));
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

/**
 * The value of `fn` and its gradients with respect to `variables`.
 *
 * @example
 * const [loss, grads] = valueAndGrad(() => model(x).square().mean(), model.trainableVariables);
 */
export function valueAndGrad<const S extends Sources>(
  fn: () => Tensor,
  variables: S,
): [value: Tensor, gradients: GradientsOf<S>] {
  const tape = new GradientTape();
  for (const source of flatten('valueAndGrad', variables).list) if (!(source instanceof Variable)) tape.watch(source);
  const value = tape.record<Tensor>(fn);
  return [value, tape.gradient(value, variables)];
}
