import {
  type Config,
  isTensor,
  ops,
  random,
  SeedGenerator,
  type Shape,
  ShapeError,
  type Tensor,
  type Variable,
} from '@keratin/core';
import {concrete, dense, isSymbolic, show} from '@keratin/core/internal';
import * as activations from '../activations/index.js';
import * as constraints from '../constraints/index.js';
import * as initializers from '../initializers/index.js';
import {checkBoolean, checkCount, checkNumber} from '../layer/arguments.js';
import {type AnyLayer, Layer} from '../layer/layer.js';
import {type CallOptions, type LayerOptions} from '../layer/types.js';
import {seedOption} from '../regularization/seed-option.js';
import * as regularizers from '../regularizers/index.js';

/** Sizes of the states of one sample: a number for one state, lists for several or for stacked cells. */
export type StateSize = number | readonly StateSize[];

/** A state, or lists of states as {@link StateSize} says. */
export type States = Tensor | readonly States[];

/** A layer that goes one step: `cell(x, states)` gives [output, new states]. */
export interface RecurrentCell extends AnyLayer {
  (x: never, states: never, options?: CallOptions): unknown;
  readonly stateSize: StateSize;
  /** Size of the output. Default: that of the first state. */
  readonly outputSize?: number | undefined;
  /** States before the first step. Default: zeros of `stateSize`. */
  getInitialState?(batchSize: number): States;
}

/** Options of the cells. */
export interface CellOptions extends LayerOptions {
  /** Of the candidates for the new state. Default `'tanh'`. */
  activation?: activations.Activation | null | undefined;
  /** Whether a bias is added. Default true. */
  useBias?: boolean | undefined;
  /** Of what multiplies the inputs. Default `'glorot_uniform'`. */
  kernelInitializer?: initializers.InitializerIdentifier | undefined;
  /** Of what multiplies the state. Default `'orthogonal'`. */
  recurrentInitializer?: initializers.InitializerIdentifier | undefined;
  /** Default `'zeros'`. */
  biasInitializer?: initializers.InitializerIdentifier | undefined;
  /** A penalty on the kernel. Default: none. */
  kernelRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** A penalty on the recurrent kernel. Default: none. */
  recurrentRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** A penalty on the bias. Default: none. */
  biasRegularizer?: regularizers.RegularizerIdentifier | null | undefined;
  /** What the kernel may be after a step. Default: anything. */
  kernelConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** What the recurrent kernel may be after a step. Default: anything. */
  recurrentConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** What the bias may be after a step. Default: anything. */
  biasConstraint?: constraints.ConstraintIdentifier | null | undefined;
  /** The part of the inputs that is dropped while training, the same in all steps. Default 0. */
  dropout?: number | undefined;
  /** The part of the state that is dropped while training, the same in all steps. Default 0. */
  recurrentDropout?: number | undefined;
  /** An integer makes dropout reproducible. Default: follows `setSeed`. */
  seed?: number | null | undefined;
}

/** Names of {@link CellOptions} beside those of every layer. */
export const CELL_OPTIONS = [
  'activation',
  'useBias',
  'kernelInitializer',
  'recurrentInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'recurrentRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'recurrentConstraint',
  'biasConstraint',
  'dropout',
  'recurrentDropout',
  'seed',
] as const;

/** Base of the cells with a kernel, a recurrent kernel and a bias; `gates` is how many parts these have. */
export abstract class Cell extends Layer<never, unknown> implements RecurrentCell {
  readonly activation: activations.ActivationFunction;
  readonly useBias: boolean;
  readonly kernelInitializer: initializers.Initializer;
  readonly recurrentInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly recurrentRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly recurrentConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  declare kernel: Variable;
  declare recurrentKernel: Variable;
  declare bias: Variable | null;
  abstract readonly stateSize: number | readonly number[];
  /** @internal */
  readonly seedGenerator: SeedGenerator;
  #dropoutMasks: readonly Tensor[] | null = null;
  #recurrentMasks: readonly Tensor[] | null = null;

