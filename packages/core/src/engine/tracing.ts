import {type Element} from '../dtype.js';
import {TraceError} from '../errors.js';
import {Storage} from '../tensor/storage.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';
import {type PrintPart} from '../ops/print.js';
import {type AnyTensor, type Primitive, type Spec} from './primitive.js';

/**
 * What follows a function that is being compiled. While one is active, operations on what it follows add instructions to a program
 * instead of running kernels.
 */
export interface Tracing {
  /** The one whose function this one follows a part of. */
  readonly parent: Tracing | null;
  /** Adds a call, or gives null where all inputs are constants. */
  apply<A>(
    primitive: Primitive<A>,
    inputs: readonly AnyTensor[],
    attributes: A,
    specs: readonly Spec[],
    op: string,
  ): AnyTensor[] | null;
  /** Makes what is read of a Variable from now on part of the program. */
  enter(variable: Variable<Element>): void;
  /** The value that a Variable has from now on. */
  assign(variable: Variable<Element>, value: AnyTensor): void;
  /** A kernel that writes Variables in place; attributes that are tensors are known when the program runs. */
  update(
    kernel: string,
    inputs: readonly AnyTensor[],
    attributes: readonly (number | AnyTensor)[],
    variables: readonly Variable<Element>[],
  ): void;
  /** A Variable with this value is being made: gives the value outside of the program. */
  creates<E extends Element>(initial: Tensor<E>): Tensor<E>;
  /** A tensor with the values that a tensor of the program has in this call. */
  read(tensor: AnyTensor, what: string): AnyTensor;
  /** Writes a line at each run. */
  print(parts: readonly PrintPart<AnyTensor>[]): void;
  /** Draws a random state at each run: that of a generator, or of the global one. */
  draw(generator: Generator | null): readonly [number, number, number, number];
}

/** The source of random states, as a program asks it. */
export interface Generator {
  readonly seed: number;
  counter: number;
}

/** The function that is being compiled now, or null. */
export let tracing: Tracing | null = null;

/** Runs `fn` while `next` follows what happens; with null, what happens in it is no part of a program. */
export function withTracing<T>(next: Tracing | null, fn: () => T): T {
  const outer = tracing;
  tracing = next;
  try {
    return fn();
  } finally {
    tracing = outer;
  }
}

/** Runs `fn` outside of the function that is being compiled: what it computes happens now, and once. */
export function untraced<T>(fn: () => T): T {
  return withTracing(null, fn);
}

/** Whether this function, or a part of it, is the one that is being compiled. */
function isWithin(trace: Tracing): boolean {
  for (let at = tracing; at !== null; at = at.parent) if (at === trace) return true;
  return false;
}

/** In place of a buffer: a tensor of a function that is being compiled has no value yet. */
export class TracedStorage<V = unknown> extends Storage {
  constructor(
    readonly trace: Tracing,
    /** What stands for the tensor in the program. */
    readonly operand: V,
  ) {
    super();
  }

  override release(): void {
    // There is nothing to release.
  }

  override get live(): number {
    return this.refuse();
  }

  override assertLive(): void {
    if (!isWithin(this.trace)) this.refuse();
  }

  override assertReadable(what: string): void {
    // Within its function a value can be had, by running what leads to it.
    if (!isWithin(this.trace)) throw leaked(what);
  }

  // The operation puts its name in front.
  private refuse(): never {
    if (tracing !== this.trace) throw leaked(null);
    throw new TraceError(
      `a tensor inside of a jitted function has no memory while the function is compiled; use tensor operations on it`,
    );
  }
}

/** Whether a tensor belongs to a function that is being compiled, so that its value is known only when that runs. */
export const isTraced = (x: Tensor<Element>): boolean => x.source instanceof TracedStorage;

/** A tensor of a compiled function is used outside of it. */
export function leaked(what: string | null): TraceError {
  return new TraceError(
    `${what === null ? '' : `${what}: `}this tensor was made inside of a jitted function and leaked out of it; return it from the function instead`,
  );
}
