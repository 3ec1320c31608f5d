import {isDifferentiable} from '../dtype.js';
import {GradientError, ShapeError, ValueError} from '../errors.js';
import {oneHot} from '../ops/nn.js';
import {stack} from '../ops/shape.js';
import {concrete, show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {full} from '../tensor/convert.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {Variable} from '../tensor/variable.js';
import {type AnyTensor} from './primitive.js';
import {withoutRecorder, withRecorder} from './recording.js';
import {TapeRecorder} from './tape-recorder.js';

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
