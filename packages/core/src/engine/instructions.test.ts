import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {addon, words} from '@keratin/native';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Element} from '../dtype.js';
import {ops, random, range, tensor, type Tensor, Variable} from '../index.js';
import {type CallNode, type Program, type Value} from '../jit/ir.js';
import {wordsOf} from '../jit/encode.js';
import {opcodeOf, runInto, updateVariables} from '../internal.js';
import {PRIMITIVE_CASES} from '../testing/cases/index.js';
import {spread, uniform} from '../testing/values.js';
import {apply, applyAll} from './dispatch.js';
import {type Primitive, registeredPrimitives} from './primitive.js';

// What kernels take for granted is checked where instructions enter the addon: damaged ones are errors, and never crash.

const run = promisify(execFile);
const addonPath = fileURLToPath(new URL('../../../native/build/Release/keratin.node', import.meta.url));
const fuzzer = fileURLToPath(new URL('../testing/fuzz-instructions.mjs', import.meta.url));

/** Instructions by kernel, as the engine writes them. */
const recorded = new Map<string, number[][]>();
const KEPT_PER_KERNEL = 8;

function instructionLength(): number {
  const [, inputs = 0, outputs = 0, attributes = 0] = words;
  let at = 4 + attributes;
  for (let i = 0; i < inputs + outputs; i++) {
    const rank = words[at + 3] ?? 0;
    at += 4 + rank + (i >= inputs && words[at] === 0 ? 0 : rank);
  }
  return at;
}

function recording<T>(fn: () => T): T {
  const real = addon.run;
  addon.run = (...owners) => {
    const kernel = addon.kernels[words[0] ?? -1] ?? '';
    const list = recorded.get(kernel) ?? [];
    recorded.set(kernel, list);
    if (list.length < KEPT_PER_KERNEL) list.push([...words.subarray(0, instructionLength())]);
    real(...owners);
  };
  try {
    return fn();
  } finally {
    addon.run = real;
  }
}

/** Runs a primitive without cases of its own on what it takes. */
function runElementwise(primitive: Primitive<unknown>): void {
  const samples: readonly Tensor<Element>[] = [
    uniform([3, 4]),
    tensor([true, false, true]),
    tensor([[1, 2, 3]], 'int32'),
  ];
  for (const sample of samples) {
    try {
      apply(
        primitive,
        primitive.definition.inputs.map(() => sample),
        undefined,
      );
    } catch {
      // Another dtype is the one it takes.
    }
  }
}

/** -x of seven numbers, as both branches, or as long as 0 is true: a damaged word alone makes no endless loop. */
function region(kind: 'cond' | 'while'): Program[] {
  const [x, y] = [0, 1].map((id): Value => ({kind: 'value', id, shape: [7], dtype: 'float32'}));
  if (x === undefined || y === undefined) throw new Error('no values');
  const empty = {variables: [], constants: [], draws: []};
  const negative: CallNode = {
    kind: 'call',
    op: 'negative',
    name: 'negative',
    text: '',
    execution: {kind: 'elementwise', kernel: 'negative'},
    dynamic: [],
    inputs: [x],
    outputs: [y],
  };
  const body: Program = {...empty, inputs: [x], nodes: [negative], results: [y]};
  const never: Program = {
    ...empty,
    inputs: [x],
    nodes: [],
    results: [{kind: 'scalar', value: 0, shape: [], dtype: 'bool'}],
  };
  return kind === 'while' ? [never, body] : [body, body];
}

