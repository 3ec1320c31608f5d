import {type Config, type Tensor} from '@keratin/core';
import {checkCount} from '../layer/arguments.js';
import {type RNNOutput} from './rnn.js';
import {SequenceLayer, type SequenceOptions, splitOptions} from './sequence-layer.js';
import {SimpleRNNCell, type SimpleRNNCellOptions} from './simple-rnn-cell.js';

/** Options of {@link SimpleRNN}. */
export type SimpleRNNOptions<R extends boolean = boolean> = SequenceOptions<SimpleRNNCellOptions, R>;

/**
 * A fully connected recurrent net over sequences (batch, time, features); gives (batch, units), or (batch, time, units) with
 * `returnSequences`. The step is that of `SimpleRNNCell`.
 */
export class SimpleRNN<R extends boolean = false> extends SequenceLayer<
  SimpleRNNCell,
  RNNOutput<R, readonly [h: Tensor]>
> {
  constructor(units: number, options: SimpleRNNOptions<R> = {}) {
    const {ofCell, ofLayer} = splitOptions<SimpleRNNCellOptions>(options, 'simple_rnn_cell');
    super(new SimpleRNNCell(checkCount('SimpleRNN', 'units', units), ofCell), ofLayer);
  }
  override getConfig(): Config {
    const {seed: _, ...config} = super.getConfig();
    return config;
  }
}
