import {type Element, type Tensor, TraceError, type Variable} from '@keratin/core';
import {
  Compiler,
  describeSpec,
  mayRunSteps,
  runSteps,
  type SegmentTree,
  type SingleProgram,
  specOf,
  startSteps,
  type StepPlan,
  type StepsDone,
  tensorsIn,
} from '@keratin/core/internal';
import {type AnyLayer} from '@keratin/layers';
import {type AnyModel} from '../callbacks/callback.js';
import {type Optimizer} from '../optimizers/index.js';
import {sliceSamples} from './data/arrays.js';
import {type Batch, type BatchRows} from './data/batch.js';
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

// Milliseconds that steps may take on the caller's thread.
const SHORT = 0.2;
// Milliseconds of steps between two returns to JavaScript.
const SPAN = 8;

/** Steps that were taken, and what the last one gave. */
export interface Taken {
  readonly steps: number;
  readonly result: unknown;
}

/** The data of rows, with a batch of them by which their program is found. */
interface RowData {
  readonly rows: BatchRows;
  readonly batch: Batch;
  /** All rows of a tensor of the batch. */
  readonly whole: ReadonlyMap<Tensor<Element>, Tensor<Element>>;
}

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
  /** Milliseconds of the last step of each program. */
  readonly #times = new WeakMap<object, number>();
  /** Kinds whose first step took long. */
  readonly #slow = new Set<StepKind>();
  readonly #rows: Partial<Record<StepKind, RowData | undefined>> = {};
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
    const inputs: Tensor<Element>[] = [];
    const tree = this.#find(kind, batch, inputs);
    if (tree === null) return this.#step(kind, batch);
    this.#prepare(kind);
    try {
      const before = performance.now();
      // A function that reads values is traced again where it meets one for the first time.
      this.tracing = tree.single === null;
      const result = tree.run(inputs);
      this.#note(tree.single, performance.now() - before);
      return this.#result(kind, result, batch.size);
    } catch (error) {
      if (this.#strict || !(error instanceof TraceError)) throw error;
      this.#states[kind] = 'eager';
    } finally {
      if (this.tracing) this.#clear();
      this.tracing = false;
    }
    return this.#step(kind, batch);
  }

  // Learning rates that are functions give their number for one step: true says that there is one.
  #prepare(kind: StepKind): boolean {
    let single = false;
    if (kind === 'train') for (const optimizer of this.#owner.optimizers()) single = optimizer.prepareStep() || single;
    return single;
  }

  #result(kind: StepKind, result: unknown, samples: number): unknown {
    if (kind === 'predict') return result;
    this.#owner.countSamples(samples);
    return result ?? this.#owner.results();
  }

  #note(program: SingleProgram | null, milliseconds: number): void {
    if (program !== null) this.#times.set(program.executable, milliseconds);
  }

  /**
   * Takes some of these batches at once, at most `most`: on the engine's thread where that is worth it. Null where they must be taken one by
   * one.
   */
  takeRows(kind: StepKind, rows: BatchRows, most: number): Taken | Promise<Taken> | null {
    if (this.#states[kind] !== 'compiled' || kind === 'predict' || !mayRunSteps()) return null;
    const {batch, whole} = this.#rowData(kind, rows);
    const inputs: Tensor<Element>[] = [];
    const program = this.#find(kind, batch, inputs)?.single ?? null;
    if (program === null) return null;
    const {executable} = program;
    const limit = this.#prepare(kind) ? 1 : Math.min(most, rows.left);
    const time = this.#times.get(executable);
    const steps = time === undefined ? 1 : Math.max(1, Math.min(limit, Math.ceil((2 * SPAN) / Math.max(time, 1e-3))));
    const plan: StepPlan = {
      executable,
      inputs: program.inputs(inputs).map((input) => whole.get(input) ?? input),
      rows: {batch: rows.size, first: rows.first, order: rows.order},
      steps,
      budget: SPAN,
    };
    const taken = ({steps: done, milliseconds, results}: StepsDone): Taken => {
      this.#note(program, milliseconds / done);
      return {steps: done, result: this.#result(kind, program.result.of(results), done * rows.size)};
    };
    return this.#isShort(kind, time, steps) ? taken(runSteps(plan)) : startSteps(plan).then(taken);
  }

  /** A step on the engine's thread, where it takes long enough for that; null where it does not. */
  start(kind: StepKind, batch: Batch): Promise<unknown> | null {
    if (this.#states[kind] !== 'compiled' || !mayRunSteps()) return null;
    const all: Tensor<Element>[] = [];
    const program = this.#find(kind, batch, all)?.single ?? null;
    if (program === null || this.#isShort(kind, this.#times.get(program.executable), 1)) return null;
    const inputs = program.inputs(all);
    if (inputs.some(({strides}) => strides !== null)) return null;
    this.#prepare(kind);
    return startSteps({executable: program.executable, inputs}).then(({milliseconds, results}) => {
      this.#note(program, milliseconds);
      return this.#result(kind, program.result.of(results), batch.size);
    });
  }

  #isShort(kind: StepKind, time: number | undefined, steps: number): boolean {
    return time === undefined ? !this.#slow.has(kind) : time * steps <= SHORT;
  }

  #rowData(kind: StepKind, rows: BatchRows): RowData {
    const known = this.#rows[kind];
    const {x, y, sampleWeight, size} = rows;
    const same = known?.rows.x === x && known.rows.y === y && known.rows.sampleWeight === sampleWeight;
    if (same && known.rows.size === size) return known;
    const slice = (data: BatchRows['y']) => (data === undefined ? undefined : sliceSamples(data, 0, size));
    const batch: Batch = {x: slice(x), y: slice(y), sampleWeight: slice(sampleWeight), size};
    const all = tensorsIn([x, y, sampleWeight]);
    const parts = tensorsIn([batch.x, batch.y, batch.sampleWeight]);
    const made = {rows, batch, whole: new Map(parts.map((part, i) => [part, all[i] ?? part]))};
    this.#rows[kind] = made;
    return made;
  }

  /** How many programs there are for a kind of step. */
  compiled(kind: StepKind): number {
    return this.#compiled[kind];
  }

  /** Lets go of the data of a run. */
  release(kind: StepKind): void {
    this.#rows[kind] = undefined;
  }

  #first(kind: StepKind, batch: Batch): unknown {
    const before = performance.now();
    const result = this.#step(kind, batch);
    // Building layers takes some time as well.
    if (performance.now() - before > 10) this.#slow.add(kind);
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
    this.#prepare(kind);
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
