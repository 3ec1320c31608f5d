import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {
  cond,
  FileFormatError,
  GradientTape,
  jit,
  loadProgram,
  loadSafetensors,
  ops,
  random,
  scan,
  SeedGenerator,
  setSeed,
  tensor,
  type Tensor,
  Variable,
  whileLoop,
} from '../../index.js';
import {maskOf, updateVariables, withMask} from '../../internal.js';
import {readSafetensors, saveSafetensors} from '../../files/safetensors.js';
import {checkLeaks} from '../../testing/leaks.js';
import {generator, uniform} from '../../testing/values.js';

checkLeaks();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-export-'));
});
afterAll(() => rm(folder, {recursive: true}));
const at = (name: string) => join(folder, name);

const arrays = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Object && 'data' in each ? (each as Tensor).array() : each,
    ),
  );

describe('an exported function', () => {
  it('has loops within loops with their gradients, and what they save', async () => {
    const f = jit((x: Tensor, w: Tensor) => {
      const tape = new GradientTape();
      tape.watch(w);
      const y = tape.record(() => {
        const [, all] = scan(
          (h: Tensor, row: Tensor): [Tensor, Tensor] => {
            const next = whileLoop((z) => z.sum().less(row.sum()), (z) => z.matmul(w).tanh().add(1), h, {maximumIterations: 4}); // prettier-ignore
            return [cond(next.max().greater(1), () => next.sin(), () => next.mul(w.sum())), next]; // prettier-ignore
          },
          ops.zeros([1, 4]),
          x,
        );
        return all.square().sum();
      });
      return [y, tape.gradient(y, w)];
    });
    const [x, w] = [random.normal([3, 4]).mul(3), random.normal([4, 4])];
    await f.export(at('loops.keratin'), x, w);
    const g = await loadProgram<[Tensor, Tensor], readonly Tensor[]>(at('loops.keratin'));
    expect(arrays(g(x, w))).toEqual(arrays(f(x, w)));
    expect(g.ir().match(/= (scan|while|cond)\(/g)).toHaveLength(6);
  });

  it('runs from its file with its weights, and gives the same bits', async () => {
    const [w, b] = [new Variable(random.normal([5, 3]), {name: 'kernel'}), new Variable(random.normal([3]))];
    const scale = random.uniform([3]);
    const f = jit((x: Tensor, {training}: {training: boolean}) => {
      const y = ops.relu(x.matmul(w).add(b)).mul(scale);
      return {y: ops.softmax(training ? y.mul(2) : y), sizes: [y.sum(), 'text', 3], w};
    });
    const x = random.normal([4, 5]);
    const wanted = f(x, {training: false});
    await f.export(at('f.keratin'), x, {training: false});
    const g = await loadProgram<[Tensor, {training: boolean}], typeof wanted>(at('f.keratin'));
    const given = g(x, {training: false});
    expect(arrays(given)).toEqual(arrays(wanted));
    expect(given.w).toBe(g.variables.find(({name}) => name === 'kernel'));
    expect(g.signatures).toEqual(['[float32[4,5], {training: false}]']);
    expect(g.ir()).toContain('dense(');
    expect(() => g(x, {training: true})).toThrow(
      /^loadProgram: the program takes \[float32\[4,5\], \{training: false\}\], got \[float32\[4,5\], \{training: true\}\]$/,
    );
    // The weights are a safetensors file for others.
    expect(Object.values(await loadSafetensors(at('f.keratin'))).map((t) => t.shape)).toContainEqual([5, 3]);
    expect((await readdir(folder)).filter((name) => name.startsWith('f'))).toEqual(['f.keratin']);
  });

  it('trains: gradients, in-place updates and random numbers are part of it', async () => {
    const make = () => {
      const v = new Variable(uniform([4, 2]).cast('float32'));
      const seed = new SeedGenerator(5);
      const step = (x: Tensor) => {
        const tape = new GradientTape();
        const loss = tape.record(() =>
          x
            .add(random.normal([3, 4], {seed}))
            .matmul(v)
            .tanh()
            .square()
            .mean(),
        );
        const grad = tape.gradient(loss, v);
        updateVariables('sgd_update', [grad], [0.1, 0, 0], [v]);
        v.at(0).assign(v.at(1));
        return [loss, random.uniform([2])];
      };
      return {v, step};
    };
    const x = random.normal([3, 4]);
    const [eager, other] = [make(), make()];
    await jit(other.step).export(at('step.keratin'), x);
    const step = await loadProgram<[Tensor], Tensor[]>(at('step.keratin'));
    setSeed(3);
    const wanted = [1, 2, 3].map(() => arrays(eager.step(x)));
    setSeed(3);
    const given = [1, 2, 3].map(() => arrays(step(x)));
    expect(given).toEqual(wanted);
    expect(step.variables[0]?.array()).toEqual(eager.v.array());
    // The one that was exported is as it was.
    expect(other.v.array()).toEqual(make().v.array());
  });

  it('takes the ways that were met where it reads values', async () => {
    const f = (x: Tensor) => {
      let y = x;
      while (y.sum().less(100).item()) y = y.mul(2);
      return y.max().greater(90).item() ? y : [y.neg(), 'small'];
    };
    const compiled = jit(f);
    const inputs = [tensor([1, 2]), tensor([99, 2]), tensor([50, 25])];
    for (const x of inputs) compiled(x);
    await compiled.export(at('while.keratin'));
    const g = await loadProgram(at('while.keratin'));
    for (const x of inputs) expect(arrays(g(x))).toEqual(arrays(f(x)));
    expect(() => g(tensor([1e-5, 1e-5]))).toThrow(
      /^loadProgram: the function read the value true, for which no way was exported, only for false; /,
    );
  });

  it('has its branches and loops as parts of the program', async () => {
    const w = new Variable([2, 3]);
    const f = (x: Tensor, n: Tensor) =>
      whileLoop(
        (i) => i.less(n),
        (i, y) => [i.add(1), cond(y.sum().greater(9), () => y.mul(0.25), () => y.mul(w))], // prettier-ignore
        [tensor(0), x],
        {maximumIterations: 5},
      );
    const x = tensor([1, 2]);
    await jit(f).export(at('loop.keratin'), x, tensor(3));
    const g = await loadProgram(at('loop.keratin'));
    for (const n of [0, 1, 3, 40]) expect(arrays(g(x, tensor(n)))).toEqual(arrays(f(x, tensor(n))));
  });

  it('keeps all shapes that were compiled, masks and dtypes', async () => {
    const f = jit((x: Tensor) => {
      const mask = maskOf(x);
      const y = x.cast('float64').mul(Infinity).sub(-0);
      return mask === null ? y : withMask(ops.where(mask, y, NaN), mask.logicalNot());
    });
    const [a, b] = [ops.ones([3]), withMask(ops.ones([2]), tensor([true, false]))];
    f(a);
    f(b);
    await f.export(at('shapes.keratin'));
    const g = await loadProgram<[Tensor], Tensor>(at('shapes.keratin'));
    expect(g(a).array()).toEqual([Infinity, Infinity, Infinity]);
    expect([g(b).dtype, g(b).array(), maskOf(g(b))?.array()]).toEqual(['float64', [Infinity, NaN], [false, true]]);
    expect([...g.signatures].sort()).toEqual(['[float32[2]]', '[float32[3]]']);
  });

  it('cannot hold what files cannot', async () => {
    const x = ops.ones([2]);
    const object = new (class Settings {})();
    const f = jit((t: Tensor, _: unknown) => t.mul(2));
    await expect(f.export(at('none.keratin'), x, object)).rejects.toThrow(
      /^export: the arguments 1 cannot be part of a file, only tensors, numbers, strings, booleans and lists and dictionaries of them can, got /,
    );
    await expect(f.export(at('none.keratin'), x, new Variable(1))).rejects.toThrow(
      /^export: the arguments 1 may not be a Variable, use it inside of the function instead, got /,
    );
    const reads = jit((t: Tensor) => (t.sum().greater(0).item() ? t : t.neg()));
    await expect(reads.export(at('none.keratin'), x)).rejects.toThrow(/its programs are known only after a call$/);
    expect(await readdir(folder)).not.toContain('none.keratin');
  });
});

describe('a file of a program', () => {
  const change = async (name: string, edit: (metadata: Record<string, string>) => Record<string, string>) => {
    const {tensors, metadata} = await readSafetensors(at('base.keratin'), 'test');
    await saveSafetensors(at(name), tensors, {metadata: edit({...metadata})});
    return loadProgram(at(name));
  };
  const w = () => new Variable(random.normal([3, 2]), {name: 'w'});
  beforeAll(async () => {
    const v = w();
    const f = jit((x: Tensor) => {
      v.assignAdd(1);
      const noise = random.normal([2]);
      const y = ops.softmax(x.matmul(v).reshape([2, 2]).add(noise)).at(':', 0);
      return whileLoop((z) => z.sum().less(3), (z) => z.add(y), y, {maximumIterations: 4}); // prettier-ignore
    });
    await f.export(at('base.keratin'), ops.ones([2, 3]));
    // All kinds of nodes, and what passes make of them: epilogues, chains, rows, grouped updates, branches and loops.
    const weights = [w(), new Variable(random.normal([2]), {name: 'b'})] as const;
    const step = jit((x: Tensor) => {
      const tape = new GradientTape();
      const loss = tape.record(() => {
        const logits = ops.relu(x.matmul(weights[0]).add(weights[1])).tanh();
        return ops
          .softmax(ops.concatenate([logits, logits.exp(), logits.neg()], -1))
          .square()
          .mean();
      });
      const gradients = tape.gradient(loss, weights);
      weights.forEach((weight, i) => {
        updateVariables('sgd_update', [gradients[i] ?? loss], [0.1, 0, 0, 0, 0], [weight]);
      });
      const sums = scan((carry: Tensor, row: Tensor) => [carry.add(row), carry], ops.zeros([3]), x);
      return [loss, cond(loss.greater(0), () => x.mul(2), () => x.neg()), sums]; // prettier-ignore
    });
    await step.export(at('step.keratin'), ops.ones([2, 3]));
    const kinds = ['epilogue', 'rows', 'fuse', 'group'] as const;
    const texts = kinds.map((kind) => jit((x: Tensor) => step(x), {passes: {[kind]: false}}).ir(ops.ones([2, 3])));
    for (const text of texts) expect(text).not.toBe(step.ir(ops.ones([2, 3])));
  });

  const program = (from: RegExp | string, to: string) => (metadata: Record<string, string>) => {
    const text = metadata['program'] ?? '';
    expect(text).toMatch(from);
    return {...metadata, program: text.replace(from, to)};
  };
  it.each<readonly [string, (metadata: Record<string, string>) => Record<string, string>, RegExp]>([
    ['another kind', () => ({}), /is not a program that was exported: its metadata do not say so$/],
    [
      'a later version',
      (m) => ({...m, version: '7'}),
      /is of version 7 of the format, this version of Keratin reads up to 1$/,
    ],
    ['no JSON', (m) => ({...m, program: '{'}), /is not a valid program: /],
    ['another operation', program('"matmul"', '"conjure"'), /node \d+ \(conjure\): there is no such operation/],
    ['a wrong shape', program('"shape":[2,2]}', '"shape":[2,3]}'), /node \d+ \(\w+\): /],
    ['a missing tensor', program('variables/0"', 'variables/7"'), /there is no tensor "variables\/7"$/],
    ['a value before it is made', program(/"inputs":\[0/, '"inputs":[99'), /value 99 is used before it is made$/],
    ['an unknown key', program('"functions"', '"more":1,"functions"'), /is not a valid program: .*more/],
    ['a huge size', program(/"shape":\[2,3\]/g, '"shape":[2000000000,3000000]'), /needs \d+ bytes, this machine has/],
  ])('with %s is refused', async (_, edit, message) => {
    const failing = change('bad.keratin', edit);
    await expect(failing).rejects.toThrow(FileFormatError);
    await expect(failing).rejects.toThrow(message);
  });

  it('is refused as a whole where it is no such file', async () => {
    await writeFile(at('text.keratin'), 'hello world');
    await expect(loadProgram(at('text.keratin'))).rejects.toThrow(FileFormatError);
    await expect(loadProgram(at('absent.keratin'))).rejects.toThrow('ENOENT');
  });

  // KERATIN_FUZZ=2000 for the whole.
  const RUNS = Number(process.env['KERATIN_FUZZ'] ?? 100);
  it.each(['base', 'step'])('that is damaged gives a clear error or runs: %s', {timeout: 600_000}, async (base) => {
    const bytes = await readFile(at(`${base}.keratin`));
    const {tensors, metadata} = await readSafetensors(at(`${base}.keratin`), 'test');
    const text = metadata['program'] ?? '';
    const next = generator(11);
    const pick = (n: number) => Math.floor(next() * n);
    const words = ['-1', '0', '1', '3', '1e9', '"x"', 'null', '[]', '{}', 'true', '4611686018427387904', '0.5'];
    const x = ops.ones([2, 3]);
    let [ran, refused] = [0, 0];
    for (let i = 0; i < RUNS; i++) {
      const path = at('damaged.keratin');
      if (i % 4 === 0) {
        const damaged = Buffer.from(bytes);
        for (let k = 0; k <= pick(3); k++) damaged[pick(damaged.length)] = pick(256);
        await writeFile(path, i % 8 === 0 ? damaged.subarray(0, pick(damaged.length)) : damaged);
      } else {
        // A number or a word of the JSON becomes another one.
        const places = [...text.matchAll(/-?\d+(\.\d+)?|"[^"]*"|true|false|null/g)];
        const place = places[pick(places.length)];
        const [start, length] = [place?.index ?? 0, place?.[0].length ?? 0];
        const word = i % 2 === 0 ? (words[pick(words.length)] ?? '') : (places[pick(places.length)]?.[0] ?? '');
        const program = text.slice(0, start) + word + text.slice(start + length);
        await saveSafetensors(path, tensors, {metadata: {...metadata, program}});
      }
      try {
        const g = await loadProgram<[unknown]>(path);
        try {
          g(x);
        } catch (error) {
          expect((error as Error).name).toMatch(/^(ValueError|ShapeError|DtypeError|IndexError)$/);
        }
        ran += 1;
      } catch (error) {
        if (!(error instanceof FileFormatError)) throw error;
        expect(error.message).toMatch(/^loadProgram: .*damaged\.keratin/);
        refused += 1;
      }
    }
    expect(ran).toBeGreaterThan(RUNS / 20);
    expect(refused).toBeGreaterThan(RUNS / 4);
  });
});
