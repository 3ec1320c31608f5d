import {
  type Config,
  ops,
  random,
  SeedGenerator,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
  type Variable,
} from '@keratin/core';
import {attention, describe, isSymbolic, resolveSeed, show} from '@keratin/core/internal';
import {checkBoolean, checkChoice, checkNumber} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';
import {areShapes, masksOf} from '../merging/merge.js';
import {seedOption} from '../regularization/seed-option.js';

/** Options of {@link AdditiveAttention}. */
export interface AdditiveAttentionOptions extends LayerOptions {
  /** Whether a trained factor scales the scores. Default true. */
  useScale?: boolean | undefined;
  /** The part of the weights that is dropped while training. Default 0. */
  dropout?: number | undefined;
  /** An integer makes dropout reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** Options of {@link Attention}. */
export interface AttentionOptions extends Omit<AdditiveAttentionOptions, 'useScale'> {
  /** Whether a trained factor scales the scores. Default false. */
  useScale?: boolean | undefined;
  /** `'dot'`: query key^T; `'concat'`: the sum of tanh(query + key). Default `'dot'`. */
  scoreMode?: 'dot' | 'concat' | undefined;
}

/** Options of a call of {@link Attention} and {@link AdditiveAttention}. */
export interface AttentionCallOptions extends Omit<CallOptions, 'mask'> {
  /** Masks of query and value. Default: those that travel with them. */
  mask?: readonly (Tensor<boolean> | null)[] | undefined;
  /** Whether the weights (batch, queries, keys) are given too. Default false. */
  returnAttentionScores?: boolean | undefined;
  /** Whether queries see keys up to their own position only. Default false. */
  useCausalMask?: boolean | undefined;
}

/** Query and value, and the key where it differs from the value. */
export type AttentionInputs = readonly [query: Tensor, value: Tensor, key?: Tensor];

/** What queries see. */
interface Seen {
  /** The mask of the values (batch, keys), or of all pairs. */
  readonly seen: Tensor<boolean> | null;
  readonly causal: boolean;
  /** Whether dropout falls on the weights. */
  readonly drops: boolean;
}

// What is subtracted from masked scores.
const MASKED = 1e9;

/** What {@link Attention} and {@link AdditiveAttention} share. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface BaseAttention {
  (
    inputs: AttentionInputs,
    options: AttentionCallOptions & {readonly returnAttentionScores: true},
  ): [output: Tensor, weights: Tensor];
  (inputs: AttentionInputs, options?: AttentionCallOptions): Tensor;
}

/** Base of attention without heads: softmax(scores) value. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export abstract class BaseAttention extends Layer<never, unknown> {
  static override readonly callOptions = ['returnAttentionScores', 'useCausalMask'];
  readonly useScale: boolean;
  readonly dropout: number;
  readonly seed: number | null;
  declare scale: Variable | null;
  /** @internal */
  readonly seedGenerator: SeedGenerator;

  constructor(where: string, options: AttentionOptions, ownOptions: readonly string[], useScale: boolean) {
    super(options, ['useScale', 'dropout', 'seed', ...ownOptions]);
    this.useScale = checkBoolean(where, 'useScale', options.useScale ?? useScale);
    this.dropout = checkNumber(where, 'dropout', options.dropout ?? 0, 0, 1);
    this.seed = seedOption(where, options.seed);
    this.seedGenerator = new SeedGenerator(this.seed ?? undefined);
    this.supportsMasking = true;
    this.scale = null;
  }

  protected abstract scores(query: Tensor, key: Tensor): Tensor;

  protected checkShapes(shapes: unknown): readonly Shape[] {
    if (areShapes(shapes) && (shapes.length === 2 || shapes.length === 3)) return shapes;
    const got = Array.isArray(shapes) ? `${String(shapes.length)} entries` : describe(shapes);
    throw new ValueError(`${this.path}: is called with a list [query, value] or [query, value, key], got ${got}`);
  }

