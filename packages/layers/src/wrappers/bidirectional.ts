import {
  type Config,
  type CustomObjects,
  isTensor,
  ops,
  type Shape,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@keratin/core';
import {
  constructFrom,
  describe,
  deserializeKerasObject,
  flattenStructure,
  isSymbolic,
  serializeKerasObject,
  symbolicTensor,
} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '../layer/layer.js';
import {mapShapes} from '../layer/shapes.js';
import {type CallOptions, type LayerOptions, type Masks} from '../layer/types.js';
import {type States} from '../recurrent/cell.js';
import {type RNNCallOptions} from '../recurrent/rnn.js';
import {Sequences} from '../recurrent/sequences.js';

/** A layer that goes through sequences, as `RNN` and its subclasses do. */
export interface SequenceModel extends AnyLayer {
  (sequences: never, options?: RNNCallOptions): unknown;
  readonly goBackwards: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly stateful: boolean;
  zeroOutputForMask?: boolean;
  resetState?(): void;
}

/** How the outputs of both directions become one; null gives both. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | null;

const MODES: readonly unknown[] = ['concat', 'sum', 'mul', 'ave', null];

/** Options of {@link Bidirectional}. */
export interface BidirectionalOptions<M extends MergeMode = MergeMode> extends LayerOptions {
  /** Default `'concat'`. */
  mergeMode?: M | undefined;
  /** What goes through the sequences from their end. Default: a copy of the layer. */
  backwardLayer?: AnyLayer | null | undefined;
  /** First values of all weights: those of the forward layer, then as many of the backward layer. Default: the initializers'. */
  weights?: readonly TensorLike[] | null | undefined;
}

export interface Bidirectional<O = Tensor> {
  (sequences: Tensor, options?: RNNCallOptions): O;
}

/**
 * A recurrent layer in both directions: one goes through sequences (batch, time, features) from their start, a copy from their end.
 *
 * @example
 * const y = new layers.Bidirectional(new layers.LSTM(32, {returnSequences: true}))(ops.ones([4, 10, 8])); // (4, 10, 64)
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class Bidirectional<O = Tensor> extends Sequences<O> {
  static override readonly positional = ['layer'];
  readonly forwardLayer: SequenceModel;
  readonly backwardLayer: SequenceModel;
  readonly mergeMode: MergeMode;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly stateful: boolean;
  readonly #given: readonly TensorLike[] | null;

  /** @throws ValueError where the layers are not recurrent, or do not go in two directions and give the same otherwise */
  constructor(layer: AnyLayer, options: BidirectionalOptions = {}) {
    super(options, ['mergeMode', 'backwardLayer', 'weights']);
    const {mergeMode = 'concat', backwardLayer = null, weights = null} = options;
    this.#given = weights;
    if (!MODES.includes(mergeMode)) {
      throw new ValueError(
        `Bidirectional: mergeMode must be one of concat, sum, mul, ave or null, got ${describe(mergeMode)}`,
      );
    }
    const given = checkSequenceModel('layer', layer);
    this.forwardLayer = copyOf(given, 'forward', given.goBackwards);
    this.backwardLayer =
      backwardLayer === null
        ? copyOf(given, 'backward', !given.goBackwards)
        : checkSequenceModel('backwardLayer', backwardLayer);
    this.mergeMode = mergeMode;
    this.checkDirections();
    for (const one of [this.forwardLayer, this.backwardLayer]) {
      if (one.zeroOutputForMask !== undefined) one.zeroOutputForMask = one.returnSequences;
    }
    this.returnSequences = given.returnSequences;
    this.returnState = given.returnState;
    this.stateful = given.stateful;
    this.supportsMasking = true;
    this.inputSpec = given.inputSpec;
  }

  private checkDirections(): void {
    const [forward, backward] = [this.forwardLayer, this.backwardLayer];
    if (forward.goBackwards === backward.goBackwards) {
      throw new ValueError(
        `Bidirectional: one layer must go forwards and one backwards, got goBackwards ${String(forward.goBackwards)} of both`,
      );
    }
    for (const name of ['stateful', 'returnSequences', 'returnState'] as const) {
      if (forward[name] === backward[name]) continue;
      throw new ValueError(
        `Bidirectional: both layers must have the same ${name}, got ${String(forward[name])} and ${String(backward[name])}`,
      );
    }
  }

  /** Sets the states of both directions to zero. */
  resetState(): void {
    this.forwardLayer.resetState?.();
    this.backwardLayer.resetState?.();
  }

  override build(sequencesShape: never): void {
    for (const layer of [this.forwardLayer, this.backwardLayer]) if (!layer.built) layer.build(sequencesShape);
    super.build(sequencesShape);
    if (this.#given !== null) this.setWeights(this.#given);
  }

  override call(input: never, options: CallOptions): O {
    const sequences: Tensor = input;
    const {initialState, mask, training} = options as RNNCallOptions;
    if (isSymbolic(sequences)) {
      const shapes: unknown = this.computeOutputShape(sequences.shape as never);
      return mapShapes(shapes, (shape) => symbolicTensor({shape, dtype: this.computeDtype})) as O;
    }
    const states = initialState === undefined ? null : isTensor(initialState) ? [initialState] : initialState;
    const half = states === null ? 0 : states.length / 2;
    const run = (layer: SequenceModel, own: readonly States[] | undefined): readonly [Tensor, ...Tensor[]] => {
      const result = layer(input, {training, mask, initialState: own});
      return flattenStructure(result) as [Tensor, ...Tensor[]];
    };
    const [forward, ...forwardStates] = run(this.forwardLayer, states?.slice(0, half));
    const [backward, ...backwardStates] = run(this.backwardLayer, states?.slice(half));
    const merged = this.merge(forward, this.returnSequences ? ops.flip(backward, 1) : backward);
    if (!this.returnState) return (merged.length === 1 ? merged[0] : merged) as O;
    return [...merged, ...forwardStates, ...backwardStates] as O;
  }

  private merge(forward: Tensor, backward: Tensor): readonly Tensor[] {
    switch (this.mergeMode) {
      case 'concat':
        return [ops.concatenate([forward, backward], -1)];
      case 'sum':
        return [forward.add(backward)];
      case 'mul':
        return [forward.mul(backward)];
      case 'ave':
        return [forward.add(backward).div(2)];
      case null:
        return [forward, backward];
    }
  }

  override computeOutputShape(sequencesShape: never): never {
    const shapes: unknown = this.forwardLayer.computeOutputShape(sequencesShape);
    const [output, ...states] = (this.returnState ? shapes : [shapes]) as readonly [Shape, ...Shape[]];
    const wide = [...output.slice(0, -1), (output.at(-1) ?? 0) * 2];
    const outputs = this.mergeMode === null ? [output, output] : [this.mergeMode === 'concat' ? wide : output];
    if (!this.returnState) return (outputs.length === 1 ? outputs[0] : outputs) as never;
    return [...outputs, ...states, ...states] as never;
  }

  override computeMask(_inputs: never, previousMask: Masks): Masks {
    const [mask = null] = flattenStructure(previousMask) as (Tensor<boolean> | null)[];
    const output = this.returnSequences ? mask : null;
    const outputs = this.mergeMode === null ? [output, output] : [output];
    if (!this.returnState) return this.mergeMode === null ? outputs : output;
    const states = (this.forwardLayer as {readonly stateSize?: readonly unknown[]}).stateSize ?? [];
    return [...outputs, ...states.map(() => null), ...states.map(() => null)];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      merge_mode: this.mergeMode,
      layer: serializeKerasObject(this.forwardLayer),
      backward_layer: serializeKerasObject(this.backwardLayer),
    };
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const options = customObjects === undefined ? {} : {customObjects};
    const unbuilt = (node: unknown): unknown => {
      if (node === null || node === undefined) return null;
      // This layer builds them, so that their weights have their paths.
      const {build_config: _, ...rest} = node as Config;
      return deserializeKerasObject(rest, options);
    };
    const layers = {layer: unbuilt(config['layer']), backward_layer: unbuilt(config['backward_layer'])};
    const {num_constants: _, ...rest} = config;
    return constructFrom(this, this.positional ?? [], {...rest, ...layers}) as T;
  }
}

const isSequenceModel = (layer: unknown): layer is SequenceModel =>
  layer instanceof Layer && 'goBackwards' in layer && 'returnSequences' in layer;

function checkSequenceModel(name: string, layer: unknown): SequenceModel {
  if (isSequenceModel(layer)) return layer;
  throw new ValueError(`Bidirectional: ${name} must be a recurrent layer, such as LSTM, got ${describe(layer)}`);
}

/** A layer of the same options without its weights, named after its direction. */
function copyOf(layer: SequenceModel, direction: 'forward' | 'backward', goBackwards: boolean): SequenceModel {
  const {build_config: _, ...node} = serializeKerasObject(layer) as Config & {readonly config: Config};
  const prefix = `${direction}_`;
  const name = layer.name.startsWith(prefix) ? layer.name : prefix + layer.name;
  const config = {...node.config, name, ...(direction === 'backward' ? {go_backwards: goBackwards} : {})};
  return deserializeKerasObject({...node, config}) as SequenceModel;
}
