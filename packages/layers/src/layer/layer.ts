import {
  type Config,
  type Element,
  isTensor,
  NotBuiltError,
  type Shape,
  ShapeError,
  SymbolicTensorError,
  type Tensor,
  ValueError,
} from '@keratin/core';
import {
  autoName,
  checkOptions,
  concrete,
  constructFrom,
  describe,
  hint,
  inspectCustom,
  invoke,
  isOutermost,
  isPlainObject,
  isSymbolic,
  mapStructure,
  maskOf,
  type Node,
  originOf,
  publicNameOf,
  recordNode,
  serializeKerasObject,
  symbolicTensor,
  tensorsIn,
  withinCall,
  withMask,
} from '@keratin/core/internal';
import * as regularizers from '../regularizers/index.js';
import {convertInputs} from './convert-inputs.js';
import {serializePolicy} from './dtype-policy.js';
import {checkInputs, type InputSpec} from './input-spec.js';
import {flattenMasks, hasMasks, MASK_LOST, MASK_UNUSED, maskLost, maskOfLeaf} from './masks.js';
import {checkShapeOption, mapShapes, sameSamples, shapesOf} from './shapes.js';
import {type CallOptions, LAYER_OPTIONS, type LayerOptions, type Masks, RENAMED, type ShapesOf} from './types.js';
import {stack, Weighted} from './weighted.js';

type AnyLayer = Layer<never, unknown>;

/** A layer's methods as they are called with whatever the user gave. */
interface Methods {
  call(...args: readonly unknown[]): unknown;
  build(...shapes: readonly unknown[]): void;
  computeOutputShape(...shapes: readonly unknown[]): unknown;
}

const isLayer = (value: unknown): value is AnyLayer => value instanceof Layer;

/** Whether any layer has ever added a loss. */
let lossesWereAdded = false;

export interface Layer<I = Tensor, O = Tensor> {
  (inputs: I, options?: CallOptions): O;
}

