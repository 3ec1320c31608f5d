import {InternalError} from '../errors.js';
import {type AnyTensor, type Spec} from '../engine/primitive.js';
import {activeRecorders, identity, isRecording, recordFunction, withoutRecorder} from '../engine/recording.js';
import {leaked, tracing} from '../engine/tracing.js';
import {concrete, sameShape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Operand, type RegionNode, type Value} from './ir.js';
import {
  composedGradients,
  constantOf,
  type Differentiated,
  differentiated,
  hasGradient,
  part,
  zerosOf,
} from './region-gradient.js';
import {follow, type Followed, programOf, type RegionTracer, Surroundings} from './region-tracer.js';
import {Tracer} from './tracer.js';

// Branches and loops of a function that is being compiled, as single operations of its program.

/** What is being compiled, where branches and loops can be part of its program: a second tape has to see the operations themselves. */
const current = (): Tracer | null =>
  tracing instanceof Tracer && tracing.hasRegions && activeRecorders().length < 2 ? tracing : null;

/** A function's tensors; null where it gives what is no tensor that a program can have. */
export type RegionFunction = () => readonly AnyTensor[] | null;

/** A loop that is to be part of a program. */
export interface Loop {
  readonly op: string;
  /** Whether to go on, as one boolean without axes; null where only the number of trips ends the loop. */
  readonly condition: ((states: readonly AnyTensor[]) => AnyTensor | null) | null;
  /** The next states, and what this trip adds to the lists that the loop gives. */
  readonly body: (
    states: readonly AnyTensor[],
    rows: readonly AnyTensor[],
  ) => {readonly states: readonly AnyTensor[]; readonly rows: readonly AnyTensor[]} | null;
  readonly states: readonly AnyTensor[];
  /** Lists of which each trip takes a row. */
  readonly xs: readonly AnyTensor[];
  /** The most trips; without a condition their number. */
  readonly limit: number | null;
  readonly reverse: boolean;
  /** States and lists once more, operation by operation. */
  readonly again: () => readonly AnyTensor[];
}

interface Emitted {
  readonly outputs: readonly AnyTensor[];
  /** The number of what was saved. */
  readonly saved: AnyTensor | null;
}

type Plan = Omit<RegionNode, 'kind' | 'outputs' | 'inputs'>;

/** Adds a node; its inputs are tensors. */
function emit(into: Tracer, plan: Plan, inputs: readonly AnyTensor[], outputs: readonly Spec[]): Emitted {
  const made = into.addRegion(
    {...plan, inputs: inputs.map((input) => into.operand(input, plan.op))},
    outputs.map(({shape, dtype}) => ({shape: concrete(shape), dtype})),
  );
  return {outputs: made.slice(0, outputs.length), saved: made[outputs.length] ?? null};
}

/** The tensors as they are now: a Variable's later values do not show in them. */
const pinned = (into: Tracer, tensors: readonly AnyTensor[], op: string): AnyTensor[] =>
  tensors.map((tensor) => {
    const operand = into.operand(tensor, op);
    return operand.kind === 'scalar' ? constantOf(operand) : into.tensorOf(operand);
  });

const segmentOf = (tracer: Tracer): number => {
  let root = tracer;
  for (let {parent} = root; parent !== null; {parent} = root) root = parent;
  return root.segment;
};

/** What the way there gave, on the way back: what was saved is gone where the function read a value since. */
class Restored {
  readonly #segment: number;
  readonly #saved: AnyTensor | null;
  readonly #again: (into: Tracer) => Emitted;

  constructor(into: Tracer, {saved}: Emitted, again: (into: Tracer) => Emitted) {
    this.#segment = segmentOf(into);
    this.#saved = saved;
    this.#again = again;
  }

  for(into: Tracer): readonly AnyTensor[] {
    const saved = segmentOf(into) === this.#segment ? this.#saved : this.#again(into).saved;
    return saved === null ? [] : [saved];
  }
}

const now = (op: string): Tracer => {
  if (tracing instanceof Tracer) return tracing;
  throw leaked(op);
};

const isFollowed = (inputs: readonly AnyTensor[]): boolean =>
  activeRecorders().some((recorder) => inputs.filter((input) => recorder.follows(identity(input))).length > 0);

const valuesOf = (tracer: RegionTracer, tensors: readonly AnyTensor[]): Value[] =>
  tensors.map((tensor) => tracer.valueFor(tensor));

const operandsOf = (tracer: RegionTracer, tensors: readonly AnyTensor[]): Operand[] =>
  tensors.map((tensor) => tracer.operand(tensor, 'jit'));

// ---- Branches

