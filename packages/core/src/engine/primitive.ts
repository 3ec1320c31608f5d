import {type DType, type Element} from '../dtype.js';
import {type Shape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';

/** What is known of a tensor before it has a value. Tensors themselves are specs. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type AnyTensor = Tensor<Element>;

/** What a gradient formula is given beside the saved tensors. */
export interface GradientContext<A> {
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly attributes: A;
  /** Which inputs' gradients are wanted; others may be null. */
  readonly needs: readonly boolean[];
  /** Gradients of all outputs; null where an output has none. The first one is also passed as `dy`. */
  readonly cotangents: readonly (Tensor | null)[];
}

/** How the gradients of a primitive follow from those of its outputs (vector-Jacobian product), written in ops. */
export interface Gradient<A, S extends string> {
  /** Inputs and outputs that the formula reads. */
  readonly saves: readonly S[];
  readonly vjp: (
    saved: Readonly<Record<S, Tensor>>,
    dy: Tensor,
    context: GradientContext<A>,
  ) => readonly (Tensor | null)[];
  /**
   * Says that the function has a derivative f' in the complex plane and that `vjp` is the formula dy f' of real numbers. Gradients of
   * complex tensors are dy conj(f') = conj(conj(dy) f'), as in TensorFlow.
   */
  readonly holomorphic?: true;
}

/** How a view looks into its input's buffer. */
export interface ViewLayout {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Everything that is said about a primitive; a missing facet does not compile. */
export interface PrimitiveDefinition<I extends string, O extends string, A, S extends I | O> {
  /** Names of the inputs; one name with `variadic` stands for any number of them. */
  readonly inputs: readonly I[];
  readonly outputs?: readonly O[];
  readonly variadic?: boolean;
  /**
   * The shape and dtype rule: checks the inputs and gives the outputs' specs. Errors begin with `op`, the name of the
   * function that the user called. Sizes may be null (open).
   */
  readonly infer: (inputs: readonly Spec[], attributes: A, op: string) => Spec | readonly Spec[];
  /**
   * How it runs: an elementwise kernel (inputs broadcast to the output), a kernel that reads strides, one that wants contiguous
   * inputs, or a view without a kernel. `kernel` defaults to the primitive's name; `encode` gives the kernel's attributes.
   */
  readonly run:
    | {readonly kind: 'elementwise'; readonly kernel?: string}
    | {
        readonly kind: 'strided' | 'contiguous';
        readonly kernel?: string;
        readonly encode?: (attributes: A, inputs: readonly Spec[], outputs: readonly Spec[]) => readonly number[];
        /** Inputs that arrive broadcast to this shape, by position (null: as they are). */
        readonly broadcast?: (inputs: readonly Spec[], outputs: readonly Spec[], index: number) => Shape | null;
      }
    | {
        readonly kind: 'view';
        /** Null where no strides can express it: the input is copied and asked again with row-major strides. */
        readonly layout: (
          input: {readonly shape: readonly number[]; readonly strides: readonly number[]; readonly offset: number},
          attributes: A,
          output: readonly number[],
        ) => ViewLayout | null;
      };
  /** Whether its kernel only moves or compares elements, so that it works on strings too (views always do). */
  readonly takesStrings?: true;
  /** Null says that there is none: asking for one gives no gradient, as in Keras. */
  readonly gradient: Gradient<A, S> | null;
}

/** A primitive operation: one shape rule, one gradient, one kernel. */
export interface Primitive<A = undefined> {
  readonly name: string;
  readonly definition: PrimitiveDefinition<string, string, A, string>;
}

const registry = new Map<string, Primitive<never>>();

/** All primitives by name, for the tests that look at each. */
export function registeredPrimitives(): ReadonlyMap<string, Primitive<never>> {
  return registry;
}

export function definePrimitive<
  A = undefined,
  const I extends string = string,
  const O extends string = 'y',
  const S extends I | O = I | O,
>(name: string, definition: PrimitiveDefinition<I, O, A, S>): Primitive<A> {
  // The names in `saves` are erased: records are built from them by the tape.
  const primitive = {name, definition} as Primitive<A>;
  if (registry.has(name)) throw new Error(`internal: primitive ${name} is defined twice`);
  registry.set(name, primitive);
  return primitive;
}
