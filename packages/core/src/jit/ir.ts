import {type DType, type Element} from '../dtype.js';
import {type Generator} from '../engine/tracing.js';
import {type ViewLayout} from '../engine/primitive.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Variable} from '../tensor/variable.js';

// The programs that `jit` makes of functions: a list of nodes in the order in which they run, each value made once.

/** What is computed, given or captured: the result of one node, or an input of the program. */
export interface Value {
  readonly kind: 'value';
  /** Counted from 0 in the order of making. */
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Stands for what a loop or branch saves: it means nothing in another run. */
  readonly isSaved?: true;
}

/** A tensor all of whose elements are one number known when the program is made. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly value: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export type Operand = Value | Scalar;

/** How a node's kernel is called; see `PrimitiveDefinition.run`. */
export type Execution =
  | {readonly kind: 'elementwise'; readonly kernel: string}
  | {
      readonly kind: 'strided' | 'contiguous';
      readonly kernel: string;
      readonly attributes: readonly number[];
      /** Inputs that arrive broadcast, by position (null: as they are). */
      readonly broadcasts: readonly (readonly number[] | null)[];
      /** The shape in which the kernel sees its output, where that is another one with as many elements. */
      readonly writes?: readonly number[] | undefined;
    }
  | {
      readonly kind: 'view';
      readonly layout: (input: {
        readonly shape: readonly number[];
        readonly strides: readonly number[];
        readonly offset: number;
      }) => ViewLayout | null;
    };

/** An attribute that is known only when the program runs: an input of one float64, or a word that the caller draws. */
export type Dynamic =
  | {readonly attribute: number; readonly input: number}
  | {readonly attribute: number; readonly draw: number; readonly word: number};

interface NodeBase {
  /** The function that the user called, for messages. */
  readonly op: string;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Value[];
}

/** A primitive. */
export interface CallNode extends NodeBase {
  readonly kind: 'call';
  readonly name: string;
  /** Attributes for printing and for finding equal calls. */
  readonly text: string;
  readonly execution: Execution;
  readonly dynamic: readonly Dynamic[];
  /** The attributes that the primitive was called with; they mean nothing where a pass made another call of the node. */
  readonly given?: unknown;
}

/**
 * A kernel that changes tensors in place. Its inputs are what it reads, then its targets, then the values of dynamic attributes;
 * outputs are what the targets become.
 */
export interface UpdateNode extends NodeBase {
  readonly kind: 'update';
  readonly kernel: string;
  readonly reads: number;
  readonly attributes: readonly number[];
  readonly dynamic: readonly Dynamic[];
}

/** One function of a chain. Places are the chain's inputs, then the results of its steps. */
export interface ChainStep {
  readonly kernel: string;
  readonly dtype: DType;
  readonly from: readonly number[];
}

/** Several elementwise functions of one shape in one pass; outputs are the results of the steps in `results`. */
export interface ChainNode extends NodeBase {
  readonly kind: 'chain';
  readonly steps: readonly ChainStep[];
  readonly results: readonly number[];
}

/** How an operand of a program over rows lies: as many elements as rows have, one for each row, one row for all, one. */
export type Form = 'whole' | 'row' | 'column' | 'scalar';

/** One function of a program over rows: of whole rows, of one element for each row, or a reduction. */
export interface RowStep extends ChainStep {
  readonly kind: 'whole' | 'row' | 'fold';
}

/**
 * Elementwise functions and reductions in one pass; outputs are the results of the steps in `results`. Reductions are of each row to one
 * element, or of all rows to one, which no step reads.
 */
export interface RowsNode extends NodeBase {
  readonly kind: 'rows';
  readonly reduces: 'rows' | 'columns';
  readonly rows: number;
  readonly length: number;
  /** Of the inputs. */
  readonly forms: readonly Form[];
  readonly steps: readonly RowStep[];
  readonly results: readonly number[];
}

