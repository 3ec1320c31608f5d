import {type Config, type Shape, type Tensor} from '@keratin/core';
import {type PerAxis} from '../convolution/window-layer.js';
import * as regularizers from '../regularizers/index.js';
import {CELL_OPTIONS} from './cell.js';
import {CONV_LSTM_OPTIONS, ConvLSTMCell, type ConvLSTMCellOptions} from './conv-lstm-cell.js';
import {RNN, type RNNOptions, type RNNOutput} from './rnn.js';
import {splitOptions} from './sequence-layer.js';

/** Options of {@link ConvLSTM1D} and those of more axes; `A` has one number for each spatial axis. */
export type ConvLSTMOptions<A extends readonly number[], R extends boolean = boolean> = ConvLSTMCellOptions<A> &
  RNNOptions<R>;

type Output<R extends boolean> = RNNOutput<R, readonly [h: Tensor, c: Tensor]>;

/** Base of the convolutional LSTM layers. */
abstract class ConvLSTM<R extends boolean> extends RNN<Output<R>> {
  static override readonly positional = ['filters', 'kernelSize'];
  declare readonly cell: ConvLSTMCell;

  constructor(
    where: string,
    rank: number,
    filters: number,
    kernelSize: number | readonly number[],
    options: ConvLSTMOptions<readonly number[], R>,
  ) {
    const {ofCell, ofLayer} = splitOptions<ConvLSTMCellOptions<readonly number[]>>(
      options,
      'conv_lstm_cell',
      CONV_LSTM_OPTIONS,
    );
    // The options of the cell are known names too, for hints.
    super(new ConvLSTMCell(where, rank, filters, kernelSize, ofCell), ofLayer, [...CELL_OPTIONS, ...CONV_LSTM_OPTIONS]);
    this.inputSpec = {ndim: rank + 3};
  }

  override build(sequencesShape: never): void {
    super.build(sequencesShape);
    const shape: Shape = sequencesShape;
    const axis = this.cell.dataFormat === 'channels_last' ? shape.length - 1 : 2;
    const channels = shape[axis] ?? null;
    if (channels !== null) this.inputSpec = {ndim: shape.length, axes: {[axis]: channels}};
  }

  override computeOutputShape(sequencesShape: never): never {
    const shape: Shape = sequencesShape;
    const [batch = null, time = null, ...sample] = shape;
    const step = this.cell.stepShape([batch, ...sample]);
    const output = this.returnSequences ? [batch, time, ...step.slice(1)] : step;
    return (this.returnState ? [output, step, step] : output) as never;
  }

  override getConfig(): Config {
    const {cell: _, ...config} = super.getConfig();
    // Its name and dtype follow from those of the layer.
    const {name: __, trainable: ___, dtype: ____, ...ofCell} = this.cell.getConfig();
    return {...config, ...ofCell, activity_regularizer: regularizers.serialize(this.activityRegularizer)};
  }
}

/** A convolutional LSTM over sequences of sequences (batch, time, steps, channels). */
export class ConvLSTM1D<R extends boolean = false> extends ConvLSTM<R> {
  constructor(
    filters: number,
    kernelSize: PerAxis<readonly [number]>,
    options: ConvLSTMOptions<readonly [number], R> = {},
  ) {
    super('ConvLSTM1D', 1, filters, kernelSize, options);
  }
}

/** A convolutional LSTM over films (batch, time, height, width, channels). */
export class ConvLSTM2D<R extends boolean = false> extends ConvLSTM<R> {
  constructor(
    filters: number,
    kernelSize: PerAxis<readonly [number, number]>,
    options: ConvLSTMOptions<readonly [number, number], R> = {},
  ) {
    super('ConvLSTM2D', 2, filters, kernelSize, options);
  }
}

/** A convolutional LSTM over sequences of volumes (batch, time, depth, height, width, channels). */
export class ConvLSTM3D<R extends boolean = false> extends ConvLSTM<R> {
  constructor(
    filters: number,
    kernelSize: PerAxis<readonly [number, number, number]>,
    options: ConvLSTMOptions<readonly [number, number, number], R> = {},
  ) {
    super('ConvLSTM3D', 3, filters, kernelSize, options);
  }
}
