import {
  liveAtEnd,
  type Node,
  type Operand,
  type Program,
  type RegionNode,
  resolve,
  rewrite,
  type Value,
  withInputs,
} from '../ir.js';
import {removeDeadCode} from './dead-code.js';

// Branches and loops carry what somebody needs, and nothing else.

/**
 * Leaves out of branches and loops what nobody needs: results, what is saved for a gradient that nobody asks for, states that lead to no
 * result, inputs that are not read. States that stay what they are, and numbers throughout, become part of what a loop reads.
 */
export function pruneRegions(program: Program): Program {
  if (!program.nodes.some(({kind}) => kind === 'region')) return program;
  const settled = settle(program);
  const needed = new Set<Value>();
  const need = (operand: Operand): void => {
    if (operand.kind === 'value') needed.add(operand);
  };
  liveAtEnd(settled).forEach(need);
  const nodes: Node[] = [];
  for (const original of settled.nodes.toReversed()) {
    const node = original.kind === 'region' ? pruned(original, needed) : original;
    // Dead code is the business of another pass, but what it reads here would keep parts of loops.
    if (node.outputs.some((output) => needed.has(output))) node.inputs.forEach(need);
    else if (node.kind === 'region') continue;
    else node.inputs.forEach(need);
    nodes.push(node);
  }
  return {...settled, nodes: nodes.reverse()};
}

/** States that no trip changes are what they were before the loop. */
function settle(program: Program): Program {
  const replaced = new Map<Value, Operand>();
  const nodes = program.nodes.map((original) => {
    const node = withInputs(original, replaced);
    if (node.kind !== 'region' || node.region === 'cond') return node;
    const first = node.restores ? 1 : 0;
    const body = bodyOf(node);
    const fixed = range(node.states).filter((i) => body.results[i] === body.inputs[i]);
    if (fixed.length === 0) return node;
    for (const i of fixed) {
      const [output, initial] = [node.outputs[i], node.inputs[first + i]];
      if (output !== undefined && initial !== undefined) replaced.set(output, resolve(initial, replaced));
    }
    const isFixed = (i: number): boolean => fixed.includes(i);
    // In programs and among the inputs they come last, behind what is read from outside.
    const moved = <T>(list: readonly T[], from: number): T[] => [
      ...list.filter((_, i) => !isFixed(i - from)),
      ...list.filter((_, i) => isFixed(i - from)),
    ];
    return {
      ...node,
      states: node.states - fixed.length,
      inputs: moved(node.inputs, first),
      outputs: node.outputs.filter((_, i) => !isFixed(i)),
      programs: node.programs.map((each) => ({
        ...each,
        inputs: moved(each.inputs, 0),
        results: each === body ? each.results.filter((_, i) => !isFixed(i)) : each.results,
      })),
    };
  });
  return rewrite(program, nodes, replaced);
}

const range = (n: number): number[] => Array.from({length: n}, (_, i) => i);

/** The last program of a loop. */
function bodyOf({programs}: RegionNode): Program {
  const body = programs.at(-1);
  if (body === undefined) throw new Error('internal: a loop has no body');
  return body;
}

function pruned(node: RegionNode, needed: ReadonlySet<Value>): RegionNode {
  const without = unsaved(node, needed);
  return node.region === 'cond' ? prunedBranch(without, needed) : prunedLoop(without, needed);
}

/** Saves nothing where nobody restores it. */
function unsaved(node: RegionNode, needed: ReadonlySet<Value>): RegionNode {
  const number = node.saves ? node.outputs.at(-1) : undefined;
  if (number === undefined || needed.has(number)) return node;
  const outputs = node.outputs.slice(0, -1);
  const programs = node.programs.map((program, i) =>
    node.region === 'while' && i === 0 ? program : {...program, results: program.results.slice(0, outputs.length)},
  );
  return {...node, saves: false, outputs, programs};
}

/** The inputs that results of a program follow from. */
function reached({nodes}: Program, results: readonly Operand[]): Set<Value> {
  const found = new Set<Value>();
  const add = (operand: Operand): void => {
    if (operand.kind === 'value') found.add(operand);
  };
  results.forEach(add);
  for (const {inputs, outputs} of nodes.toReversed()) {
    if (outputs.some((output) => found.has(output))) inputs.forEach(add);
  }
  return found;
}