/**
 * One of two programs, or a loop of them. What a node saves is for its way back, the gradient: one more output is the number by which
 * another node finds it, which restores it in reverse.
 *
 * - `cond`: inputs are a boolean, what is restored, then what both programs take; the first one runs where it is true. Each takes what was
 *   saved by the one in its place, then the inputs, and gives the outputs, then what it saves.
 * - `while`: inputs are the states, then what both programs read beside; the first one gives whether to go on, the second one the next
 *   states and what it saves.
 * - `scan`: one program. Inputs are what is restored, states, lists of which each trip takes a row, what it reads beside; the program takes
 *   states, rows, what was saved, the rest, and gives the next states, rows of the other outputs, what it saves.
 */
export interface RegionNode extends NodeBase {
  readonly kind: 'region';
  readonly region: 'cond' | 'while' | 'scan';
  readonly programs: readonly Program[];
  /** The most trips of a loop, or null; of a `scan` its trips, or null where they are as many as were saved. */
  readonly limit: number | null;
  /** Whether rows are taken from the last to the first. */
  readonly reverse: boolean;
  /** How many outputs are states. */
  readonly states: number;
  /** How many inputs are lists. */
  readonly xs: number;
  /** Whether the last output is the number of what was saved. */
  readonly saves: boolean;
  /** Whether there is an input of that kind. */
  readonly restores: boolean;
}

export type Node = CallNode | UpdateNode | ChainNode | RowsNode | RegionNode;

/** A Variable that the program reads or writes. */
export interface Captured {
  readonly variable: Variable<Element>;
  /** Its value when the program begins. */
  readonly initial: Value;
  /** Its value when the program ends; `initial` where it is not written. */
  readonly final: Operand;
}

/** A tensor that the function found outside of itself. */
export interface Constant {
  readonly value: Value;
  readonly tensor: Tensor<Element>;
}

/** A random state that is drawn at each run: the `index`-th of this generator (null: the global one) in the program. */
export interface Draw {
  readonly generator: Generator | null;
  readonly index: number;
}

export interface Program {
  readonly inputs: readonly Value[];
  readonly variables: readonly Captured[];
  readonly constants: readonly Constant[];
  readonly draws: readonly Draw[];
  readonly nodes: readonly Node[];
  readonly results: readonly Operand[];
}

/** Everything that must be there at the end: results and what Variables become. */
export function liveAtEnd({results, variables}: Program): readonly Operand[] {
  return [...results, ...variables.filter(({initial, final}) => initial !== final).map(({final}) => final)];
}

/** The program with other nodes and, wherever a value of `replaced` stood, what it became. */
export function rewrite(program: Program, nodes: readonly Node[], replaced: ReadonlyMap<Value, Operand>): Program {
  const now = (operand: Operand): Operand => resolve(operand, replaced);
  return {
    ...program,
    nodes,
    results: program.results.map(now),
    variables: program.variables.map((captured) => ({...captured, final: now(captured.final)})),
  };
}

/** What an operand became in the end. */
export function resolve(operand: Operand, replaced: ReadonlyMap<Value, Operand>): Operand {
  let at = operand;
  for (;;) {
    const next = at.kind === 'value' ? replaced.get(at) : undefined;
    if (next === undefined) return at;
    at = next;
  }
}

/** Makes values that a program does not have yet. */
export function freshValues(
  program: Program,
): (like: {readonly shape: readonly number[]; readonly dtype: DType}) => Value {
  const {inputs, variables, constants, nodes} = program;
  let next = 0;
  const see = ({id}: Value): void => {
    next = Math.max(next, id + 1);
  };
  inputs.forEach(see);
  for (const {initial} of variables) see(initial);
  for (const {value} of constants) see(value);
  for (const {outputs} of nodes) outputs.forEach(see);
  return ({shape, dtype}) => ({kind: 'value', id: next++, shape, dtype});
}

/** A node that reads what its inputs became. */
export function withInputs<N extends Node>(node: N, replaced: ReadonlyMap<Value, Operand>): N {
  if (replaced.size === 0) return node;
  const inputs = node.inputs.map((input) => resolve(input, replaced));
  return inputs.some((input, i) => input !== node.inputs[i]) ? {...node, inputs} : node;
}
