import {type Element, type Tensor, TraceError, type Variable} from '@keratin/core';
import {Compiler, describeSpec, type SegmentTree, specOf} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {type Optimizer} from '../optimizers/index.js';
import {type Batch} from './data/batch.js';
import {LayerFields} from './layer-fields.js';
import {type StepLogs} from './logs.js';

/** How a model runs its steps: compiled, compiled where that is possible, or operation by operation. */
export type JitCompile = boolean | 'auto';

/** A kind of step. */
export type StepKind = 'train' | 'test' | 'predict';

/** What compiled steps ask of the trainer that they belong to. */
export interface StepOwner {
  /** The default logs of a step, which are read from the metrics afterwards. */
  results(): StepLogs;
  /** Adds to the number of samples that the mean loss is over; a program cannot count them. */
  countSamples(size: number): void;
  readonly plan: () => {readonly trainable: readonly Variable[]; readonly layers: readonly AnyLayer[]};
  readonly optimizers: () => readonly Optimizer[];
  /** Whether all that a kind of step runs is the library's own code. */
  isLibrary(kind: StepKind): boolean;
}

/** How a kind of step goes: undecided before its first step, which makes what later ones use, such as weights, slots and metrics. */
type State = 'new' | 'compiled' | 'eager';

// With 'auto' a model of many shapes, such as of sentences of any length, is compiled for the first of them only.
const MOST_SHAPES = 12;

/**
 * Runs the steps of one model as compiled programs, one for each shape of the batches. The first step of each kind runs operation by
 * operation.
 */
export class CompiledSteps {
  readonly #model: AnyModel;
  readonly #owner: StepOwner;
  readonly #strict: boolean;
  readonly #states: Record<StepKind, State> = {train: 'new', test: 'new', predict: 'new'};
  readonly #compiled: Record<StepKind, number> = {train: 0, test: 0, predict: 0};
  /** Shapes that came once: a second time they are compiled. */
  readonly #seen: Readonly<Record<StepKind, Set<string>>> = {train: new Set(), test: new Set(), predict: new Set()};
  readonly #fields = new LayerFields();
  #trainable: readonly Variable[] = [];
  #structure = 0;
  /** Whether a program is being made: the default steps leave counting to this class. */
  tracing = false;

  /** @param strict whether a step that cannot be compiled is an error */
  constructor(model: AnyModel, owner: StepOwner, strict: boolean) {
    this.#model = model;
    this.#owner = owner;
    this.#strict = strict;
  }

  /** Looks at the options of the layers anew: what a user set in their fields is another program. */
  look(): void {
    if (this.#fields.changed(this.#owner.plan().layers)) this.#structure += 1;
  }

  // Programs are made for the variables that are trained: another set of them is another program.
  #version(): number {
    const {trainable} = this.#owner.plan();
    const same =
      trainable === this.#trainable ||
      (trainable.length === this.#trainable.length && trainable.every((one, i) => one === this.#trainable[i]));
    if (!same) this.#structure += 1;
    this.#trainable = trainable;
    return this.#structure;
  }

  readonly #programs: Readonly<Record<StepKind, Compiler>> = {
    train: this.#compiler('train'),
    test: this.#compiler('test'),
    predict: this.#compiler('predict'),
  };

  #compiler(kind: StepKind): Compiler {
    return new Compiler((x, y, sampleWeight, size) => {
      const result = this.#step(kind, {x, y, sampleWeight, size} as Batch);
      // The default logs compute each value when it is read.
      return result === this.#owner.results() ? undefined : result;
    });
  }

  #step(kind: StepKind, batch: Batch): unknown {
    if (kind === 'train') return this.#model.trainStep(batch as never);
    return kind === 'test' ? this.#model.testStep(batch as never) : this.#model.predictStep(batch as never);
  }

  /** One step. */
  run(kind: StepKind, batch: Batch): unknown {
    if (this.#states[kind] === 'new') return this.#first(kind, batch);
    if (this.#states[kind] === 'eager') return this.#step(kind, batch);
    for (const optimizer of kind === 'train' ? this.#owner.optimizers() : []) optimizer.prepareStep();
    const inputs: Tensor<Element>[] = [];
    const tree = this.#find(kind, batch, inputs);
    if (tree === null) return this.#step(kind, batch);
    try {
      const result = tree.run(inputs);
      if (kind === 'predict') return result;
      this.#owner.countSamples(batch.size);
      return result ?? this.#owner.results();
    } catch (error) {
      if (this.#strict || !(error instanceof TraceError)) throw error;
      this.#states[kind] = 'eager';
    } finally {
      this.#clear();
    }
    return this.#step(kind, batch);
  }

  #first(kind: StepKind, batch: Batch): unknown {
    const result = this.#step(kind, batch);
    // The step may have built layers.
    this.look();
    this.#states[kind] = this.#strict || this.#owner.isLibrary(kind) ? 'compiled' : 'eager';
    this.#seen[kind].add(describeSpec(specOf([batch.x, batch.y, batch.sampleWeight])));
    return result;
  }

  // What layers added while a program was made belongs to the program.
  #clear(): void {
    this.#model.clearLosses();
  }

  /** The programs for the shapes of a batch, made where there are none; null where it runs operation by operation. */
  #find(kind: StepKind, {x, y, sampleWeight, size}: Batch, inputs: Tensor<Element>[]): SegmentTree | null {
    const args = [x, y, sampleWeight, size, this.#version()];
    const programs = this.#programs[kind];
    const known = programs.find(args, inputs);
    if (known !== null || !this.#mayCompile(kind, args)) return known;
    this.tracing = true;
    try {
      programs.compile(args);
      this.#compiled[kind] += 1;
      return programs.find(args, inputs);
    } catch (error) {
      // Where the batch is at fault, the step itself says so.
      if (this.#strict) throw error;
      this.#states[kind] = 'eager';
      return null;
    } finally {
      this.tracing = false;
      this.#clear();
    }
  }

  #mayCompile(kind: StepKind, args: readonly unknown[]): boolean {
    if (this.#strict) return true;
    if (this.#compiled[kind] >= MOST_SHAPES) return false;
    const key = describeSpec(specOf(args.slice(0, 3)));
    if (this.#seen[kind].has(key)) return true;
    if (this.#seen[kind].size > 256) this.#seen[kind].clear();
    this.#seen[kind].add(key);
    return false;
  }
}
