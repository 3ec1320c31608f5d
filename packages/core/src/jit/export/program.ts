import {totalmem} from 'node:os';
import {opcodes} from '@keratin/native';
import {DTYPES, type Element} from '../../dtype.js';
import {ValueError} from '../../errors.js';
import {type Primitive, registeredPrimitives, type Spec} from '../../engine/primitive.js';
import {type Generator} from '../../engine/tracing.js';
import {concrete, sameShape, sizeOf} from '../../shape.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type Variable} from '../../tensor/variable.js';
import {callNode, executionOf, stateWords} from '../calls.js';
import {type Captured, type Constant, type Draw, type Node, type Operand, type Program, type Value} from '../ir.js';
import {typeText} from '../print.js';
import {regionProblem} from '../region-rules.js';
import type {CallJson, OperandJson, ProgramJson, RegionJson, SpecJson, UpdateJson} from './schema.js';
import {fromJson} from './values.js';

/** What the programs of a file share. */
export interface Shared {
  readonly variables: readonly Variable<Element>[];
  readonly generators: readonly (Generator | null)[];
  readonly tensors: Readonly<Record<string, Tensor<Element>>>;
}

/**
 * The program that a file describes: every node is checked, its shapes and dtypes follow from the rules of the primitives once more.
 * @throws Error that says what is wrong, for the caller to name the file
 */
export function programOf(json: ProgramJson, shared: Shared): Program {
  return new Reading(json, shared).run();
}

const refuse = (problem: string): never => {
  throw new ValueError(problem);
};

/** One more than the memory of the machine would be for nothing. */
export function checkBytes(bytes: number, what: string): void {
  if (bytes > totalmem()) {
    refuse(`${what} needs ${String(bytes)} bytes, this machine has ${String(totalmem())}`);
  }
}

function checkSpec<S extends SpecJson>(spec: S, what: string): S {
  checkBytes((sizeOf(spec.shape) ?? Infinity) * DTYPES[spec.dtype].bytes, what);
  return spec;
}

const isLike = (a: Spec, b: Spec): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

const specText = ({shape, dtype}: Spec): string => typeText({dtype, shape: shape.map(Number)});

class Reading {
  readonly #json: ProgramJson;
  readonly #shared: Shared;
  readonly #values: Value[] = [];

  constructor(json: ProgramJson, shared: Shared) {
    this.#json = json;
    this.#shared = shared;
  }

