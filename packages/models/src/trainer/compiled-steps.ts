import {jit, TraceError, type Variable} from '@keratin/core';
import {type AnyModel} from '../callbacks/callback.js';
import {type Batch} from './data/batch.js';
import {type StepLogs} from './logs.js';

/** How a model runs its steps: compiled, compiled where that is possible, or operation by operation. */
export type JitCompile = boolean | 'auto';

/** What compiled steps ask of the trainer that they belong to. */
export interface StepOwner {
  /** The default logs of a step, which are read from the metrics afterwards. */
  results(): StepLogs;
  /** Adds to the number of samples that the mean loss is over; a program cannot count them. */
  countSamples(size: number): void;
  readonly plan: () => {readonly trainable: readonly Variable[]};
}

type Kind = 'train' | 'test';

/**
 * Runs the steps of one model as compiled programs, one for each shape of the batches. The first step of each kind runs operation by
 * operation: it makes what later ones use, such as weights, slots and metrics.
 */
export class CompiledSteps {
  readonly #model: AnyModel;
  readonly #owner: StepOwner;
  readonly #strict: boolean;
  readonly #warm = new Set<Kind>();
  readonly #refused = new Set<Kind>();
  #trainable: readonly Variable[] = [];
  #structure = 0;
  /** Whether a program is being made or run: the default steps leave counting to this class. */
  active = false;

  /** @param strict whether a step that cannot be compiled is an error */
  constructor(model: AnyModel, owner: StepOwner, strict: boolean) {
    this.#model = model;
    this.#owner = owner;
    this.#strict = strict;
  }

  // Programs are made for the variables that are trained: another set of them is another program.
  #version(): number {
    const {trainable} = this.#owner.plan();
    const same = trainable.length === this.#trainable.length && trainable.every((one, i) => one === this.#trainable[i]);
    if (!same) {
      this.#trainable = trainable;
      this.#structure += 1;
    }
    return this.#structure;
  }

  readonly #programs: Readonly<Record<Kind, (x: unknown, y: unknown, weight: unknown, ...key: number[]) => unknown>> = {
    train: jit((x: unknown, y: unknown, sampleWeight: unknown, size: number, _version: number) =>
      this.#body('train', {x, y, sampleWeight, size} as Batch),
    ),
    test: jit((x: unknown, y: unknown, sampleWeight: unknown, size: number, _version: number) =>
      this.#body('test', {x, y, sampleWeight, size} as Batch),
    ),
  };

  #step(kind: Kind, batch: Batch): StepLogs {
    return kind === 'train' ? this.#model.trainStep(batch as never) : this.#model.testStep(batch as never);
  }

  #body(kind: Kind, batch: Batch): unknown {
    const logs = this.#step(kind, batch);
    // The default logs compute each value when it is read.
    return logs === this.#owner.results() ? undefined : logs;
  }

  run(kind: Kind, batch: Batch): StepLogs {
    if (!this.#warm.has(kind) || this.#refused.has(kind)) {
      const logs = this.#step(kind, batch);
      this.#warm.add(kind);
      return logs;
    }
    this.active = true;
    try {
      const {x, y, sampleWeight, size} = batch;
      const logs = this.#programs[kind](x, y, sampleWeight, size, this.#version());
      this.#owner.countSamples(size);
      return (logs as StepLogs | undefined) ?? this.#owner.results();
    } catch (error) {
      if (this.#strict || !(error instanceof TraceError)) throw error;
      this.#refused.add(kind);
    } finally {
      this.active = false;
      // What layers added belongs to the program.
      this.#model.clearLosses();
    }
    return this.#step(kind, batch);
  }
}
