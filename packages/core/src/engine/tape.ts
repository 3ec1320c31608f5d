import {isFloating} from '../dtype.js';
import {GradientError, ValueError} from '../errors.js';
import {concrete, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {full} from '../tensor/convert.js';
import {collectCreated, type Storage} from '../tensor/storage.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type AnyTensor} from './primitive.js';
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
    if (!isFloating(x.dtype)) throw new GradientError(`watch: only floating tensors have gradients, got ${x.dtype}`);
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
    checkOptions('gradient', options, ['unconnectedGradients']);
    if (this.#used) {
      throw new GradientError(
        'gradient: this tape was used up by the first call; make it with {persistent: true} to call it again',
      );
    }
    if (!isTensor(target)) throw new ValueError(`gradient: the target must be a tensor, got ${describe(target)}`);
    if (!isFloating(target.dtype)) {
      throw new GradientError(`gradient: the target must be a floating tensor, got ${target.dtype}`);
    }
    const {list, names} = flatten(sources);
    const mode = options.unconnectedGradients ?? 'error';
    if (!['error', 'zero', 'none'].includes(mode)) {
      throw new ValueError(`gradient: unconnectedGradients must be 'error', 'zero' or 'none', got ${describe(mode)}`);
    }
    const found = this.#recorder.gradients(target, list);
    const gradients = found.map((gradient, i) => {
      const source = list[i];
      if (gradient !== null || mode === 'none' || source === undefined) return gradient;
      if (mode === 'zero') return full(concrete(source.shape), 0, source.dtype);
      throw new GradientError(
        `gradient: the target of shape ${show(target.shape)} does not depend on ${names[i] ?? 'the source'} in a way that this tape` +
          ` recorded${unwatchedHint(source)}; pass {unconnectedGradients: 'zero'} or 'none' where that is meant`,
      );
    });
    if (!this.persistent) {
      this.#used = true;
      this.#recorder.clear();
    }
    return restore(sources, gradients);
  }
}

function unwatchedHint(source: AnyTensor): string {
  if (!isFloating(source.dtype)) return ` (it is ${source.dtype}: integers have no gradient)`;
  if (source instanceof Variable && !source.trainable) return ' (it is not trainable)';
  return source instanceof Variable ? '' : ' (a plain tensor needs tape.watch first)';
}

function flatten(sources: Sources): {list: Tensor[]; names: string[]} {
  const label = (source: Tensor, otherwise: string) =>
    source instanceof Variable ? `variable ${source.path}` : otherwise;
  if (isTensor(sources))
    return {list: [sources], names: [label(sources, `the source of shape ${show(sources.shape)}`)]};
  const entries: [string, unknown][] = Object.entries(sources);
  const list: Tensor[] = [];
  const names: string[] = [];
  for (const [key, source] of entries) {
    if (!isTensor(source))
      throw new ValueError(`gradient: source ${key} must be a Variable or tensor, got ${describe(source)}`);
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
    if (this.#watchVariables && tensor instanceof Variable && tensor.trainable && isFloating(tensor.dtype)) {
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

  gradients(target: AnyTensor, sources: readonly AnyTensor[]): (Tensor | null)[] {
    const run = () => withoutRecorder(this, () => this.#backward(target, sources));
    // Other tapes may remember what happens here; else all that is not a result can go at once.
    if (isRecording()) return run();
    return collectCreated(run, (created, results) => releaseAllBut(created, results ?? []));
  }

  #backward(target: AnyTensor, sources: readonly AnyTensor[]): (Tensor | null)[] {
    const wanted = new Set(sources.map((source) => source.id));
    // Which nodes lie between the sources and the target, and which of their inputs lead to a source.
    const reaching = new Set(wanted);
    const relevant: TapeNode[] = [];
    for (const node of this.#nodes) {
      if (!node.inputs.some((id) => reaching.has(id))) continue;
      relevant.push(node);
      for (const id of node.outputs) reaching.add(id);
    }
    const cotangents = new Map<number, Tensor>();
    cotangents.set(target.id, full(concrete(target.shape), 1, target.dtype));
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
      const needs = node.inputs.map((id, k) => reaching.has(id) && isFloating(node.inputSpecs[k]?.dtype ?? 'bool'));
      const gradients = node.pullback(incoming, needs);
      node.inputs.forEach((id, k) => {
        const gradient = gradients[k];
        if (needs[k] !== true || gradient === undefined || gradient === null) return;
        const spec = node.inputSpecs[k];
        if (spec !== undefined && spec.dtype !== gradient.dtype) {
          throw new GradientError(
            `gradient: ${node.op} gave a gradient of dtype ${gradient.dtype} for an input of dtype ${spec.dtype}`,
          );
        }
        const before = cotangents.get(id);
        cotangents.set(id, before === undefined ? gradient : before.add(gradient));
      });
    }
    return sources.map((source) => cotangents.get(source.id) ?? results.get(source.id) ?? null);
  }
}

function releaseAllBut(created: readonly Storage[], kept: readonly (Tensor | null)[]): void {
  const keep = new Set<unknown>(kept.map((tensor) => tensor?.source));
  for (const storage of created) if (!keep.has(storage)) storage.release();
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
  for (const source of flatten(variables).list) if (!(source instanceof Variable)) tape.watch(source);
  const value = tape.record<Tensor>(fn);
  return [value, tape.gradient(value, variables)];
}
