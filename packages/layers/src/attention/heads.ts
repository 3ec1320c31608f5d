import {type Config, isTensor, ops, type Shape, ShapeError, type Tensor, ValueError} from '@keratin/core';
import {
  attention,
  describe,
  isPlainObject,
  isSymbolic,
  maskOf,
  resolveSeed,
  show,
  withMask,
} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import {EinsumDense, type EinsumDenseOptions} from '../core/einsum-dense.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkCount, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {type Dropout} from '../regularization/dropout.js';
import {seedOption} from '../regularization/seed-option.js';
import * as regularizers from '../regularizers/index.js';

/** Options of the attention layers with several heads. */
export interface HeadsOptions extends LayerOptions {
  /** The part of the attention scores that is dropped while training. Default 0. */
  dropout?: number | undefined;
  /** Whether the projections have biases. Default true. */
  useBias?: boolean | undefined;
  /** Queries see keys that are less than this many positions away. Default: all. */
  slidingWindow?: number | null | undefined;
  /** Whether sigmoid(query W) multiplies the result of each head. Default false. */
  useGate?: boolean | undefined;
  /**
   * Asks for a kernel that never stores the scores, and as in Keras goes with neither dropout nor returned scores. Here such a kernel is
   * taken in any case where nobody wants the scores. Default false.
   */
  flashAttention?: boolean | null | undefined;
  /** Default `'glorot_uniform'`. */
  kernelInitializer?: initializers.InitializerIdentifier | undefined;
  /** Default `'zeros'`. */
  biasInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the kernels of the projections. Default: none. */
  kernelRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** A penalty on the biases of the projections. Default: none. */
  biasRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the kernels may be after a step. Default: anything. */
  kernelConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** What the biases may be after a step. Default: anything. */
  biasConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** An integer makes dropout reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** Options of a call of the attention layers with several heads. */
export interface HeadsCallOptions extends CallOptions {
  /** True where a query counts, (batch, queries). Default: the mask that travels with the query. */
  queryMask?: Tensor<boolean> | undefined;
  /** True where a value counts, (batch, keys). Default: the mask that travels with the value. */
  valueMask?: Tensor<boolean> | undefined;
  /** True where a key counts, (batch, keys). Default: the mask that travels with the key. */
  keyMask?: Tensor<boolean> | undefined;
  /** True where a query may see a key: (batch, queries, keys), or with an axis for the heads before these two. */
  attentionMask?: Tensor<boolean> | undefined;
  /** Whether the scores (batch, heads, queries, keys) are given too. Default false. */
  returnAttentionScores?: boolean | undefined;
  /** Whether queries see keys up to their own position only. Default false. */
  useCausalMask?: boolean | undefined;
}

export const HEADS_CALL_OPTIONS = [
  'queryMask',
  'valueMask',
  'keyMask',
  'attentionMask',
  'returnAttentionScores',
  'useCausalMask',
];

const OPTIONS = [
  'dropout',
  'useBias',
  'slidingWindow',
  'useGate',
  'flashAttention',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
  'seed',
] as const;

const SHAPE_NAMES = ['query_shape', 'value_shape', 'key_shape'] as const;

/** What a call was given. */
export interface Attended {
  readonly query: Tensor;
  readonly value: Tensor;
  readonly key: Tensor;
  readonly options: HeadsCallOptions;
}

/** Base of the attention layers with several heads: projections, masks and the gate. */
export abstract class Heads extends Layer<never, unknown> {
  static override readonly callOptions = HEADS_CALL_OPTIONS;
  readonly dropout: number;
  readonly useBias: boolean;
  readonly slidingWindow: number | null;
  readonly useGate: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  readonly seed: number | null;
  protected readonly flash: boolean;

