import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Input, layers} from '@keratin/layers';
import {clearSession} from '@keratin/layers/internal';
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {Model} from '../model/model.js';
import {Sequential} from '../model/sequential.js';
import {modelToDot} from './dot.js';
import {plotModel} from './plot-model.js';

beforeEach(clearSession);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keratin-plot-'));
});
afterAll(() => rm(folder, {recursive: true, force: true}));

/** A model with a stack and a functional model within, and a shared layer. */
function nested() {
  const x = Input({shape: [4], name: 'x'});
  const encoder = new Sequential([new layers.Dense(8, {activation: 'relu', inputShape: [4]}), new layers.Dense(3)], {
    name: 'encoder',
  });
  const q = Input({shape: [4], name: 'q'});
  const two = new Model({inputs: x, outputs: [new layers.Dense(3)(x), new layers.Dense(2)(x)], name: 'two'});
  const [a, b] = two(q);
  return new Model({inputs: q, outputs: [encoder(q).add(a), b]});
}

const labels = (dot: string) =>
  [...dot.matchAll(/label=<(.*)>]$/gm)].map(([, html = '']) =>
    html.replaceAll(/<[^>]*>/g, '|').replaceAll(/\|+/g, '|'),
  );
const edges = (dot: string) => [...dot.matchAll(/n\d+ -> n\d+/g)].map(String);

