import {type Tensor} from '@keratin/core';
import {LSTMCell, type LSTMCellOptions} from './lstm-cell.js';
import {checkCount} from '../layer/arguments.js';
import {type RNNOutput} from './rnn.js';
import {SequenceLayer, type SequenceOptions, splitOptions} from './sequence-layer.js';

/** Options of {@link LSTM}. */
export type LSTMOptions<R extends boolean = boolean> = SequenceOptions<LSTMCellOptions, R>;

/**
 * A long short-term memory over sequences (batch, time, features); gives (batch, units), or (batch, time, units) with
 * `returnSequences`, and with `returnState` the last h and c. The step is that of `LSTMCell`.
 *
 * @example
 * const [y, h, c] = new layers.LSTM(64, {returnSequences: true, returnState: true})(ops.ones([8, 20, 10]));
 */
export class LSTM<R extends boolean = false> extends SequenceLayer<
  LSTMCell,
  RNNOutput<R, readonly [h: Tensor, c: Tensor]>
> {
  constructor(units: number, options: LSTMOptions<R> = {}) {
    const own = ['recurrentActivation', 'unitForgetBias', 'implementation'];
    const {ofCell, ofLayer} = splitOptions<LSTMCellOptions>(options, 'lstm_cell', own);
    super(new LSTMCell(checkCount('LSTM', 'units', units), ofCell), ofLayer, own);
  }
}
