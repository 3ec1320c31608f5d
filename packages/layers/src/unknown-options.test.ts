import {type Config, type Tensor} from '@keratin/core';
import {toOptionName} from '@keratin/core/internal';
import {describe, expect, test} from 'vitest';
import {type Case, golden, withoutBuild} from './testing/golden-layers.js';
import {layers} from './index.js';

// Every class refuses an option that it does not know and names the one that was meant: each option of its config, misspelt.

const firsts = new Map<string, Case>();
for (const one of golden.cases) {
  if (one.class_name in layers && !firsts.has(one.class_name)) firsts.set(one.class_name, one);
}

/** Classes without a recorded case, made with a misspelt option. */
const OTHERS: Readonly<Record<string, readonly [make: () => unknown, sentence: string]>> = {
  InputLayer: [
    () => new layers.InputLayer({shapee: [2]} as never),
    'InputLayer: unknown option "shapee"; did you mean "shape"?',
  ],
  Lambda: [
    () => new layers.Lambda((x: Tensor) => x, {outputShap: [2]} as never),
    'Lambda: unknown option "outputShap"; did you mean "outputShape"?',
  ],
  MaxNumBoundingBoxes: [
    () => new layers.MaxNumBoundingBoxes(2, {fillvalue: 1} as never),
    'MaxNumBoundingBoxes: unknown option "fillvalue"; did you mean "fillValue"?',
  ],
  Wrapper: [
    () => new Wrapping(new layers.ReLU(), {nmae: 'w'} as never),
    'Wrapping: unknown option "nmae"; did you mean "name"?',
  ],
};

class Wrapping extends layers.Wrapper {
  override call(x: Tensor) {
    return x;
  }
}

/** What the errors call classes that Keras exports under another name. */
const NAMES: Readonly<Record<string, string>> = {GroupedQueryAttention: 'GroupQueryAttention'};

test('every class of the registry has a recorded case, whose config is taken here', () => {
  const classes = Object.entries(layers).filter(
    ([name, value]) =>
      typeof value === 'function' &&
      (value as {readonly prototype?: unknown}).prototype instanceof layers.Layer &&
      value.name === name &&
      !firsts.has(name),
  );
  expect(classes.map(([name]) => name).sort()).toEqual(Object.keys(OTHERS).sort());
});

interface Made {
  readonly positional?: readonly string[];
}

test.each(Object.entries(OTHERS))('%s refuses an unknown option too', (_, [mistake, sentence]) => {
  expect(mistake).toThrow(sentence);
});

describe('an unknown option names the one that was meant', () => {
  test.each([...firsts])('%s', (name, one) => {
    const node = withoutBuild(one.config) as {readonly config: Config};
    const {positional = []} = (layers as Readonly<Record<string, unknown>>)[name] as Made;
    const keys = Object.keys(node.config).filter((key) => !positional.includes(toOptionName(key)));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      const wrong = `${key}${key.at(-1) ?? ''}`;
      const mistake = () => layers.deserialize({...node, config: {...node.config, [wrong]: 1}});
      const sentence = `${NAMES[name] ?? name}: unknown option "${toOptionName(wrong)}"; did you mean "${toOptionName(key)}"?`;
      expect(mistake, key).toThrow(sentence);
    }
  });
});
