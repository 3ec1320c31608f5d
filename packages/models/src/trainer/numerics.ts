import {type Element, GradientTape, KeratinError, ops, type Tensor, type Variable} from '@keratin/core';
import {
  isFloating,
  isSymbolic,
  type RandomState,
  recordStates,
  replayStates,
  type TapeNode,
  tensorsIn,
  type Watcher,
  withoutRecorder,
  withWatcher,
} from '@keratin/core/internal';
import {stack} from '@keratin/layers/internal';
import {type AnyModel} from '../callbacks/callback.js';
import {LossScaleOptimizer} from '../optimizers/loss-scale-optimizer.js';
import {type Batch} from './data/batch.js';

/** What one step has computed. */
export interface StepParts {
  readonly batch: Batch;
  readonly loss: Tensor;
  readonly gradients: readonly (Tensor | null)[];
  readonly variables: readonly Variable[];
  /** Computes the loss again. */
  readonly forward: () => Tensor;
}

/**
 * The search for the first NaN or infinity of `debugNumerics`: each step looks at its loss, gradients and new weights alone; where they
 * are not finite it is run again under the eyes of a watcher, with the same random numbers.
 */
export class Numerics {
  readonly #model: AnyModel;
  #step = 0;
  #states: readonly RandomState[] = [];

  constructor(model: AnyModel) {
    this.#model = model;
  }

  /** Runs the forward pass of a step. */
  run<T>(forward: () => T): T {
    this.#step += 1;
    const {result, states} = recordStates(forward);
    this.#states = states;
    return result;
  }

  /** @throws KeratinError that names the place, where the loss or a gradient is not finite */
  check({batch, loss, gradients, variables, forward}: StepParts): void {
    // A loss scale that is too high gives infinite gradients, and its optimizer leaves the step out.
    const scaled = this.#model.optimizer instanceof LossScaleOptimizer;
    if (allFinite(loss) && (scaled || gradients.every((gradient) => gradient === null || allFinite(gradient)))) return;
    for (const [name, value] of Object.entries({x: batch.x, y: batch.y, sampleWeight: batch.sampleWeight})) {
      for (const tensor of tensorsIn(value)) {
        if (!allFinite(tensor))
          throw this.#error('data', `${name} has ${kindsIn(tensor)}${rowsIn(tensor, batch.size)}`);
      }
    }
    for (const variable of this.#model.weights) {
      if (!allFinite(variable))
        throw this.#error('weights', `${variable.path} has ${kindsIn(variable)} before the step`);
    }
    const search = new Search((direction, what) => this.#error(direction, what), batch.size);
    replayStates(this.#states, () =>
      withWatcher(search, () => {
        const tape = new GradientTape();
        const again = tape.record(forward);
        tape.gradient(again, variables, {unconnectedGradients: 'none'});
      }),
    );
    throw this.#error('backward', `the loss or a gradient has NaN or infinity, which no single operation gave`);
  }

  /** @throws KeratinError where the step has made a weight that is not finite */
  checkUpdate(variables: readonly Variable[]): void {
    for (const variable of variables) {
      if (!allFinite(variable)) {
        const rates = this.#model.optimizers.map(({name, learningRate}) => `${name} at ${String(learningRate)}`);
        throw this.#error('update', `${rates.join(', ')} gave ${kindsIn(variable)} in ${variable.path}`);
      }
    }
  }

  #error(direction: string, what: string): KeratinError {
    return new KeratinError(`debugNumerics: step ${String(this.#step)}, ${direction}: ${what}`);
  }
}

/** Throws at the first operation that gives NaN or infinity. */
class Search implements Watcher {
  readonly #fail: (direction: string, what: string) => KeratinError;
  readonly #size: number;
  /** Whether it looks for itself, or an operation within a gradient runs, which is told of as a whole. */
  #busy = false;

  constructor(fail: (direction: string, what: string) => KeratinError, size: number) {
    this.#fail = fail;
    this.#size = size;
  }

  called(op: string, outputs: readonly Tensor<Element>[]): void {
    if (this.#busy) return;
    this.#quietly(() => {
      const bad = outputs.find((output) => !allFinite(output));
      if (bad !== undefined) {
        throw this.#fail('forward', `${op} in ${place()} gave ${kindsIn(bad)}${rowsIn(bad, this.#size)}`);
      }
    });
  }

  recorded(node: TapeNode): TapeNode {
    const {pullback, op} = node;
    if (pullback === null) return node;
    const where = place();
    return {
      ...node,
      pullback: (cotangents, needs) =>
        this.#quietly(() => {
          const gradients = pullback(cotangents, needs);
          const bad = gradients.find((gradient) => gradient !== null && !allFinite(gradient));
          if (bad !== undefined && bad !== null) {
            throw this.#fail(
              'backward',
              `the gradient of ${op} in ${where} has ${kindsIn(bad)}${rowsIn(bad, this.#size)}`,
            );
          }
          return gradients;
        }),
    };
  }

  #quietly<T>(fn: () => T): T {
    const outer = this.#busy;
    this.#busy = true;
    try {
      return fn();
    } finally {
      this.#busy = outer;
    }
  }
}

const place = (): string => (stack.path === '' ? 'the loss' : `layer ${stack.path}`);

function allFinite(tensor: Tensor<Element>): boolean {
  if (isSymbolic(tensor) || !isFloating(tensor.dtype)) return true;
  return withoutRecorder(null, () => ops.all(ops.isfinite(tensor as Tensor)).item());
}

function kindsIn(tensor: Tensor<Element>): string {
  const values = numbersOf(tensor);
  const hasNaN = values.some((value) => Number.isNaN(value));
  const hasInfinity = values.some((value) => value === Infinity || value === -Infinity);
  return hasNaN && hasInfinity ? 'NaN and infinity' : hasNaN ? 'NaN' : 'infinity';
}

const SHOWN = 10;

/** The rows of the batch, where the first axis is that of the samples. */
function rowsIn(tensor: Tensor<Element>, size: number): string {
  if (tensor.ndim === 0 || tensor.shape[0] !== size) return '';
  const values = numbersOf(tensor);
  const width = values.length / size;
  const rows = Array.from({length: size}, (_, row) => row).filter((row) =>
    values.slice(row * width, (row + 1) * width).some((value) => !Number.isFinite(value)),
  );
  const more = rows.length > SHOWN ? ` and ${String(rows.length - SHOWN)} more` : '';
  return ` in ${rows.length === 1 ? 'row' : 'rows'} ${rows.slice(0, SHOWN).join(', ')}${more} of the batch`;
}

const numbersOf = (tensor: Tensor<Element>): number[] =>
  withoutRecorder(null, () => Array.from(ops.cast(tensor as Tensor, 'float64').data()));
