import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import {type LayerOptions, type Masks} from '../layer/types.js';
import {type Branches, masksOf, Merge} from './merge.js';

/** Joins tensors along an axis; all other sizes must be the same. */
export class Concatenate extends Merge {
  readonly axis: number;

  /** @param options `axis`: which one grows; default the last */
  constructor(options: LayerOptions & {axis?: number | undefined} = {}) {
    super(options, ['axis']);
    const {axis = -1} = options;
    if (!Number.isInteger(axis)) {
      throw new ValueError(`Concatenate: axis must be an integer, got ${describe(axis)}`);
    }
    this.axis = axis;
    this.supportsMasking = true;
  }
  override call(inputs: Branches): Tensor {
    return this.merge(inputs);
  }
  protected override merge(inputs: Branches): Tensor {
    return ops.concatenate(inputs, this.axis);
  }
  override computeOutputShape(inputShape: readonly Shape[]): Shape {
    const shapes = this.checkShapes(inputShape);
    const [first = []] = shapes;
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
    if (axis < 0 || axis >= first.length) {
      throw new ShapeError(`${this.path}: inputs ${show(first)} have no axis ${String(this.axis)}`);
    }
    const output = [...first];
    for (const shape of shapes.slice(1)) {
      const fits =
        shape.length === first.length &&
        shape.every((n, i) => i === axis || n === null || output[i] === null || n === output[i]);
      if (!fits) {
        throw new ShapeError(
          `${this.path}: inputs must have the same sizes on every axis but ${String(axis)}, got inputs ${shapes.map(show).join(', ')}`,
        );
      }
      const [a = null, b = null] = [output[axis], shape[axis]];
      output[axis] = a === null || b === null ? null : a + b;
    }
    return output;
  }
  override computeMask(inputs: Branches, previousMask: Masks): Masks {
    const masks = masksOf(previousMask);
    if (masks.every((mask) => mask === null)) return null;
    const whole = inputs.map((x, i) => {
      const mask = masks[i] ?? null;
      if (mask === null) return ops.onesLike(x, 'bool');
      return mask.ndim < x.ndim ? ops.logicalOr(ops.expandDims(mask, -1), ops.zerosLike(x, 'bool')) : mask;
    });
    return ops.any(ops.concatenate(whole, this.axis), {axis: -1});
  }
  override getConfig(): Config {
    return {...super.getConfig(), axis: this.axis};
  }
}
