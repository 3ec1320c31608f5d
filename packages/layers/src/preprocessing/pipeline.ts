import {type Config, type Tensor, ValueError} from '@keratin/core';
import {constructFrom, describe, deserializeKerasObject, serializeKerasObject} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {stack, trainingAsked} from '../layer/weighted.js';

/**
 * Several preprocessing layers, one after the other, as one layer. Called alone, layers for images transform as while training.
 *
 * @typeParam I what goes in
 * @typeParam O what comes out of the last layer
 */
export class Pipeline<I = Tensor, O = Tensor> extends Layer<I, O> {
  static override readonly positional = ['layers'];
  /** The layers in their order. */
  readonly layers: readonly AnyLayer[];

  constructor(layers: readonly AnyLayer[], options: Pick<LayerOptions, 'name'> = {}) {
    super(options);
    const list: unknown = layers;
    if (!Array.isArray(list) || list.length === 0 || !list.every((layer) => layer instanceof Layer)) {
      throw new ValueError(`Pipeline: layers must be a list of at least one layer, got ${describe(layers)}`);
    }
    this.layers = layers;
  }

  override call(inputs: I, _options: CallOptions): O {
    const training = trainingAsked() ?? stack.depth <= 1;
    return this.layers.reduce<unknown>((x, layer) => (layer as Layer<unknown, unknown>)(x, {training}), inputs) as O;
  }

  override getConfig(): Config {
    return {name: this.name, layers: this.layers.map((layer) => serializeKerasObject(layer))};
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
  ): T {
    const {layers} = config;
    if (!Array.isArray(layers)) {
      throw new ValueError(`Pipeline: a config must hold a list of layers, got ${describe(layers)}`);
    }
    return constructFrom(this, this.positional ?? [], {
      ...config,
      layers: layers.map((node: unknown) => deserializeKerasObject(node)),
    }) as T;
  }
}
