import {z} from 'zod';
import {DTYPES, type DType} from '../../dtype.js';
import type {Json} from './values.js';

// What a file of a program says, beside its tensors. Sizes are checked here, the meaning of nodes when the programs are made. Loaded when
// a file is read.

const MOST_NODES = 1_000_000;
const MOST_RANK = 32;

const jsonSchema: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(jsonSchema),
    // Anything else would reach the prototype of an object.
    z.record(z.string().regex(/^(?!__proto__$)/), jsonSchema),
  ]),
);

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const index = z
  .int()
  .min(0)
  .max(2 ** 31);
const dtype = z.enum(Object.keys(DTYPES).filter((name) => name !== 'string') as [DType, ...DType[]]);
const shape = z.array(count).max(MOST_RANK);
const spec = z.strictObject({dtype, shape});
const scalar = z.union([z.number(), z.strictObject({$number: z.enum(['NaN', 'Infinity', '-Infinity', '-0'])})]);

/** A value by its number (inputs, Variables, constants, then what nodes give, in order), or one number throughout. */
const operand = z.union([index, z.strictObject({value: scalar, dtype, shape})]);

const tensorSpec: z.ZodType<TensorSpecJson> = z.lazy(() =>
  z.strictObject({kind: z.literal('tensor'), dtype, shape, mask: tensorSpec.nullable()}),
);
const argument: z.ZodType<ArgumentJson> = z.lazy(() =>
  z.union([
    tensorSpec,
    z.strictObject({kind: z.literal('static'), value: jsonSchema}),
    z.strictObject({kind: z.literal('list'), items: z.array(argument)}),
    z.strictObject({kind: z.literal('dictionary'), keys: z.array(z.string()), items: z.array(argument)}),
  ]),
);

interface TensorSpecJson {
  readonly kind: 'tensor';
  readonly dtype: DType;
  readonly shape: number[];
  readonly mask: TensorSpecJson | null;
}

export type ArgumentJson =
  | TensorSpecJson
  | {readonly kind: 'static'; readonly value: Json}
  | {readonly kind: 'list'; readonly items: ArgumentJson[]}
  | {readonly kind: 'dictionary'; readonly keys: string[]; readonly items: ArgumentJson[]};

/** What the function gives: tensors by their number among the results, Variables, plain values. */
export type ResultJson =
  | {readonly kind: 'tensor'; readonly index: number; readonly mask: number | null}
  | {readonly kind: 'variable'; readonly variable: number}
  | {readonly kind: 'static'; readonly value: Json}
  | {readonly kind: 'list'; readonly items: ResultJson[]}
  | {readonly kind: 'dictionary'; readonly keys: string[]; readonly items: ResultJson[]};

const result: z.ZodType<ResultJson> = z.lazy(() =>
  z.union([
    z.strictObject({kind: z.literal('tensor'), index, mask: index.nullable()}),
    z.strictObject({kind: z.literal('variable'), variable: index}),
    z.strictObject({kind: z.literal('static'), value: jsonSchema}),
    z.strictObject({kind: z.literal('list'), items: z.array(result)}),
    z.strictObject({kind: z.literal('dictionary'), keys: z.array(z.string()), items: z.array(result)}),
  ]),
);

const call = z.strictObject({
  kind: z.literal('call'),
  /** The primitive. */
  name: z.string().max(100),
  /** The function that the user called, for messages. */
  op: z.string().max(200),
  attributes: jsonSchema,
  /** Which random state it uses. */
  draw: index.nullable(),
  inputs: z.array(operand),
  outputs: z.array(spec),
});

const update = z.strictObject({
  kind: z.literal('update'),
  kernel: z.string().max(100),
  op: z.string().max(200),
  reads: index,
  attributes: z.array(scalar),
  /** Attributes whose value is an input. */
  dynamic: z.array(z.strictObject({attribute: index, input: index})),
  inputs: z.array(operand),
  outputs: z.array(spec),
});

/** One of two programs, or a loop of them: see `RegionNode`. */
export interface RegionJson {
  kind: 'region';
  op: string;
  region: 'cond' | 'while' | 'scan';
  limit: number | null;
  reverse: boolean;
  /** How many outputs are states, and how many inputs lists. */
  states: number | null;
  xs: number;
  saves: boolean;
  restores: boolean;
  programs: ProgramJson[];
  inputs: OperandJson[];
  outputs: SpecJson[];
}

const region: z.ZodType<RegionJson> = z.lazy(() =>
  z.strictObject({
    kind: z.literal('region'),
    op: z.string().max(200),
    region: z.enum(['cond', 'while', 'scan']),
    limit: count.nullable(),
    reverse: z.boolean().default(false),
    // Null: all outputs of a loop.
    states: index.nullable().default(null),
    xs: index.default(0),
    saves: z.boolean().default(false),
    restores: z.boolean().default(false),
    programs: z.array(program).min(1).max(2),
    inputs: z.array(operand),
    outputs: z.array(spec),
  }),
);

const nodeSchema = z.union([call, update, region]);

export type CallJson = z.infer<typeof call>;
export type UpdateJson = z.infer<typeof update>;
export type NodeJson = CallJson | UpdateJson | RegionJson;
export type OperandJson = z.infer<typeof operand>;
export type SpecJson = z.infer<typeof spec>;

export interface ProgramJson {
  inputs: SpecJson[];
  variables: {variable: number; final: OperandJson | null}[];
  constants: {tensor: string}[];
  draws: {generator: number; index: number}[];
  nodes: NodeJson[];
  results: OperandJson[];
}

const program: z.ZodType<ProgramJson> = z.strictObject({
  inputs: z.array(spec),
  variables: z.array(z.strictObject({variable: index, final: operand.nullable()})),
  constants: z.array(z.strictObject({tensor: z.string()})),
  draws: z.array(z.strictObject({generator: index, index})),
  nodes: z.array(nodeSchema).max(MOST_NODES),
  results: z.array(operand),
});

const source = z.discriminatedUnion('kind', [
  z.strictObject({kind: z.literal('argument'), index}),
  z.strictObject({kind: z.literal('result'), segment: index, result: index}),
]);

const segment = z.strictObject({
  program,
  sources: z.array(source),
  /** Lines that are written after each run: text, and results by their number. */
  prints: z.array(z.array(z.union([z.string(), index]))),
  /** Which segment comes after a value that is read. */
  next: z.array(z.strictObject({value: z.string(), segment: index})),
  result: result.nullable(),
});

export const documentSchema = z.strictObject({
  variables: z.array(z.strictObject({name: z.string().max(1000), tensor: z.string(), trainable: z.boolean()})),
  generators: z.array(z.strictObject({seed: count, counter: count}).nullable()),
  functions: z.array(z.strictObject({arguments: argument, segments: z.array(segment).min(1)})).min(1),
});

export type DocumentJson = z.infer<typeof documentSchema>;
export type FunctionJson = DocumentJson['functions'][number];
export type SegmentJson = FunctionJson['segments'][number];
