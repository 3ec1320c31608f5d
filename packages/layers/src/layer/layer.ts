import {
  type Config,
  type DType,
  type Element,
  NotBuiltError,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
  Variable,
} from '@keratin/core';
import {
  autoName,
  Callable,
  checkDType,
  checkOptions,
  concrete,
  constructFrom,
  convert,
  describe,
  hint,
  inspectCustom,
  invoke,
  isConcrete,
  isFloating,
  isPlainObject,
  isSymbolic,
  mapStructure,
  maskOf,
  publicNameOf,
  sameShape,
  serializeKerasObject,
  show,
  symbolicTensor,
  tensorsIn,
  uniqueName,
  withMask,
} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import * as regularizers from '../regularizers/index.js';
import {CallStack} from './call-context.js';
import {convertInputs} from './convert-inputs.js';
import {dtypePolicy, type DTypePolicy, serializePolicy} from './dtype-policy.js';
import {checkInputs, type InputSpec} from './input-spec.js';
import {type Node, recordNode} from './node.js';
import {noteStructureChange} from './structure.js';
import {holdingsOf} from './tracking.js';
import {type CallOptions, type LayerOptions, type Masks, type ShapesOf} from './types.js';

const OPTIONS = ['name', 'trainable', 'dtype', 'activityRegularizer', 'inputShape'] as const;
const RENAMED = {inputDim: 'inputShape', input_shape: 'inputShape', batchInputShape: 'inputShape'};

/** Options of {@link Layer.addWeight}. */
export interface WeightOptions {
  /** Every size must be known. */
  shape: Shape;
  /** Default `'glorot_uniform'` for floats, `'zeros'` for other dtypes. */
  initializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty that joins {@link Layer.losses} while the weight is trainable. */
  regularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** Applied by optimizers after each step. */
  constraint?: constraints.ConstraintIdentifier | null | undefined;
  /** Default true. */
  trainable?: boolean | undefined;
  /** Default: the layer's variable dtype. */
  dtype?: DType | undefined;
  /** The last part of the weight's path. */
  name?: string | undefined;
}

type AnyLayer = Layer<never, unknown>;

const stack = new CallStack<AnyLayer>();
/** Whether any layer has ever added a loss. */
let lossesWereAdded = false;
const isLayer = (value: unknown): value is AnyLayer => value instanceof Layer;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are callable: see Callable
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
export abstract class Layer<I = Tensor, O = Tensor> extends Callable {
  /** Config keys, as option names, that the constructor takes before its options: what `fromConfig` needs to know. */
  static readonly positional: readonly string[] = [];

  name: string;
  /** Whether a mask of the input passes on to the output. Default: whether the class overrides `computeMask`. */
  supportsMasking: boolean;
  /** What the inputs must look like; checked before every call. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null;
  activityRegularizer: regularizers.Regularizer | null;
  /** @internal The `inputShape` option with an open batch size. */
  readonly batchInputShape: Shape | null;

  readonly #policy: DTypePolicy;
  #trainable: boolean;
  #built = false;
  #locked = false;
  #path: string | null = null;
  #buildShapes: readonly unknown[] | null = null;
  #losses: Tensor[] = [];
  /** Own variables in creation order, with the list that each is in for good. */
  readonly #own = new Map<Variable, 'trainable' | 'other'>();
  readonly #added = new Set<Variable>();
  #known = new Set<AnyLayer>();
  #warned = false;
  readonly #nodes: Node<AnyLayer>[] = [];

  /**
   * @param options see {@link LayerOptions}
   * @param ownOptions names of options that a subclass handles itself; all others are errors
   */
  constructor(options: LayerOptions = {}, ownOptions: readonly string[] = []) {
    super();
    const className = publicNameOf(new.target)?.name ?? new.target.name;
    checkOptions(className, options, [...OPTIONS, ...ownOptions], RENAMED);
    const {name, trainable = true, dtype, activityRegularizer, inputShape} = options;
    if (name !== undefined && (typeof name !== 'string' || name === '' || name.includes('/'))) {
      throw new ValueError(`${className}: name must be a non-empty string without "/", got ${describe(name)}`);
    }
    if (typeof trainable !== 'boolean') {
      throw new ValueError(`${className}: trainable must be a boolean, got ${describe(trainable)}`);
    }
    this.#policy = dtypePolicy(className, dtype);
    this.activityRegularizer = regularizers.get(activityRegularizer);
    this.batchInputShape = inputShape === undefined ? null : [null, ...checkShapeOption(className, inputShape)];
    this.name = name ?? autoName(className);
    this.#trainable = trainable;
    this.supportsMasking = !Object.is(this.computeMask, Layer.prototype.computeMask);
    const build = this.build;
    Object.defineProperty(this, 'build', {
      value: (...shapes: readonly unknown[]) => this.#buildWith(build, shapes),
      writable: true,
      configurable: true,
    });
  }