  constructor(where: string, options: CellOptions, ownOptions: readonly string[]) {
    super(options, [...CELL_OPTIONS, ...ownOptions]);
    this.activation = activations.get(options.activation === undefined ? 'tanh' : options.activation);
    this.useBias = checkBoolean(where, 'useBias', options.useBias ?? true);
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.recurrentInitializer = initializers.get(options.recurrentInitializer ?? 'orthogonal');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.recurrentRegularizer = regularizers.get(options.recurrentRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.recurrentConstraint = constraints.get(options.recurrentConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
    this.dropout = checkNumber(where, 'dropout', options.dropout ?? 0, 0, 1);
    this.recurrentDropout = checkNumber(where, 'recurrentDropout', options.recurrentDropout ?? 0, 0, 1);
    this.seed = seedOption(where, options.seed);
    this.seedGenerator = new SeedGenerator(this.seed ?? undefined);
  }

  /** Size of the output and of each state. */
  abstract get outputSize(): number;

  /** Makes the weights for kernels of these shapes. */
  protected addKernels(
    kernel: readonly (number | null)[],
    recurrent: readonly number[],
    bias: readonly number[],
    biasInitializer: initializers.InitializerIdentifier = this.biasInitializer,
  ): void {
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: kernel,
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight({
      name: 'recurrent_kernel',
      shape: recurrent,
      initializer: this.recurrentInitializer,
      regularizer: this.recurrentRegularizer,
      constraint: this.recurrentConstraint,
    });
    this.bias = this.useBias
      ? this.addWeight({
          name: 'bias',
          shape: bias,
          initializer: biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
  }

  /** Forgets the masks of dropout, so that the next step draws new ones; a layer around does this after each sequence. */
  resetDropoutMasks(): void {
    this.#dropoutMasks = null;
    this.#recurrentMasks = null;
  }

  /** Masks for the inputs of one step, `count` of them; null where nothing is dropped. */
  protected dropoutMasks(shape: Shape, training: boolean | undefined, count: number): readonly Tensor[] | null {
    if (training !== true || this.dropout === 0) return null;
    return (this.#dropoutMasks = this.#masks(this.#dropoutMasks, shape, this.dropout, count));
  }

  /** Masks for the state, `count` of them; null where nothing is dropped. */
  protected recurrentMasks(shape: Shape, training: boolean | undefined, count: number): readonly Tensor[] | null {
    if (training !== true || this.recurrentDropout === 0) return null;
    return (this.#recurrentMasks = this.#masks(this.#recurrentMasks, shape, this.recurrentDropout, count));
  }

  #masks(kept: readonly Tensor[] | null, shape: Shape, rate: number, count: number): readonly Tensor[] {
    if (kept !== null && show(kept[0]?.shape ?? []) === show(shape)) return kept;
    const ones = ops.ones(concrete(shape), this.computeDtype);
    return Array.from({length: count}, () => random.dropout(ones, rate, {seed: this.seedGenerator}));
  }

  /** Zeros of the states' sizes. */
  getInitialState(batchSize: number): States {
    const zeros = (size: number): Tensor => ops.zeros([batchSize, size], this.computeDtype) as Tensor;
    return [this.stateSize].flat().map(zeros);
  }

  /** The part of the config that all cells share. */
  protected cellConfig(): Config {
    return {
      activation: activations.serialize(this.activation),
      use_bias: this.useBias,
      kernel_initializer: initializers.serialize(this.kernelInitializer),
      recurrent_initializer: initializers.serialize(this.recurrentInitializer),
      bias_initializer: initializers.serialize(this.biasInitializer),
      kernel_regularizer: regularizers.serialize(this.kernelRegularizer),
      recurrent_regularizer: regularizers.serialize(this.recurrentRegularizer),
      bias_regularizer: regularizers.serialize(this.biasRegularizer),
      kernel_constraint: constraints.serialize(this.kernelConstraint),
      recurrent_constraint: constraints.serialize(this.recurrentConstraint),
      bias_constraint: constraints.serialize(this.biasConstraint),
      dropout: this.dropout,
      recurrent_dropout: this.recurrentDropout,
      seed: this.seed,
    };
  }

  /** @internal A call on states, or what a direct call of the cell gave, as its files hold it. */
  override getBuildConfig(): Config | null {
    const shape = this.buildShapes?.[0];
    return shape === undefined ? null : {input_shape: shape};
  }
}

/** What a cell makes of a sequence. */
export interface WholeSequence {
  /** The outputs of all steps (batch, time, units), where they are wanted. */
  readonly outputs: Tensor;
  /** The last states; the first one is the last output. */
  readonly states: readonly Tensor[];
}

/** What is wanted of a sequence, and what it begins with. */
export interface WholeOptions {
  readonly training: boolean | undefined;
  /** Whether the outputs of all steps are wanted. */
  readonly sequence: boolean;
  /** Whether the inputs were projected: times their kernel, with the bias that belongs to it. */
  readonly projected: boolean;
}

/** Base of the cells on vectors, that project inputs of all steps at once. */
export abstract class VectorCell extends Cell {
  static override readonly positional = ['units'];
  readonly units: number;
  protected readonly gates: number;

  constructor(where: string, gates: number, units: number, options: CellOptions, ownOptions: readonly string[] = []) {
    super(where, options, ownOptions);
    this.units = checkCount(where, 'units', units);
    this.gates = gates;
    this.inputSpec = [{ndim: 2}];
  }

  override get outputSize(): number {
    return this.units;
  }

  override build(inputShape: never): void {
    const shape: Shape = inputShape;
    const features = shape.at(-1) ?? null;
    if (features === null) {
      throw new ShapeError(`${this.path}: the last axis of the inputs must be known, got inputs ${show(shape)}`);
    }
    const {units, gates} = this;
    this.addKernels([features, gates * units], [units, gates * units], this.biasShape(), this.biasValues());
    this.inputSpec = [{ndim: 2, axes: {[-1]: features}}];
    super.build(inputShape);
  }

  protected biasShape(): readonly number[] {
    return [this.gates * this.units];
  }

  protected biasValues(): initializers.InitializerIdentifier {
    return this.biasInitializer;
  }

  /** The inputs times the kernel, and the bias that belongs to it: of one step, or of all steps (time, batch, features). */
  abstract project(x: Tensor, training: boolean | undefined): Tensor;

  /** The step from projected inputs, one operation after the other. */
  protected abstract step(
    projected: Tensor,
    states: readonly Tensor[],
    training: boolean | undefined,
  ): readonly [output: Tensor, states: readonly Tensor[]];

  /** The step from projected inputs: by the kernel of sequences where it knows this cell. */
  advance(
    projected: Tensor,
    states: readonly Tensor[],
    training: boolean | undefined,
  ): readonly [output: Tensor, states: readonly Tensor[]] {
    return (
      this.one(projected, states, {training, sequence: false, projected: true}) ??
      this.step(projected, states, training)
    );
  }

  // A step as a sequence of one; null where no kernel knows it.
  private one(
    x: Tensor,
    states: readonly Tensor[],
    options: WholeOptions,
  ): readonly [output: Tensor, states: readonly Tensor[]] | null {
    if ([x, ...states].some(isSymbolic)) return null;
    const last = this.wholeSequence(x.expandDims(1), states, options)?.states;
    const [h] = last ?? [];
    return last === undefined || h === undefined ? null : [h, last];
  }

  /**
   * All steps at once, from inputs (batch, time, ...). Null where the cell has to go step by step, which gives the same.
   */
  wholeSequence(x: Tensor, states: readonly Tensor[], options: WholeOptions): WholeSequence | null {
    const {training, projected} = options;
    const {dtype} = x;
    const drops = training === true && this.recurrentDropout > 0;
    const single = dtype === 'float32' || dtype === 'float64';
    const known = this.isFused() && this.activation === activations.tanh && !drops && single;
    if (!known || dtype !== this.computeDtype || x.dim(1) === 0) return null;
    if (projected) return this.fused(x, ops.zeros([0, this.gates * this.units], dtype), states, options);
    const [mask] = this.dropoutMasks([x.dim(0), x.dim(2)], training, 1) ?? [];
    const inputs = mask === undefined ? x : x.mul(mask.expandDims(1));
    return this.fused(inputs, this.inComputeDtype(this.kernel), states, options);
  }

  /** Whether kernels know this cell but for what all cells share: its own class and the activation of its gates. */
  protected isFused(): boolean {
    return false;
  }

  /** By the kernel; one of the inputs without rows says that they are projected, with the bias of the inputs. */
  protected fused(
    _x: Tensor,
    _kernel: Tensor,
    _states: readonly Tensor[],
    _options: WholeOptions,
  ): WholeSequence | null {
    return null;
  }

  /** The bias of the inputs, of zeros where there is none or it was added already. */
  protected biasOr(bias: Tensor | null, projected: boolean): Tensor {
    if (bias !== null && !projected) return bias;
    return ops.zeros([this.gates * this.units], this.computeDtype) as Tensor;
  }

  /** x kernel + bias with dropout, whether x is one step or all of them; `masks` has one mask, or one for each gate. */
  protected projected(x: Tensor, training: boolean | undefined, bias: Tensor | null): Tensor {
    const kernel = this.inComputeDtype(this.kernel);
    const count = this.recurrentDropout > 0 ? this.gates : 1;
    const masks = this.dropoutMasks(x.shape.slice(-2), training, count);
    if (masks === null || masks.length === 1)
      return flatProduct(masks?.[0] === undefined ? x : x.mul(masks[0]), kernel, bias);
    const parts = ops.split(kernel, this.gates, 1);
    const z = ops.concatenate(
      masks.map((mask, i) => flatProduct(x.mul(mask), parts[i] ?? kernel, null)),
      -1,
    );
    return bias === null ? z : z.add(bias);
  }

  /** h recurrentKernel with dropout: one product, or one for each gate with a mask of its own. */
  protected recurrentProduct(h: Tensor, training: boolean | undefined): Tensor {
    const kernel = this.inComputeDtype(this.recurrentKernel);
    const masks = this.recurrentMasks(h.shape, training, this.gates);
    if (masks === null) return h.matmul(kernel);
    const parts = ops.split(kernel, this.gates, 1);
    return ops.concatenate(
      masks.map((mask, i) => h.mul(mask).matmul(parts[i] ?? kernel)),
      -1,
    );
  }

  override call(...args: readonly unknown[]): unknown {
    const [x, states, options] = args as [Tensor, Tensor | readonly Tensor[], CallOptions];
    const list = isTensor(states) ? [states] : states;
    const {training} = options;
    const [output, next] =
      this.one(x, list, {training, sequence: false, projected: false}) ??
      this.step(this.project(x, training), list, training);
    return [output, isTensor(states) ? next[0] : next];
  }

  override getConfig(): Config {
    return {...super.getConfig(), units: this.units, ...this.cellConfig()};
  }
}

// One product for the rows of all steps.
function flatProduct(x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
  const product = (rows: Tensor): Tensor => (bias === null ? rows.matmul(kernel) : dense(rows, kernel, bias, 'linear'));
  if (x.ndim === 2) return product(x);
  return product(x.reshape([-1, x.dim(-1)])).reshape([...x.shape.slice(0, -1).map((n) => n ?? -1), kernel.dim(-1)]);
}
