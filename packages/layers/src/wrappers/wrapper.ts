import {type Config, type CustomObjects, type Shape, ValueError} from '@keratin/core';
import {checkNode, constructFrom, describe, deserializeKerasObject, serializeKerasObject} from '@keratin/core/internal';
import {type AnyLayer, Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** A layer that takes and gives one tensor. */
export type TensorLayer = Layer;

/** Base of the layers that change what another layer does. */
export abstract class Wrapper extends Layer {
  static override readonly positional = ['layer'];
  readonly layer: TensorLayer;

  /** @throws ValueError where `layer` is no layer */
  constructor(layer: AnyLayer, options: LayerOptions = {}, ownOptions: readonly string[] = []) {
    super(options, ownOptions);
    const given: unknown = layer;
    if (!(given instanceof Layer)) {
      throw new ValueError(`${new.target.name}: expects a layer, got ${describe(given)}`);
    }
    this.layer = given as TensorLayer;
  }

  override build(inputShape: Shape): void {
    this.buildWrapped(inputShape, inputShape);
  }

  /** Builds the layer within for inputs of its own shape. */
  protected buildWrapped(inputShape: Shape, innerShape: Shape): void {
    if (!this.layer.built) this.layer.build(innerShape);
    super.build(inputShape);
  }

  override getConfig(): Config {
    return {...super.getConfig(), layer: serializeKerasObject(this.layer)};
  }

  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const {build_config: _, ...node} = checkNode(`${this.name}.fromConfig: layer`, config['layer']);
    // The wrapper builds it, so that its weights have their paths.
    const layer = deserializeKerasObject(node, customObjects === undefined ? {} : {customObjects});
    return constructFrom(this, this.positional ?? [], {...config, layer}) as T;
  }
}