  constructor(where: string, options: HeadsOptions, ownOptions: readonly string[]) {
    super(options, [...OPTIONS, ...ownOptions]);
    this.dropout = checkNumber(where, 'dropout', options.dropout ?? 0, 0, 1);
    this.useBias = checkBoolean(where, 'useBias', options.useBias ?? true);
    const {slidingWindow: window = null} = options;
    this.slidingWindow = window === null ? null : checkCount(where, 'slidingWindow', window);
    this.useGate = checkBoolean(where, 'useGate', options.useGate ?? false);
    this.flash = checkBoolean(where, 'flashAttention', options.flashAttention ?? false);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.seed = seedOption(where, options.seed);
    this.supportsMasking = true;
    if (this.flash && this.dropout > 0) {
      throw new ValueError(`${where}: flashAttention does not go with dropout, got dropout ${String(this.dropout)}`);
    }
  }

  /** A projection with the options of this layer; every one draws its own first values. */
  protected projection(
    name: string,
    equation: string,
    outputShape: Shape,
    biasAxes: string,
    activation?: EinsumDenseOptions['activation'],
  ): EinsumDense {
    const fresh = (initializer: initializers.Initializer) =>
      initializers.deserialize(initializers.serialize(initializer));
    return new EinsumDense(equation, outputShape, {
      name,
      activation,
      biasAxes: this.useBias ? biasAxes : null,
      dtype: this.dtypePolicy.name,
      kernelInitializer: fresh(this.kernelInitializer),
      biasInitializer: fresh(this.biasInitializer),
      kernelRegularizer: this.kernelRegularizer,
      biasRegularizer: this.biasRegularizer,
      activityRegularizer: this.activityRegularizer,
      kernelConstraint: this.kernelConstraint,
      biasConstraint: this.biasConstraint,
    });
  }

  /** The shapes of query, value and key, checked. */
  protected shapesOf(shapes: readonly unknown[]): readonly [query: Shape, value: Shape, key: Shape] {
    const [query, value] = shapes as readonly (Shape | null | undefined)[];
    const key = (shapes[2] as Shape | null | undefined) ?? value;
    if (!Array.isArray(query) || !Array.isArray(value) || !Array.isArray(key)) {
      throw new ValueError(`${this.path}: is called with a query and a value, and with a key where it differs`);
    }
    const inner = (shape: Shape) => JSON.stringify(shape.slice(1, -1));
    if (inner(value) !== inner(key)) {
      throw new ShapeError(
        `${this.path}: value and key must have the same sizes but for the last, got value ${show(value)} and key ${show(key)}`,
      );
    }
    return [query, value, key];
  }

  /** @internal */
  override getBuildConfig(): Config | null {
    const shapes = this.buildShapes;
    if (shapes === null) return null;
    const named = SHAPE_NAMES.map((name, i) => [name, shapes[i] ?? null] as const);
    return {shapes_dict: Object.fromEntries(named.filter(([, shape]) => shape !== null))};
  }

  /** @internal */
  override buildFromConfig(config: Config): void {
    const shapes = config['shapes_dict'] as Readonly<Record<string, Shape>> | undefined;
    if (shapes === undefined || this.built) return;
    (this.build as (...list: readonly unknown[]) => void)(...SHAPE_NAMES.map((name) => shapes[name]));
  }

  /** What `call` was given: two or three tensors, then the options. */
  protected attended(args: readonly unknown[]): Attended {
    const options = (isPlainObject(args.at(-1)) ? args.at(-1) : {}) as HeadsCallOptions;
    const [query, value, key] = args.filter((arg) => arg !== args.at(-1) || !isPlainObject(arg)) as Tensor[];
    if (!isTensor(query) || !isTensor(value)) {
      throw new ValueError(
        `${this.path}: is called with a query and a value, got ${describe(query)} and ${describe(value)}`,
      );
    }
    if (this.flash && options.returnAttentionScores === true) {
      throw new ValueError(`${this.path}: flashAttention does not go with returnAttentionScores`);
    }
    return {query, value, key: key ?? value, options};
  }