  run(): Program {
    const json = this.#json;
    const inputs = json.inputs.map((spec) => this.#value(spec, 'an input'));
    const begun = json.variables.map(({variable}) => {
      const found = this.#shared.variables[variable] ?? refuse(`there is no variable ${String(variable)}`);
      return {variable: found, initial: this.#value(specOf(found), 'a variable')};
    });
    if (new Set(begun.map(({variable}) => variable)).size < begun.length) refuse('a program has a variable twice');
    const constants = json.constants.map(({tensor}): Constant => {
      const found = Object.hasOwn(this.#shared.tensors, tensor) ? this.#shared.tensors[tensor] : undefined;
      if (found === undefined) return refuse(`there is no tensor ${JSON.stringify(tensor)}`);
      return {value: this.#value(specOf(found), 'a constant'), tensor: found};
    });
    const draws = json.draws.map(({generator, index}): Draw => {
      const found = this.#shared.generators[generator];
      return {generator: found === undefined ? refuse(`there is no generator ${String(generator)}`) : found, index};
    });
    const nodes = json.nodes.map((node, i): Node => {
      try {
        if (node.kind === 'region') return this.#region(node);
        return node.kind === 'call' ? this.#call(node) : this.#update(node);
      } catch (error) {
        const name = node.kind === 'call' ? node.name : node.kind === 'update' ? node.kernel : node.region;
        return refuse(`node ${String(i)} (${name}): ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    const variables = begun.map(({variable, initial}, i): Captured => {
      const written = json.variables[i]?.final ?? null;
      if (written === null) return {variable, initial, final: initial};
      const final = this.#operand(written);
      if (!isLike(final, initial)) {
        refuse(`variable ${variable.name} is ${specText(initial)} and cannot become ${specText(final)}`);
      }
      return {variable, initial, final};
    });
    return {inputs, variables, constants, draws, nodes, results: json.results.map((each) => this.#operand(each))};
  }

  #value(spec: SpecJson, what: string, isSaved = false): Value {
    const {dtype, shape} = checkSpec(spec, what);
    const value: Value = {kind: 'value', id: this.#values.length, dtype, shape, ...(isSaved ? {isSaved} : {})};
    this.#values.push(value);
    return value;
  }

  #operand(json: OperandJson): Operand {
    if (typeof json === 'number') {
      return this.#values[json] ?? refuse(`value ${String(json)} is used before it is made`);
    }
    const {dtype, shape} = checkSpec(json, 'a number throughout');
    return {kind: 'scalar', value: Number(fromJson(json.value)), dtype, shape};
  }

  #region(json: RegionJson): Node {
    const inputs = json.inputs.map((input) => this.#operand(input));
    const programs = json.programs.map((program) => programOf(program, this.#shared));
    const states = json.region === 'cond' ? 0 : (json.states ?? json.outputs.length);
    const {op, region, limit, reverse, xs, saves, restores, outputs: said} = json;
    const node = {kind: 'region', op, region, limit, reverse, xs, saves, restores, states, inputs, programs} as const;
    const problem = regionProblem(node, said);
    if (problem !== null) refuse(problem);
    const outputs = said.map((spec, i) => this.#value(spec, 'a result', saves && i === said.length - 1));
    return {...node, outputs};
  }

  #call(node: CallJson): Node {
    const {name, op, draw} = node;
    const primitive = registeredPrimitives().get(name) as Primitive<unknown> | undefined;
    if (primitive === undefined) return refuse('there is no such operation; a later version may have it');
    const {definition} = primitive;
    const inputs = node.inputs.map((input) => this.#operand(input));
    if (definition.variadic === true ? inputs.length === 0 : inputs.length !== definition.inputs.length) {
      refuse(`it takes ${String(definition.inputs.length)} inputs, got ${String(inputs.length)}`);
    }
    let attributes = fromJson(node.attributes);
    if (draw !== null) {
      if (draw >= this.#json.draws.length) refuse(`there is no random state ${String(draw)}`);
      attributes = {...(attributes as object), state: stateWords()};
    }
    const inferred = definition.infer(inputs, attributes, op);
    const specs: readonly Spec[] = isList(inferred) ? inferred : [inferred];
    if (specs.length !== node.outputs.length) {
      refuse(`it gives ${String(specs.length)} tensors, the file has ${String(node.outputs.length)}`);
    }
    specs.forEach((spec, i) => {
      const said = node.outputs[i];
      if (said === undefined || !isLike(spec, said)) {
        refuse(`it gives ${specText(spec)}, the file says ${said === undefined ? 'nothing' : specText(said)}`);
      }
    });
    const execution = executionOf(primitive, inputs, attributes, specs);
    const outputs = specs.map(({dtype, shape}) => this.#value({dtype, shape: [...concrete(shape)]}, 'a result'));
    return callNode(name, op, attributes, execution, inputs, outputs, draw ?? undefined);
  }

  #update(node: UpdateJson): Node {
    const {kernel, op, reads} = node;
    if (!/^[a-z]+_update$/.test(kernel) || kernel === 'scatter_update' || !opcodes.has(kernel)) {
      refuse('there is no such update; a later version may have it');
    }
    const inputs = node.inputs.map((input) => this.#operand(input));
    const targets = inputs.slice(reads, reads + node.outputs.length);
    if (inputs.length !== reads + node.outputs.length + node.dynamic.length)
      refuse('its inputs do not fit its outputs');
    const outputs = node.outputs.map((said, i) => {
      const target = targets[i];
      if (target === undefined || !isLike(target, said)) refuse('its outputs are not those that it changes');
      return this.#value(said, 'a result');
    });
    const dynamic = node.dynamic.map(({attribute, input}) => {
      const value = inputs[input];
      const fits = value?.dtype === 'float64' && sizeOf(value.shape) === 1 && attribute < node.attributes.length;
      if (!fits) refuse('an attribute that is computed must be one float64');
      return {attribute, input};
    });
    const attributes = node.attributes.map((attribute) => Number(fromJson(attribute)));
    return {kind: 'update', op, kernel, reads, attributes, dynamic, inputs, outputs};
  }
}

const specOf = ({dtype, shape}: Tensor<Element>): SpecJson => ({dtype, shape: [...concrete(shape)]});

const isList = (specs: Spec | readonly Spec[]): specs is readonly Spec[] => Array.isArray(specs);
