import {type Config, type Shape, type Tensor} from '@keratin/core';
import * as activations from '../activations/index.js';
import {Layer} from '../layer/layer.js';
import {type LayerOptions} from '../layer/types.js';

/** An activation as a layer: `new Activation('relu')`. Inputs of any shape. */
export class Activation extends Layer {
  static override readonly positional = ['activation'];
  readonly activation: activations.ActivationFunction;

  constructor(activation: activations.Activation, options: LayerOptions = {}) {
    super(options);
    this.activation = activations.get(activation);
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape;
  }
  override getConfig(): Config {
    return {...super.getConfig(), activation: activations.serialize(this.activation)};
  }
}
