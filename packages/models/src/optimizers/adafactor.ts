import {type Config, type Tensor, type Variable} from '@keratin/core';
import {concrete, minus, over, plus, power, rootOf} from '@keratin/core/internal';
import {checkRange, type LearningRate, type OptimizerOptions, optionsOf} from './options.js';
import {Optimizer} from './optimizer.js';
import {type SlotGroups, type Slots} from './slots.js';

/** Options of {@link Adafactor}. */
export interface AdafactorOptions extends OptimizerOptions {
  /** Default 0.001. */
  learningRate?: LearningRate | undefined;
  /** The mean squares forget by `t^beta2Decay`; at most 0. Default -0.8. */
  beta2Decay?: number | undefined;
  /** Added to squared gradients. Default 1e-30. */
  epsilon1?: number | undefined;
  /** The least size that weights are taken to have. Default 1e-3. */
  epsilon2?: number | undefined;
  /** Steps are scaled so that their root mean square is at most this. Default 1. */
  clipThreshold?: number | undefined;
  /** Whether a constant rate is held below 1 / sqrt(t). Default true. */
  relativeStep?: boolean | undefined;
}

type Names = 'rows' | 'columns' | 'velocity';

const KEYS = ['beta2Decay', 'epsilon1', 'epsilon2', 'clipThreshold', 'relativeStep'] as const;

/**
 * Adam-like steps that keep only the row and column means of a matrix's squares (Shazeer and Stern, "Adafactor: adaptive learning
 * rates with sublinear memory cost", 2018).
 */
export class Adafactor extends Optimizer<Names, never> {
  readonly beta2Decay: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly relativeStep: boolean;
  protected readonly slots: SlotGroups<Names> = [];

  constructor(learningRate?: LearningRate | AdafactorOptions, options?: AdafactorOptions) {
    const given = optionsOf('Adafactor', learningRate, options, KEYS);
    super({...given, learningRate: given.learningRate ?? 0.001});
    this.beta2Decay = checkRange('Adafactor', 'beta2Decay', given.beta2Decay ?? -0.8, -Infinity, 0);
    this.epsilon1 = checkRange('Adafactor', 'epsilon1', given.epsilon1 ?? 1e-30, 0);
    this.epsilon2 = checkRange('Adafactor', 'epsilon2', given.epsilon2 ?? 1e-3, 0);
    this.clipThreshold = checkRange('Adafactor', 'clipThreshold', given.clipThreshold ?? 1, 0);
    this.relativeStep = given.relativeStep ?? true;
  }

  // Names and shapes are Keras's: vectors and scalars keep two numbers that they do not use.
  protected override slotsOf(variable: Variable): SlotGroups<Names> {
    const shape = concrete(variable.shape);
    if (shape.length < 2) {
      const unused = {shape: [], path: variable.name};
      return [{rows: unused, columns: unused, velocity: {}}];
    }
    const path = `${this.name}/${variable.name}`;
    return [
      {
        rows: {shape: shape.slice(0, -1), path},
        columns: {shape: [...shape.slice(0, -2), ...shape.slice(-1)], path},
        velocity: {},
      },
    ];
  }

  protected override updateStep(
    gradient: Tensor,
    variable: Variable,
    {rows, columns, velocity}: Slots<Names>,
    given: Tensor,
  ): void {
    const step = plus(this.step, 1);
    const limit = this.scalar(over(1, rootOf(step)), variable);
    const rate = this.relativeStep && !this.followsSchedule ? given.minimum(limit) : given;
    const beta = minus(1, power(step, this.beta2Decay));
    const kept = this.scalar(beta, variable);
    const rest = this.scalar(minus(1, beta), variable);
    const mix = (old: Tensor, now: Tensor): Tensor => old.mul(kept).add(now.mul(rest));
    const squares = gradient.square().add(this.epsilon1);
    if (variable.ndim >= 2) {
      rows.assign(mix(rows, squares.mean(-1)));
      columns.assign(mix(columns, squares.mean(-2)));
      const share = rows.div(rows.mean({axis: -1, keepdims: true}));
      velocity.assign(share.expandDims(-1).mul(columns.expandDims(-2)));
    } else {
      velocity.assign(mix(velocity, squares));
    }
    const update = gradient.div(velocity.sqrt());
    const held = update.div(rms(update).div(this.clipThreshold).maximum(1));
    variable.assignSub(held.mul(rms(variable).maximum(this.epsilon2).mul(rate.minimum(limit))));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_2_decay: this.beta2Decay,
      epsilon_1: this.epsilon1,
      epsilon_2: this.epsilon2,
      clip_threshold: this.clipThreshold,
      relative_step: this.relativeStep,
    };
  }
}

const rms = (x: Tensor): Tensor => x.square().mean().sqrt();
