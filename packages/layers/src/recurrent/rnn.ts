import {
  type Config,
  type CustomObjects,
  isTensor,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
  Variable,
} from '@keratin/core';
import {
  constructFrom,
  convert,
  describe,
  deserializeKerasObject,
  flattenStructure,
  isSymbolic,
  mapStructure,
  serializeKerasObject,
  show,
  symbolicTensor,
} from '@keratin/core/internal';
import {checkBoolean} from '../layer/arguments.js';
import {Layer} from '../layer/layer.js';
import {mapShapes} from '../layer/shapes.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';
import {Cell, type RecurrentCell, type States, type StateSize, VectorCell} from './cell.js';
import {Sequences} from './sequences.js';
import {StackedRNNCells} from './stacked-rnn-cells.js';
import {goThrough, type StepOptions, type Through} from './steps.js';
import {spendWeights} from '../layer/weight-budget.js';

/** Options of all layers that go through sequences. */
export interface RNNOptions<R extends boolean = boolean> extends LayerOptions {
  /** Whether the outputs of all steps are given, (batch, time, ...), or that of the last one. Default false. */
  returnSequences?: boolean | undefined;
  /** Whether the last states are given after the output. Default false. */
  returnState?: R | undefined;
  /** Whether sequences are gone through from their end. Default false. */
  goBackwards?: boolean | undefined;
  /** Whether a call starts with the last states of the call before; batches have one fixed size then. Default false. */
  stateful?: boolean | undefined;
  /** Kept for files of Keras: steps are always run one after another. Default false. */
  unroll?: boolean | undefined;
  /** Whether a masked step gives zeros, not the output before. Default false. */
  zeroOutputForMask?: boolean | undefined;
}

/** Names of {@link RNNOptions} beside those of every layer. */
export const RNN_OPTIONS = [
  'returnSequences',
  'returnState',
  'goBackwards',
  'stateful',
  'unroll',
  'zeroOutputForMask',
] as const;

/** Options of a call. */
export interface RNNCallOptions extends CallOptions {
  /**
   * The states before the first step. Default: zeros. Beside them the mask that travels with the sequences is not used, as in Keras, and a
   * warning says so: pass it as `mask`.
   */
  initialState?: States | undefined;
}

/** What a layer gives: the output, or with `returnState` the output and the states. */
export type RNNOutput<R extends boolean, S extends readonly unknown[] = readonly Tensor[]> = R extends true
  ? readonly [output: Tensor, ...states: S]
  : Tensor;

export interface RNN<O = unknown> {
  (sequences: Tensor, options?: RNNCallOptions): O;
}

