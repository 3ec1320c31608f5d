import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {type DType, DTYPE_NAMES, type Element, isComplex} from '../dtype.js';
import {GradientTape, isTensor, loadSafetensors, ops, tensor, type Tensor} from '../index.js';
import {DtypeError, KeratinError} from '../errors.js';
import {EXPRESSIONS, left, MIXED, POSITIONAL, REFUSED, SPECIAL, UNCHECKED_DTYPES} from '../testing/golden-ops.js';

// Every case that real Keras recorded for keras.ops: outputs and gradients. `testing/golden-ops.ts` says how arguments are named here
// and which cases are not run.

type Plain = null | boolean | number | string | readonly Plain[] | {readonly [key: string]: Plain};
/** Names of the real and the imaginary part. */
type ComplexNames = readonly [string, string];
type Output = string | {readonly bfloat16: string} | {readonly complex: ComplexNames};

interface Case {
  readonly id: string;
  readonly op: string;
  readonly kind?: 'dtype table';
  readonly python?: string;
  readonly args?: readonly Plain[];
  readonly kwargs?: Readonly<Record<string, Plain>>;
  readonly inputs?: Readonly<Record<string, Plain>>;
  readonly outputs: readonly Output[] | null;
  readonly result?: unknown;
  readonly cotangents: readonly (string | null)[] | null;
  readonly grad_of?: readonly string[];
  readonly grads: readonly (string | null)[] | null;
  readonly compare?: 'abs' | 'partition' | 'eigenpairs';
  readonly expect?: 'error';
  readonly tolerance?: number;
}

const folder = new URL('../../../../tests/golden/', import.meta.url);
const suite = JSON.parse(readFileSync(new URL('ops.json', folder), 'utf8')) as {source: string; cases: Case[]};
const stored = await loadSafetensors<Element>(new URL('ops.safetensors', folder));

function named(name: string): Tensor {
  const found = stored[name];
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found as Tensor;
}

const complexNamed = ([re, im]: ComplexNames): Tensor => ops.complex(named(re), named(im)) as Tensor<Element> as Tensor;

const toCamel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const isObject = (value: Plain): value is {readonly [key: string]: Plain} =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON argument as ours. */
function argument(value: Plain): unknown {
  if (Array.isArray(value)) return (value as readonly Plain[]).map(argument);
  if (!isObject(value)) return value;
  if (typeof value['tensor'] === 'string') return named(value['tensor']);
  if ('float' in value) return Number(JSON.stringify(value['float']).replaceAll('"', '').replace('inf', 'Infinity'));
  if (Array.isArray(value['complex'])) {
    const [re = '', im = ''] = value['complex'] as readonly string[];
    return complexNamed([re, im]);
  }
  return value;
}

const table = ops as Readonly<Record<string, unknown>>;

/** Calls the op as `testing/golden-ops.ts` says: some keywords are positional, the rest is one options object. */
function call(c: Case): unknown {
  const name = c.op.replace('keras.ops.', '');
  const args = (c.args ?? []).map(argument);
  const kwargs = Object.entries(c.kwargs ?? {}).map(([key, value]) => [key, argument(value)] as const);
  const expression = EXPRESSIONS[c.id];
  if (expression !== undefined) {
    return expression(
      Object.fromEntries(Object.entries(c.inputs ?? {}).map(([key, x]) => [key, argument(x) as Tensor])),
    );
  }
  const special = SPECIAL[name];
  if (special !== undefined) return special(args, Object.fromEntries(kwargs));
  const fn = name
    .split('.')
    .reduce<unknown>((within, part) => (within as Readonly<Record<string, unknown>>)[toCamel(part)], table);
  if (typeof fn !== 'function') throw new Error(`ops has no ${toCamel(name)}`);
  const positions = POSITIONAL[name] ?? [];
  const options: Record<string, unknown> = {};
  for (const [key, value] of kwargs) {
    const at = positions.indexOf(key);
    if (at >= 0) args[at] = value;
    else options[toCamel(key)] = value;
  }
  if (Object.keys(options).length > 0) args[Math.max(args.length, positions.length)] = options;
  return (fn as (...list: unknown[]) => unknown)(...args);
}

/** Tensors of a result: lists flattened, objects by sorted key. */
function outputsOf(result: unknown): (Tensor | number)[] {
  if (isTensor(result)) return [result as Tensor];
  if (typeof result === 'number') return [result];
  if (Array.isArray(result)) return (result as readonly unknown[]).flatMap(outputsOf);
  const object = result as Record<string, unknown>;
  return Object.keys(object)
    .sort()
    .flatMap((key) => outputsOf(object[key]));
}

