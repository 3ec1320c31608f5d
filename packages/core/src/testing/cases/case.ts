import {type Element} from '../../dtype.js';
import {tensor, type Tensor} from '../../index.js';

/** A call of a primitive. Its float64 inputs are differentiated, or those that `wrt` names. */
export interface PrimitiveCase {
  readonly inputs: readonly Tensor<Element>[];
  readonly attributes?: unknown;
  readonly wrt?: readonly number[];
  /** What is done to each differentiated input first: a function of symmetric matrices gets the symmetric part. */
  readonly prepare?: (input: Tensor) => Tensor;
  /** Default 2: gradients of gradients are checked too. */
  readonly order?: 1 | 2;
}

/** Cases, made when they are needed; or that there is nothing to check since the primitive says `gradient: null`. */
export type PrimitiveCases = readonly (() => PrimitiveCase)[] | 'no gradient';

export type Make = (shape: readonly number[], low?: number, high?: number, seed?: number) => Tensor;

export const ints = (values: number[] | number[][], dtype: 'int32' | 'int64' = 'int32'): Tensor<Element> =>
  tensor(values, dtype);

/** One case for each list of attributes. */
export const each = <A>(attributes: readonly A[], inputs: (given: A) => readonly Tensor<Element>[]): PrimitiveCases =>
  attributes.map((given) => () => ({inputs: inputs(given), attributes: given}));
