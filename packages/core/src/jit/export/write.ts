import {type Element} from '../../dtype.js';
import {InternalError, ValueError} from '../../errors.js';
import {type Generator} from '../../engine/tracing.js';
import {type FilePath} from '../../files/atomic.js';
import {saveSafetensors} from '../../files/safetensors.js';
import {isPlainObject} from '../../structure.js';
import {describe} from '../../suggest.js';
import {isTensor, type Tensor} from '../../tensor/tensor.js';
import {Variable} from '../../tensor/variable.js';
import {type Node, type Operand, type Program, type RegionNode, type Value} from '../ir.js';
import {shareCommonSubexpressions} from '../passes/common-subexpressions.js';
import {removeDeadCode} from '../passes/dead-code.js';
import {foldConstants} from '../passes/fold.js';
import {pruneRegions} from '../passes/regions.js';
import {simplify} from '../passes/simplify.js';
import {ResultIndex} from '../results.js';
import {type Segment} from '../segments.js';
import {type ArgumentSpec} from '../specs.js';
import {FORMAT, VERSION} from './format.js';
import type {
  ArgumentJson,
  DocumentJson,
  FunctionJson,
  NodeJson,
  OperandJson,
  ProgramJson,
  ResultJson,
  SegmentJson,
  SpecJson,
} from './schema.js';
import {toJson} from './values.js';

/** A function for some arguments. */
export interface Exported {
  readonly spec: ArgumentSpec;
  readonly root: Segment;
}

/** Writes functions with their Variables and constants. */
export async function exportFunction(path: FilePath, functions: readonly Exported[]): Promise<void> {
  const {tensors, document} = new Writer().run(functions);
  const metadata = {format: FORMAT, version: String(VERSION), program: JSON.stringify(document)};
  await saveSafetensors(path, tensors, {metadata});
}

type Mutable<T> = {-readonly [K in keyof T]: T[K]};

class Writer {
  readonly #tensors: Record<string, Tensor<Element>> = {};
  readonly #variables = new Map<Variable<Element>, number>();
  readonly #generators = new Map<Generator | null, number>();
  readonly #document: Mutable<Pick<DocumentJson, 'variables' | 'generators'>> = {variables: [], generators: []};
  #constants = 0;

