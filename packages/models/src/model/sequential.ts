import {
  type Config,
  type CustomObjects,
  NotBuiltError,
  type Shape,
  ShapeError,
  SymbolicTensorError,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {
  checkConfig,
  checkOptions,
  describe,
  deserializeKerasObject,
  isSymbolic,
  maskOf,
  originOf,
  registerPublic,
  serializeKerasObject,
  show,
  tensorsIn,
  withMask,
} from '@keratin/core/internal';
import {type AnyLayer, type CallOptions, InputLayer, Layer, type LayerOptions} from '@keratin/layers';
import {Model} from './model.js';

/** Options of {@link Sequential}. */
export type SequentialOptions = Pick<LayerOptions, 'name' | 'trainable' | 'dtype'>;

/**
 * A stack of layers, each called with the output of the one before. With an `Input` at the beginning, or a first layer that has
 * `inputShape`, the weights are there at once; else the first call makes them.
 *
 * @example
 * const model = new Sequential([
 *   Input({shape: [784]}),
 *   new layers.Dense(512, {activation: 'relu'}),
 *   new layers.Dense(10, {activation: 'softmax'}),
 * ]);
 */
export class Sequential extends Model {
  readonly #stack: AnyLayer[] = [];
  #input: InputLayer | null = null;
  /** The symbolic output of each layer; null where a layer cannot be called without values. */
  #outputs: Tensor[] | null = [];

  /** @param layers layers in order; an Input may come first */
  constructor(layers: readonly (Layer | Tensor)[] = [], options: SequentialOptions = {}) {
    checkOptions('Sequential', options, ['name', 'trainable', 'dtype']);
    if (!Array.isArray(layers)) {
      throw new ValueError(`Sequential: a list of layers is needed, got ${describe(layers)}; write [layer, ...]`);
    }
    super(options);
    for (const layer of layers) this.#push(layer);
    this.#buildIfKnown();
  }

  /** Adds a layer on top. */
  add(layer: Layer | Tensor): void {
    const before = this.#input;
    this.#push(layer);
    try {
      this.#buildIfKnown();
    } catch (error) {
      // A layer that does not fit is not added.
      if (layer instanceof Layer) this.#stack.pop();
      this.#input = before;
      throw error;
    }
  }

  /** Takes the last layer away and gives it. */
  pop(): AnyLayer {
    const last = this.#stack.pop();
    if (last === undefined) throw new ValueError(`${this.name}.pop: the model has no layers`);
    this.#outputs?.splice(this.#stack.length);
    if (this.#stack.length === 0) this.built = false;
    return last;
  }

  #push(layer: unknown): void {
    const where = `${this.name}.add`;
    const input = inputLayerOf(layer);
    if (input !== null) {
      if (this.#input !== null) {
        throw new ValueError(`${where}: the model has the input shape ${show(this.#input.batchShape)} already`);
      }
      if (this.#stack.length > 0) throw new ValueError(`${where}: an Input must come first`);
      this.#input = input;
      return;
    }
    if (!isLayer(layer)) {
      const advice = typeof layer === 'function' ? `; make one with new ${layer.name}(...)` : '';
      throw new ValueError(`${where}: a layer or an Input is needed, got ${describe(layer)}${advice}`);
    }
    if (this.#stack.some(({name}) => name === layer.name)) {
      throw new ValueError(
        `${where}: there is a layer "${layer.name}" already; names must be unique, give {name: ...}`,
      );
    }
    if (this.#stack.length === 0 && this.#input === null) {
      const shape = layer.batchInputShape ?? (layer instanceof Sequential ? (layer.#input?.batchShape ?? null) : null);
      if (shape !== null) this.#input = new InputLayer({batchShape: shape, dtype: inputDtype(layer)});
    }
    this.#stack.push(layer);
    if (this.#input === null) this.built = false;
  }

  #buildIfKnown(): void {
    if (this.#input !== null && this.#stack.length > 0) this.build(this.#input.batchShape);
  }

  /** Makes the weights of all layers, for inputs of this shape (with the batch, which may be null). */
  override build(inputShape: Shape): void {
    const [first] = this.#stack;
    // Without layers it gives what it gets; layers that are added later build it again.
    if (first === undefined) return;
    if (this.#input === null) {
      this.#input = new InputLayer({batchShape: [null, ...inputShape.slice(1)], dtype: inputDtype(first)});
    } else {
      this.#checkShape(inputShape);
    }
    if (this.#outputs === null) return;
    let x = this.#outputs.at(-1) ?? (this.#input.output as Tensor);
    for (const layer of this.#stack.slice(this.#outputs.length)) {
      try {
        x = (layer as Layer)(x);
      } catch (error) {
        if (!(error instanceof SymbolicTensorError)) throw error;
        // This layer reads values: the layers from here on are built by the first call.
        this.#outputs = null;
        return;
      }
      this.#outputs.push(x);
    }
  }

  override call(inputs: Tensor, {mask}: CallOptions): Tensor {
    let x = this.#adapt(inputs);
    if (mask !== undefined && maskOf(x) !== mask)
      x = withMask(x === inputs ? x.reshape(x.shape.map((n) => n ?? -1)) : x, mask);
    for (const layer of this.#stack) x = (layer as Layer)(x);
    return x;
  }

  /** Inputs in the shape and dtype of the Input: a last axis of one may be missing or too many, as in Keras. */
  #adapt(inputs: Tensor): Tensor {
    const input = this.#input;
    if (input === null) return inputs;
    const {batchShape} = input;
    let x = inputs;
    if (x.ndim === batchShape.length - 1 && batchShape.at(-1) === 1) x = x.expandDims(-1);
    else if (x.ndim === batchShape.length + 1 && x.shape.at(-1) === 1) x = x.squeeze(-1);
    this.#checkShape(x.shape, inputs.shape);
    const {dtype} = input.output as Tensor;
    if (x.dtype !== dtype) x = x.cast(dtype) as Tensor;
    const mask = maskOf(inputs);
    return mask === null || x === inputs ? x : withMask(x, mask);
  }

  #checkShape(shape: Shape, given: Shape = shape): void {
    const wanted = this.#input?.batchShape ?? shape;
    const fits =
      shape.length === wanted.length && wanted.every((n, i) => n === null || shape[i] === null || n === shape[i]);
    if (fits) return;
    throw new ShapeError(`${this.path}: expects inputs of shape ${show(wanted)}, got inputs ${show(given)}`);
  }

  override computeOutputShape(inputShape: Shape): Shape {
    let shape: unknown = inputShape;
    for (const layer of this.#stack) shape = layer.computeOutputShape(shape as never);
    return shape as Shape;
  }

  /** The layers in order, without the Input. */
  override get layers(): readonly AnyLayer[] {
    return [...this.#stack];
  }

  /** @internal */
  override ownLayers(): readonly AnyLayer[] {
    const others = super.ownLayers();
    return others.length === 0 ? this.#stack : [...new Set([...this.#stack, ...others])];
  }

  /** The symbolic inputs. */
  override get inputs(): readonly Tensor[] {
    return [this.#known('inputs').output as Tensor];
  }
  /** The symbolic outputs. */
  override get outputs(): readonly Tensor[] {
    const output = this.#outputs?.at(-1);
    if (output === undefined) this.#unknown('outputs');
    return [output];
  }
  /** The shape of the inputs, with the batch. */
  override get inputShape(): Shape {
    return this.#known('inputShape').batchShape;
  }
  /** The shape of the outputs, with the batch. */
  override get outputShape(): Shape {
    const [output] = this.outputs;
    return output?.shape ?? [];
  }

  #known(what: string): InputLayer {
    return this.#input ?? this.#unknown(what);
  }
  #unknown(what: string): never {
    throw new NotBuiltError(
      `${this.path}.${what}: the model is not built yet; begin it with Input({shape}), call build([null, ...]) or call it`,
    );
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      layers: [...(this.#input === null ? [] : [this.#input]), ...this.#stack].map(serializeKerasObject),
      ...(this.#input === null ? {} : {build_input_shape: [...this.#input.batchShape]}),
    };
  }

  /** A model from what {@link getConfig} gave, with new weights. */
  static override fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
    customObjects?: CustomObjects,
  ): T {
    const checked = checkConfig('Sequential.fromConfig', config);
    const nodes = checked['layers'];
    if (!Array.isArray(nodes)) {
      throw new ValueError(`Sequential.fromConfig: a config has name and layers, got layers ${describe(nodes)}`);
    }
    const layers = nodes.map((node: unknown) => deserializeKerasObject(node, {customObjects}));
    const {name, trainable, dtype} = checked;
    const model: unknown = Reflect.construct(this, [layers, {name, trainable, dtype}]);
    if (!(model instanceof Sequential)) throw new ValueError('Sequential.fromConfig: the class is no Sequential');
    const shape = checked['build_input_shape'];
    if (!model.built && Array.isArray(shape) && layers.length > 0) model.build(shape as Shape);
    return model as T;
  }

  /** @internal */
  override getBuildConfig(): Config | null {
    return this.#input === null ? null : {input_shape: [...this.#input.batchShape]};
  }
}

registerPublic(Sequential, {module: 'keras', name: 'Sequential'});

/** The input layer that a value stands for: itself, or the one whose tensor `Input` gave. */
function inputLayerOf(value: unknown): InputLayer | null {
  if (value instanceof InputLayer) return value;
  const [tensor] = tensorsIn(value);
  if (tensor === undefined || tensor !== value || !isSymbolic(tensor)) return null;
  const layer = originOf<unknown>(tensor)?.node.operation;
  return layer instanceof InputLayer ? layer : null;
}

const isLayer = (value: unknown): value is AnyLayer => value instanceof Layer;

const inputDtype = (layer: AnyLayer): 'float32' =>
  // Whatever dtype the first layer computes in; the option's type is that of dtypes.
  layer.computeDtype as 'float32';
