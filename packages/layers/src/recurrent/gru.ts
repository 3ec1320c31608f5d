import {type Tensor} from '@keratin/core';
import {GRUCell, type GRUCellOptions} from './gru-cell.js';
import {checkCount} from '../layer/arguments.js';
import {type RNNOutput} from './rnn.js';
import {SequenceLayer, type SequenceOptions, splitOptions} from './sequence-layer.js';

/** Options of {@link GRU}. */
export type GRUOptions<R extends boolean = boolean> = SequenceOptions<GRUCellOptions, R>;

/**
 * A gated recurrent unit over sequences (batch, time, features); gives (batch, units), or (batch, time, units) with
 * `returnSequences`, and with `returnState` the last state. The step is that of `GRUCell`.
 */
export class GRU<R extends boolean = false> extends SequenceLayer<GRUCell, RNNOutput<R, readonly [h: Tensor]>> {
  constructor(units: number, options: GRUOptions<R> = {}) {
    const own = ['recurrentActivation', 'resetAfter', 'implementation'];
    const {ofCell, ofLayer} = splitOptions<GRUCellOptions>(options, 'gru_cell', own);
    super(new GRUCell(checkCount('GRU', 'units', units), ofCell), ofLayer, own);
  }
}
