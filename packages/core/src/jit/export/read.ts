import {type Element} from '../../dtype.js';
import {FileFormatError, ValueError} from '../../errors.js';
import {type FilePath, pathText} from '../../files/atomic.js';
import {readSafetensors} from '../../files/safetensors.js';
import {SeedGenerator} from '../../random/seed.js';
import {sameShape} from '../../shape.js';
import {type Tensor} from '../../tensor/tensor.js';
import {Variable} from '../../tensor/variable.js';
import {Executable} from '../executable.js';
import {type Program} from '../ir.js';
import {optimize} from '../passes/index.js';
import {ResultIndex, resultOf} from '../results.js';
import {type Segment} from '../segments.js';
import {type ArgumentSpec, type TensorSpec} from '../specs.js';
import {FORMAT, VERSION} from './format.js';
import {checkBytes, programOf, type Shared} from './program.js';
import type {ArgumentJson, DocumentJson, FunctionJson, ResultJson} from './schema.js';
import {fromJson} from './values.js';

/** A function of a file for some arguments, ready to run. */
export interface LoadedFunction {
  readonly spec: ArgumentSpec;
  readonly root: Segment;
}

/** What a file holds. */
export interface Loaded {
  readonly functions: readonly LoadedFunction[];
  readonly variables: readonly Variable<Element>[];
}

/**
 * Reads a file and makes its programs.
 * @throws FileFormatError where anything in it does not fit
 */
export async function readProgram(path: FilePath): Promise<Loaded> {
  const where = 'loadProgram';
  const {tensors, metadata} = await readSafetensors(path, where);
  const label = `${where}: ${pathText(path)}`;
  if (metadata['format'] !== FORMAT) {
    throw new FileFormatError(`${label} is not a program that was exported: its metadata do not say so`);
  }
  const version = Number(metadata['version']);
  if (!Number.isInteger(version) || version < 1) throw new FileFormatError(`${label} does not say its version`);
  if (version > VERSION) {
    throw new FileFormatError(
      `${label} is of version ${String(version)} of the format, this version of Keratin reads up to ${String(VERSION)}`,
    );
  }
  try {
    return makeAll(await parse(metadata['program'] ?? ''), tensors);
  } catch (cause) {
    // Attributes that mean nothing fail anywhere in the rules of primitives: whatever it is, the file is to blame.
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(`${label} is not a valid program: ${problem}`, {cause});
  }
}

async function parse(text: string): Promise<DocumentJson> {
  const {documentSchema} = await import('./schema.js');
  const found = documentSchema.safeParse(JSON.parse(text));
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new ValueError(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it does not fit the format'}`);
}

function makeAll(document: DocumentJson, tensors: Readonly<Record<string, Tensor<Element>>>): Loaded {
  const variables = document.variables.map(({name, tensor, trainable}) => {
    const value = Object.hasOwn(tensors, tensor) ? tensors[tensor] : undefined;
    if (value === undefined) throw new ValueError(`there is no tensor ${JSON.stringify(tensor)}`);
    return new Variable<Element>(value, {name, trainable});
  });
  const generators = document.generators.map((each) => {
    if (each === null) return null;
    const generator = new SeedGenerator(each.seed);
    generator.counter = each.counter;
    return generator;
  });
  const shared: Shared = {variables, generators, tensors};
  return {functions: document.functions.map((each) => functionOf(each, shared)), variables};
}

function functionOf({arguments: given, segments}: FunctionJson, shared: Shared): LoadedFunction {
  const spec = argumentOf(given);
  const tensors: TensorSpec[] = [];
  collect(spec, tensors);
  const used = new Set<number>();
  const make = (at: number, before: readonly Program[]): Segment => {
    const json = segments[at];
    if (json === undefined || used.has(at)) throw new ValueError(`segment ${String(at)} is not there, or twice`);
    used.add(at);
    const program = programOf(json.program, shared);
    if (json.sources.length !== program.inputs.length) throw new ValueError('a program has other inputs than sources');
    json.sources.forEach((source, i) => {
      const from = source.kind === 'argument' ? tensors[source.index] : before[source.segment]?.results[source.result];
      const input = program.inputs[i];
      if (from?.dtype !== input?.dtype || !sameShape(from?.shape ?? [-1], input?.shape ?? [])) {
        throw new ValueError(`input ${String(i)} of a program does not come from where the file says`);
      }
    });
    const odd = json.prints.flat().find((each) => typeof each === 'number' && each >= program.results.length);
    if (odd !== undefined) throw new ValueError(`there is no result ${String(odd)} to print`);
    const ends = json.result !== null;
    if (ends === json.next.length > 0 || (!ends && program.results.length === 0)) {
      throw new ValueError('a program must either give the results or lead to others');
    }
    const result = json.result === null ? null : resultOf(formOf(json.result, program, shared));
    const executable = new Executable(optimize(program));
    checkBytes(executable.arenaBytes, 'a program');
    const path = [...before, program];
    const next = new Map(json.next.map(({value, segment}) => [value, make(segment, path)]));
    return {executable, traced: program, sources: json.sources, prints: json.prints, next, result};
  };
  return {spec, root: make(0, [])};
}

function collect(spec: ArgumentSpec, tensors: TensorSpec[]): void {
  if (spec.kind === 'tensor') {
    tensors.push(spec);
    if (spec.mask !== null) collect(spec.mask, tensors);
  } else if (spec.kind !== 'static') for (const item of spec.items) collect(item, tensors);
}

function argumentOf(json: ArgumentJson): ArgumentSpec {
  switch (json.kind) {
    case 'tensor': {
      const mask = json.mask === null ? null : argumentOf(json.mask);
      if (mask !== null && (mask.kind !== 'tensor' || mask.dtype !== 'bool'))
        throw new ValueError('a mask must be bool');
      return {kind: 'tensor', dtype: json.dtype, shape: json.shape, mask};
    }
    case 'static':
      return {kind: 'static', value: fromJson(json.value)};
    case 'list':
      return {kind: 'list', items: json.items.map(argumentOf)};
    case 'dictionary':
      if (json.keys.length !== json.items.length) throw new ValueError('a dictionary has other keys than entries');
      return {kind: 'dictionary', keys: json.keys, items: json.items.map(argumentOf)};
  }
}

function formOf(json: ResultJson, program: Program, shared: Shared): unknown {
  const {results} = program;
  switch (json.kind) {
    case 'tensor':
      if (results[json.index] === undefined) throw new ValueError('a result is not there');
      if (json.mask !== null && results[json.mask]?.dtype !== 'bool') throw new ValueError('a mask must be bool');
      return new ResultIndex(json.index, json.mask);
    case 'variable':
      return shared.variables[json.variable] ?? missing();
    case 'static':
      return fromJson(json.value);
    case 'list':
      return json.items.map((item) => formOf(item, program, shared));
    case 'dictionary':
      if (json.keys.length !== json.items.length) throw new ValueError('a dictionary has other keys than entries');
      return Object.fromEntries(json.keys.map((key, i) => [key, formOf(json.items[i] ?? missing(), program, shared)]));
  }
}

function missing(): never {
  throw new ValueError('a result is not there');
}
