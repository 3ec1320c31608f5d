import {type Config, ops, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {describe, show} from '@keratin/core/internal';
import {checkBoolean} from '../layer/arguments.js';
import {type LayerOptions, type Masks} from '../layer/types.js';
import {type Branches, Merge} from './merge.js';

/** Options of {@link Dot}. */
export interface DotOptions extends LayerOptions {
  /** Whether the vectors are divided by their lengths first (cosine similarity). Default false. */
  normalize?: boolean | undefined;
}

type Axes = number | readonly [number, number];

/**
 * Products of two tensors summed over one axis of each, sample by sample: with inputs (batch, n) and (batch, n) and axis 1 the result
 * is (batch, 1).
 */
export class Dot extends Merge {
  static override readonly positional = ['axes'];
  readonly axes: Axes;
  readonly normalize: boolean;

  /** @param axes the axis of both, or one for each; the batch is axis 0 and cannot be summed over */
  constructor(axes: Axes, options: DotOptions = {}) {
    super(options, ['normalize']);
    const given: unknown = axes;
    const list = Array.isArray(given) ? (given as readonly unknown[]) : [given, given];
    if (list.length !== 2 || !list.every(Number.isInteger)) {
      throw new ValueError(`Dot: axes must be an integer or a pair of integers, got ${describe(given)}`);
    }
    this.axes = typeof axes === 'number' ? axes : [axes[0], axes[1]];
    this.normalize = checkBoolean('Dot', 'normalize', options.normalize ?? false);
    this.supportsMasking = true;
  }

  // The axes of both, counted from the start.
  private axesOf(shapes: readonly Shape[]): readonly [number, number] {
    const [first, second] = shapes;
    if (shapes.length !== 2 || first === undefined || second === undefined) {
      throw new ValueError(`${this.path}: expects exactly 2 inputs, got ${String(shapes.length)}`);
    }
    const [a, b] = typeof this.axes === 'number' ? [this.axes, this.axes] : this.axes;
    const [i, j] = [a < 0 ? a + first.length : a, b < 0 ? b + second.length : b];
    const [m, n] = [first[i], second[j]];
    if (i < 1 || j < 1 || m === undefined || n === undefined || (m !== null && n !== null && m !== n)) {
      throw new ShapeError(
        `${this.path}: axes ${show([a, b])} must be axes of one size, and not the batch, of inputs ${show(first)} and ${show(second)}`,
      );
    }
    return [i, j];
  }

  override call(inputs: Branches): Tensor {
    return this.merge(inputs);
  }
  protected override merge(inputs: Branches): Tensor {
    const [i, j] = this.axesOf(inputs.map(({shape}) => shape));
    const [left, right] = inputs.map((x, k) => (this.normalize ? ops.normalize(x, {axis: k === 0 ? i : j}) : x));
    if (left === undefined || right === undefined) throw new ValueError(`${this.path}: expects exactly 2 inputs`);
    // One letter for each axis; both share the batch and the axis that is summed over.
    const letter = (at: number): string => String.fromCharCode(97 + at);
    const a = left.shape.map((_, axis) => letter(axis));
    const b = right.shape.map((_, axis) => (axis === 0 ? letter(0) : axis === j ? letter(i) : letter(a.length + axis)));
    const kept = [...a.filter((_, axis) => axis !== i), ...b.filter((_, axis) => axis !== 0 && axis !== j)];
    const y = ops.einsum(`${a.join('')},${b.join('')}->${kept.join('')}`, left, right);
    return kept.length === 1 ? ops.expandDims(y, 1) : y;
  }
  override computeOutputShape(inputShape: readonly Shape[]): Shape {
    const shapes = this.checkShapes(inputShape);
    const [i, j] = this.axesOf(shapes);
    const [first = [], second = []] = shapes;
    const kept = [...first.filter((_, axis) => axis !== i), ...second.filter((_, axis) => axis !== 0 && axis !== j)];
    return kept.length === 1 ? [...kept, 1] : kept;
  }
  override computeMask(_inputs: Branches, _previousMask: Masks): Masks {
    return null;
  }
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      axes: typeof this.axes === 'number' ? this.axes : [...this.axes],
      normalize: this.normalize,
    };
  }
}
