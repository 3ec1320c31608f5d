import {type Config, isTensor, type Shape} from '@keratin/core';
import {flattenStructure, invoke, isPlainObject} from '@keratin/core/internal';
import {Layer} from '../layer/layer.js';
import {type CallOptions} from '../layer/types.js';

/** Base of what goes through sequences with states: keeps the shapes of the states that its first call was given. */
export abstract class Sequences<O> extends Layer<never, O> {
  static override readonly callOptions: readonly string[] = ['initialState'];
  #initialShapes: readonly Shape[] | null = null;

  /** @internal */
  override [invoke](...args: readonly unknown[]): unknown {
    const options = args.at(-1);
    if (!this.built && isPlainObject(options)) {
      const shapes = flattenStructure(options['initialState'])
        .filter(isTensor)
        .map(({shape}) => shape);
      this.#initialShapes = shapes.length > 0 ? shapes : null;
    }
    return super[invoke](...args);
  }

  // Keras passes a travelling mask on only where the inputs are the only tensors of a call.
  protected override takesMaskOfInputs({initialState}: CallOptions & {readonly initialState?: unknown}): boolean {
    return initialState === undefined || initialState === null;
  }

  /** @internal */
  override getBuildConfig(): Config | null {
    const config = super.getBuildConfig();
    if (config === null || this.#initialShapes === null) return config;
    return {shapes_dict: {sequences_shape: config['input_shape'], initial_state_shape: this.#initialShapes}};
  }

  /** @internal */
  override buildFromConfig(config: Config): void {
    const shapes = config['shapes_dict'] as
      {readonly sequences_shape?: Shape; readonly initial_state_shape?: readonly Shape[]} | undefined;
    if (shapes === undefined) {
      super.buildFromConfig(config);
      return;
    }
    this.#initialShapes = shapes.initial_state_shape ?? null;
    super.buildFromConfig({input_shape: shapes.sequences_shape});
  }
}