interface Way {
  readonly results: readonly Operand[];
  readonly cotangents: readonly (Value | null)[];
  readonly gradients: ReadonlyMap<AnyTensor, Operand | null>;
}

/** The one of two functions that a boolean chooses at each run; null where they cannot be part of a program. */
export function traceBranch(
  op: string,
  pred: AnyTensor,
  functions: readonly [RegionFunction, RegionFunction],
  again: () => readonly AnyTensor[],
): readonly AnyTensor[] | null {
  const parent = current();
  if (parent === null) return null;
  const ways: Followed<Way>[] = [];
  for (const fn of functions) {
    const way = follow(parent, (tracer) => differentiated(tracer, [], fn, (made) => made), wayOf);
    if (way === null) return null;
    ways.push(way);
  }
  const [first, second] = ways;
  if (first === undefined || second === undefined || !sameSpecs(first.made.results, second.made.results)) return null;
  const around = new Surroundings(ways);
  const {results} = first.made;
  if (results.length + around.written.length === 0) return null;
  const foreign = [...new Set(ways.flatMap(({made}) => [...made.gradients.keys()]))];
  const follows = isFollowed(foreign);
  const [chosen, ...captured] = pinned(parent, [pred, ...around.tensors, ...around.written], op);
  if (chosen === undefined) throw new InternalError('a branch has no condition');
  const parts = ways.map((way) => {
    const states = around.statesOf(way);
    const inputs = [...around.inputsOf(way), ...states.map(({initial}) => initial)];
    const outputs = [...way.made.results, ...states.map(({final}) => final)];
    const gradients = foreign.map((tensor): Operand => way.made.gradients.get(tensor) ?? scalarZero(tensor));
    const parted = part(way.nodes, outputs, follows ? gradients : [], new Set());
    return {
      there: programOf(parted.forward, inputs, [...outputs, ...parted.saved]),
      back: (cotangents: readonly Value[]) =>
        programOf(parted.backward, [...parted.saved, ...cotangents, ...inputs], gradients),
    };
  });
  const plan: Plan = {...PLAN, op, region: 'cond', programs: parts.map(({there}) => there), saves: follows};
  const specs = [...results, ...around.written];
  const made = emit(parent, plan, [chosen, ...captured], specs);
  const outputs = made.outputs.slice(0, results.length);
  assignAll(parent, around, made.outputs.slice(results.length));
  if (!follows) return outputs;
  const restored = new Restored(parent, made, (into) => emit(into, plan, [chosen, ...captured], specs));
  const composed = around.written.length > 0 ? null : again;
  recordFunction(op, foreign, outputs, (cotangents) => {
    if (isRecording()) return composedGradients(op, foreign, composed, cotangents);
    const into = now(op);
    const given = outputs.flatMap((output, i) => (hasGradient(output) ? [cotangents[i] ?? zerosOf(output)] : []));
    const programs = ways.map(({made: {cotangents: values}}, i) => {
      const part = parts[i];
      if (part === undefined) throw new InternalError('a branch has two ways');
      return part.back(values.filter((value) => value !== null));
    });
    const inputs = [chosen, ...restored.for(into), ...given, ...captured];
    const {outputs: gradients} = emit(into, {...plan, programs, saves: false, restores: true}, inputs, foreign);
    return foreign.map((tensor, i) =>
      ways.some((way) => (way.made.gradients.get(tensor) ?? null) !== null)
        ? ((gradients[i] as Tensor | undefined) ?? null)
        : null,
    );
  });
  return outputs;
}

const PLAN = {limit: null, reverse: false, states: 0, xs: 0, saves: false, restores: false} as const;

const scalarZero = ({shape, dtype}: AnyTensor): Operand => ({kind: 'scalar', value: 0, shape: concrete(shape), dtype});

const wayOf = (tracer: RegionTracer, {made, cotangents, foreign}: Differentiated<readonly AnyTensor[]>): Way => ({
  results: operandsOf(tracer, made),
  cotangents: cotangents.map((cotangent) => (cotangent === null ? null : tracer.valueFor(cotangent))),
  gradients: new Map(
    [...foreign].map(([tensor, gradient]) => [tensor, gradient === null ? null : tracer.operand(gradient, 'jit')]),
  ),
});

function assignAll(parent: Tracer, {written}: Surroundings, values: readonly AnyTensor[]): void {
  written.forEach((variable, i) => {
    const value = values[i];
    if (value !== undefined) parent.assign(variable, value);
  });
}

// ---- Loops

