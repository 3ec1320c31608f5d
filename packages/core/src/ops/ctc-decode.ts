import {ShapeError, ValueError} from '../errors.js';
import {isSymbolic, symbolicTensor} from '../engine/hidden.js';
import {show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {tensor} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, castTo, toFloat} from './convert.js';
import {toIndices} from './nonzero.js';

export interface CtcDecodeOptions {
  /** The most likely class of each step, or the most likely sequences of labels. Default `'greedy'`. */
  strategy?: 'greedy' | 'beam_search' | undefined;
  /** How many sequences are followed. Default 100. */
  beamWidth?: number | undefined;
  /** How many sequences are given (of a beam search). Default 1. */
  topPaths?: number | undefined;
  /** Whether equal neighbours are one label (of the greedy strategy; the beam search knows). Default true. */
  mergeRepeated?: boolean | undefined;
  /** The class of blanks; null is the last one. Default 0. */
  maskIndex?: number | null | undefined;
}

/** A sequence of labels and the logarithm of its probability; the greedy strategy's is minus the sum of the largest logits. */
interface Path {
  readonly labels: readonly number[];
  readonly score: number;
}

/**
 * The labels that classes of steps spell (see `ctcLoss`), as Keras on TensorFlow decodes them.
 * @param inputs logits (batch, steps, classes)
 * @param sequenceLengths how many steps count, (batch,)
 * @returns labels (paths, batch, steps) as int32 with -1 behind the end, and scores (batch, paths): logarithms of probabilities of a beam
 *   search, minus the sum of the largest logits of the greedy strategy
 */
export function ctcDecode(
  inputs: AnyTensorLike,
  sequenceLengths: AnyTensorLike,
  options: CtcDecodeOptions = {},
): [decoded: Tensor, scores: Tensor] {
  const op = 'ctcDecode';
  checkOptions(op, options, ['strategy', 'beamWidth', 'topPaths', 'mergeRepeated', 'maskIndex']);
  const {strategy = 'greedy', beamWidth = 100, topPaths = 1, mergeRepeated = true, maskIndex = 0} = options;
  checkChoice(op, 'strategy', strategy, ['greedy', 'beam_search']);
  for (const [name, value] of [
    ['beamWidth', beamWidth],
    ['topPaths', topPaths],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ValueError(`${op}: ${name} must be a positive integer, got ${describe(value)}`);
    }
  }
  if (strategy === 'beam_search' && topPaths > beamWidth) {
    throw new ValueError(`${op}: topPaths must be at most beamWidth, got ${String(topPaths)} and ${String(beamWidth)}`);
  }
  const logits = toFloat(inputs, op);
  const lengths = toIndices(sequenceLengths, op);
  if (logits.ndim !== 3 || lengths.ndim !== 1 || logits.shape[0] !== lengths.shape[0]) {
    throw new ShapeError(
      `${op}: inputs must be (batch,steps,classes) and sequenceLengths (batch,), got ${show(logits.shape)} and ${show(lengths.shape)}`,
    );
  }
  const paths = strategy === 'greedy' ? 1 : topPaths;
  if (isSymbolic(logits) || isSymbolic(lengths)) {
    const [batch = null, steps = null] = logits.shape;
    return [
      symbolicTensor({shape: [paths, batch, steps], dtype: 'int32'}),
      symbolicTensor({shape: [batch, paths], dtype: scoreDType(logits)}),
    ];
  }
  const [batch, steps, classes] = [logits.dim(0), logits.dim(1), logits.dim(2)];
  const blank = blankOf(op, maskIndex, classes);
  const counts = Array.from(lengths.data(), Number);
  const odd = counts.find((count) => count < 0 || count > steps);
  if (odd !== undefined) {
    throw new ValueError(`${op}: sequenceLengths must be from 0 to ${String(steps)}, got ${String(odd)}`);
  }
  const values = castTo(logits, 'float64').data() as Float64Array;
  const decoded = new Int32Array(paths * batch * steps).fill(-1);
  const scores = new Float64Array(batch * paths);
  counts.forEach((count, b) => {
    const rows = Array.from({length: count}, (_, t) => {
      const start = (b * steps + t) * classes;
      return values.subarray(start, start + classes);
    });
    const found =
      strategy === 'greedy' ? [greedy(rows, blank, mergeRepeated)] : beamSearch(rows, blank, beamWidth, topPaths);
    if (found.length < paths) {
      throw new ValueError(
        `${op}: topPaths ${String(topPaths)} is more than there are sequences of ${String(count)} steps`,
      );
    }
    found.forEach(({labels, score}, path) => {
      decoded.set(labels, (path * batch + b) * steps);
      scores[b * paths + path] = score;
    });
  });
  return [
    tensor(decoded, {shape: [paths, batch, steps]}),
    castTo(tensor(scores, {shape: [batch, paths]}), scoreDType(logits)),
  ];
}

