import {type Config, type Tensor, type Variable} from '@keratin/core';
import {plus} from '@keratin/core/internal';
import {checkAmount, checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Muon}. */
export interface MuonOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** Of matrices. Default 0.004. */
  weightDecay?: number | null | undefined;
  /** Of all other variables. Default 0.004. */
  adamWeightDecay?: number | null | undefined;
  /** Default 0.9. */
  adamBeta1?: number | undefined;
  /** Default 0.999. */
  adamBeta2?: number | undefined;
  /** Default 1e-7. */
  epsilon?: number | undefined;
  /** Patterns of paths: matrices that Adam changes. Default none. */
  excludeLayers?: readonly string[] | undefined;
  /** Whether Adam changes embeddings. Default true. */
  excludeEmbeddings?: boolean | undefined;
  /** The first coefficient of the Newton-Schulz iteration. Default 3.4445. */
  muonA?: number | undefined;
  /** The second. Default -4.775. */
  muonB?: number | undefined;
  /** The third. Default 2.0315. */
  muonC?: number | undefined;
  /** Adam's learning rate, as a part of the learning rate. Default 1. */
  adamLrRatio?: number | undefined;
  /** How much of the old momentum stays. Default 0.95. */
  momentum?: number | undefined;
  /** How many Newton-Schulz iterations are made. Default 5. */
  nsSteps?: number | undefined;
  /** Whether the gradient is added to the momentum again. Default true. */
  nesterov?: boolean | undefined;
  /** Steps of matrices are scaled by it and by the root of the larger side; null does not scale. Default 0.2. */
  rmsRate?: number | null | undefined;
}

const KEYS = [
  'adamWeightDecay',
  'adamBeta1',
  'adamBeta2',
  'epsilon',
  'excludeLayers',
  'excludeEmbeddings',
  'muonA',
  'muonB',
  'muonC',
  'adamLrRatio',
  'momentum',
  'nsSteps',
  'nesterov',
  'rmsRate',
] as const;

/**
 * Momentum whose matrix is made orthogonal by a Newton-Schulz iteration; everything that is not a matrix, and embeddings, are changed
 * by Adam (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024).
 */
export class Muon extends Optimizer<'momentum', 'velocity'> {
  readonly adamWeightDecay: number | null;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly epsilon: number;
  readonly excludeLayers: readonly string[];
  readonly excludeEmbeddings: boolean;
  readonly muonA: number;
  readonly muonB: number;
  readonly muonC: number;
  readonly adamLrRatio: number;
  readonly momentum: number;
  readonly nsSteps: number;
  readonly nesterov: boolean;
  readonly rmsRate: number | null;
  protected readonly slots: SlotGroups<'momentum' | 'velocity'> = [];

  constructor(learningRate?: LearningRate | MuonOptions, options?: MuonOptions) {
    const given = optionsOf('Muon', learningRate, options, KEYS);
    const {weightDecay = 0.004, adamWeightDecay = 0.004, rmsRate = 0.2} = given;
    super({...given, learningRate: given.learningRate ?? 0.001, weightDecay});
    this.adamWeightDecay = checkAmount('Muon', 'adamWeightDecay', adamWeightDecay);
    this.adamBeta1 = checkRange('Muon', 'adamBeta1', given.adamBeta1 ?? 0.9, 0, 1);
    this.adamBeta2 = checkRange('Muon', 'adamBeta2', given.adamBeta2 ?? 0.999, 0, 1);
    this.epsilon = checkRange('Muon', 'epsilon', given.epsilon ?? 1e-7, 0);
    this.excludeLayers = given.excludeLayers ?? [];
    this.excludeEmbeddings = given.excludeEmbeddings ?? true;
    this.muonA = given.muonA ?? 3.4445;
    this.muonB = given.muonB ?? -4.775;
    this.muonC = given.muonC ?? 2.0315;
    this.adamLrRatio = checkRange('Muon', 'adamLrRatio', given.adamLrRatio ?? 1, 0);
    this.momentum = checkRange('Muon', 'momentum', given.momentum ?? 0.95, 0, 1);
    this.nsSteps = checkRange('Muon', 'nsSteps', given.nsSteps ?? 5, 0);
    this.nesterov = given.nesterov ?? true;
    this.rmsRate = checkAmount('Muon', 'rmsRate', rmsRate);
  }