  /**
   * Which query sees which key, from everything that says so but the order of positions (see {@link withCausal}):
   * (batch, queries, keys); null where all do.
   */
  protected maskFor({query, value, key, options}: Attended, queryMask: Tensor<boolean> | null): Tensor<boolean> | null {
    const masks: Tensor<boolean>[] = [];
    const add = (mask: Tensor<boolean> | null | undefined, axis: number): void => {
      if (mask !== null && mask !== undefined) masks.push(asBoolean(mask).expandDims(axis));
    };
    add(queryMask, -1);
    add(options.valueMask ?? maskOf(value), -2);
    if (key !== value) add(options.keyMask ?? maskOf(key), -2);
    else add(options.keyMask, -2);
    const window = this.slidingWindow;
    if (window !== null) {
      const {rows, columns} = positions(query, value);
      masks.push(ops.less(ops.abs(rows.sub(columns)), window));
    }
    if (options.attentionMask !== undefined) masks.unshift(asBoolean(options.attentionMask));
    return masks.length === 0 ? null : masks.reduce((a, b) => ops.logicalAnd(a, b));
  }

  /** The mask with the order of positions, where the call asks for it. */
  protected withCausal({query, value, options}: Attended, mask: Tensor<boolean> | null): Tensor<boolean> | null {
    if (options.useCausalMask !== true) return mask;
    const {rows, columns} = positions(query, value);
    const seen = ops.greaterEqual(rows, columns);
    return mask === null ? seen : ops.logicalAnd(mask, seen);
  }

  /**
   * Attention of projected heads (batch, length, heads, size) by the kernel that never stores the scores, as `dropout` and the softmax
   * of masked scores do it; null where it does not apply: where scores are wanted or everything is dropped.
   */
  protected fused(
    {options}: Attended,
    heads: readonly [query: Tensor, key: Tensor, value: Tensor],
    mask: Tensor<boolean> | null,
    scale: number,
    dropout: Dropout,
  ): Tensor | null {
    const [query, key, value] = heads;
    if (options.returnAttentionScores === true || query.ndim !== 4 || this.dropout === 1) return null;
    const drops = this.dropout > 0 && options.training === true && !isSymbolic(query);
    const causal = options.useCausalMask === true;
    // Keras's softmax layer, which it takes where there is dropout, gives zero where no key is seen.
    const unseen = this.dropout > 0 ? 'dropped' : 'replaced';
    const noise = drops ? {rate: this.dropout, state: resolveSeed(this.path, dropout.seedGenerator)} : {};
    return attention(query, key, value, {scale, mask, causal, unseen, ...noise}, this.path);
  }

  /** The part of the config that all share. */
  protected headsConfig(): Config {
    return {
      dropout: this.dropout,
      use_bias: this.useBias,
      use_gate: this.useGate,
      sliding_window: this.slidingWindow,
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      bias_initializer: initializers.serialize(this.biasInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      bias_regularizer: regularizers.serialize(this.biasRegularizer),
      activity_regularizer: regularizers.serialize(this.activityRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
      bias_constraint: constraints.serialize(this.biasConstraint),
      seed: this.seed,
    };
  }
}

function positions(query: Tensor, value: Tensor): {readonly rows: Tensor; readonly columns: Tensor} {
  const line = (x: Tensor): Tensor => ops.arange(0, x.shape[1] ?? 1, 1, 'int32');
  return {rows: line(query).expandDims(-1).expandDims(0), columns: line(value).expandDims(0).expandDims(0)};
}

const asBoolean = (mask: Tensor<boolean>): Tensor<boolean> => (mask.dtype === 'bool' ? mask : mask.cast('bool'));

/** Runs `fn` while the tensors have no masks: what is made of them says itself what counts. */
export function withoutMasks<T>(tensors: readonly Tensor[], fn: () => T): T {
  const masks = tensors.map(maskOf);
  for (const tensor of tensors) withMask(tensor, null);
  try {
    return fn();
  } finally {
    tensors.forEach((tensor, i) => withMask(tensor, masks[i] ?? maskOf(tensor)));
  }
}