  private checkSizes(shapes: unknown): void {
    const [query = [], value = [], key = value] = this.checkShapes(shapes);
    const same = (a: number | null | undefined, b: number | null | undefined) => a === b || a === null || b === null;
    const fit = query.length === key.length && key.length === value.length && query.length > 1;
    if (fit && same(query.at(-1), key.at(-1)) && same(key.at(-2), value.at(-2))) return;
    throw new ShapeError(
      `${this.path}: query must be (batch,queries,n), value (batch,keys,m) and key (batch,keys,n), got query ${show(query)}, value ${show(value)} and key ${show(key)}`,
    );
  }

  override call(inputs: never, options: CallOptions): unknown {
    const list: unknown = inputs;
    if (!Array.isArray(list)) {
      throw new ValueError(
        `${this.path}: is called with a list [query, value] or [query, value, key], got ${describe(list)}`,
      );
    }
    const [query, value, key = value] = list as [Tensor, Tensor, Tensor?];
    this.checkSizes(list.map((one: Tensor) => one.shape));
    const {training, returnAttentionScores, useCausalMask} = options as AttentionCallOptions;
    const [queryMask = null, valueMask = null] = masksOf((options as {mask?: Masks}).mask ?? null);
    const drops = training === true && this.dropout > 0 && !isSymbolic(query);
    const seen = {seen: valueMask, causal: useCausalMask === true, drops};
    let weights: Tensor | null = null;
    let output = returnAttentionScores === true ? null : this.fused([query, value, key], seen);
    if (output === null) {
      weights = this.weightsOf(query, key, seen);
      output = ops.matmul(weights, value);
    }
    if (queryMask !== null) output = ops.where(ops.expandDims(queryMask, -1), output, 0);
    return returnAttentionScores === true ? [output, weights] : output;
  }

  /** The weights (batch, queries, keys), after dropout. */
  private weightsOf(query: Tensor, key: Tensor, {seen, causal, drops}: Seen): Tensor {
    let scores = this.scores(query, key);
    const mask = causal ? causalMask(query.dim(-2), key.dim(-2), seen) : seen;
    if (mask !== null) {
      const padding = ops.logicalNot(mask.ndim === 2 ? ops.expandDims(mask, -2) : mask);
      // The largest float16, or a number below which softmax gives 0.
      scores = ops.where(padding, scores.sub(scores.dtype === 'float16' ? 65504 : MASKED), scores);
    }
    const weights = ops.softmax(scores);
    return drops ? random.dropout(weights, this.dropout, {seed: this.seedGenerator}) : weights;
  }

  /** The output by the kernel that never stores the scores; null where it does not apply. */
  protected fused(_inputs: readonly [query: Tensor, value: Tensor, key: Tensor], _seen: Seen): Tensor | null {
    return null;
  }

  override computeMask(_inputs: never, previousMask: Masks): Masks {
    return masksOf(previousMask)[0] ?? null;
  }

  override computeOutputShape(inputShape: unknown): Shape {
    const [query = [], value = []] = this.checkShapes(inputShape);
    return [...query.slice(0, -1), value.at(-1) ?? null];
  }

  override getConfig(): Config {
    return {...super.getConfig(), use_scale: this.useScale, dropout: this.dropout, seed: this.seed};
  }
}

// Position i of the queries sees keys up to i.
function causalMask(queries: number, keys: number, valueMask: Tensor<boolean> | null): Tensor<boolean> {
  const rows = ops.arange(0, queries, 1, 'int32').reshape([1, queries, 1]);
  const mask = ops.greaterEqual(rows, ops.arange(0, keys, 1, 'int32').reshape([1, 1, keys]));
  return valueMask === null ? mask : ops.logicalAnd(ops.expandDims(valueMask, -2), mask);
}