/**
 * Base of all layers and models: weights, and the computation that uses them. An instance is called like a function; the first call
 * builds the weights from the shape of the inputs.
 *
 * A subclass makes its weights in `build` (or sublayers in the constructor) and computes in `call`. Sublayers and Variables in public
 * fields, and in arrays, maps and dictionaries there, belong to it; TypeScript's `private` is fine, `#private` fields cannot be seen.
 *
 * @typeParam I what the layer is called with
 * @typeParam O what it gives
 * @example
 * class Scale extends layers.Layer {
 *   declare factor: Variable;
 *   override build(inputShape: Shape) {
 *     this.factor = this.addWeight({shape: inputShape.slice(-1), initializer: 'ones'});
 *   }
 *   override call(x: Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * const y = new Scale()(ops.ones([2, 3]));
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export abstract class Layer<I = Tensor, O = Tensor> extends Weighted {
  /** Config keys, as option names, that the constructor takes before its options: what `fromConfig` needs to know. */
  static readonly positional: readonly string[] = [];
  /** Options of `call` beside `training` and `mask`, some of which may hold tensors. */
  static readonly callOptions: readonly string[] = [];

  /** Whether a mask of the input passes on to the output. Default: whether the class overrides `computeMask`. */
  supportsMasking: boolean;
  /** What the inputs must look like; checked before every call. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null;
  activityRegularizer: regularizers.Regularizer | null;
  /** Whether floating inputs are cast to the compute dtype. */
  protected autocast = true;
  /** @internal The `inputShape` option with an open batch size. */
  readonly batchInputShape: Shape | null;

  readonly #ownBuild: boolean;
  #losses: Tensor[] = [];
  #warned = false;
  readonly #nodes: Node<AnyLayer>[] = [];

  /**
   * @param options see {@link LayerOptions}
   * @param ownOptions names of options that a subclass handles itself; all others are errors
   */
  constructor(options: LayerOptions = {}, ownOptions: readonly string[] = []) {
    const className = publicNameOf(new.target)?.name ?? new.target.name;
    checkOptions(className, options, [...LAYER_OPTIONS, ...ownOptions], RENAMED);
    const {name, trainable = true, dtype, activityRegularizer, inputShape} = options;
    if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('/'))) {
      throw new ValueError(`${className}: name must be a non-empty string without "/", got ${describe(name)}`);
    }
    const penalty = regularizers.get(activityRegularizer);
    const sample = inputShape === undefined ? null : checkShapeOption(className, inputShape);
    super(className, name ?? autoName(className), trainable, dtype);
    this.activityRegularizer = penalty;
    this.batchInputShape = sample === null ? null : [null, ...sample];
    this.supportsMasking = this.#overrides('computeMask');
    this.#ownBuild = this.#overrides('build');
    const build = Reflect.get(this, 'build') as (...shapes: never[]) => void;
    Object.defineProperty(this, 'build', {
      value: (...shapes: readonly unknown[]) => this.buildWith(build, shapes),
      writable: true,
      configurable: true,
    });
  }

  /** Makes the weights for inputs of this shape. Called once, by the first call or by hand. */
  build(_inputShape: ShapesOf<I>): void {
    this.built = true;
  }

  /** The computation. Called through the layer itself: `layer(x)`. */
  abstract call(inputs: I, options: CallOptions): O;

  /** The shape of the output for inputs of this shape; the default runs `call` on symbolic tensors. */
  computeOutputShape(inputShape: ShapesOf<I>): ShapesOf<O> {
    return mapStructure(this.#trace(inputShape), (leaf) => (leaf as Tensor).shape) as ShapesOf<O>;
  }

  // Builds what is not built yet, sublayers too, without computing anything.
  #trace(inputShape: ShapesOf<I>): O {
    if (!this.built) this.build(inputShape);
    const inputs = mapShapes(inputShape, (shape) => symbolicTensor({shape, dtype: this.computeDtype}));
    return withinCall(() => stack.call(this, false, () => this.call(inputs as I, {training: false})));
  }

  /** The mask of the output from that of the input. */
  computeMask(_inputs: I, previousMask: Masks): Masks {
    return previousMask;
  }

  /** What the layer is made of, with Keras's keys, as files hold it. */
  getConfig(): Config {
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: serializePolicy(this.dtypePolicy),
      ...(this.activityRegularizer === null
        ? {}
        : {activity_regularizer: regularizers.serialize(this.activityRegularizer)}),
    };
  }

  /** A layer from what {@link getConfig} gave. */
  static fromConfig<T>(
    this: (abstract new (...args: never[]) => T) & {readonly positional?: readonly string[]},
    config: Config,
  ): T {
    // The constructor's type is that of `this`.
    return constructFrom(this, this.positional ?? [], config) as T;
  }

  /** @internal What files hold so that the weights can be made before they are read. */
  getBuildConfig(): Config | null {
    const shapes = this.buildShapes;
    if (shapes === null || shapes.length !== 1) return null;
    return {input_shape: shapes[0]};
  }

  /** @internal Builds from what {@link getBuildConfig} gave. */
  buildFromConfig(config: Config): void {
    const shape = config['input_shape'];
    if (shape === undefined || shape === null || this.built) return;
    const inputShape = mapShapes(shape, (leaf) => leaf) as ShapesOf<I>;
    if (this.#ownBuild || this.ownLayers().length === 0) this.build(inputShape);
    // What a build of its own leaves to the first call.
    if (!this.flattenLayers().every(({built}) => built)) this.#trace(inputShape);
  }

  /** Adds a scalar to the losses of this call. For use in `call`. */
  addLoss(loss: Tensor | readonly Tensor[]): void {
    for (const value of [loss].flat()) {
      const [tensor] = tensorsIn(value);
      if (tensor === undefined)
        throw new ValueError(`${this.path}.addLoss: a tensor is needed, got ${describe(value)}`);
      if (isSymbolic(tensor)) continue;
      lossesWereAdded = true;
      this.#losses.push(tensor as Tensor);
    }
  }

  /** What the last call added, in this layer and within, then the penalties of trainable weights. */
  get losses(): readonly Tensor[] {
    const added = this.flattenLayers().flatMap((layer) => layer.#losses);
    const penalties = this.trainableWeights.flatMap((variable) => {
      const {regularizer} = variable.rules;
      return regularizer === undefined ? [] : [regularizer(variable)];
    });
    return [...added, ...penalties];
  }

  /** @internal What this layer alone added in the last call. */
  get ownLosses(): readonly Tensor[] {
    return this.#losses;
  }

  /** @internal The layers directly in this one, in the order of its fields. */
  override ownLayers(): readonly AnyLayer[] {
    return super.ownLayers().filter(isLayer);
  }

  /** All layers within, each once, this one first. */
  override flattenLayers(): AnyLayer[] {
    return super.flattenLayers().filter(isLayer);
  }

  /** @internal */
  clearLosses(): void {
    // Most programs never add a loss, and each call of a model would walk through its layers for nothing.
    if (!lossesWereAdded) return;
    for (const layer of this.flattenLayers()) layer.#losses = [];
  }

  /** @internal */
  override [invoke](...args: readonly unknown[]): unknown {
    const outermost = stack.depth === 0;
    if (outermost) this.clearLosses();
    const [given, options] = this.#splitArguments(args);
    const dtype = this.autocast ? this.computeDtype : null;
    const inputs = given.map((value) => convertInputs(value, dtype, this.path));
    const [first] = inputs;
    // By far the most calls have one tensor: they skip the walks through structures.
    const plain = inputs.length === 1 && isTensor(first);
    const tensors = plain ? [first] : tensorsIn(inputs);
    if (this.inputSpec !== null) this.#checkInputs(this.inputSpec, first);
    if (!this.built) {
      stack.scope(this, () => (this as Methods).build(...inputs.map(shapesOf)));
      this.built = true;
      this.#checkInputs(this.inputSpec ?? [], first);
    }
    if (!outermost) this.#checkTracked();
    const training = options.training ?? stack.training ?? false;
    const previousMask = (options.mask ?? (plain ? maskOf(first) : mapStructure(first, maskOfLeaf))) as Masks;
    // Layers of several inputs get a list of masks.
    const masked = hasMasks(previousMask);
    const taken = masked && ((options.mask ?? null) !== null || this.takesMaskOfInputs(options));
    if (masked && !taken) this.#warnOnce(MASK_UNUSED);
    const mask = taken ? (previousMask as Tensor<boolean>) : undefined;
    const callOptions = {...options, training, mask};
    if (tensors.some(isSymbolic)) return this.#invokeOnSymbols(inputs, options, callOptions, previousMask);
    const run = () => stack.call(this, training, () => this.#callOn(inputs, callOptions), options.training);
    const outputs = outermost ? this.#orRebuilt(inputs, run) : run();
    return this.#passMask(inputs, outputs, previousMask);
  }

  // Shapes and dtypes only; the outermost call becomes a node of the graph that functional models are made of.
  #invokeOnSymbols(inputs: readonly unknown[], given: CallOptions, options: CallOptions, previousMask: Masks): unknown {
    const recorded = isOutermost() && stack.depth === 0;
    // Only masks that the layer looks at (or null for none) are arguments of the call, as in Keras; computeMask passes the others on.
    const seen = {mask: false};
    const {mask} = options;
    const watched: CallOptions = Object.defineProperty({...options}, 'mask', {
      enumerable: true,
      get: () => {
        seen.mask = true;
        return mask;
      },
    });
    const call = () =>
      stack.call(this, options.training ?? false, () => this.#callOnSymbols(inputs, watched), given.training);
    const run = () => withinCall(call);
    const outputs = recorded ? this.#orRebuilt(inputs, run) : run();
    const masked = this.#passMask(inputs, outputs, previousMask);
    if (!recorded) return masked;
    // A layer that gives its input back is a place of its own in the graph all the same.
    const own = mapStructure(masked, (leaf) => (isTensor(leaf) && originOf(leaf) !== undefined ? again(leaf) : leaf));
    this.#record(inputs, seen.mask && (mask !== undefined || !hasMasks(previousMask)) ? {...given, mask} : given, own);
    return own;
  }

  #warnOnce(text: string): void {
    if (this.#warned) return;
    this.#warned = true;
    process.emitWarning(`${this.path}: ${text}`, 'KeratinWarning');
  }

  /** @internal Whether `call` gets the mask that travels with the inputs; one that is given it always gets. */
  protected takesMaskOfInputs(_options: CallOptions): boolean {
    return true;
  }

  #checkInputs(spec: InputSpec | readonly InputSpec[], inputs: unknown): void {
    if (Array.isArray(spec) && spec.length === 0) return;
    checkInputs(this.path, spec, isTensor(inputs) ? [inputs] : tensorsIn(inputs));
  }

  // Keras throws here. Where a layer of a user's own says nothing of its inputs and nobody has changed its weights, nothing is lost by
  // building it again for the shape that came.
  #orRebuilt(inputs: readonly unknown[], run: () => unknown): unknown {
    try {
      return run();
    } catch (error) {
      const shapes = inputs.map(shapesOf);
      const fresh = this.#ownBuild && this.inputSpec === null && this.#nodes.length === 0 && this.isUntouched;
      if (!(error instanceof ShapeError) || !fresh || sameSamples(shapes, this.buildShapes)) throw error;
      this.discardWeights();
      (this as Methods).build(...shapes);
      const result = run();
      process.emitWarning(
        `${this.path}: built again for inputs of another shape than before; its weights had not been changed`,
        'KeratinWarning',
      );
      return result;
    }
  }

  #callOn(inputs: readonly unknown[], options: CallOptions): unknown {
    const result = (this as Methods).call(...inputs, options);
    if (typeof result === 'object' && result !== null && 'then' in result) {
      throw new ValueError(`${this.path}: call must not be async; it returned a Promise`);
    }
    if (this.activityRegularizer !== null) this.#addActivityLoss(this.activityRegularizer, result);
    return result;
  }

  // A `call` may need sizes that are open here; then a `computeOutputShape` of the class's own says what comes out.
  #callOnSymbols(inputs: readonly unknown[], options: CallOptions): unknown {
    try {
      return this.#callOn(inputs, options);
    } catch (error) {
      if (
        !this.#overrides('computeOutputShape') ||
        !(error instanceof SymbolicTensorError || error instanceof ShapeError)
      )
        throw error;
      const shape = (this as Methods).computeOutputShape(...inputs.map(shapesOf));
      return mapShapes(shape, (leaf) => symbolicTensor({shape: leaf, dtype: this.computeDtype}));
    }
  }

  #overrides(method: 'build' | 'computeMask' | 'computeOutputShape'): boolean {
    return Reflect.get(this, method) !== Reflect.get(Layer.prototype, method);
  }

  #splitArguments(args: readonly unknown[]): [inputs: readonly unknown[], options: CallOptions] {
    if (args[0] === undefined || args[0] === null) {
      throw new ValueError(`${this.path}: a layer is called with its inputs, got ${describe(args[0])}`);
    }
    const last = args.at(-1);
    if (args.length > 1 && (last === undefined || this.#areCallOptions(last))) {
      return [args.slice(0, -1), this.#checkCallOptions(last ?? {})];
    }
    return [args, {}];
  }

  // A dictionary at the end may be options or inputs: those of a user's layer are inputs where they hold tensors under other names.
  #areCallOptions(last: unknown): last is object {
    if (!isPlainObject(last)) return false;
    const keys = Object.keys(last);
    const own = (this.constructor as typeof Layer).callOptions;
    return (
      tensorsIn(Object.values(last)).length === 0 ||
      keys.some((key) => key === 'training' || key === 'mask') ||
      keys.every((key) => own.includes(key))
    );
  }

  // Layers may take call options of their own, so only near misses of the common ones are errors.
  #checkCallOptions(options: object): CallOptions {
    const own = (this.constructor as typeof Layer).callOptions;
    if (own.length > 0) checkOptions(`${this.path} call`, options, ['training', 'mask', ...own]);
    for (const key of Object.keys(options)) {
      if (key === 'training' || key === 'mask' || own.includes(key)) continue;
      const near = hint(key, ['training', 'mask']);
      if (near.startsWith('; did you mean')) checkOptions(`${this.path} call`, options, ['training', 'mask']);
    }
    return options;
  }

  #checkTracked(): void {
    const around = stack.around();
    if (around.some((outer) => outer.holds(this, false)) || around.some((outer) => outer.holds(this, true))) return;
    if (this.weights.length === 0) return;
    const [caller] = around;
    throw new ValueError(
      `${caller?.path ?? this.path}: calls layer "${this.name}", which it does not hold in a public field, array, map or dictionary,` +
        " so its weights would not be trained or saved; TypeScript's private fields are fine, #private ones are not",
    );
  }

  #addActivityLoss(regularizer: regularizers.Regularizer, outputs: unknown): void {
    for (const output of tensorsIn(outputs)) {
      if (isSymbolic(output)) continue;
      const loss = regularizer(output as Tensor);
      this.addLoss(output.ndim === 0 ? loss : loss.div(Math.max(output.length, 1)));
    }
  }

  #passMask(inputs: readonly unknown[], outputs: unknown, previousMask: Masks): unknown {
    if (previousMask === null && !(this.supportsMasking && this.#overrides('computeMask'))) return outputs;
    if (!this.supportsMasking) {
      if (hasMasks(previousMask) && maskLost(outputs)) this.#warnOnce(MASK_LOST);
      return outputs;
    }
    const flat = tensorsIn(outputs);
    if (flat.length > 0 && flat.every((output) => maskOf(output) !== null)) return outputs;
    const masks = this.computeMask(inputs[0] as I, previousMask);
    if (masks === null) return outputs;
    const list = flattenMasks(masks);
    let at = 0;
    const taken = new Set(tensorsIn(inputs));
    return mapStructure(outputs, (leaf) => {
      const [output] = tensorsIn(leaf);
      if (output === undefined) return leaf;
      const mask = list[at++] ?? null;
      if (mask === null || maskOf(output) !== null) return output;
      // An input that comes out unchanged belongs to the caller: the mask goes on a view of it.
      const own = taken.has(output) && !isSymbolic(output) ? output.reshape(concrete(output.shape)) : output;
      return withMask(own, mask);
    });
  }

  #record(inputs: readonly unknown[], options: CallOptions, outputs: unknown): void {
    this.#nodes.push(
      recordNode<AnyLayer>({
        operation: this,
        index: this.#nodes.length,
        inputs,
        options: {...options},
        outputs: tensorsIn(outputs),
      }),
    );
  }

  /** @internal */
  addNode(node: Node<AnyLayer>): void {
    this.#nodes.push(node);
  }

  /** @internal The calls of this layer on symbolic tensors. */
  get nodes(): readonly Node<AnyLayer>[] {
    return this.#nodes;
  }

  /** The symbolic input of the layer's first call in a model. */
  get input(): unknown {
    return this.#onlyNode('input').inputs[0];
  }
  /** The symbolic output of the layer's first call in a model. */
  get output(): unknown {
    const {outputs} = this.#onlyNode('output');
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  #onlyNode(what: string): Node<AnyLayer> {
    const [node] = this.#nodes;
    if (node === undefined) {
      throw new NotBuiltError(`${this.path}.${what}: the layer was never called on a symbolic tensor (see Input)`);
    }
    return node;
  }

  /** The layer as a config node, for `JSON.stringify`. */
  toJSON(): unknown {
    return serializeKerasObject(this);
  }

  override toString(): string {
    return `<${publicNameOf(this.constructor)?.name ?? this.constructor.name} name=${this.name}, built=${String(this.built)}>`;
  }

  override [inspectCustom](): string {
    return this.toString();
  }
}

function again(tensor: Tensor<Element>): Tensor<Element> {
  const fresh: Tensor<Element> = symbolicTensor(tensor);
  fresh.extra = tensor.extra;
  return fresh;
}

/** Any layer, whatever it takes and gives. */
export type {AnyLayer};
export type {Element};