const scoreDType = ({dtype}: Tensor): 'float32' | 'float64' => (dtype === 'float64' ? dtype : 'float32');

function blankOf(op: string, maskIndex: number | null, classes: number): number {
  if (maskIndex === null) return classes - 1;
  if (!Number.isInteger(maskIndex) || maskIndex < -classes || maskIndex >= classes) {
    throw new ValueError(`${op}: maskIndex must be one of ${String(classes)} classes, got ${describe(maskIndex)}`);
  }
  return maskIndex < 0 ? maskIndex + classes : maskIndex;
}

function greedy(rows: readonly Float64Array[], blank: number, mergeRepeated: boolean): Path {
  const labels: number[] = [];
  let score = 0;
  let previous = -1;
  for (const row of rows) {
    const best = row.reduce((found, value, i) => (value > (row[found] ?? -Infinity) ? i : found), 0);
    score -= row[best] ?? 0;
    if (best !== blank && !(mergeRepeated && best === previous)) labels.push(best);
    previous = best;
  }
  return {labels, score};
}

/** Logarithms of the probability of a sequence, and of its parts that end with a blank and with its last label. */
interface Chance {
  readonly total: number;
  readonly blank: number;
  readonly label: number;
}

const NEVER: Chance = {total: -Infinity, blank: -Infinity, label: -Infinity};

function logAdd(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** A sequence of labels in the tree of those that were met. */
class Prefix {
  /** Before the present step. */
  before: Chance = NEVER;
  now: Chance = NEVER;
  readonly children = new Map<number, Prefix>();

  constructor(
    readonly label: number,
    readonly parent: Prefix | null,
  ) {}

  /** The sequence with one label more. */
  child(label: number): Prefix {
    const known = this.children.get(label);
    if (known !== undefined) return known;
    const made = new Prefix(label, this);
    this.children.set(label, made);
    return made;
  }

  get labels(): number[] {
    return this.parent === null ? [] : [...this.parent.labels, this.label];
  }

  get followed(): boolean {
    return this.now.total !== -Infinity;
  }

  /** What ends such that another `label` is a new one. */
  ready(label: number): number {
    return label === this.label ? this.before.blank : this.before.total;
  }
}

/** The sequences that are followed, at most `width`. */
class Beam {
  members: Prefix[] = [];
  #last: Prefix | null = null;

  constructor(readonly width: number) {}

  /** The least likely member. */
  get last(): Prefix | null {
    this.#last ??= this.members.reduce<Prefix | null>(
      (least, each) => (least === null || each.now.total < least.now.total ? each : least),
      null,
    );
    return this.#last;
  }

  admits(total: number): boolean {
    if (total === -Infinity) return false;
    return this.members.length < this.width || total > (this.last?.now.total ?? -Infinity);
  }

  add(prefix: Prefix): void {
    const {last} = this;
    if (this.members.length === this.width && last !== null) {
      this.members[this.members.indexOf(last)] = prefix;
      last.now = NEVER;
    } else {
      this.members.push(prefix);
    }
    this.#last = null;
  }

  sorted(): Prefix[] {
    return [...this.members].sort((a, b) => b.now.total - a.now.total);
  }
}

/** Prefix beam search (Graves, 2012), with the order of TensorFlow's. */
function beamSearch(rows: readonly Float64Array[], blank: number, width: number, count: number): Path[] {
  const root = new Prefix(-1, null);
  root.now = {total: 0, blank: 0, label: -Infinity};
  let beam = new Beam(width);
  beam.add(root);
  for (const row of rows) {
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const norm = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    const chance = (label: number): number => (row[label] ?? -Infinity) - norm;
    const branches = beam.sorted();
    beam = new Beam(width);
    for (const branch of branches) branch.before = branch.now;
    for (const branch of branches) {
      const {parent, before} = branch;
      let label = -Infinity;
      if (parent !== null) {
        const joined = parent.followed ? logAdd(before.label, parent.ready(branch.label)) : before.label;
        label = joined + chance(branch.label);
      }
      const still = before.total + chance(blank);
      branch.now = {total: logAdd(still, label), blank: still, label};
      beam.add(branch);
    }
    for (const branch of branches) {
      if (!beam.admits(branch.before.total)) continue;
      for (let label = 0; label < row.length; label++) {
        if (label === blank || branch.children.get(label)?.followed === true) continue;
        const total = chance(label) + branch.ready(label);
        if (!beam.admits(total)) continue;
        const child = branch.child(label);
        child.now = {total, blank: -Infinity, label: total};
        beam.add(child);
      }
    }
  }
  return beam
    .sorted()
    .slice(0, count)
    .map((prefix) => ({labels: prefix.labels, score: prefix.now.total}));
}