function runAll(): void {
  for (const [name, registered] of registeredPrimitives()) {
    const primitive = registered as Primitive<unknown>;
    const cases = PRIMITIVE_CASES[name];
    if (cases === undefined || cases === 'no gradient') {
      if (primitive.definition.run.kind === 'elementwise') runElementwise(primitive);
      continue;
    }
    for (const make of cases) {
      const {inputs, attributes} = make();
      if (primitive.definition.outputs === undefined) apply(primitive, inputs, attributes);
      else applyAll(primitive, inputs, attributes);
    }
  }
  const x = spread([5, 6]);
  x.argmax(0);
  x.argmin(1);
  x.greater(0).any(1);
  x.greater(0).all(0);
  ops.oneHot([1, 0, 2], 4);
  range(7).cast('float16');
  ops.argsort(x);
  ops.searchsorted([1, 2, 3], [0.5, 2.5]);
  ops.luFactor(uniform([3, 3]));
  ops.eig(uniform([3, 3]));
  random.uniform([9]);
  random.randint([9], 0, 5);
  random.normal([9]);
  random.truncatedNormal([9]);
  random.permutation(9);
  random.gamma([3, 4], [1, 2, 3, 4]);
  random.beta([3, 4], 2, [[1], [2], [3]]);
  random.binomial([9], 20, 0.4);
  random.categorical(x, 7);
  const [v, ...slots] = Array.from({length: 4}, () => new Variable(uniform([7])));
  if (v === undefined) return;
  v.assign(ops.zeros([7], 'float64'));
  v.scatterAdd([0, 1], [1, 2]);
  v.at('::2').assign([1, 2, 3, 4]);
  const gradient = uniform([7]);
  updateVariables('sgd_update', [gradient], [0.1, 0.9, 0], [v, ...slots.slice(0, 1)]);
  updateVariables('rmsprop_update', [gradient], [0.1, 0.9, 0.5, 1e-7, 1], [v, ...slots]);
  updateVariables('adam_update', [gradient], [0.1, 0.9, 0.999, 1e-7, 1], [v, ...slots]);
  // tanh(x) x, by way of a register
  const chain = [1, 2, opcodeOf('tanh'), 0, 2, 1, 0, opcodeOf('multiply'), 0, 1, 2, 2, 0];
  runInto(opcodeOf('chain'), [uniform([9]).cast('float32')], chain, [new Variable(ops.zeros([9]))], 'chain');
  // the sums of exp(x) along rows, by way of a register
  const sums = [1, 2, opcodeOf('exp'), 0, 0, 2, 1, 0, opcodeOf('sum'), 0, 2, 1, 1, 2];
  runInto(opcodeOf('rows'), [uniform([3, 4]).cast('float32')], sums, [new Variable(ops.zeros([3, 1]))], 'rows');
  // and along columns
  runInto(opcodeOf('columns'), [uniform([9, 4]).cast('float32')], sums, [new Variable(ops.zeros([1, 4]))], 'columns');
  runInto(
    opcodeOf('branch'),
    [tensor([true]), gradient.cast('float32')],
    [0, 0, ...wordsOf(region('cond'))],
    [new Variable(ops.zeros([7]))],
    'branch',
  );
  runInto(
    opcodeOf('loop'),
    [gradient.cast('float32')],
    [3, 0, 1, 0, 0, 0, 0, 0, ...wordsOf(region('while'))],
    [new Variable(ops.zeros([7]))],
    'loop',
  );
  runInto(opcodeOf('clock'), [], [], [new Variable(ops.zeros([1], 'float64'))], 'clock');
  updateVariables('nadam_update', [gradient], [0.1, 0.9, 0.999, 1e-7, 1, 1, 0.5, 0.5, 0.9], [v, ...slots.slice(0, 2)]);
  for (const [name, [statistics]] of [
    ['layer_normalization_gradient', [4]],
    ['batch_normalization_gradient', [3]],
  ] as const) {
    const primitive = registeredPrimitives().get(name) as Primitive<unknown>;
    const rows = [uniform([4, 3]), uniform([4, 3]), uniform([3]), uniform([statistics]), uniform([statistics], 1, 2)];
    applyAll(primitive, rows, {epsilon: 1e-3});
  }
  const primitiveOf = (name: string) => registeredPrimitives().get(name) as Primitive<unknown>;
  const [h, gates, state] = [uniform([2, 3, 5]), uniform([2, 3, 20], 0.1, 0.9), uniform([2, 5])];
  const [heads, rows, none] = [uniform([2, 3, 4, 5]), uniform([2, 4, 3]), tensor(0, 'float64')];
  const attributes = {
    scale: 1,
    causal: true,
    unseen: 'replaced',
    low: -1e9,
    rate: 0.5,
    state: [1, 2, 3, 4],
    withBias: true,
  };
  applyAll(
    primitiveOf('attention_gradient'),
    [heads, heads, heads, heads, none, tensor(true), heads, rows, rows],
    attributes,
  );
  const inputs = uniform([2, 3, 4]);
  const kernels = (wide: number) => [uniform([4, wide]), uniform([5, wide])];
  const wanted = {inputs: true};
  applyAll(
    primitiveOf('lstm_sequence_gradient'),
    [state, state, h, inputs, state, state, h, h, gates, ...kernels(20)],
    wanted,
  );
  applyAll(primitiveOf('gru_sequence_gradient'), [state, h, inputs, state, h, gates, ...kernels(15)], wanted);
  applyAll(primitiveOf('simple_rnn_sequence_gradient'), [state, h, inputs, state, h, ...kernels(5)], wanted);
}

describe('instructions', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keratin-instructions-'));
    recording(runAll);
    await writeFile(join(folder, 'recorded.json'), JSON.stringify([...recorded.values()].flat()));
  });
  afterAll(() => rm(folder, {recursive: true}));

  it('of all kernels are known to this test', () => {
    const missing = addon.kernels.filter((kernel) => !recorded.has(kernel));
    expect(missing, 'kernels without a case or a call in runAll').toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6])('throw or run when they are damaged, and never crash (seed %i)', async (seed) => {
    const {stdout} = await run(process.execPath, [
      fuzzer,
      addonPath,
      join(folder, 'recorded.json'),
      String(seed),
      '4000',
    ]);
    const {ran, refused} = JSON.parse(stdout) as {ran: number; refused: number};
    expect(refused).toBeGreaterThan(1000);
    expect(ran).toBeGreaterThan(50);
  });
});
