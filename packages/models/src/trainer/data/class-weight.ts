import {type Tensor, tensor, ValueError} from '@keratin/core';
import {describe, isPlainObject, tensorsIn} from '@keratin/core/internal';
import {type TensorStructure} from './batch.js';

/** A weight for each class number; classes that are missing weigh 1. */
export type ClassWeight = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/** Checks a user's class weights. */
export function checkClassWeight(where: string, given: ClassWeight): ReadonlyMap<number, number> {
  if (!(given instanceof Map) && !isPlainObject(given)) {
    throw new ValueError(`${where}: classWeight must be an object of weights by class number, got ${describe(given)}`);
  }
  const entries: [unknown, unknown][] = given instanceof Map ? [...given] : Object.entries(given);
  return new Map(
    entries.map(([key, value]) => {
      const label = Number(key);
      if (!Number.isInteger(label) || key === '') {
        throw new ValueError(`${where}: the keys of classWeight are class numbers, got ${describe(key)}`);
      }
      if (typeof value !== 'number' || Number.isNaN(value)) {
        throw new ValueError(
          `${where}: classWeight of class ${String(label)} must be a number, got ${describe(value)}`,
        );
      }
      return [label, value];
    }),
  );
}

/** A weight for each sample: that of its label, or of its largest entry where labels are one-hot. */
export function classWeightsOf(where: string, y: TensorStructure | undefined, given: ClassWeight): Tensor {
  const weights = checkClassWeight(where, given);
  const [labels] = tensorsIn(y);
  if (labels === undefined) throw new ValueError(`${where}: classWeight needs targets, and there are none`);
  if (labels !== y) throw new ValueError(`${where}: classWeight is for models with a single output`);
  let flat: Tensor = labels as Tensor;
  if (flat.ndim > 1) flat = flat.shape.at(-1) === 1 ? flat.squeeze(-1) : flat.argmax(-1);
  if (flat.ndim !== 1) {
    throw new ValueError(
      `${where}: classWeight needs one label per sample, got targets of rank ${String(labels.ndim)}`,
    );
  }
  const values = flat.data() as ArrayLike<number | bigint>;
  return tensor(Float32Array.from(values, (label) => weights.get(Math.round(Number(label))) ?? 1));
}
