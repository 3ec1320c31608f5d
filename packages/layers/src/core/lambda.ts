import {type Config, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {describe, deserializeKerasObject, serializeKerasObject, show} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {mapShapes} from '../layer/shapes.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';

/** A function of the inputs, and of the layer's arguments with `training` and `mask`. */
export type LambdaFunction<I = Tensor, O = Tensor> = (inputs: I, options: CallOptions & Record<string, unknown>) => O;

/** Options of {@link Lambda}. */
export interface LambdaOptions extends LayerOptions {
  /** The shape of one sample of the output, or a function of the inputs' shape. Default: found by tracing. */
  outputShape?: Shape | ((inputShape: Shape) => Shape) | null | undefined;
  /** The mask of the output, or a function of inputs and mask. Default: none. */
  mask?: Tensor<boolean> | ((inputs: Tensor, mask: Masks) => Masks) | null | undefined;
  /** Passed to the function after the inputs. */
  arguments?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A function as a layer. To be saved, the function must be registered with `registerKerasSerializable`; Variables that it uses are
 * not trained: write a subclass of `Layer` for these.
 *
 * @example
 * const square = new layers.Lambda((x) => x.square());
 */
export class Lambda extends Layer {
  static override readonly positional = ['function'];
  readonly function: LambdaFunction;
  override readonly arguments: Readonly<Record<string, unknown>>;
  readonly #outputShape: NonNullable<LambdaOptions['outputShape']> | null;
  readonly #mask: NonNullable<LambdaOptions['mask']> | null;

  constructor(fn: LambdaFunction, options: LambdaOptions = {}) {
    super(options, ['outputShape', 'mask', 'arguments']);
    const given = loaded(fn);
    if (typeof given !== 'function') throw new ValueError(`Lambda: a function is needed, got ${describe(given)}`);
    this.function = given as LambdaFunction;
    this.arguments = {...options.arguments};
    this.#outputShape = (loaded(options.outputShape) as LambdaOptions['outputShape']) ?? null;
    this.#mask = (loaded(options.mask) as LambdaOptions['mask']) ?? null;
    this.supportsMasking = this.#mask !== null;
  }

  override call(inputs: Tensor, {training, mask}: CallOptions): Tensor {
    return this.function(inputs, {...this.arguments, training, mask});
  }

  override computeOutputShape(inputShape: Shape): Shape {
    const given = this.#outputShape;
    if (typeof given === 'function') return given(inputShape);
    if (given === null) return super.computeOutputShape(inputShape);
    const [batch = null] = inputShape;
    const shape = mapShapes(given, (sample) => [batch, ...sample]);
    if (!Array.isArray(shape))
      throw new ShapeError(`${this.path}: outputShape must be a list of sizes, got ${show(given)}`);
    return shape as Shape;
  }

  override computeMask(inputs: Tensor, previousMask: Masks): Masks {
    return typeof this.#mask === 'function' ? this.#mask(inputs, previousMask) : this.#mask;
  }

  override getConfig(): Config {
    const stored = (value: unknown): unknown => (typeof value === 'function' ? serializeKerasObject(value) : value);
    return {
      ...super.getConfig(),
      function: serializeKerasObject(this.function),
      ...(this.#outputShape === null ? {} : {output_shape: stored(this.#outputShape)}),
      ...(this.#mask === null ? {} : {mask: stored(this.#mask)}),
      arguments: {...this.arguments},
    };
  }
}

// A function may come as a node of a file.
function loaded(value: unknown): unknown {
  const isNode = typeof value === 'object' && value !== null && 'class_name' in value;
  return isNode ? deserializeKerasObject(value) : value;
}