function prunedBranch(node: RegionNode, needed: ReadonlySet<Value>): RegionNode {
  const count = node.outputs.length;
  const keep = range(count).filter((i) => (node.saves && i === count - 1) || needed.has(node.outputs[i] as Value));
  const given = count - (node.saves ? 1 : 0);
  const programs = node.programs.map((program) =>
    removeDeadCode({...program, results: program.results.filter((_, i) => i >= given || keep.includes(i))}),
  );
  const outputs = node.outputs.filter((_, i) => keep.includes(i));
  return withoutUnread({...node, programs, outputs}, 1 + (node.restores ? 1 : 0), []);
}

function prunedLoop(node: RegionNode, needed: ReadonlySet<Value>): RegionNode {
  const body = bodyOf(node);
  const asking = node.region === 'while' ? node.programs[0] : undefined;
  const given = node.outputs.length - (node.saves ? 1 : 0);
  const live = new Set(range(given).filter((i) => needed.has(node.outputs[i] as Value)));
  const asked = asking === undefined ? new Set<Value>() : reached(asking, asking.results);
  asking?.inputs.slice(0, node.states).forEach((input, i) => {
    if (asked.has(input)) live.add(i);
  });
  for (let before = -1; before !== live.size;) {
    before = live.size;
    const read = reached(
      body,
      body.results.filter((_, i) => i >= given || live.has(i)),
    );
    body.inputs.slice(0, node.states).forEach((input, i) => {
      if (read.has(input)) live.add(i);
    });
  }
  const isDead = (i: number): boolean => i >= 0 && i < given && !live.has(i);
  const first = node.restores ? 1 : 0;
  const isDeadState = (i: number): boolean => i < node.states && isDead(i);
  const states = range(node.states).filter((i) => live.has(i)).length;
  const programs = node.programs.map((program) => {
    const results = program === body ? program.results.filter((_, i) => !isDead(i)) : program.results;
    const inputs = program.inputs.filter((_, i) => !isDeadState(i));
    return {...removeDeadCode({...program, results}), inputs};
  });
  const rest: RegionNode = {
    ...node,
    states,
    programs,
    inputs: node.inputs.filter((_, i) => !isDeadState(i - first)),
    outputs: node.outputs.filter((_, i) => !isDead(i)),
  };
  return withoutUnread(rest, first + states, range(node.xs));
}

/**
 * Leaves out inputs that no program reads, and puts numbers where they are read.
 * @param from the first input that may be left out
 * @param rows which of those from there on are lists, of which programs take rows
 */
function withoutUnread(node: RegionNode, from: number, rows: readonly number[]): RegionNode {
  const read = node.programs.map((program) => reached(program, program.results));
  // What is restored stands between the rows and the rest; a condition takes no rows.
  const positions = node.inputs.slice(from).map((_, i) =>
    node.programs.map((program, k): number => {
      const fromEnd = node.inputs.length - from - i;
      if (!rows.includes(i)) return program.inputs.length - fromEnd;
      return node.region === 'while' && k === 0 ? -1 : node.states + i;
    }),
  );
  const drops = node.inputs.slice(from).map((input, i) => {
    if (input.kind === 'scalar') return true;
    return (positions[i] ?? []).every(
      (at, k) => at < 0 || read[k]?.has(node.programs[k]?.inputs[at] as Value) !== true,
    );
  });
  if (!drops.includes(true)) return node;
  const programs = node.programs.map((program, k) => {
    const gone = new Set<number>();
    const numbers = new Map<Value, Operand>();
    node.inputs.slice(from).forEach((input, i) => {
      const at = positions[i]?.[k] ?? -1;
      const value = program.inputs[at];
      if (drops[i] !== true || at < 0 || value === undefined) return;
      gone.add(at);
      if (input.kind === 'scalar') numbers.set(value, {...input, shape: value.shape});
    });
    const nodes = program.nodes.map((each) => withInputs(each, numbers));
    return {...rewrite(program, nodes, numbers), inputs: program.inputs.filter((_, at) => !gone.has(at))};
  });
  return {
    ...node,
    programs,
    xs: node.xs - rows.filter((i) => drops[i] === true).length,
    inputs: node.inputs.filter((_, i) => i < from || drops[i - from] !== true),
  };
}
