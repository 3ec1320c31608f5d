import {type Config, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {describe, maskOf, withMask} from '@keratin/core/internal';
import {Softmax} from '../activations/layers.js';
import {type EinsumDense} from '../core/einsum-dense.js';
import {checkCount} from '../layer/arguments.js';
import {Dropout} from '../regularization/dropout.js';
import {attentionEquations, projectionEquation} from './equations.js';
import {type Attended, Heads, type HeadsCallOptions, type HeadsOptions, withoutMasks} from './heads.js';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends HeadsOptions {
  /** Size of each head of the values. Default: `keyDim`. */
  valueDim?: number | null | undefined;
  /** Sizes of the output without the batch and the axes before the last. Default: the last size of the query. */
  outputShape?: number | readonly number[] | null | undefined;
  /** The axes that attention is over, without batch and features. Default: all of them. */
  attentionAxes?: number | readonly number[] | null | undefined;
}

type WithScores = HeadsCallOptions & {readonly returnAttentionScores: true};

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface MultiHeadAttention {
  (query: Tensor, value: Tensor, options: WithScores): [output: Tensor, scores: Tensor];
  (query: Tensor, value: Tensor, key: Tensor | undefined, options: WithScores): [output: Tensor, scores: Tensor];
  (query: Tensor, value: Tensor, options?: HeadsCallOptions): Tensor;
  (query: Tensor, value: Tensor, key: Tensor | undefined, options?: HeadsCallOptions): Tensor;
}

/**
 * Attention with several heads (Vaswani et al., 2017): query, key and value are projected to `numHeads` heads of size `keyDim`,
 * softmax(query key^T / sqrt(keyDim)) weighs the values, and a last projection joins the heads.
 * Query (batch, queries, features), value and key (batch, keys, ...); the output has the shape of the query.
 *
 * @example
 * const attention = new layers.MultiHeadAttention(2, 16);
 * const y = attention(x, x, {useCausalMask: true});
 * const [z, scores] = attention(x, x, {returnAttentionScores: true});
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class MultiHeadAttention extends Heads {
  static override readonly positional = ['numHeads', 'keyDim'];
  readonly numHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly outputSizes: readonly number[] | null;
  declare queryDense: EinsumDense;
  declare keyDense: EinsumDense;
  declare gateDense: EinsumDense | undefined;
  declare valueDense: EinsumDense;
  declare outputDense: EinsumDense;
  #axes: readonly number[] | null;
  #equations = {scores: '', combine: '', scoresRank: 0};
  declare private softmax: Softmax;
  declare private dropoutLayer: Dropout;

  constructor(numHeads: number, keyDim: number, options: MultiHeadAttentionOptions = {}) {
    const where = 'MultiHeadAttention';
    super(where, options, ['valueDim', 'outputShape', 'attentionAxes']);
    this.numHeads = checkCount(where, 'numHeads', numHeads);
    this.keyDim = checkCount(where, 'keyDim', keyDim);
    this.valueDim = checkCount(where, 'valueDim', options.valueDim ?? keyDim);
    const {outputShape = null, attentionAxes = null} = options;
    this.outputSizes =
      outputShape === null ? null : [outputShape].flat().map((n) => checkCount(where, 'outputShape', n));
    const axes: unknown[] | null = attentionAxes === null ? null : [attentionAxes].flat();
    if (axes?.every(Number.isInteger) === false) {
      throw new ValueError(`${where}: attentionAxes must be an integer or a list of integers, got ${describe(axes)}`);
    }
    this.#axes = axes as readonly number[] | null;
  }

  /** The axes that attention is over; known once the layer is built. */
  get attentionAxes(): readonly number[] | null {
    return this.#axes;
  }

  override build(...shapes: readonly unknown[]): void {
    const [query, value, key] = this.shapesOf(shapes);
    const {numHeads, keyDim, valueDim} = this;
    const project = (name: string, shape: Shape, size: number, activation?: 'sigmoid'): EinsumDense => {
      const {equation, biasAxes} = projectionEquation(shape.length - 1, 1, 2);
      const open = shape.slice(2).map(() => null);
      const layer = this.projection(name, equation, [...open, numHeads, size], biasAxes, activation);
      layer.build(shape);
      return layer;
    };
    this.queryDense = project('query', query, keyDim);
    this.keyDense = project('key', key, keyDim);
    if (this.useGate) this.gateDense = project('gate', query, valueDim, 'sigmoid');
    this.valueDense = project('value', value, valueDim);
    this.buildAttention(value.length + 1);
    const sizes = this.outputSizes ?? [Number(query.at(-1))];
    const {equation, biasAxes} = projectionEquation(query.length - 1, 2, sizes.length);
    const open = query.slice(2).map(() => null);
    this.outputDense = this.projection('attention_output', equation, [...open, ...sizes], biasAxes);
    this.outputDense.build([...query.slice(0, -1), numHeads, valueDim]);
    super.build(...(shapes as [never]));
  }

  private buildAttention(rank: number): void {
    const axes = this.#axes ?? Array.from({length: rank - 3}, (_, i) => i + 1);
    this.#axes = axes.map((axis) => (axis < 0 ? axis + rank - 1 : axis));
    this.#equations = attentionEquations(rank, this.#axes);
    const {scoresRank} = this.#equations;
    const over = this.#axes.map((_, i) => scoresRank - axes.length + i);
    const dtype = this.dtypePolicy.name;
    this.softmax = new Softmax({axis: over, dtype});
    this.dropoutLayer = new Dropout(this.dropout, {dtype, seed: this.seed});
  }

  override call(...args: readonly unknown[]): unknown {
    const given = this.attended(args);
    // As in Keras, the query's mask is the one that travels with it.
    const queryMask = maskOf(given.query);
    const mask = this.maskFor(given, queryMask);
    const {query, value, key} = given;
    const [output, scores] = withoutMasks([query, value, key], () => this.attend(given, mask));
    if (queryMask !== null) withMask(output, queryMask);
    return given.options.returnAttentionScores === true ? [output, scores] : output;
  }

  private attend(given: Attended, mask: Tensor<boolean> | null): [Tensor, Tensor | null] {
    const {query, value, key} = given;
    const gate = this.gateDense?.(query);
    const q = this.queryDense(query);
    const k = this.keyDense(key);
    const v = this.valueDense(value);
    const scale = 1 / Math.sqrt(this.keyDim);
    let scores: Tensor | null = null;
    let output = this.fused(given, [q, k, v], this.expandMask(mask), scale, this.dropoutLayer);
    if (output === null) {
      const seen = this.expandMask(this.withCausal(given, mask));
      scores = this.softmax(ops.einsum(this.#equations.scores, k, q.mul(scale)), seen === null ? {} : {mask: seen});
      output = ops.einsum(this.#equations.combine, this.dropout > 0 ? this.dropoutLayer(scores) : scores, v);
    }
    return [this.outputDense(gate === undefined ? output : output.mul(gate)), scores];
  }

  // Axes for the heads, and for what attention is not over.
  private expandMask(mask: Tensor<boolean> | null): Tensor<boolean> | null {
    if (mask === null) return null;
    const at = -(this.#axes ?? []).length * 2 - 1;
    let wide = mask;
    while (wide.ndim < this.#equations.scoresRank) wide = wide.expandDims(at);
    return wide;
  }

  override computeOutputShape(...shapes: readonly unknown[]): Shape {
    const [query] = this.shapesOf(shapes);
    return this.outputSizes === null ? query : [...query.slice(0, -1), ...this.outputSizes];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_heads: this.numHeads,
      key_dim: this.keyDim,
      value_dim: this.valueDim,
      output_shape: this.outputSizes === null ? null : [...this.outputSizes],
      attention_axes: this.#axes === null ? null : [...this.#axes],
      ...this.headsConfig(),
    };
  }
}
