import {type Config, ops, type Shape, type Tensor, ValueError} from '@keratin/core';
import {autoName, maskOf} from '@keratin/core/internal';
import {Softmax} from '../activations/layers.js';
import {type EinsumDense} from '../core/einsum-dense.js';
import {checkCount} from '../layer/arguments.js';
import {Dropout} from '../regularization/dropout.js';
import {type Attended, Heads, type HeadsCallOptions, type HeadsOptions, withoutMasks} from './heads.js';

type WithScores = HeadsCallOptions & {readonly returnAttentionScores: true};

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Layer
export interface GroupedQueryAttention {
  (query: Tensor, value: Tensor, options: WithScores): [output: Tensor, scores: Tensor];
  (query: Tensor, value: Tensor, key: Tensor | undefined, options: WithScores): [output: Tensor, scores: Tensor];
  (query: Tensor, value: Tensor, options?: HeadsCallOptions): Tensor;
  (query: Tensor, value: Tensor, key: Tensor | undefined, options?: HeadsCallOptions): Tensor;
}

/**
 * Attention whose heads of keys and values serve several heads of queries each (Ainslie et al., 2023); with one head of keys it is
 * multi-query attention. Inputs (batch, length, features); the output has the shape of the query.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class GroupedQueryAttention extends Heads {
  static override readonly positional = ['headDim', 'numQueryHeads', 'numKeyValueHeads'];
  readonly headDim: number;
  readonly numQueryHeads: number;
  readonly numKeyValueHeads: number;
  declare queryDense: EinsumDense;
  declare keyDense: EinsumDense;
  declare gateDense: EinsumDense | undefined;
  declare valueDense: EinsumDense;
  declare outputDense: EinsumDense;
  declare private softmax: Softmax;
  declare private dropoutLayer: Dropout;

  constructor(headDim: number, numQueryHeads: number, numKeyValueHeads: number, options: HeadsOptions = {}) {
    const where = 'GroupedQueryAttention';
    super(where, {...options, name: options.name ?? autoName(where)}, []);
    this.headDim = checkCount(where, 'headDim', headDim);
    this.numQueryHeads = checkCount(where, 'numQueryHeads', numQueryHeads);
    this.numKeyValueHeads = checkCount(where, 'numKeyValueHeads', numKeyValueHeads);
    if (numQueryHeads % numKeyValueHeads !== 0) {
      throw new ValueError(
        `${where}: numQueryHeads must be a multiple of numKeyValueHeads, got ${String(numQueryHeads)} and ${String(numKeyValueHeads)}`,
      );
    }
  }

  override build(...shapes: readonly unknown[]): void {
    const [query, value, key] = this.shapesOf(shapes);
    const {headDim, numQueryHeads, numKeyValueHeads} = this;
    const built = (layer: EinsumDense, shape: Shape): EinsumDense => {
      layer.build(shape);
      return layer;
    };
    const ofQuery: Shape = [null, numQueryHeads, headDim];
    const ofKey: Shape = [null, numKeyValueHeads, headDim];
    this.queryDense = built(this.projection('query', 'bqm,muh->bquh', ofQuery, 'uh'), query);
    this.keyDense = built(this.projection('key', 'bkm,mvh->bkvh', ofKey, 'vh'), key);
    if (this.useGate) {
      this.gateDense = built(this.projection('gate', 'bqm,muh->bquh', ofQuery, 'uh', 'sigmoid'), query);
    }
    this.valueDense = built(this.projection('value', 'bkm,mvh->bkvh', ofKey, 'vh'), value);
    const dtype = this.dtypePolicy.name;
    this.softmax = new Softmax({axis: -1, dtype});
    this.dropoutLayer = new Dropout(this.dropout, {dtype, seed: this.seed});
    const output = this.projection('attention_output', 'bquh,uhm->bqm', [null, query.at(-1) ?? null], 'm');
    this.outputDense = built(output, [null, null, numQueryHeads, headDim]);
    super.build(...(shapes as [never]));
  }

  override call(...args: readonly unknown[]): unknown {
    const given = this.attended(args);
    const {query, value, key, options} = given;
    const mask = this.maskFor(given, options.queryMask ?? maskOf(query));
    const [output, scores] = withoutMasks([query, value, key], () => this.attend(given, mask));
    return options.returnAttentionScores === true ? [output, scores] : output;
  }

  private attend(given: Attended, mask: Tensor<boolean> | null): [Tensor, Tensor | null] {
    const {query, value, key} = given;
    const gate = this.gateDense?.(query);
    const q = this.queryDense(query);
    const k = this.keyDense(key);
    const v = this.valueDense(value);
    const byHead = (seen: Tensor<boolean> | null) => (seen?.ndim === 3 ? seen.expandDims(1) : seen);
    const scale = 1 / Math.sqrt(this.headDim);
    let scores: Tensor | null = null;
    let output = this.fused(given, [q, k, v], byHead(mask), scale, this.dropoutLayer);
    if (output === null) {
      const repeats = this.numQueryHeads / this.numKeyValueHeads;
      const each = (x: Tensor): Tensor => (repeats === 1 ? x : ops.repeat(x, repeats, 2));
      const seen = byHead(this.withCausal(given, mask));
      scores = this.softmax(ops.einsum('bquh,bkuh->buqk', q.mul(scale), each(k)), seen === null ? {} : {mask: seen});
      output = ops.einsum('buqk,bkuh->bquh', this.dropout > 0 ? this.dropoutLayer(scores) : scores, each(v));
    }
    return [this.outputDense(gate === undefined ? output : output.mul(gate)), scores];
  }

  override computeOutputShape(...shapes: readonly unknown[]): Shape {
    const [query] = this.shapesOf(shapes);
    return query;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      head_dim: this.headDim,
      num_query_heads: this.numQueryHeads,
      num_key_value_heads: this.numKeyValueHeads,
      ...this.headsConfig(),
    };
  }
}