  /** Makes the weights for inputs of this shape. Called once, by the first call or by hand. */
  build(_inputShape: ShapesOf<I>): void {
    this.#built = true;
  }

  /** The computation. Called through the layer itself: `layer(x)`. */
  abstract call(inputs: I, options: CallOptions): O;

  /** The shape of the output for inputs of this shape; the default runs `call` on symbolic tensors. */
  computeOutputShape(inputShape: ShapesOf<I>): ShapesOf<O> {
    if (!this.#built) this.build(inputShape);
    const inputs = mapShapes(inputShape, (shape) => symbolicTensor({shape, dtype: this.computeDtype}));
    const outputs = stack.call(this, false, () => this.call(inputs as I, {training: false}));
    return mapStructure(outputs, (leaf) => (leaf as Tensor).shape) as ShapesOf<O>;
  }

  /** The mask of the output from that of the input. */
  computeMask(_inputs: I, previousMask: Masks): Masks {
    return previousMask;
  }

  /** What the layer is made of, with Keras's keys, as files hold it. */
  getConfig(): Config {
    return {
      name: this.name,
      trainable: this.#trainable,
      dtype: serializePolicy(this.#policy),
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
    const shapes = this.#buildShapes;
    if (shapes === null || shapes.length !== 1) return null;
    return {input_shape: shapes[0]};
  }

  /** @internal Builds from what {@link getBuildConfig} gave. */
  buildFromConfig(config: Config): void {
    const shape = config['input_shape'];
    if (shape === undefined || shape === null || this.#built) return;
    this.build(mapShapes(shape, (leaf) => leaf) as ShapesOf<I>);
  }

  // --- state -----------------------------------------------------------------------------------------------------------

  get built(): boolean {
    return this.#built;
  }

  /** @internal For models, which are built again when layers are added. */
  protected set built(value: boolean) {
    this.#built = value;
    this.#locked = value;
  }

  /** Names of the layers around and of this one, joined by `/`, as they were when it was built. */
  get path(): string {
    return this.#path ?? this.name;
  }

  /** Whether the weights are trained; setting it sets all sublayers too. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    if (typeof value !== 'boolean')
      throw new ValueError(`${this.path}: trainable must be a boolean, got ${describe(value)}`);
    this.#trainable = value;
    noteStructureChange();
    this.#findVariables();
    for (const [variable, list] of this.#own) if (list === 'trainable') variable.trainable = value;
    for (const layer of this.ownLayers()) layer.trainable = value;
  }

  /** The policy's name: `'float32'`, `'mixed_float16'`. */
  get dtypePolicy(): DTypePolicy {
    return this.#policy;
  }
  /** The dtype of the weights. */
  get dtype(): DType {
    return this.#policy.variableDtype;
  }
  get variableDtype(): DType {
    return this.#policy.variableDtype;
  }
  /** The dtype that the layer computes in; floating inputs are cast to it. */
  get computeDtype(): DType {
    return this.#policy.computeDtype;
  }

  /**
   * Makes a weight. In `build` or in the constructor only.
   * @throws ShapeError where a size is open
   */
  addWeight(options: WeightOptions): Variable {
    const where = `${this.path}.addWeight`;
    checkOptions(where, options, ['shape', 'initializer', 'regularizer', 'constraint', 'trainable', 'dtype', 'name']);
    if (this.#locked) {
      throw new ValueError(
        `${where}: weights can be added in the constructor or in build only, and this layer is built`,
      );
    }
    const {shape, trainable = true, name = uniqueName('variable')} = options;
    if (!Array.isArray(shape) || !isConcrete(shape)) {
      throw new ShapeError(`${where}: all sizes of weight "${name}" must be known, got ${describe(shape)}`);
    }
    const dtype = options.dtype === undefined ? this.variableDtype : checkDType(where, options.dtype);
    const initializer = initializers.get(options.initializer ?? (isFloating(dtype) ? 'glorot_uniform' : 'zeros'));
    const regularizer = regularizers.get(options.regularizer);
    const constraint = constraints.get(options.constraint);
    const value = initializer(shape, {dtype});
    if (!sameShape(value.shape, shape)) {
      throw new ShapeError(
        `${where}: the initializer of "${name}" must give shape ${show(shape)}, got ${show(value.shape)}`,
      );
    }
    const variable = new Variable(value, {name, dtype, trainable});
    variable.path = stack.scope(this, () => `${stack.path}/${name}`);
    variable.rules = {regularizer: regularizer ?? undefined, constraint: constraint ?? undefined};
    this.#findVariables();
    this.#added.add(variable);
    this.#own.set(variable, trainable ? 'trainable' : 'other');
    if (!this.#trainable) variable.trainable = false;
    noteStructureChange();
    return variable;
  }

  /** The value of a weight in the dtype that the layer computes in. */
  protected inComputeDtype(variable: Variable): Tensor {
    const {computeDtype} = this;
    if (variable.dtype === computeDtype || !isFloating(variable.dtype) || !isFloating(computeDtype)) return variable;
    return variable.cast(computeDtype) as Tensor;
  }

  /** @internal The layers directly in this one, in the order of its fields. */
  ownLayers(): readonly AnyLayer[] {
    return holdingsOf(this, isLayer).layers;
  }

  // Variables in public fields join those of addWeight; a field that was set anew drops its old one.
  #findVariables(): void {
    const found = new Set(holdingsOf(this, isLayer).variables);
    for (const variable of this.#own.keys()) {
      if (!found.has(variable) && !this.#added.has(variable)) this.#own.delete(variable);
    }
    for (const variable of found) {
      if (this.#own.has(variable)) continue;
      this.#own.set(variable, variable.trainable ? 'trainable' : 'other');
      if (!this.#trainable) variable.trainable = false;
    }
  }

  /** All layers within, each once, this one first. */
  flattenLayers(): AnyLayer[] {
    const all = new Set<AnyLayer>();
    const visit = (layer: AnyLayer): void => {
      if (all.has(layer)) return;
      all.add(layer);
      layer.ownLayers().forEach(visit);
    };
    visit(this);
    return [...all];
  }

  /** @internal Own variables without those of sublayers: trainable ones first, each list in creation order. */
  ownVariables(): Variable[] {
    this.#findVariables();
    const own = [...this.#own];
    return [
      ...own.filter(([, list]) => list === 'trainable').map(([variable]) => variable),
      ...own.filter(([, list]) => list === 'other').map(([variable]) => variable),
    ];
  }

  /** All weights in Keras's order: own trainable, own other, then those of the sublayers. */
  get weights(): readonly Variable[] {
    return [...new Set(this.flattenLayers().flatMap((layer) => layer.ownVariables()))];
  }
  get variables(): readonly Variable[] {
    return this.weights;
  }
  /** The weights that optimizers change; none where `trainable` is false. */
  get trainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter(({trainable}) => trainable) : [];
  }
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }
  get nonTrainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter(({trainable}) => !trainable) : this.weights;
  }
  get nonTrainableVariables(): readonly Variable[] {
    return this.nonTrainableWeights;
  }

  /** The values of the weights, in the order of {@link weights}. */
  getWeights(): Tensor[] {
    return this.weights.map((variable) => variable.readValue());
  }

  /** Sets all weights; values are cast to the weights' dtypes. Nothing changes where one does not fit. */
  setWeights(values: readonly TensorLike[]): void {
    const where = `${this.path}.setWeights`;
    const {weights} = this;
    if (!Array.isArray(values) || values.length !== weights.length) {
      const got = Array.isArray(values) ? `${String(values.length)} values` : describe(values);
      throw new ValueError(`${where}: this layer has ${String(weights.length)} weights, got ${got}`);
    }
    const tensors = weights.map((variable, i) => {
      const value = convert(values[i] as TensorLike, undefined, where);
      if (!sameShape(value.shape, variable.shape)) {
        throw new ShapeError(
          `${where}: weight ${String(i)} (${variable.path}) has shape ${show(variable.shape)}, got ${show(value.shape)}`,
        );
      }
      return value.dtype === variable.dtype ? value : (value.cast(variable.dtype) as Tensor);
    });
    weights.forEach((variable, i) => {
      const value = tensors[i];
      if (value !== undefined) variable.assign(value);
    });
  }

  /** How many numbers the weights hold. */
  countParams(): number {
    if (!this.#built) {
      throw new NotBuiltError(
        `${this.path}.countParams: the layer has no weights yet; call it or use build(inputShape)`,
      );
    }
    return this.weights.reduce((sum, {size}) => sum + size, 0);
  }

  // --- losses ----------------------------------------------------------------------------------------------------------

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
    const added = this.flattenLayers().flatMap((layer) => layer.ownLosses());
    const penalties = this.trainableWeights.flatMap((variable) => {
      const {regularizer} = variable.rules;
      return regularizer === undefined ? [] : [regularizer(variable)];
    });
    return [...added, ...penalties];
  }

  /** @internal */
  ownLosses(): readonly Tensor[] {
    return this.#losses;
  }

  /** @internal */
  clearLosses(): void {
    // Most programs never add a loss, and each call of a model would walk through its layers for nothing.
    if (!lossesWereAdded) return;
    for (const layer of this.flattenLayers()) layer.#losses = [];
  }

  // --- calls -----------------------------------------------------------------------------------------------------------

  /** @internal */
  override [invoke](...args: readonly unknown[]): unknown {
    const [given, options] = this.#splitArguments(args);
    const inputs = given.map((value) => convertInputs(value, this.computeDtype, this.path));
    if (stack.depth === 0) this.clearLosses();
    const tensors = tensorsIn(inputs);
    const training = options.training ?? stack.training ?? false;
    if (this.inputSpec !== null) checkInputs(this.path, this.inputSpec, tensorsIn(inputs[0]));
    if (!this.#built) {
      stack.scope(this, () => Reflect.apply(this.build, this, inputs.map(shapesOf)));
      if (this.inputSpec !== null) checkInputs(this.path, this.inputSpec, tensorsIn(inputs[0]));
    }
    if (stack.depth > 0) this.#checkTracked();
    const previousMask = (options.mask ?? mapStructure(inputs[0], maskOfLeaf)) as Masks;
    const callOptions = {...options, training, mask: isMaskTensor(previousMask) ? previousMask : undefined};
    const outermost = stack.depth === 0;
    const outputs = stack.call(this, training, () => {
      const result: unknown = Reflect.apply(this.call, this, [...inputs, callOptions]);
      if (typeof result === 'object' && result !== null && 'then' in result) {
        throw new ValueError(`${this.path}: call must not be async; it returned a Promise`);
      }
      this.#addActivityLoss(result);
      return result;
    });
    const masked = this.#passMask(inputs, outputs, previousMask);
    if (outermost && tensors.some(isSymbolic)) this.#record(inputs, options, masked);
    return masked;
  }

  #splitArguments(args: readonly unknown[]): [inputs: readonly unknown[], options: CallOptions] {
    const last = args.at(-1);
    if (
      args.length > 1 &&
      (last === undefined || (isPlainObject(last) && tensorsIn(Object.values(last)).length === 0))
    ) {
      return [args.slice(0, -1), this.#checkCallOptions(last ?? {})];
    }
    if (
      args.length > 1 &&
      isPlainObject(last) &&
      Object.keys(last).some((key) => key === 'training' || key === 'mask')
    ) {
      return [args.slice(0, -1), this.#checkCallOptions(last)];
    }
    if (args.length === 0 || args[0] === undefined) {
      throw new ValueError(`${this.path}: a layer is called with its inputs, got ${describe(args[0])}`);
    }
    return [args, {}];
  }

  // Layers may take call options of their own, so only near misses of the common ones are errors.
  #checkCallOptions(options: object): CallOptions {
    for (const key of Object.keys(options)) {
      if (key === 'training' || key === 'mask') continue;
      const near = hint(key, ['training', 'mask']);
      if (near.startsWith('; did you mean')) checkOptions(`${this.path} call`, options, ['training', 'mask']);
    }
    return options;
  }

  #buildWith(build: (...shapes: never[]) => void, shapes: readonly unknown[]): void {
    const before = new Set(this.#added);
    this.#locked = false;
    try {
      stack.scope(this, () => {
        this.#path = stack.path;
        Reflect.apply(build, this, shapes);
      });
    } catch (error) {
      // Nothing half-built stays.
      for (const variable of [...this.#added].filter((one) => !before.has(one))) {
        this.#added.delete(variable);
        this.#own.delete(variable);
      }
      this.#built = false;
      throw error;
    }
    this.#buildShapes = shapes;
    this.#built = true;
    this.#locked = true;
    noteStructureChange();
  }

  #checkTracked(): void {
    const around = stack.around();
    if (around.some((outer) => outer === this || outer.#known.has(this))) return;
    for (const outer of around) outer.#known = new Set(outer.flattenLayers());
    if (around.some((outer) => outer.#known.has(this)) || this.weights.length === 0) return;
    const [caller] = around;
    throw new ValueError(
      `${caller?.path ?? this.path}: calls layer "${this.name}", which it does not hold in a public field, array, map or dictionary,` +
        " so its weights would not be trained or saved; TypeScript's private fields are fine, #private ones are not",
    );
  }

  #addActivityLoss(outputs: unknown): void {
    if (this.activityRegularizer === null) return;
    for (const output of tensorsIn(outputs)) {
      if (isSymbolic(output)) continue;
      const loss = this.activityRegularizer(output as Tensor);
      this.addLoss(output.ndim === 0 ? loss : loss.div(Math.max(output.length, 1)));
    }
  }

  #passMask(inputs: readonly unknown[], outputs: unknown, previousMask: Masks): unknown {
    if (!this.supportsMasking) {
      if (tensorsIn(previousMask).length > 0 && !this.#warned && maskLost(outputs)) {
        this.#warned = true;
        process.emitWarning(
          `${this.path}: the input has a mask, which this layer does not pass on; layers after it will not see it`,
          'KeratinWarning',
        );
      }
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
        layer: this,
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
    return `<${publicNameOf(this.constructor)?.name ?? this.constructor.name} name=${this.name}, built=${String(this.#built)}>`;
  }

  override [inspectCustom](): string {
    return this.toString();
  }
}

const maskOfLeaf = (leaf: unknown): Tensor<boolean> | null => {
  const [tensor] = tensorsIn(leaf);
  return tensor === undefined ? null : maskOf(tensor);
};

const isMaskTensor = (masks: Masks): masks is Tensor<boolean> => tensorsIn(masks)[0] === masks;

const maskLost = (outputs: unknown): boolean => tensorsIn(outputs).some((output) => maskOf(output) === null);

function flattenMasks(masks: Masks): (Tensor<boolean> | null)[] {
  const flat: (Tensor<boolean> | null)[] = [];
  mapStructure(masks, (leaf) => flat.push(leaf as Tensor<boolean> | null));
  return flat;
}

const shapesOf = (inputs: unknown): unknown =>
  mapStructure(inputs, (leaf) => {
    const [tensor] = tensorsIn(leaf);
    return tensor === undefined ? null : tensor.shape;
  });

/** Applies `fn` to the shapes of a structure: a list of sizes is one shape. */
function mapShapes(value: unknown, fn: (shape: Shape) => unknown): unknown {
  if (isShape(value)) return fn(value);
  if (Array.isArray(value)) return value.map((entry) => mapShapes(entry, fn));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapShapes(entry, fn)]));
  }
  throw new ShapeError(`a shape is a list of sizes, got ${describe(value)}`);
}

function isShape(value: unknown): value is Shape {
  return (
    Array.isArray(value) && value.every((n) => n === null || (typeof n === 'number' && Number.isInteger(n) && n >= 0))
  );
}

function checkShapeOption(where: string, shape: unknown): Shape {
  if (isShape(shape)) return shape;
  throw new ShapeError(`${where}: inputShape must be a list of sizes (null where open), got ${describe(shape)}`);
}

/** Any layer, whatever it takes and gives. */
export type {AnyLayer};
export type {Element};