/**
 * Goes through sequences (batch, time, ...) step by step with a cell, or with several cells one above the other.
 *
 * @example
 * const y = new layers.RNN([new layers.LSTMCell(32), new layers.GRUCell(16)])(ops.ones([4, 10, 8]));
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class RNN<O = unknown> extends Sequences<O> {
  static override readonly positional: readonly string[] = ['cell'];
  readonly cell: RecurrentCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
  /** A layer around may set it: see `Bidirectional`. */
  zeroOutputForMask: boolean;
  #states: readonly Variable[] | null = null;

  /** @throws ValueError where the cell has no `stateSize` */
  constructor(
    cell: RecurrentCell | readonly RecurrentCell[],
    options: RNNOptions = {},
    ownOptions: readonly string[] = [],
  ) {
    super(options, [...RNN_OPTIONS, ...ownOptions]);
    const where = new.target.name;
    const one: unknown = Array.isArray(cell) ? new StackedRNNCells(cell as readonly RecurrentCell[]) : cell;
    if (!(one instanceof Layer) || !('stateSize' in one)) {
      throw new ValueError(`${where}: cell must be a layer with a stateSize, got ${describe(one)}`);
    }
    this.cell = one as RecurrentCell;
    const flag = (name: (typeof RNN_OPTIONS)[number]): boolean => checkBoolean(where, name, options[name] ?? false);
    this.returnSequences = flag('returnSequences');
    this.returnState = flag('returnState');
    this.goBackwards = flag('goBackwards');
    this.stateful = flag('stateful');
    this.unroll = flag('unroll');
    this.zeroOutputForMask = flag('zeroOutputForMask');
    this.supportsMasking = true;
    if (this.cell instanceof VectorCell) this.inputSpec = {ndim: 3};
  }

  /** Sizes of the states, always a list. */
  get stateSize(): readonly StateSize[] {
    const {stateSize} = this.cell;
    return typeof stateSize === 'number' ? [stateSize] : stateSize;
  }

  /** The states that a stateful layer starts its next call with; null where there are none yet. */
  get states(): readonly Variable[] | null {
    return this.#states;
  }

  override build(sequencesShape: never): void {
    const shape: Shape = sequencesShape;
    if (!this.cell.built) this.cell.build([shape[0] ?? null, ...shape.slice(2)] as never);
    const features = shape.at(-1) ?? null;
    if (this.cell instanceof VectorCell && features !== null) this.inputSpec = {ndim: 3, axes: {[-1]: features}};
    if (this.stateful && this.#states === null) {
      const [batch = null] = shape;
      if (batch === null) {
        throw new ShapeError(
          `${this.path}: a stateful layer needs a fixed batch size (batchShape of Input), got inputs ${show(shape)}`,
        );
      }
      for (const size of flattenStructure(this.stateSize) as number[])
        spendWeights(this.path, 'rnn_state', [batch, size]);
      const zeros = flattenStructure(this.getInitialState(batch)) as Tensor[];
      this.#states = zeros.map((value) => new Variable(value, {trainable: false, name: 'rnn_state'}));
    }
    super.build(sequencesShape);
  }

  /** Sets the states of a stateful layer to zero. */
  resetState(): void {
    for (const state of this.#states ?? []) state.assign(ops.zerosLike(state));
  }
  /** The same as {@link resetState}. */
  resetStates(): void {
    this.resetState();
  }

  /** The states before the first step: those of the cell, else zeros. */
  getInitialState(batchSize: number): States {
    const {cell} = this;
    if (cell.getInitialState !== undefined) {
      const states = cell.getInitialState(batchSize);
      return isTensor(states) ? [states] : states;
    }
    const zeros = (size: StateSize): States =>
      typeof size === 'number' ? (ops.zeros([batchSize, size], cell.computeDtype) as Tensor) : size.map(zeros);
    return this.stateSize.map(zeros);
  }

  // The states that this call starts with.
  private startingStates(sequences: Tensor, given: States | undefined): States {
    const batch = sequences.dim(0);
    if (given === undefined && this.#states !== null) {
      const [state] = this.#states;
      if (state !== undefined && state.dim(0) !== batch) {
        throw new ShapeError(
          `${this.path}: a stateful layer keeps the batch size it was built for, ${String(state.dim(0))}, got inputs ${show(sequences.shape)}`,
        );
      }
      const values = this.#states.map((one) => one.readValue());
      let at = 0;
      return mapStructure(this.getInitialState(batch), (leaf) => values[at++] ?? leaf) as States;
    }
    if (given === undefined) return this.getInitialState(batch);
    const expected = this.getInitialState(batch);
    const list = Array.isArray(given) ? given : [given];
    const made = mapStructure(list, (leaf) => {
      const tensor = convert(leaf as Tensor, undefined, `${this.path} initialState`);
      return ops.cast(tensor, this.cell.computeDtype);
    }) as States;
    const shapes = (states: States) =>
      (flattenStructure(states) as Tensor[]).map((tensor) => show(tensor.shape)).join(', ');
    if (shapes(made) !== shapes(expected)) {
      throw new ShapeError(
        `${this.path}: initialState must hold states of shapes ${shapes(expected)}, got ${shapes(made)}`,
      );
    }
    return made;
  }

  override call(input: never, options: CallOptions): O {
    const sequences: Tensor = input;
    const {initialState, mask, training} = options as RNNCallOptions;
    if (isSymbolic(sequences)) return this.onSymbol(sequences);
    const initial = this.startingStates(sequences, initialState);
    const {last, all, states} =
      this.cell instanceof VectorCell
        ? this.throughVectors(this.cell, sequences, initial, options)
        : goThrough(
            this.path,
            ops.swapaxes(sequences, 0, 1),
            initial,
            (x, before) => stepOf(this.cell(x as never, before as never, {training}) as readonly [Tensor, States]),
            this.stepOptions(mask),
          );
    resetMasks(this.cell);
    const flat = flattenStructure(states) as Tensor[];
    this.#states?.forEach((state, i) => {
      const value = flat[i];
      if (value !== undefined) state.assign(ops.cast(ops.stopGradient(value), state.dtype));
    });
    const output = all ?? last;
    return (this.returnState ? [output, ...(states as readonly States[])] : output) as O;
  }

  private stepOptions(mask: RNNCallOptions['mask']): StepOptions {
    return {
      mask: mask === undefined ? undefined : [mask].flat()[0],
      goBackwards: this.goBackwards,
      zeroOutputForMask: this.zeroOutputForMask,
      returnSequences: this.returnSequences,
    };
  }

  // With a cell on vectors: all steps in one kernel where nothing is masked and it has one, else from inputs projected for all steps.
  private throughVectors(cell: VectorCell, sequences: Tensor, initial: States, options: RNNCallOptions): Through {
    const {training} = options;
    const steps = this.stepOptions(options.mask);
    const states = initial as readonly Tensor[];
    const sequence = this.returnSequences;
    if (steps.mask === undefined) {
      const ordered = this.goBackwards ? ops.flip(sequences, 1) : sequences;
      const whole = cell.wholeSequence(ordered, states, {training, sequence, projected: false});
      const last = whole?.states[0];
      if (whole !== null && last !== undefined)
        return {last, all: sequence ? whole.outputs : null, states: whole.states};
    }
    return goThrough(
      this.path,
      cell.project(ops.swapaxes(sequences, 0, 1), training),
      initial,
      (x, before) => cell.advance(x, before as readonly Tensor[], training),
      steps,
    );
  }

  private onSymbol(sequences: Tensor): O {
    const shapes: unknown = this.computeOutputShape(sequences.shape as never);
    return mapShapes(shapes, (shape) => symbolicTensor({shape, dtype: this.computeDtype})) as O;
  }

  override computeOutputShape(sequencesShape: never): never {
    const shape: Shape = sequencesShape;
    const [batch = null, time = null] = shape;
    const first = flattenStructure(this.stateSize)[0] as number;
    const size = this.cell.outputSize ?? first;
    const output: Shape = this.returnSequences ? [batch, time, size] : [batch, size];
    if (!this.returnState) return output as never;
    const states = mapStructure(this.stateSize, (n) => [batch, n as number]) as readonly unknown[];
    return [output, ...states] as never;
  }

  override computeMask(_inputs: never, previousMask: Masks): Masks {
    const [mask = null] = flattenStructure(previousMask) as (Tensor<boolean> | null)[];
    const output = this.returnSequences ? mask : null;
    return this.returnState ? [output, ...this.stateSize.map(() => null)] : output;
  }

  /** The part of the config that says how sequences are gone through. */
  protected sequenceConfig(): Config {
    return {
      return_sequences: this.returnSequences,
      return_state: this.returnState,
      go_backwards: this.goBackwards,
      stateful: this.stateful,
      unroll: this.unroll,
      zero_output_for_mask: this.zeroOutputForMask,
    };
  }

  override getConfig(): Config {
    return {...super.getConfig(), ...this.sequenceConfig(), cell: serializeKerasObject(this.cell)};
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const {cell: node} = config;
    if (node === undefined) return constructFrom(this, this.positional ?? [], config) as T;
    const {build_config: _, ...unbuilt} = node as Config;
    const cell = deserializeKerasObject(unbuilt, customObjects === undefined ? {} : {customObjects});
    return constructFrom(this, this.positional ?? [], {...config, cell}) as T;
  }
}

// What a cell gave: one state may come without a list.
function stepOf([output, states]: readonly [Tensor, States]): readonly [Tensor, States] {
  return [output, Array.isArray(states) ? states : [states]];
}

function resetMasks(cell: RecurrentCell): void {
  if (cell instanceof Cell) cell.resetDropoutMasks();
  if (cell instanceof StackedRNNCells) cell.cells.forEach(resetMasks);
}
