import {
  type Config,
  config,
  type DType,
  type Element,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {checkDType, checkOptions, describe, recordNode, symbolicTensor} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';

/** Options of {@link Input}. */
export interface InputOptions {
  /** The shape of one sample, without the batch; null where a size is open. */
  shape?: Shape | undefined;
  /** Instead of `shape`: with the batch. */
  batchShape?: Shape | undefined;
  /** Default: open. */
  batchSize?: number | null | undefined;
  /** Default: `config.floatx`. */
  dtype?: DType | undefined;
  /** Default `input_layer`, made unique. */
  name?: string | undefined;
}

/** Options of {@link InputLayer}. */
export interface InputLayerOptions extends InputOptions {
  /** Whether the input may be left out. Default false. */
  optional?: boolean | undefined;
}

const OPTIONS = ['shape', 'batchShape', 'batchSize', 'dtype', 'name'] as const;
const RENAMED = {batchInputShape: 'batchShape', inputShape: 'shape', batch_size: 'batchSize'};

/** Where data enters a model; `Input` makes one and gives its tensor. */
export class InputLayer extends Layer {
  readonly batchShape: Shape;
  readonly optional: boolean;
  readonly #dtype: DType;

  constructor(options: InputLayerOptions = {}) {
    checkOptions('InputLayer', options, [...OPTIONS, 'optional', 'sparse', 'ragged'], RENAMED);
    const {name, dtype, optional = false} = options;
    // What enters a model is in floatx whatever the layers compute in.
    super({name, dtype: dtype ?? config.floatx()});
    this.batchShape = batchShapeOf(options);
    this.#dtype = this.dtypePolicy.computeDtype;
    this.optional = optional;
    const output = symbolicTensor({shape: this.batchShape, dtype: this.#dtype}, this.name);
    this.buildAtInit();
    this.addNode(recordNode({operation: this, index: 0, inputs: [], options: {}, outputs: [output]}));
  }

  override call(x: Tensor): Tensor {
    return x;
  }
  override computeOutputShape(): Shape {
    return this.batchShape;
  }
  override getConfig(): Config {
    return {
      batch_shape: [...this.batchShape],
      dtype: this.#dtype,
      sparse: false,
      ragged: false,
      name: this.name,
      optional: this.optional,
    };
  }
}

function batchShapeOf({shape, batchShape, batchSize}: InputOptions): Shape {
  if ((shape === undefined) === (batchShape === undefined)) {
    throw new ValueError(
      `Input: one of shape and batchShape is needed, got ${describe(shape)} and ${describe(batchShape)}`,
    );
  }
  const given = batchShape ?? [checkBatchSize(batchSize), ...(shape ?? [])];
  const list: unknown = batchShape ?? shape;
  if (!Array.isArray(list) || given.some((n) => n !== null && (!Number.isInteger(n) || n < 0))) {
    throw new ShapeError(`Input: a shape is a list of sizes (null where open), got ${describe(list)}`);
  }
  return given;
}

function checkBatchSize(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ValueError(`Input: batchSize must be a positive integer, got ${describe(value)}`);
}

/**
 * A tensor without a value, where data will enter a model. Layers and ops called with it give such tensors again.
 *
 * @example
 * const x = Input({shape: [784]});
 * @throws ShapeError where `shape` is no list of sizes
 */
export function Input<E extends Element = number>(options: InputOptions): Tensor<E> {
  checkOptions('Input', options, OPTIONS, RENAMED);
  if (options.dtype !== undefined) checkDType('Input', options.dtype);
  return new InputLayer(options).output as Tensor<E>;
}
