import {DTYPES} from '../dtype.js';
import {InternalError} from '../errors.js';
import {type Primitive, registeredPrimitives, type Spec} from '../engine/primitive.js';
import {broadcastShapes, contiguousStrides, sameShape, sizeOf} from '../shape.js';
import {
  type CallNode,
  type ChainNode,
  type Execution,
  type Node,
  type Operand,
  type Program,
  type RegionNode,
  type RowsNode,
  type UpdateNode,
  type Value,
} from './ir.js';
import {attributesText, typeText} from './print.js';
import {regionProblem} from './region-rules.js';

// What every program keeps to, whichever pass made it. Kernels' own demands on their operands are checked by the addon when it reads the words.

/** Whether programs are verified after each pass: tests do, `KERATIN_VERIFY=1` does anywhere. */
export const verifies = process.env['KERATIN_VERIFY'] === '1';

/**
 * Checks a program: every value is made once and before it is read, shapes and dtypes of what nodes give follow from what they read, steps and
 * attributes refer to what is there, and Variables become what they can hold.
 *
 * @throws InternalError that names `stage`, the node and the rule
 */
export function verify(program: Program, stage: string): void {
  new Verification(program, stage).run();
}

class Verification {
  readonly #program: Program;
  readonly #stage: string;
  readonly #made = new Set<Value>();
  readonly #ids = new Set<number>();

  constructor(program: Program, stage: string) {
    this.#program = program;
    this.#stage = stage;
  }

  run(): void {
    const {inputs, variables, constants, nodes, results} = this.#program;
    for (const value of inputs) this.#make(value, 'an input');
    for (const {variable, initial} of variables) {
      this.#make(initial, `variable ${variable.path}`);
      this.#like(initial, variable, `variable ${variable.path}`);
    }
    for (const {value, tensor} of constants) {
      this.#make(value, 'a constant');
      this.#like(value, tensor, 'a constant');
    }
    nodes.forEach((node, i) => {
      const where = `node ${String(i)} (${nameOf(node)})`;
      for (const input of node.inputs) this.#see(input, where);
      this.#node(node, where);
      for (const output of node.outputs) this.#make(output, where);
    });
    for (const result of results) this.#see(result, 'a result');
    for (const {variable, initial, final} of variables) {
      this.#see(final, `variable ${variable.path}`);
      this.#like(final, initial, `variable ${variable.path}`);
    }
  }