// The sum over the features of tanh(query + key) for all pairs, after `weigh`.
const additive = (query: Tensor, key: Tensor, weigh: (sum: Tensor) => Tensor): Tensor =>
  ops.sum(weigh(ops.expandDims(query, -2).add(ops.expandDims(key, -3))), {axis: -1});

/**
 * Attention by products, as of Luong: softmax(query key^T) value. Called with [query, value] or [query, value, key], of shapes
 * (batch, queries, n) and (batch, keys, n); gives (batch, queries, n).
 */
export class Attention extends BaseAttention {
  readonly scoreMode: 'dot' | 'concat';
  declare concatScoreWeight: Variable | null;

  constructor(options: AttentionOptions = {}) {
    super('Attention', options, ['scoreMode'], false);
    this.scoreMode = checkChoice('Attention', 'scoreMode', options.scoreMode ?? 'dot', ['dot', 'concat']);
    this.concatScoreWeight = null;
  }
  override build(inputShape: never): void {
    this.checkShapes(inputShape);
    const one = (name: string): Variable => this.addWeight({name, shape: [], initializer: 'ones'});
    this.scale = this.useScale ? one('scale') : null;
    this.concatScoreWeight = this.scoreMode === 'concat' ? one('concat_score_weight') : null;
    super.build(inputShape);
  }
  protected override scores(query: Tensor, key: Tensor): Tensor {
    const scale = this.scale === null ? null : this.inComputeDtype(this.scale);
    if (this.concatScoreWeight === null) {
      const scores = ops.matmul(query, ops.swapaxes(key, -2, -1));
      return scale === null ? scores : scores.mul(scale);
    }
    const sums = additive(query, key, (sum) => ops.tanh(scale === null ? sum : sum.mul(scale)));
    return sums.mul(this.inComputeDtype(this.concatScoreWeight));
  }
  protected override fused([query, value, key]: readonly [Tensor, Tensor, Tensor], {seen, causal, drops}: Seen) {
    const isPlain = [query, value, key].every(({ndim, shape}) => ndim === 3 && shape[0] === query.shape[0]);
    const fits = isPlain && query.shape[2] === key.shape[2] && key.shape[1] === value.shape[1];
    const isWide = query.dtype === 'float32' || query.dtype === 'float64';
    if (this.concatScoreWeight !== null || !fits || !isWide || this.dropout === 1) return null;
    const scaled = this.scale === null ? query : query.mul(this.inComputeDtype(this.scale));
    const mask = seen === null ? null : (seen.ndim === 2 ? seen.expandDims(1) : seen).expandDims(1);
    const noise = drops ? {rate: this.dropout, state: resolveSeed(this.path, this.seedGenerator)} : {};
    const settings = {scale: 1, mask, causal, unseen: 'shifted', low: -MASKED, ...noise} as const;
    const withHead = (x: Tensor): Tensor => ops.expandDims(x, 2);
    return ops.squeeze(attention(withHead(scaled), withHead(key), withHead(value), settings, this.path), 2);
  }
  override getConfig(): Config {
    return {...super.getConfig(), score_mode: this.scoreMode};
  }
}

/**
 * Attention by sums, as of Bahdanau: scores are the sum of scale * tanh(query + key). Called as {@link Attention}.
 * Weights: scale (n).
 */
export class AdditiveAttention extends BaseAttention {
  constructor(options: AdditiveAttentionOptions = {}) {
    super('AdditiveAttention', options, [], true);
  }
  override build(inputShape: never): void {
    const [query = []] = this.checkShapes(inputShape);
    this.scale = this.useScale
      ? this.addWeight({name: 'scale', shape: [query.at(-1) ?? null], initializer: 'glorot_uniform'})
      : null;
    super.build(inputShape);
  }
  protected override scores(query: Tensor, key: Tensor): Tensor {
    const scale = this.scale === null ? null : this.inComputeDtype(this.scale);
    return additive(query, key, (sum) => (scale === null ? ops.tanh(sum) : ops.tanh(sum).mul(scale)));
  }
}
