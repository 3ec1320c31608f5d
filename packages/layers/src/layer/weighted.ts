import {
  type DType,
  NotBuiltError,
  ops,
  type Shape,
  ShapeError,
  type Tensor,
  type TensorLike,
  ValueError,
  Variable,
} from '@keratin/core';
import {
  Callable,
  checkDType,
  checkOptions,
  convert,
  describe,
  isConcrete,
  isFloating,
  sameShape,
  show,
  uniqueName,
  untraced,
} from '@keratin/core/internal';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import * as regularizers from '../regularizers/index.js';
import {CallStack} from './call-context.js';
import {dtypePolicy, type DTypePolicy} from './dtype-policy.js';
import {noteStructureChange} from './structure.js';
import {holdingsOf} from './tracking.js';
import {hasZeroWeights, spendWeights} from './weight-budget.js';

/** Options of {@link Weighted.addWeight}. */
export interface WeightOptions {
  /** Every size must be known. */
  shape: Shape;
  /** Default `'glorot_uniform'` for floats, `'zeros'` for other dtypes. */
  initializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty that joins `losses` while the weight is trainable. */
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

/** The layers that are running, for all layers of the process. */
export const stack = new CallStack<Weighted>();

/** What a call around was told about training; undefined where none was told anything. */
export const trainingAsked = (): boolean | undefined => stack.asked;

const isWeighted = (value: unknown): value is Weighted => value instanceof Weighted;

/** What layers are under their calls: a name, weights, sublayers, and how they are built. */
export abstract class Weighted extends Callable {
  /** The last part of the layer's path. */
  name: string;

  readonly #policy: DTypePolicy;
  #trainable: boolean;
  #built = false;
  #locked = false;
  #path: string | null = null;
  #buildShapes: readonly unknown[] | null = null;
  /** Own variables in creation order, with the list that each is in for good. */
  readonly #own = new Map<Variable, 'trainable' | 'other'>();
  readonly #added = new Set<Variable>();
  #known: ReadonlySet<Weighted> = new Set();

  constructor(className: string, name: string, trainable: unknown, dtype: unknown) {
    super();
    if (typeof trainable !== 'boolean') {
      throw new ValueError(`${className}: trainable must be a boolean, got ${describe(trainable)}`);
    }
    this.#policy = dtypePolicy(className, dtype);
    this.name = name;
    this.#trainable = trainable;
  }

  /** Whether the weights exist. */
  get built(): boolean {
    return this.#built;
  }

  /** Models set it to false to be built again. */
  protected set built(value: boolean) {
    this.#built = value;
    if (!value) this.#locked = false;
  }

  /** For layers that have nothing to build: they are built once they are made, and files hold no shapes for them. */
  protected buildAtInit(): void {
    this.#built = true;
    this.#locked = true;
  }

  /** Runs `fn`, which may add weights although the layer is built. */
  protected withNewWeights<T>(fn: () => T): T {
    const locked = this.#locked;
    this.#locked = false;
    try {
      return fn();
    } finally {
      this.#locked = locked;
    }
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

  /** In which dtypes the layer computes and keeps its weights. */
  get dtypePolicy(): DTypePolicy {
    return this.#policy;
  }
  /** The dtype of the weights. */
  get dtype(): DType {
    return this.#policy.variableDtype;
  }
  /** The dtype of the weights: the same as {@link dtype}. */
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
    spendWeights(this.path, name, shape);
    const given = initializers.get(options.initializer ?? (isFloating(dtype) ? 'glorot_uniform' : 'zeros'));
    const initializer = hasZeroWeights() ? initializers.get('zeros') : given;
    const regularizer = regularizers.get(options.regularizer);
    const constraint = constraints.get(options.constraint);
    // A weight is made once, also where a jitted function calls the layer for the first time.
    const value = untraced(() => initializer(shape, {dtype}));
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
    return ops.cast(variable, computeDtype);
  }

  /** @internal The layers directly in this one, in the order of its fields. */
  ownLayers(): readonly Weighted[] {
    return holdingsOf(this, isWeighted).layers;
  }

  // Variables in public fields join those of addWeight; a field that was set anew drops its old one.
  #findVariables(): void {
    const found = new Set(holdingsOf(this, isWeighted).variables);
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
  flattenLayers(): Weighted[] {
    const all = new Set<Weighted>();
    const visit = (layer: Weighted): void => {
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
  /** The same as {@link weights}. */
  get variables(): readonly Variable[] {
    return this.weights;
  }
  /** The weights that optimizers change; none where `trainable` is false. */
  get trainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter(({trainable}) => trainable) : [];
  }
  /** The same as {@link trainableWeights}. */
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }
  /** All that {@link trainableWeights} leaves out, such as moving statistics. */
  get nonTrainableWeights(): readonly Variable[] {
    return this.#trainable ? this.weights.filter(({trainable}) => !trainable) : this.weights;
  }
  /** The same as {@link nonTrainableWeights}. */
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
      return value.dtype === variable.dtype ? value : ops.cast(value, variable.dtype);
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

  /** @internal Runs a `build` so that weights get their paths and nothing half-built stays. */
  protected buildWith(build: (...shapes: never[]) => void, shapes: readonly unknown[]): void {
    const before = new Set(this.#added);
    this.#locked = false;
    try {
      stack.scope(this, () => {
        this.#path = stack.path;
        Reflect.apply(build, this, shapes);
      });
    } catch (error) {
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

  /** @internal Whether it has weights of its own only, and nobody has changed them since they were made. */
  protected get isUntouched(): boolean {
    const own = this.ownVariables();
    return this.ownLayers().length === 0 && own.every((one) => this.#added.has(one) && one.writes === 0);
  }

  /** @internal Takes the weights of the last build away. */
  protected discardWeights(): void {
    for (const variable of this.#added) this.#own.delete(variable);
    this.#added.clear();
    this.#built = false;
    this.#locked = false;
  }

  /** @internal The shapes that it was built for. */
  protected get buildShapes(): readonly unknown[] | null {
    return this.#buildShapes;
  }

  /** @internal Whether a layer is within this one; fields are looked at again where it was not before. */
  holds(layer: Weighted, refresh: boolean): boolean {
    if (refresh) this.#known = new Set(this.flattenLayers());
    return layer === this || this.#known.has(layer);
  }
}
