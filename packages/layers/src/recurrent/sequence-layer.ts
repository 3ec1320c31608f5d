import {type Config} from '@keratin/core';
import * as regularizers from '../regularizers/index.js';
import {CELL_OPTIONS, type CellOptions, type VectorCell} from './cell.js';
import {RNN, type RNNOptions} from './rnn.js';

/** Options of the layers that are an `RNN` with a cell of their own. */
export type SequenceOptions<C extends CellOptions, R extends boolean> = C & RNNOptions<R>;

/** The options of a layer without those of its cell, and the other way round. */
export function splitOptions<C extends CellOptions>(
  options: SequenceOptions<C, boolean>,
  name: string,
  own: readonly string[] = [],
): {readonly ofCell: C; readonly ofLayer: RNNOptions} {
  const entries = Object.entries(options);
  const cellKeys = [...CELL_OPTIONS, ...own];
  const ofLayer = entries.filter(([key]) => !cellKeys.includes(key));
  const shared = entries.filter(([key]) => cellKeys.includes(key) || key === 'dtype' || key === 'trainable');
  return {
    ofCell: {...Object.fromEntries(shared), name} as C,
    ofLayer: Object.fromEntries(ofLayer),
  };
}

/** Base of `SimpleRNN`, `LSTM` and `GRU`: an `RNN` whose config holds the options of its cell. */
export abstract class SequenceLayer<C extends VectorCell, O> extends RNN<O> {
  static override readonly positional = ['units'];
  declare readonly cell: C;

  constructor(cell: C, options: RNNOptions, ownOptions: readonly string[] = []) {
    // The options of the cell are known names too, for hints.
    super(cell, options, ['useCudnn', ...CELL_OPTIONS, ...ownOptions]);
  }

  get units(): number {
    return this.cell.units;
  }

  override getConfig(): Config {
    const {cell: _, ...config} = super.getConfig();
    // Its name and dtype follow from those of the layer.
    const {name: __, trainable: ___, dtype: ____, ...ofCell} = this.cell.getConfig();
    return {...config, ...ofCell, activity_regularizer: regularizers.serialize(this.activityRegularizer)};
  }
}
