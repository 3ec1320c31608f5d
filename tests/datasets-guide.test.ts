// docs/datasets.md does what it says: its blocks run one after the other, and each line they print is the comment behind it.
import {readFileSync} from 'node:fs';
import {inspect} from 'node:util';
import * as keratin from 'keratin';
import ts from 'typescript';
import {expect, test, vi} from 'vitest';

const text = readFileSync(new URL('../docs/datasets.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)]
  .map(([, code = '']) => code)
  .filter((code) => !code.startsWith('// not run:'));

/** The blocks as the body of an asynchronous function. */
function program(): string {
  const {outputText} = ts.transpileModule(blocks.join('\n'), {
    compilerOptions: {target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: false},
  });
  return outputText
    .replace(
      /^import \{(.*)\} from '(.*)';$/gm,
      (_, names: string, from: string) => `const {${names}} = await load('${from}');`,
    )
    .replace(/^export \{\};$/gm, '');
}

test('the guide to data runs, and prints what it says', async () => {
  expect(blocks.length).toBeGreaterThan(8);
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  });
  const load = (name: string): Promise<unknown> => (name === 'keratin' ? Promise.resolve(keratin) : import(name));
  const assert = vi.spyOn(console, 'assert').mockImplementation((holds) => expect(holds).toBe(true));
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the guide of this very project
    await (new Function('load', `return (async () => {${program()}})();`) as (load: unknown) => Promise<void>)(load);
  } finally {
    log.mockRestore();
    assert.mockRestore();
  }
  const expected = blocks.flatMap((code) =>
    [...code.matchAll(/console\.log\(.*\);.*?\/\/ (.*)$/gm)].map(([, says = '']) => says),
  );
  expect(expected.length).toBeGreaterThan(12);
  // What is printed several times is said once; what is long is said in part.
  const flat = (line: string): string => line.replace(/\s+/g, ' ').replace(/\[ /g, '[').replace(/ \]/g, ']');
  const all = printed.map(flat);
  let at = 0;
  for (const says of expected) {
    const wanted =
      flat(says)
        .split(' ... ')[0]
        ?.replace(/^\.\.\. /, '')
        .replace(/, \.\.\.$/, '')
        .replace(/, four times$/, '') ?? '';
    const found = all.findIndex((line, i) => i >= at && line.includes(wanted));
    expect(found, `"${wanted}" is not printed; printed are ${all.slice(at).join(' | ')}`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
});