interface Trip {
  readonly given: readonly Value[];
  readonly rows: readonly Value[];
  readonly states: readonly Operand[];
  readonly ys: readonly Operand[];
  readonly cotangents: readonly (Value | null)[];
  /** Of states, then of rows. */
  readonly gradients: readonly (Operand | null)[];
  readonly sums: readonly Sum[];
}

/** The gradient of something outside, which grows from trip to trip. */
interface Sum {
  readonly tensor: AnyTensor;
  readonly before: Value;
  readonly after: Operand;
}

/** The states and lists that a loop gives at each run; null where its functions cannot be part of a program. */
export function traceLoop(loop: Loop): {states: readonly AnyTensor[]; ys: readonly AnyTensor[]} | null {
  const {op, condition, limit, reverse} = loop;
  const parent = current();
  if (parent === null) return null;
  const asked = condition === null ? [] : [followCondition(parent, loop.states, condition)];
  const body = asked.includes(null) ? null : followBody(parent, loop);
  const [asking] = asked;
  if (body === null || asking === null) return null;
  const {made: trip} = body;
  // Deciding changes nothing.
  if (asking !== undefined && [...asking.variables.values()].some(({initial, final}) => initial !== final)) return null;
  const around = new Surroundings(asking === undefined ? [body] : [asking, body]);
  if (trip.states.length + trip.ys.length + around.written.length === 0) return null;

  const foreign = trip.sums.map(({tensor}) => tensor);
  const inputs = [...loop.states, ...loop.xs, ...foreign];
  const follows = isFollowed(inputs);
  const given = pinned(parent, [...loop.states, ...around.written, ...loop.xs, ...around.tensors], op);
  const written = around.statesOf(body);
  const states = [...trip.given, ...written.map(({initial}) => initial)];
  const next = [...trip.states, ...written.map(({final}) => final)];
  const read = around.inputsOf(body);
  const back = wayBack(trip);
  const changing = new Set([...states, ...trip.rows]);
  const parted = part(body.nodes, [...next, ...trip.ys], follows ? [...back.states, ...back.ys] : [], changing);
  // Rows and lists are there again on the way back.
  const rows = trip.rows.filter((row) => parted.saved.includes(row));
  const ys = parted.saved.filter((value) => !rows.includes(value) && trip.ys.includes(value));
  const saved = parted.saved.filter((value) => !rows.includes(value) && !ys.includes(value));
  const there = programOf(parted.forward, [...states, ...trip.rows, ...read], [...next, ...trip.ys, ...saved]);
  const plan: Plan = {
    op,
    region: asking === undefined ? 'scan' : 'while',
    programs: asking === undefined ? [there] : [conditionOf(asking, around, loop.states.length), there],
    limit,
    reverse,
    states: states.length,
    xs: loop.xs.length,
    // Where rows tell the number of trips and nothing else is needed, there is nothing to save.
    saves: follows && (saved.length > 0 || asking !== undefined),
    restores: false,
  };
  const specs = [
    ...loop.states,
    ...around.written,
    ...trip.ys.map(({shape, dtype}) => ({shape: [limit ?? 0, ...shape], dtype})),
  ];
  const emitted = emit(parent, plan, given, specs);
  const lists = emitted.outputs.slice(states.length);
  const finals = emitted.outputs.slice(0, loop.states.length);
  assignAll(parent, around, emitted.outputs.slice(loop.states.length, states.length));
  const outputs = [...finals, ...lists];
  if (!follows) return {states: finals, ys: lists};

  const restored = new Restored(parent, emitted, (into) => emit(into, plan, given, specs));
  const composed = around.written.length > 0 ? null : loop.again;
  const xs = given.slice(states.length, states.length + loop.xs.length);
  const captured = given.slice(states.length + loop.xs.length);
  recordFunction(op, inputs, outputs, (cotangents) => {
    if (isRecording()) return composedGradients(op, inputs, composed, cotangents);
    const into = now(op);
    const begin = outputs.map((output, i) => (hasGradient(output) ? (cotangents[i] ?? zerosOf(output)) : null));
    const dstates = begin.slice(0, finals.length).filter((each) => each !== null);
    const dys = begin.slice(finals.length).filter((each) => each !== null);
    const kept = [
      ...rows.map((row) => xs[trip.rows.indexOf(row)] ?? missing()),
      ...ys.map((value) => lists[trip.ys.indexOf(value)] ?? missing()),
    ];
    const numbers = plan.saves ? restored.for(into) : [];
    const dxs = loop.xs.filter(hasGradient);
    const {outputs: gradients} = emit(
      into,
      {
        op,
        region: 'scan',
        programs: [
          programOf(
            parted.backward,
            [...back.given, ...back.rows, ...rows, ...ys, ...(plan.saves ? saved : []), ...read],
            [...back.states, ...back.ys],
          ),
        ],
        limit: asking === undefined ? limit : null,
        reverse: !reverse,
        states: back.states.length,
        xs: dys.length + kept.length,
        saves: false,
        restores: plan.saves,
      },
      [...numbers, ...dstates, ...foreign.map(zerosOf), ...dys, ...kept, ...captured],
      [...dstates, ...foreign, ...dxs],
    );
    let at = 0;
    const take = (tensor: AnyTensor): Tensor | null =>
      hasGradient(tensor) ? ((gradients[at++] as Tensor | undefined) ?? null) : null;
    const ofStates = loop.states.map(take);
    const sums = foreign.map(take);
    const found = loop.xs.map(take);
    return [...ofStates, ...found, ...sums];
  });
  return {states: finals, ys: lists};
}