describe('modelToDot', () => {
  test('boxes and edges', () => {
    const dot = modelToDot(nested());
    expect(labels(dot)).toEqual([
      '|q| (InputLayer)|',
      '|encoder| (Sequential)|',
      '|two| (Functional)|',
      '|add| (Add)|',
    ]);
    expect(edges(dot)).toEqual(['n0 -> n1', 'n0 -> n2', 'n1 -> n3', 'n2 -> n3']);
    expect(dot).toContain('rankdir=TB');
    // The label of Keras's `model_to_dot`.
    expect(dot).toContain(
      '<<table border="0" cellborder="1" bgcolor="black" cellpadding="10"><tr><td colspan="1" bgcolor="black">' +
        '<font point-size="16" color="white"><b>q</b> (InputLayer)</font></td></tr></table>>',
    );
  });

  test('shapes, dtypes, activations and what is trained', () => {
    const model = new Sequential([
      new layers.Dense(2, {activation: 'tanh', inputShape: [3]}),
      new layers.Flatten(),
      new layers.Dense(1),
    ]);
    model.getLayer(0).trainable = false;
    const options = {showShapes: true, showDtype: true, showLayerActivations: true, showTrainable: true} as const;
    expect(labels(modelToDot(model, {...options, showLayerNames: false}))).toEqual([
      '|Dense|Activation: |tanh|Input shape: |(None, 3)|Output shape: |(None, 2)|Output dtype: |float32|Non-trainable|',
      '|Flatten|Input shape: |(None, 2)|Output shape: |(None, 2)|Output dtype: |float32|',
      '|Dense|Activation: |linear|Input shape: |(None, 2)|Output shape: |(None, 1)|Output dtype: |float32|Trainable|',
    ]);
    const x = Input({shape: [], name: 'x'});
    const several = new Model({inputs: {x}, outputs: x.add(x)});
    expect(labels(modelToDot(several, {showShapes: true}))).toEqual([
      '|x| (InputLayer)|Output shape: |(None,)|',
      '|add| (Add)|Input shape: |[(None,), (None,)]|Output shape: |(None,)|',
    ]);
  });

  test('models within as clusters; edges lead to the layers within', () => {
    const dot = modelToDot(nested(), {expandNested: true, rankdir: 'LR'});
    expect(
      [...dot.matchAll(/subgraph "cluster_n\d+" \{\n *graph \[style=dashed, label="(\w+)"/g)].map(([, n]) => n),
    ).toEqual(['encoder', 'two']);
    const names = [...dot.matchAll(/(n\d+) \[label=.*?<b>(\w+)<\/b>/g)].map(([, id, name]) => [id ?? '', name ?? '']);
    const byId = new Map(names.map(([id = '', name = '']) => [id, name]));
    const named = edges(dot).map((edge) => edge.replaceAll(/n\d+/g, (id) => byId.get(id) ?? id));
    expect(named.sort()).toEqual(['dense -> dense_1', 'dense_1 -> add', 'dense_2 -> add', 'q -> dense', 'q -> x', 'x -> dense_2', 'x -> dense_3']); // prettier-ignore
    expect(dot).toContain('rankdir=LR');
  });

  test('a subclassed model is one box; names are text', () => {
    class Own extends Model {
      readonly dense = new layers.Dense(1);
    }
    const own = new Own({name: 'a<b>&"c"'});
    expect(() => modelToDot(own)).toThrow('modelToDot: model "a<b>&"c"" is not built yet');
    own.build([null, 2]);
    expect(modelToDot(own)).toContain('<b>a&lt;b&gt;&amp;&quot;c&quot;</b> (Own)');
  });
});

describe('plotModel', () => {
  test('writes SVG', async () => {
    const toFile = join(folder, 'model.svg');
    await plotModel(nested(), {toFile, showShapes: true, showLayerNames: true, expandNested: true});
    const svg = await readFile(toFile, 'utf8');
    expect(svg).toMatch(/^<\?xml[\s\S]*<svg[\s\S]*<\/svg>\s*$/);
    for (const text of ['encoder', 'two', 'dense_3', '(None, 8)']) expect(svg).toContain(`>${text}<`);
  });

  test('writes PNG of the resolution that was asked for, with the text in it', async () => {
    const sizes: number[] = [];
    for (const dpi of [50, 100]) {
      const toFile = join(folder, `model-${String(dpi)}.png`);
      await plotModel(nested(), {toFile, dpi, showShapes: true});
      const png = await readFile(toFile);
      expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
      sizes.push(png.readUInt32BE(16));
    }
    expect((sizes[1] ?? 0) / (sizes[0] ?? 1)).toBeCloseTo(2, 1);
    // White text on black boxes needs many more bytes than the boxes alone.
    expect((await readFile(join(folder, 'model-100.png'))).length).toBeGreaterThan(8000);
  });

  test('writes DOT, and nothing half where it fails', async () => {
    const toFile = join(folder, 'model.DOT');
    await plotModel(nested(), {toFile});
    expect(await readFile(toFile, 'utf8')).toBe(modelToDot(nested(), {showLayerNames: false}));
    await expect(plotModel(nested(), {toFile: join(folder, 'absent', 'm.dot')})).rejects.toThrow('ENOENT');
    expect((await readdir(folder)).some((name) => name.endsWith('.tmp'))).toBe(false);
  });

  test.each([
    [{toFile: 'model.jpg'}, 'plotModel: toFile must end in .png, .svg or .dot, got "model.jpg"'],
    [{toFile: 3}, 'plotModel: toFile must end in .png, .svg or .dot, got 3'],
    [{rankdir: 'UP'}, 'plotModel: rankdir must be one of TB, LR, BT, RL, got "UP"'],
    [{dpi: 0}, 'plotModel: dpi must be a positive number of at most 2400, got 0'],
    [{showShapes: 'yes'}, 'plotModel: showShapes must be a boolean, got "yes"'],
    [{showShape: true}, 'plotModel: unknown option "showShape"; did you mean "showShapes"?'],
    [{to_file: 'a.svg'}, 'plotModel: unknown option "to_file"; here it is called "toFile"'],
  ])('%o', async (options, sentence) => {
    await expect(plotModel(nested(), options as never)).rejects.toThrow(sentence);
  });

  test('wants a model that is built', async () => {
    await expect(plotModel(new layers.Dense(1) as never)).rejects.toThrow('modelToDot: a model is needed, got a Dense');
    await expect(plotModel(new Sequential([new layers.Dense(1)]))).rejects.toThrow('is not built yet');
  });
});
