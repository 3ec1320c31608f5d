import {ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {maskOf, withMask} from '@keratin/core/internal';
import {type LayerOptions} from '../layer/types.js';
import {type Branches, Merge} from './merge.js';

/** The sum of all inputs. */
export class Add extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    return inputs.reduce((a, b) => ops.add(a, b));
  }
}

/** The first input less the second. */
export class Subtract extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    return inputs.reduce((a, b) => ops.subtract(a, b));
  }
  override computeOutputShape(inputShape: readonly Shape[]): Shape {
    const {length} = this.checkShapes(inputShape);
    if (length !== 2) throw new ValueError(`${this.path}: expects exactly 2 inputs, got ${String(length)}`);
    return super.computeOutputShape(inputShape);
  }
}

/** The product of all inputs, element by element; a masked entry counts as 1. */
export class Multiply extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    const masks = inputs.map(broadcastMask);
    const factors = inputs.map((x, i) => {
      const mask = masks[i] ?? null;
      return mask === null ? x : ops.where(mask, x, ops.onesLike(x));
    });
    const product = factors.reduce((a, b) => ops.multiply(a, b));
    const all = masks.reduce((a, b) => (a === null || b === null ? null : ops.logicalOr(a, b)), masks[0] ?? null);
    return all === null ? product : withMask(product, ops.any(all, {axis: -1}));
  }
}

/** The mean of all inputs. */
export class Average extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    return ops.divide(
      inputs.reduce((a, b) => ops.add(a, b)),
      inputs.length,
    );
  }
}

/** The largest of all inputs, element by element. */
export class Maximum extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    return mergeWhereMasked(ops.maximum, inputs);
  }
}

/** The smallest of all inputs, element by element. */
export class Minimum extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    this.supportsMasking = true;
  }
  protected override merge(inputs: Branches): Tensor {
    return mergeWhereMasked(ops.minimum, inputs);
  }
}

/** The mask of an input, one entry for each element of it. */
function broadcastMask(x: Tensor): Tensor<boolean> | null {
  const mask = maskOf(x);
  return mask === null ? null : ops.logicalOr(ops.expandDims(mask, -1), ops.zerosLike(x, 'bool'));
}

/** Where an input is masked, the others decide alone. */
function mergeWhereMasked(op: (a: Tensor, b: Tensor) => Tensor, inputs: Branches): Tensor {
  const masks = inputs.map(broadcastMask);
  const [first] = inputs;
  if (first === undefined) throw new ValueError('a merging layer needs an input');
  if (masks.every((mask) => mask === null)) return inputs.reduce(op);
  let output = first;
  let outputMask = masks[0] ?? null;
  inputs.slice(1).forEach((input, i) => {
    const mask = masks[i + 1] ?? null;
    const x: Tensor = mask === null ? input : ops.where(mask, input, output);
    if (outputMask !== null) output = ops.where(outputMask, output, x);
    outputMask = mask !== null && outputMask !== null ? ops.logicalOr(outputMask, mask) : null;
    output = op(output, x);
  });
  return outputMask === null ? output : withMask(output, ops.any(outputMask, {axis: -1}));
}