const numbers = (x: Tensor<Element>): number[] => Array.from(x.data() as ArrayLike<number | bigint>, Number);

function compare(c: Case, actual: Tensor | number, name: string, what: string, expected = named(name)): void {
  const tolerance = c.tolerance ?? 1e-5;
  const [a, b] = [typeof actual === 'number' ? [actual] : numbers(actual), numbers(expected)];
  if (typeof actual !== 'number') {
    expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
    if (!UNCHECKED_DTYPES.test(c.id)) {
      // Indices are int32 here.
      const allowed: readonly DType[] = expected.dtype === 'int64' ? ['int32', 'int64'] : [expected.dtype];
      expect(allowed, `${what}: dtype`).toContain(actual.dtype);
    }
  }
  if (c.compare === 'partition') {
    const kth = Number(c.args?.[1]);
    const split = (list: number[]) => [new Set(list.slice(0, kth)), list[kth], new Set(list.slice(kth + 1))];
    expect(split(a), what).toEqual(split(b));
    return;
  }
  const size = c.compare === 'abs' ? Math.abs : (x: number) => x;
  a.forEach((x, i) => {
    const [p, q] = [size(x), size(b[i] ?? Number.NaN)];
    const close = Object.is(p, q) || p === q || Math.abs(p - q) <= tolerance + tolerance * Math.abs(q);
    if (!close) expect.fail(`${what}: element ${String(i)} is ${String(p)}, Keras has ${String(q)}`);
  });
}

function compareComplex(c: Case, actual: Tensor | number, [re, im]: ComplexNames, what: string): void {
  if (!isTensor(actual)) throw new Error(`${what} is a number`);
  expect(isComplex(actual.dtype), `${what}: ${actual.dtype} is complex`).toBe(true);
  compare(c, actual.real(), re, `${what}, real part`);
  compare(c, actual.imag(), im, `${what}, imaginary part`);
}

/** Eigenvalues in any order, and the eigenvectors of each up to a complex factor: |<v, w>| = 1 for vectors of length 1. */
function compareEigenpairs(c: Case, [values, vectors]: readonly (Tensor | number)[]): void {
  const parts = (x: Tensor | number | undefined) => {
    if (!isTensor(x)) throw new Error('an output is missing');
    return [numbers(x.real()), numbers(x.imag())] as const;
  };
  const [wanted, columns] = (c.outputs ?? []).map((output) => {
    if (typeof output === 'string' || !('complex' in output)) throw new Error('an output is not complex');
    return parts(complexNamed(output.complex));
  });
  const [found, own] = [parts(values), parts(vectors)];
  const n = found[0].length;
  const left = new Set(found[0].keys());
  const at = (list: readonly number[] | undefined, i: number): number => list?.[i] ?? NaN;
  for (let j = 0; j < n; j++) {
    const [re, im] = [at(wanted?.[0], j), at(wanted?.[1], j)];
    const nearest = [...left].sort(
      (p, q) =>
        Math.hypot(at(found[0], p) - re, at(found[1], p) - im) - Math.hypot(at(found[0], q) - re, at(found[1], q) - im),
    )[0];
    const k = nearest ?? -1;
    left.delete(k);
    const tolerance = c.tolerance ?? 1e-5;
    expect(Math.abs(at(found[0], k) - re), `eigenvalue ${String(j)}`).toBeLessThan(tolerance * (1 + Math.abs(re)));
    expect(Math.abs(at(found[1], k) - im), `eigenvalue ${String(j)}`).toBeLessThan(tolerance * (1 + Math.abs(im)));
    let [x, y] = [0, 0];
    for (let i = 0; i < n; i++) {
      const [a, b] = [at(own[0], i * n + k), at(own[1], i * n + k)];
      const [p, q] = [at(columns?.[0], i * n + j), at(columns?.[1], i * n + j)];
      x += a * p + b * q;
      y += a * q - b * p;
    }
    expect(Math.abs(Math.hypot(x, y) - 1), `eigenvector ${String(j)}`).toBeLessThan(tolerance);
  }
}