/** The inputs and results of a trip of the way back. */
function wayBack(trip: Trip) {
  const count = trip.states.length;
  const given = trip.cotangents.slice(0, count).filter((value) => value !== null);
  const stateGradients = trip.given.flatMap((state, i) =>
    hasGradient(state) ? [trip.gradients[i] ?? zeroLike(state)] : [],
  );
  return {
    given: [...given, ...trip.sums.map(({before}) => before)],
    rows: trip.cotangents.slice(count).filter((value) => value !== null),
    states: [...stateGradients, ...trip.sums.map(({after}) => after)],
    ys: trip.rows.flatMap((row, i) => (hasGradient(row) ? [trip.gradients[count + i] ?? zeroLike(row)] : [])),
  };
}

const zeroLike = ({shape, dtype}: Value): Operand => ({kind: 'scalar', value: 0, shape, dtype});

function missing(): never {
  throw new InternalError('a loop has no such list');
}

function followBody(parent: Tracer, {states, xs, body}: Loop): Followed<Trip> | null {
  return follow(
    parent,
    (tracer) => {
      const given = states.map((state) => tracer.given(state));
      const rows = xs.map(({shape, dtype}) => tracer.given({shape: shape.slice(1), dtype}));
      const found = differentiated(
        tracer,
        [...given, ...rows],
        () => body(given, rows),
        (made) => [...made.states, ...made.rows],
      );
      if (found === null) return null;
      const sums = [...found.foreign].flatMap(([tensor, gradient]) => {
        if (gradient === null) return [];
        const before = tracer.given(tensor) as Tensor;
        return [{tensor, before, after: before.add(gradient)}];
      });
      return {...found, given, rows, sums};
    },
    (tracer, {given, rows, made, cotangents, gradients, sums}): Trip => ({
      given: valuesOf(tracer, given),
      rows: valuesOf(tracer, rows),
      states: operandsOf(tracer, made.states),
      ys: operandsOf(tracer, made.rows),
      cotangents: cotangents.map((each) => (each === null ? null : tracer.valueFor(each))),
      gradients: gradients.map((each) => (each === null ? null : tracer.operand(each, 'jit'))),
      sums: sums.map(({tensor, before, after}) => ({
        tensor,
        before: tracer.valueFor(before),
        after: tracer.operand(after, 'jit'),
      })),
    }),
  );
}

interface Asking {
  readonly given: readonly Value[];
  readonly goesOn: Operand;
}

function followCondition(
  parent: Tracer,
  states: readonly AnyTensor[],
  condition: (states: readonly AnyTensor[]) => AnyTensor | null,
): Followed<Asking> | null {
  return follow(
    parent,
    (tracer) => {
      const given = states.map((state) => tracer.given(state));
      // No gradient goes through a decision.
      const goesOn = withoutRecorder(null, () => condition(given));
      return goesOn === null ? null : {given, goesOn};
    },
    (tracer, {given, goesOn}) => ({given: valuesOf(tracer, given), goesOn: tracer.operand(goesOn, 'jit')}),
  );
}

function conditionOf(asking: Followed<Asking>, around: Surroundings, count: number) {
  const {given, goesOn} = asking.made;
  const written = around.statesOf(asking);
  if (given.length !== count) throw new InternalError('a condition takes the states');
  const inputs = [...given, ...written.map(({initial}) => initial), ...around.inputsOf(asking)];
  return programOf(asking.nodes, inputs, [goesOn]);
}

const sameSpecs = (a: readonly Operand[], b: readonly Operand[]): boolean =>
  a.length === b.length &&
  a.every(({dtype, shape}, i) => {
    const other = b[i];
    return other !== undefined && dtype === other.dtype && sameShape(shape, other.shape);
  });