  #fail(where: string, problem: string): never {
    throw new InternalError(`jit, ${this.#stage}: ${where} ${problem}`);
  }

  #make(value: Value, where: string): void {
    if (this.#made.has(value) || this.#ids.has(value.id)) this.#fail(where, `makes %${String(value.id)} a second time`);
    this.#made.add(value);
    this.#ids.add(value.id);
    if (!value.shape.every((size) => Number.isInteger(size) && size >= 0) || !Object.hasOwn(DTYPES, value.dtype))
      this.#fail(where, `makes ${typeText(value)}, which no tensor can be`);
  }

  #see(operand: Operand, where: string): void {
    if (operand.kind === 'value' && !this.#made.has(operand))
      this.#fail(where, `reads %${String(operand.id)} before it is made`);
  }

  #like(is: Spec, wanted: Spec, where: string): void {
    if (is.dtype !== wanted.dtype || !sameShape(is.shape, wanted.shape))
      this.#fail(where, `is ${specText(is)} where ${specText(wanted)} is wanted`);
  }

  #node(node: Node, where: string): void {
    switch (node.kind) {
      case 'call':
        this.#call(node, where);
        return;
      case 'update':
        this.#update(node, where);
        return;
      case 'chain':
      case 'rows':
        this.#steps(node, where);
        return;
      case 'region':
        this.#region(node, where);
        return;
      default:
        node satisfies never;
    }
  }

  #call(node: CallNode, where: string): void {
    const {execution, inputs, outputs, name} = node;
    this.#dynamic(node, 'attributes' in execution ? execution.attributes.length : 0, where);
    const primitive = registeredPrimitives().get(name) as Primitive<unknown> | undefined;
    const [output] = outputs;
    if (output === undefined) this.#fail(where, 'gives nothing');
    // A pass that made another call of the node says so in its text; what it was given is of the one before.
    const isGiven = node.text === attributesText(node.given);
    if (primitive !== undefined && (isGiven || execution.kind === 'elementwise')) {
      const inferred = primitive.definition.infer(inputs, node.given, node.op);
      const specs: readonly Spec[] = isList(inferred) ? inferred : [inferred];
      if (specs.length !== outputs.length) this.#fail(where, `gives ${String(outputs.length)} values`);
      outputs.forEach((each, i) => {
        this.#like(i === 0 ? asWritten(each, execution) : each, specs[i] ?? each, where);
      });
    }
    if (execution.kind === 'view') this.#view(execution, inputs[0], output, where);
    const writes = sizeOf(asWritten(output, execution).shape);
    if (writes !== sizeOf(output.shape)) this.#fail(where, 'writes another number of elements than it gives');
  }

  #view({layout}: Extract<Execution, {kind: 'view'}>, input: Operand | undefined, output: Value, where: string): void {
    if (input === undefined) this.#fail(where, 'views nothing');
    if (input.dtype !== output.dtype) this.#fail(where, `views ${input.dtype} as ${output.dtype}`);
    const {shape} = input;
    const found = layout({shape, strides: contiguousStrides(shape), offset: 0});
    if (found === null) this.#fail(where, 'cannot view elements that lie in order');
    if (sizeOf(output.shape) === 0) return;
    let [low, high] = [found.offset, found.offset];
    output.shape.forEach((size, axis) => {
      const reach = (found.strides[axis] ?? 0) * (size - 1);
      low += Math.min(0, reach);
      high += Math.max(0, reach);
    });
    if (low < 0 || high >= (sizeOf(shape) ?? 0)) this.#fail(where, `looks beyond ${specText(input)}`);
  }

  #dynamic({dynamic, inputs}: CallNode | UpdateNode, attributes: number, where: string): void {
    for (const each of dynamic) {
      if (each.attribute < 0 || each.attribute >= attributes)
        this.#fail(where, 'sets an attribute that it does not have');
      if ('draw' in each) {
        if (this.#program.draws[each.draw] === undefined) this.#fail(where, 'uses a random state that is not drawn');
        continue;
      }
      const value = inputs[each.input];
      if (value?.dtype !== 'float64' || sizeOf(value.shape) !== 1)
        this.#fail(where, 'takes an attribute from what is not one float64');
    }
  }

  #update(node: UpdateNode, where: string): void {
    const {reads, inputs, outputs, attributes} = node;
    this.#dynamic(node, attributes.length, where);
    const targets = inputs.slice(reads, reads + outputs.length);
    if (targets.length !== outputs.length || outputs.length === 0) this.#fail(where, 'changes what it does not have');
    outputs.forEach((output, i) => {
      this.#like(output, targets[i] ?? output, where);
    });
  }

  #steps(node: ChainNode | RowsNode, where: string): void {
    const {inputs, outputs, steps, results} = node;
    const dtypes = inputs.map(({dtype}) => dtype);
    for (const {kernel, dtype, from} of steps) {
      const read = from.map((place) => dtypes[place] ?? this.#fail(where, `reads place ${String(place)} too early`));
      const made = stepDType(kernel, dtype, read);
      if (made !== dtype) this.#fail(where, `has a step ${kernel} that gives ${made}, not ${dtype}`);
      dtypes.push(dtype);
    }
    if (results.length !== outputs.length) this.#fail(where, 'gives other values than its steps');
    outputs.forEach((output, i) => {
      const step = steps[results[i] ?? -1];
      if (step?.dtype !== output.dtype)
        this.#fail(where, `gives ${typeText(output)} of a step of ${String(step?.dtype)}`);
      const size = sizeOf(output.shape);
      const wanted =
        node.kind === 'chain'
          ? sizeOf(outputs[0]?.shape ?? [])
          : node.steps[results[i] ?? -1]?.kind === 'whole'
            ? node.rows * node.length
            : node.reduces === 'rows'
              ? node.rows
              : node.length;
      if (size !== wanted) this.#fail(where, `gives ${typeText(output)}, which has not ${String(wanted)} elements`);
    });
    inputs.forEach((input, i) => {
      if (input.kind === 'scalar') return;
      if (node.kind === 'chain') {
        const shape = outputs[0]?.shape ?? [];
        const both = broadcastShapes(input.shape, shape);
        if (both === null || !sameShape(both, shape)) this.#fail(where, `reads ${typeText(input)} as ${shape.join()}`);
        return;
      }
      const form = node.forms[i];
      const elements = {whole: node.rows * node.length, row: node.rows, column: node.length, scalar: 1};
      if (form === undefined || sizeOf(input.shape) !== elements[form])
        this.#fail(where, `reads ${typeText(input)} as ${String(form)}`);
    });
  }

  #region(node: RegionNode, where: string): void {
    for (const program of node.programs) {
      verify(program, `${this.#stage}, ${where}`);
    }
    const problem = regionProblem(node, node.outputs);
    if (problem !== null) this.#fail(where, `has a fault: ${problem}`);
  }
}

/** What the kernel sees where it writes. */
const asWritten = ({shape, dtype}: Value, execution: Execution): {shape: readonly number[]; dtype: Value['dtype']} => ({
  shape: 'writes' in execution ? (execution.writes ?? shape) : shape,
  dtype,
});

/** The dtype that an elementwise function, or a reduction of rows, gives of these. */
function stepDType(kernel: string, dtype: Value['dtype'], read: readonly Value['dtype'][]): Value['dtype'] {
  if (FOLDS.has(kernel)) return read[0] ?? dtype;
  const primitive = elementwise().get(kernel);
  if (primitive === undefined) throw new InternalError(`no elementwise function has the kernel ${kernel}`);
  const inputs = read.map((each): Spec => ({shape: [], dtype: each}));
  const inferred = primitive.definition.infer(inputs, {dtype}, kernel);
  const [spec] = isList(inferred) ? inferred : [inferred];
  return spec?.dtype ?? dtype;
}

const FOLDS: ReadonlySet<string> = new Set(['sum', 'mean', 'max', 'min']);

let byKernel: ReadonlyMap<string, Primitive<unknown>> | null = null;

/** Elementwise functions by their kernels. */
function elementwise(): ReadonlyMap<string, Primitive<unknown>> {
  byKernel ??= new Map(
    [...registeredPrimitives().values()].flatMap((each) => {
      const {run} = each.definition;
      return run.kind === 'elementwise' ? [[run.kernel ?? each.name, each as Primitive<unknown>] as const] : [];
    }),
  );
  return byKernel;
}

const nameOf = (node: Node): string =>
  node.kind === 'call' ? node.name : node.kind === 'update' ? node.kernel : node.kind;

const specText = ({shape, dtype}: Spec): string => typeText({dtype, shape: shape.map(Number)});

const isList = (specs: Spec | readonly Spec[]): specs is readonly Spec[] => Array.isArray(specs);
