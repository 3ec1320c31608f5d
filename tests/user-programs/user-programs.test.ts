// Programs that users would write, unchanged, against the packed tarballs: they must compile under the strictest options and run.
import {execFileSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as keratin from 'keratin';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {exportedNames} from './packed/exported-names.js';
import {idxFile, packedProject} from './packed-project.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

let project = '';
beforeAll(() => {
  project = packedProject();
  cpSync(join(root, 'tests/user-programs/programs'), project, {recursive: true});
  cpSync(join(root, 'tests/user-programs/packed'), join(project, 'packed'), {recursive: true});
  const isSource = (path: string) => !path.includes('node_modules') && !path.includes('output');
  cpSync(join(root, 'examples'), join(project, 'examples'), {recursive: true, filter: isSource});
  // Their own types use the browser's.
  const strangers =
    "declare module 'vega';\ndeclare module 'vega-lite' {\n  export type TopLevelSpec = object;\n  export const compile: (spec: TopLevelSpec) => {spec: object};\n}\n";
  writeFileSync(join(project, 'examples', 'strangers.d.ts'), strangers);
  const settings = readFileSync(join(project, 'tsconfig.json'), 'utf8');
  writeFileSync(join(project, 'tsconfig.json'), settings.replace('"*.ts"', '"*.ts", "packed/*.ts", "examples/*.ts"'));
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}\n');
  const [, readme = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  writeFileSync(join(project, 'readme.ts'), readme);
  for (const dataset of ['mnist', 'fashion-mnist']) {
    const folder = join(project, 'home', 'datasets', dataset);
    mkdirSync(folder, {recursive: true});
    // A picture is bright in the rows of its class, so that there is something to learn. 07 reads 6,000 pictures.
    const pixel = (i: number) => (Math.floor((i % 784) / 64) === Math.floor(i / 784) % 10 ? 200 : (i * 7) % 40);
    const train = dataset === 'mnist' ? 1000 : 6400;
    for (const [part, n] of [
      ['train', train],
      ['t10k', 200],
    ] as const) {
      writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idxFile([n, 28, 28], pixel));
      writeFileSync(
        join(folder, `${part}-labels-idx1-ubyte`),
        idxFile([n], (i) => i % 10),
      );
    }
  }
}, 120_000);
afterAll(() => rmSync(project, {recursive: true, force: true}));

