import {type Element} from '../dtype.js';
import {InternalError} from '../errors.js';
import {maskOf, withMask} from '../engine/hidden.js';
import {mapStructure} from '../structure.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {type Result, type Returned} from './segments.js';

/** Stands for a tensor among what a function returns. */
export class ResultIndex {
  constructor(
    readonly index: number,
    /** Of the mask that travels with it. */
    readonly mask: number | null,
  ) {}

  of(tensors: readonly Tensor<Element>[]): Tensor<Element> {
    const tensor = tensors[this.index];
    if (tensor === undefined) throw new InternalError('a result is missing');
    if (this.mask !== null) withMask(tensor, tensors[this.mask] as Tensor<boolean>);
    return tensor;
  }
}

/** The tensors of what a function returned, and how it follows from them. */
export function returnedOf(returned: unknown): Returned {
  const tensors: Tensor<Element>[] = [];
  const form = mapStructure(returned, (leaf) => {
    // A Variable is returned as itself.
    if (!isTensor(leaf) || leaf.mutable) return leaf;
    const mask = maskOf(leaf);
    const index = tensors.push(leaf) - 1;
    return new ResultIndex(index, mask === null ? null : tensors.push(mask) - 1);
  });
  return {tensors, result: resultOf(form)};
}

/** What a form with {@link ResultIndex} in place of tensors stands for. */
export function resultOf(form: unknown): Result {
  if (form instanceof ResultIndex) return {form, of: (tensors) => form.of(tensors)};
  const of = (tensors: readonly Tensor<Element>[]): unknown =>
    mapStructure(form, (leaf) => (leaf instanceof ResultIndex ? leaf.of(tensors) : leaf));
  return {form, of};
}