  run(functions: readonly Exported[]): {tensors: Record<string, Tensor<Element>>; document: DocumentJson} {
    const made = functions.map((each) => this.#function(each));
    return {tensors: this.#tensors, document: {...this.#document, functions: made}};
  }

  #function({spec, root}: Exported): FunctionJson {
    const segments: SegmentJson[] = [];
    const add = (segment: Segment): number => {
      const {traced, sources, prints, next, result} = segment;
      const at = segments.length;
      const made: SegmentJson = {
        program: this.#program(traced),
        sources: sources.map((source) => ({...source})),
        prints: prints.map((line) => [...line]),
        next: [],
        result: result === null ? null : this.#result(result.form, 'the result'),
      };
      segments.push(made);
      for (const [value, after] of next) made.next.push({value, segment: add(after)});
      return at;
    };
    add(root);
    return {arguments: argumentOf(spec, 'the arguments'), segments};
  }

  /** What of a program is needed, once; kernels of this machine are no part of it. */
  #program(traced: Program): ProgramJson {
    const program = removeDeadCode(shareCommonSubexpressions(simplify(foldConstants(pruneRegions(traced)))));
    const numbers = new Map<Value, number>();
    const number = (value: Value): void => {
      numbers.set(value, numbers.size);
    };
    const {inputs, variables, constants, draws, nodes, results} = program;
    inputs.forEach(number);
    for (const {initial} of variables) number(initial);
    for (const {value} of constants) number(value);
    const operand = (each: Operand): OperandJson => {
      if (each.kind === 'scalar') return {value: scalarOf(each.value), ...specOf(each)};
      const found = numbers.get(each);
      if (found === undefined) throw new InternalError('a node reads what comes later');
      return found;
    };
    const made = nodes.map((node) => {
      const inputs = node.inputs.map(operand);
      const json = node.kind === 'region' ? this.#region(node, inputs) : nodeOf(node, inputs);
      node.outputs.forEach(number);
      return json;
    });
    return {
      inputs: inputs.map(specOf),
      variables: variables.map(({variable, initial, final}) => ({
        variable: this.#variable(variable),
        final: initial === final ? null : operand(final),
      })),
      constants: constants.map(({tensor}) => ({tensor: this.#constant(tensor)})),
      draws: draws.map(({generator, index}) => ({generator: this.#generator(generator), index})),
      nodes: made,
      results: results.map(operand),
    };
  }

  #region({outputs, programs, ...node}: RegionNode, inputs: OperandJson[]): NodeJson {
    return {...node, programs: programs.map((each) => this.#program(each)), inputs, outputs: outputs.map(specOf)};
  }

  #variable(variable: Variable<Element>): number {
    const known = this.#variables.get(variable);
    if (known !== undefined) return known;
    const at = this.#variables.size;
    const tensor = `variables/${String(at)}`;
    this.#tensors[tensor] = variable;
    this.#variables.set(variable, at);
    this.#document.variables.push({name: variable.name, tensor, trainable: variable.trainable});
    return at;
  }

  #constant(tensor: Tensor<Element>): string {
    const name = `constants/${String(this.#constants++)}`;
    this.#tensors[name] = tensor;
    return name;
  }

  #generator(generator: Generator | null): number {
    const known = this.#generators.get(generator);
    if (known !== undefined) return known;
    const at = this.#generators.size;
    this.#generators.set(generator, at);
    this.#document.generators.push(generator === null ? null : {seed: generator.seed, counter: generator.counter});
    return at;
  }

  #result(form: unknown, what: string): ResultJson {
    if (form instanceof ResultIndex) return {kind: 'tensor', index: form.index, mask: form.mask};
    if (form instanceof Variable) return {kind: 'variable', variable: this.#variable(form as Variable<Element>)};
    if (Array.isArray(form)) return {kind: 'list', items: form.map((entry: unknown) => this.#result(entry, what))};
    if (isPlainObject(form)) {
      const keys = Object.keys(form);
      return {kind: 'dictionary', keys, items: keys.map((key) => this.#result(form[key], `${what} ${key}`))};
    }
    return {kind: 'static', value: toJson(form, what)};
  }
}

const specOf = ({dtype, shape}: Value | Extract<Operand, {kind: 'scalar'}>): SpecJson => ({dtype, shape: [...shape]});

type ScalarJson = Extract<OperandJson, object>['value'];

const scalarOf = (value: number): ScalarJson => toJson(value, 'a number') as ScalarJson;

function nodeOf(node: Node, inputs: OperandJson[]): NodeJson {
  const {op} = node;
  const outputs = node.outputs.map(specOf);
  if (node.kind === 'update') {
    const dynamic = node.dynamic.map((each) => {
      if ('draw' in each) throw new InternalError('an update draws a random state');
      return {...each};
    });
    const {kernel, reads} = node;
    return {kind: 'update', kernel, op, reads, attributes: node.attributes.map(scalarOf), dynamic, inputs, outputs};
  }
  if (node.kind !== 'call') throw new InternalError('a pass made a node that files do not have');
  const [drawn] = node.dynamic;
  const draw = drawn !== undefined && 'draw' in drawn ? drawn.draw : null;
  const {name, given} = node;
  // A random state that is drawn at each run is no attribute.
  const attributes = toJson(draw === null ? given : {...(given as object), state: null}, `an attribute of ${op}`);
  return {kind: 'call', name, op, attributes, draw, inputs, outputs};
}

function argumentOf(spec: ArgumentSpec, what: string): ArgumentJson {
  switch (spec.kind) {
    case 'tensor': {
      const {dtype, shape, mask} = spec;
      const inner = mask === null ? null : argumentOf(mask, what);
      return {kind: 'tensor', dtype, shape: [...shape], mask: inner?.kind === 'tensor' ? inner : null};
    }
    case 'static':
      if (isTensor(spec.value)) {
        throw new ValueError(
          `export: ${what} may not be a Variable, use it inside of the function instead, got ${describe(spec.value)}`,
        );
      }
      return {kind: 'static', value: toJson(spec.value, what)};
    case 'list':
      return {kind: 'list', items: spec.items.map((item, i) => argumentOf(item, `${what} ${String(i)}`))};
    case 'dictionary':
      return {
        kind: 'dictionary',
        keys: [...spec.keys],
        items: spec.items.map((item, i) => argumentOf(item, `${what} ${spec.keys[i] ?? ''}`)),
      };
  }
}
