import {ops, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {broadcastShapes, describe, show} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type Masks} from '../layer/types.js';

/** What merging layers take: one tensor for each branch. */
export type Branches = readonly Tensor[];

/** Whether a value is a list with one shape for each branch. */
export const areShapes = (value: unknown): value is readonly Shape[] =>
  Array.isArray(value) && value.length > 0 && value.every(Array.isArray);

/**
 * Base of the layers that join several tensors to one, element by element. Inputs of lower rank get axes of size 1 after the batch.
 * A mask leaves out what no input has.
 */
export abstract class Merge extends Layer<Branches> {
  protected checkShapes(inputShape: unknown): readonly Shape[] {
    if (areShapes(inputShape)) return inputShape;
    const got = Array.isArray(inputShape) ? show(inputShape as Shape) : describe(inputShape);
    throw new ValueError(`${this.path}: expects a list of inputs, got inputs ${got}`);
  }

  override build(inputShape: readonly Shape[]): void {
    this.computeOutputShape(inputShape);
    super.build(inputShape);
  }

  /** One result of tensors of one rank. */
  protected abstract merge(inputs: Branches): Tensor;

  override call(inputs: Branches): Tensor {
    const rank = Math.max(...inputs.map(({ndim}) => ndim));
    return this.merge(
      inputs.map((x) => {
        const missing = Array.from({length: rank - x.ndim}, (_, i) => i + 1);
        return missing.length === 0 ? x : ops.expandDims(x, missing);
      }),
    );
  }

  override computeOutputShape(inputShape: readonly Shape[]): Shape {
    const shapes = this.checkShapes(inputShape);
    const batches = [...new Set(shapes.map((shape) => shape[0] ?? null))].filter((size) => size !== null);
    if (batches.length > 1) {
      throw new ShapeError(
        `${this.path}: all inputs must have one batch size, got inputs ${shapes.map(show).join(', ')}`,
      );
    }
    let sample: Shape = [];
    for (const shape of shapes) {
      const joined = broadcastShapes(sample, shape.slice(1));
      if (joined === null) {
        throw new ShapeError(`${this.path}: inputs ${shapes.map(show).join(', ')} do not broadcast to each other`);
      }
      sample = joined;
    }
    return [batches[0] ?? null, ...sample];
  }

  override computeMask(_inputs: Branches, previousMask: Masks): Masks {
    const masks = masksOf(previousMask);
    const [first] = masks;
    if (first === undefined || first === null) return null;
    let all = first;
    for (const mask of masks) {
      if (mask === null) return null;
      if (mask !== first) all = ops.logicalOr(all, mask);
    }
    return all;
  }
}

/** The masks of the branches; none where there is no list of them. */
export const masksOf = (masks: Masks): readonly (Tensor<boolean> | null)[] =>
  Array.isArray(masks) ? (masks as readonly (Tensor<boolean> | null)[]) : [];
