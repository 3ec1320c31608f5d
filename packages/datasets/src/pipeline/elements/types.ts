import {
  type Complex,
  type Element,
  type Nested,
  type RaggedTensor,
  type Tensor,
  type TypedArrayOf,
} from '@keratin/core';

/** A plain value that a tensor is made of. */
export type Plain = number | bigint | boolean | string;

type AnyTypedArray = TypedArrayOf<number> | TypedArrayOf<bigint>;

/** Arrays, and lists and dictionaries of them: tensors, typed arrays, nested arrays of plain values. */
export type ArrayStructure =
  | Tensor
  | Tensor<bigint>
  | Tensor<boolean>
  | Tensor<string>
  | Tensor<Complex>
  | Tensor<Element>
  | RaggedTensor
  | RaggedTensor<bigint>
  | RaggedTensor<string>
  | AnyTypedArray
  | Plain
  | readonly ArrayStructure[]
  | {readonly [key: string]: ArrayStructure};

/** The tensor that an array becomes. */
type TensorOf<T> =
  T extends Tensor<infer E>
    ? Tensor<E>
    : T extends TypedArrayOf<bigint>
      ? Tensor<bigint>
      : T extends AnyTypedArray
        ? Tensor
        : T extends RaggedTensor<infer E>
          ? Tensor<E>
          : T extends Nested<number>
            ? Tensor
            : T extends Nested<bigint>
              ? Tensor<bigint>
              : T extends Nested<boolean>
                ? Tensor<boolean>
                : T extends Nested<string>
                  ? Tensor<string>
                  : never;

/** The tensors that a structure of arrays becomes: a list stays a list, a dictionary a dictionary. */
export type TensorsOf<T> = [TensorOf<T>] extends [never]
  ? T extends object
    ? {readonly [K in keyof T]: TensorsOf<T[K]>}
    : never
  : TensorOf<T>;

/** A part of an element, stacked: lists of plain values are arrays there. */
type StackedPart<E> = E extends readonly Plain[] | readonly (readonly Plain[])[] ? TensorOf<E> : Stacked<E>;

/** What elements become when they are stacked along a new first axis: plain values, arrays and tensors become tensors. */
export type Stacked<E> =
  E extends Tensor<infer T>
    ? Tensor<T>
    : E extends RaggedTensor<infer T>
      ? RaggedTensor<T>
      : E extends number
        ? Tensor
        : E extends bigint
          ? Tensor<bigint>
          : E extends boolean
            ? Tensor<boolean>
            : E extends string
              ? Tensor<string>
              : E extends TypedArrayOf<bigint>
                ? Tensor<bigint>
                : E extends AnyTypedArray
                  ? Tensor
                  : E extends object
                    ? {readonly [K in keyof E]: StackedPart<E[K]>}
                    : E;
