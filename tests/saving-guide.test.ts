// docs/from-keras-and-back.md does what it says: its TypeScript blocks run one after the other, and what they assert holds.
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as keratin from 'keratin';
import ts from 'typescript';
import {expect, test, vi} from 'vitest';

const text = readFileSync(new URL('../docs/from-keras-and-back.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code);
const file = fileURLToPath(new URL('golden/files/mlp_adam.keras', import.meta.url));

test('001-6: the guide from Keras and back runs, with save, loadModel, saveWeights and loadWeights', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-guide-'));
  const {outputText} = ts.transpileModule(blocks.join('\n'), {
    compilerOptions: {target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext},
  });
  const program = outputText
    .replace(/^import \{(.*)\} from 'keratin';$/gm, 'const {$1} = keratin;')
    .replace(/^const \{(.*)\} = keratin;$/gm, (_, names: string) => `var {${names}} = keratin;`)
    .replace(/^export \{\};$/gm, '');
  let asserted = 0;
  const assert = vi.spyOn(console, 'assert').mockImplementation((holds) => {
    asserted += 1;
    expect(holds).toBe(true);
  });
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the guide of this very project
    const run = new Function('keratin', 'KERAS_FILE', 'FOLDER', `return (async () => {${program}})();`) as (
      ...args: unknown[]
    ) => Promise<void>;
    await run(keratin, file, folder);
    expect(readdirSync(folder).sort()).toEqual([
      'edited.weights.h5',
      'model.onnx',
      'trained.keras',
      'trained.weights.h5',
    ]);
  } finally {
    assert.mockRestore();
    rmSync(folder, {recursive: true});
  }
  expect(asserted).toBe(4);
});

test('001-6: toJson / modelFromJson and toYaml / modelFromYaml; endings that no file of weights has are named', async () => {
  const model = new keratin.Sequential([new keratin.layers.Dense(2, {inputShape: [3]})]);
  for (const again of [keratin.modelFromJson(model.toJson()), keratin.modelFromYaml(model.toYaml())]) {
    expect(JSON.parse(again.toJson())).toEqual(JSON.parse(model.toJson()));
  }
  for (const name of ['weights', 'model.hs']) {
    await expect(model.saveWeights(name)).rejects.toThrow('the file must end in ".weights.h5"');
  }
});