/** Outputs and gradients. */
function check(c: Case): void {
  if (c.expect === 'error') {
    expect(() => call(c)).toThrow(KeratinError);
    return;
  }
  if (MIXED.has(c.id)) {
    expect(() => call(c)).toThrow(DtypeError);
    return;
  }
  if (c.outputs === null) {
    expect(call(c)).toEqual(c.result);
    return;
  }
  const sources = (c.grads === null ? [] : (c.grad_of ?? [])).map(named);
  const tape = new GradientTape();
  for (const source of sources) tape.watch(source);
  const cotangents = c.cotangents ?? [];
  const {outputs, targets} = tape.record(() => {
    const found = outputsOf(call(c));
    const terms = found.flatMap((y, i) => {
      const name = cotangents[i];
      return name === null || name === undefined || typeof y === 'number' ? [] : [y.mul(named(name)).sum()];
    });
    return {outputs: found, targets: terms.length < 2 ? terms : [terms.reduce((a, b) => a.add(b))]};
  });
  expect(outputs.length, 'number of outputs').toBe(c.outputs.length);
  if (c.compare === 'eigenpairs') {
    compareEigenpairs(c, outputs);
    return;
  }
  c.outputs.forEach((output, i) => {
    const actual = outputs[i];
    if (actual === undefined) throw new Error('an output is missing');
    if (typeof output === 'string') compare(c, actual, output, `output ${String(i)}`);
    else if ('bfloat16' in output)
      compare(c, (actual as Tensor).cast('float32'), output.bfloat16, `output ${String(i)}`);
    else compareComplex(c, actual, output.complex, `output ${String(i)}`);
  });
  const [target] = targets;
  if (target === undefined || sources.length === 0) return;
  const gradients = tape.gradient(target, sources, {unconnectedGradients: 'none'});
  c.grads?.forEach((name, i) => {
    const gradient = gradients[i];
    if (name === null) expect(gradient, `gradient ${String(i)}`).toBeNull();
    else if (gradient === null || gradient === undefined) expect.fail(`gradient ${String(i)} is missing`);
    else compare(c, gradient, name, `gradient ${String(i)}`);
  });
}

const plain = suite.cases.filter((c) => c.kind === undefined);
const run = plain.filter((c) => left(c.id, c.op) === null);
const others = plain.filter((c) => left(c.id, c.op) !== null);

describe(`ops of ${suite.source}`, () => {
  it('says which cases are not run', () => {
    const tables = suite.cases.length - plain.length;
    expect(`${String(run.length)} run, ${String(others.length)} not, ${String(tables)} tables`).toMatchInlineSnapshot(
      `"1047 run, 8 not, 23 tables"`,
    );
  });

  it.each(run.map((c) => [c.id, c] as const))('%s', (_, c) => {
    check(c);
  });

  it.each(others.map((c) => [`${c.id} (${String(left(c.id, c.op))})`, c] as const))('not yet: %s', (_, c) => {
    let passes = true;
    try {
      check(c);
    } catch {
      passes = false;
    }
    expect(passes, `${c.id} passes now: take it off the list in testing/golden-ops.ts`).toBe(false);
  });
});

const values = (name: string): Tensor | number => {
  if (name === 'python int') return 1;
  if (name === 'python float') return 1.5;
  return ops.ones([2, 2], name as DType) as Tensor;
};

const callTable = (op: string, list: readonly (Tensor | number)[]): Tensor => {
  if (op === 'concatenate') return ops.concatenate(list);
  if (op === 'where')
    return ops.where(
      tensor([
        [true, false],
        [false, true],
      ]),
      ...(list as [Tensor, Tensor]),
    );
  return (table[op] as (...xs: readonly (Tensor | number)[]) => Tensor)(...list);
};

describe('dtypes of results', () => {
  const tables = suite.cases.filter((c) => c.kind === 'dtype table');

  it.each(tables.map((c) => [c.op.replace('keras.ops.', ''), c] as const))('%s', (name, c) => {
    const wrong: string[] = [];
    for (const [pair, expected] of Object.entries(c.result as Readonly<Record<string, string>>)) {
      const dtypes = pair.split(',');
      if (expected === 'error' || REFUSED.has(`${name} ${pair}`)) continue;
      let found: string;
      try {
        found = callTable(toCamel(name), dtypes.map(values)).dtype;
      } catch (error) {
        if (!(error instanceof DtypeError)) throw error;
        found = 'error';
      }
      const mixed = dtypes.length > 1 && dtypes[0] !== dtypes[1];
      // Tensors of two dtypes never mix; a number takes the tensor's dtype or is refused.
      const tensors = dtypes.every((dtype) => (DTYPE_NAMES as readonly string[]).includes(dtype));
      const right = !mixed ? found === expected : tensors ? found === 'error' : [expected, 'error'].includes(found);
      if (!right) wrong.push(`${pair}: ${found}, Keras has ${expected}`);
    }
    expect(wrong).toEqual([]);
  });
});