  #usesAdam({ndim, path}: Variable): boolean {
    if (ndim !== 2) return true;
    if (this.excludeEmbeddings && path.toLowerCase().includes('embedding')) return true;
    return this.excludeLayers.some((pattern) => new RegExp(pattern).test(path));
  }

  protected override slotsOf(variable: Variable): SlotGroups<'momentum' | 'velocity'> {
    return [this.#usesAdam(variable) ? {momentum: {}, velocity: {}} : {momentum: {}}];
  }

  protected override decayOf(variable: Variable): number | null {
    return this.#usesAdam(variable) ? this.adamWeightDecay : this.weightDecay;
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {momentum, velocity}: Slots<'momentum', 'velocity'>,
    rate: Tensor,
  ): void {
    if (velocity !== undefined) {
      this.#adamStep(gradient, variable, momentum, velocity, rate.mul(this.adamLrRatio));
      return;
    }
    momentum.assignAdd(gradient.add(momentum.mul(this.momentum - 1)));
    const direction = this.nesterov ? gradient.add(momentum.mul(this.momentum)) : momentum;
    const step = this.#orthogonal(direction).mul(rate);
    const larger = Math.max(variable.dim(0), variable.dim(1));
    variable.assignSub(this.rmsRate === null ? step : step.mul(Math.sqrt(larger)).mul(this.rmsRate));
  }

  #adamStep(gradient: Tensor, variable: Variable, momentum: Variable, velocity: Variable, rate: Tensor): void {
    const {adamBeta1, adamBeta2, epsilon} = this;
    const rest = (beta: number): Tensor =>
      this.scalar(beta, variable)
        .pow(this.scalar(plus(this.step, 1), variable))
        .neg()
        .add(1);
    const corrected = rate.mul(rest(adamBeta2).sqrt()).div(rest(adamBeta1));
    momentum.assignAdd(gradient.sub(momentum).mul(1 - adamBeta1));
    velocity.assignAdd(
      gradient
        .square()
        .sub(velocity)
        .mul(1 - adamBeta2),
    );
    variable.assignSub(momentum.mul(corrected).div(velocity.sqrt().add(epsilon)));
  }

  // x <- a x + (b x x' + c (x x')^2) x brings all singular values near 1.
  #orthogonal(matrix: Tensor): Tensor {
    const {muonA, muonB, muonC} = this;
    const tall = matrix.dim(0) > matrix.dim(1);
    let x = tall ? matrix.transpose() : matrix;
    x = x.div(x.square().sum().sqrt().add(1e-7));
    for (let i = 0; i < this.nsSteps; i++) {
      const square = x.matmul(x.transpose());
      const mixed = square.mul(muonB).add(square.mul(muonC).matmul(square));
      x = x.mul(muonA).add(mixed.matmul(x));
    }
    return tall ? x.transpose() : x;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      adam_beta_1: this.adamBeta1,
      adam_beta_2: this.adamBeta2,
      epsilon: this.epsilon,
      exclude_layers: [...this.excludeLayers],
      muon_a: this.muonA,
      muon_b: this.muonB,
      muon_c: this.muonC,
      adam_lr_ratio: this.adamLrRatio,
      momentum: this.momentum,
      ns_steps: this.nsSteps,
      nesterov: this.nesterov,
      exclude_embeddings: this.excludeEmbeddings,
      adam_weight_decay: this.adamWeightDecay,
      rms_rate: this.rmsRate,
    };
  }
}
