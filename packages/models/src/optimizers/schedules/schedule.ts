import {type Config, config, ops, type Tensor, type TensorLike, ValueError} from '@keratin/core';
import {Callable, constructFrom, convert, describe, invoke} from '@keratin/core/internal';

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are functions: see Callable
export interface LearningRateSchedule {
  /** The learning rate at a step, counted from 0. */
  (step: TensorLike | TensorLike<bigint>): Tensor;
}

/**
 * Base of learning rates that follow the step. Subclasses compute the rate of a step (a float tensor); instances are called like
 * functions.
 *
 * @example
 * class Halving extends optimizers.schedules.LearningRateSchedule {
 *   call(step: Tensor) {
 *     return ops.power(0.5, step.div(1000).floor()).mul(0.1);
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- instances are functions: see Callable
export abstract class LearningRateSchedule extends Callable {
  /** Which constructor arguments are positional, by option name. */
  static readonly positional: readonly string[] = [];

  /** @param step the step, counted from 0, in `config.floatx()` */
  abstract call(step: Tensor): Tensor;

  /** @internal */
  override [invoke](step: TensorLike | TensorLike<bigint>): Tensor {
    const where = this.constructor.name;
    return this.call(ops.cast(convert(step as TensorLike, undefined, where), config.floatx()));
  }

  getConfig(): Config {
    throw new ValueError(`${this.constructor.name}: getConfig is missing, so the schedule cannot be saved`);
  }

  /** The schedule of a config that `getConfig` gave: its keys are the arguments in snake case. */
  static fromConfig<T>(
    this: (new (...args: never[]) => T) & {readonly positional: readonly string[]},
    config: Config,
  ): T {
    return constructFrom(this, this.positional, config) as T;
  }
}

/** A number of steps: positive. */
export function checkSteps(where: string, name: string, steps: number): number {
  if (!(steps > 0) || !Number.isFinite(steps)) {
    throw new ValueError(`${where}: ${name} must be a positive number, got ${describe(steps)}`);
  }
  return steps;
}

/** A finite number. */
export function checkNumber(where: string, name: string, value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new ValueError(`${where}: ${name} must be a finite number, got ${describe(value)}`);
  }
  return value;
}