function run(program: string): string {
  return execFileSync(bin('tsx'), [program], {
    cwd: project,
    encoding: 'utf8',
    env: {...process.env, KERATIN_HOME: join(project, 'home'), NO_COLOR: '1'},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('all programs and examples compile under the strictest options', () => {
  let output = '';
  try {
    execFileSync(bin('tsc'), ['-p', project], {encoding: 'utf8'});
  } catch (error) {
    output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
  expect(output).toBe('');
}, 120_000);

test('01: tensors like those of NumPy', () => {
  const output = run('01-tensors-tour.ts');
  expect(output).toContain('[[14 32]\n [32 77]], shape=(2, 2), dtype=int32)');
  expect(output).toContain('Tensor([ 4 16 25], shape=(3,), dtype=int64)');
  expect(output).toContain(
    "add: tensors must have one dtype, got a float32 and b int32; convert one with cast('float32')",
  );
  expect(output).toContain('[[100.  42.   0.]\n [  8.  10. 200.]], shape=(2, 3), dtype=float32)');
  expect(output).toMatch(/100 loops: [\d.]+ms/);
}, 120_000);

test('02: backpropagation by hand and by tape', () => {
  const lines = run('02-tape-backprop.ts').trim().split('\n');
  expect(lines[0]).toBe('6.0');
  expect(lines.join('\n')).toContain('Tensor([[0.191]], shape=(1, 1), dtype=float32) Tensor([[0.32724053]]');
  expect(lines.at(-1)).toBe('0.32724053');
}, 60_000);

test('03: a compiled function, a compiled LSTM cell', () => {
  const output = run('03-lstm-jit.ts');
  expect(output).toContain('chain(relu(add(multiply(%0, 3), 2)))');
  expect(output).toContain('Tensor([5. 5.], shape=(2,), dtype=float32)');
  const [sizes, ratio] = output.trim().split('\n').slice(-2);
  expect(sizes).toBe('[ 100, 100 ] [ 100, 100 ] [ 100, 100 ]');
  expect(Number(ratio)).toBeGreaterThan(0);
}, 60_000);

test('04: a shared Embedding, lists and dictionaries of inputs, a picture', () => {
  const lines = run('04-shared-embedding.ts')
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('['));
  expect(lines).toEqual(['[ 1, 3, 1 ] [ 1, 2, 1 ] 2', '[ 1, 1, 1 ] [ 1, 1, 1 ]']);
  expect(readFileSync(join(project, 'shared_model.png')).subarray(1, 4).toString()).toBe('PNG');
}, 60_000);

test('05: a custom LayerNormalization agrees with the built-in one', () => {
  const errors = [...run('05-layer-normalization.ts').matchAll(/\d\.\d+e-\d+/g)].map(([text]) => Number(text));
  expect(errors.length).toBeGreaterThanOrEqual(2);
  for (const error of errors.slice(0, 2)) expect(error).toBeLessThan(1e-6);
}, 120_000);

test('06: a custom loop learns', () => {
  const output = run('06-custom-loop.ts');
  const last = output.trim().split('\n').at(-1) ?? '';
  const accuracy = Number(/sparse_categorical_accuracy: ([\d.]+)$/.exec(last)?.[1]);
  expect(accuracy).toBeGreaterThan(0.9);
}, 240_000);

test('07: two optimizers share a model', () => {
  const output = run('07-per-group.ts');
  expect(Number(/[^_]loss: ([\d.]+)/.exec(output)?.[1])).toBeLessThan(2.3);
  expect(output).toMatch(/val_accuracy: [\d.]+/);
}, 120_000);

test('08: MNIST by strings and objects, with callbacks', () => {
  const output = run('08-mnist-mlp-part.ts');
  expect(output).toContain('Epoch 5/5');
  expect(output).toMatch(/\(?10, ?10\)?|\[ 10, 10 \]/);
}, 120_000);

test('09: custom layers and models', () => {
  const lines = run('09-simple-dense.ts').trim().split('\n');
  expect(lines[0]).toBe('[ 128, 512 ]');
  expect(lines.at(-1)).toBe('[ 1, 2 ] [ 1, 2 ]');
}, 60_000);

test('10: a linear classifier from tensors alone', () => {
  const losses = [...run('10-linear-classifier.ts').matchAll(/Loss at step \d+: ([\d.]+)/g)].map(([, value]) =>
    Number(value),
  );
  expect(losses).toHaveLength(40);
  expect(losses.at(-1)).toBeLessThan(0.04);
}, 60_000);

test('11: pipelines of data', () => {
  const output = run('11-datasets.ts');
  expect(output).toContain('[ 128, 784 ] [ 128 ]');
  expect(output).toContain('Dataset(fromTensors, [uint8(1000,28,28), uint8(1000,)])');
  expect(Number(output.trim().split('\n').at(-1))).toBeGreaterThan(0);
}, 120_000);

test('bundles keep names, one copy of each class, what is loaded late, and threads', () => {
  const {names, ...result} = JSON.parse(run('packed/whole.ts')) as Record<string, unknown>;
  expect(result).toEqual({
    sameClasses: [true, true, true, true, true],
    sameValues: true,
    program: '6',
    yaml: ['Dense'],
    mapped: [0, 10, 20, 30],
    hash: [1],
  });
  expect(names).toEqual(exportedNames(keratin));
}, 60_000);

test('tarballs hold the bundles of JavaScript, each with its sources', () => {
  for (const name of ['core', 'layers', 'models', 'datasets', '../keratin']) {
    const folder = join(project, 'node_modules', '@keratin', name, 'dist');
    const scripts = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.length).toBeLessThan(20);
    for (const file of scripts) {
      expect(file.startsWith(`bundle${sep}`)).toBe(true);
      const {sources} = JSON.parse(readFileSync(join(folder, `${file}.map`), 'utf8')) as {sources: string[]};
      for (const source of sources) expect(existsSync(join(folder, 'bundle', source))).toBe(true);
    }
  }
});

test('README: the first program runs as it stands', () => {
  expect(run('readme.ts')).toMatch(/test accuracy [01]\.\d{4}/);
}, 60_000);
