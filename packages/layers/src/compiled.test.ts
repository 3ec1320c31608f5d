import {type Element, GradientTape, isTensor, jit, ops, setSeed, type Tensor} from '@keratin/core';
import {maskOf, tensorsIn} from '@keratin/core/internal';
import {afterEach, describe, expect, test, vi} from 'vitest';
import {expectClose} from '../../../tests/golden.js';
import {callOf, type Case, golden, layerOf, type Testable} from './testing/golden-layers.js';
import {layers} from './index.js';

// Whether a layer runs op by op or as a compiled program must make no difference: each recorded case is called twice either way, with
// gradients. Layers that draw random numbers start from the same seed and so give the same numbers.

/** Layers of strings, which programs do not hold; numbers become strings in those that hash. */
const OF_STRINGS = ['HashedCrossing', 'Hashing', 'StringLookup', 'TextVectorization'];

const isFloat = (x: Tensor<Element>): x is Tensor => /^b?float/.test(x.dtype);

/** Outputs, masks, losses, gradients and weights after a call, by name. */
type Results = Readonly<Record<string, readonly (Tensor<Element> | null)[]>>;

/** One call with its gradients. */
function stepOf(layer: Testable, training: boolean) {
  return (options: object, ...given: readonly unknown[]): Results => {
    const tape = new GradientTape({persistent: true});
    const inputs = tensorsIn(given).filter(isFloat);
    for (const x of inputs) tape.watch(x);
    let outputs: readonly Tensor<Element>[] = [];
    const loss = tape.record(() => {
      outputs = tensorsIn(layer(...given, {...options, training}));
      const terms = [...outputs, ...layer.losses].filter(isFloat).map((y) => ops.sum(ops.sin(ops.cast(y, 'float32'))));
      return ops.addN([ops.zeros([]), ...terms]);
    });
    const zero = {unconnectedGradients: 'zero'} as const;
    return {
      outputs,
      masks: outputs.map(maskOf),
      losses: layer.losses,
      'input gradients': tape.gradient(loss, inputs, zero),
      'weight gradients': tape.gradient(loss, [...layer.trainableVariables], zero),
    };
  };
}

function twice(one: Case, training: boolean, compiled: boolean): readonly Results[] {
  setSeed(7);
  const layer = layerOf(one);
  const {args} = callOf(one);
  const last = args.at(-1);
  const options = args.length > 1 && !isTensor(last) && !Array.isArray(last) ? [last as object] : [];
  const step = stepOf(layer, training);
  const run = compiled ? jit(step) : step;
  const inputs = args.slice(0, args.length - options.length);
  return [1, 2].map(() => ({
    ...run(options[0] ?? {}, ...inputs),
    weights: layer.weights.map((weight) => weight.readValue()),
  }));
}

function expectSame(actual: Results, expected: Results, call: string): void {
  for (const [name, tensors] of Object.entries(expected)) {
    expect(actual[name]?.length).toBe(tensors.length);
    tensors.forEach((tensor, i) => {
      const other = actual[name]?.[i];
      const what = `${call}: ${name} ${String(i)}`;
      if (tensor === null || other === null || other === undefined) expect(other, what).toBe(tensor);
      else {
        expect([other.dtype, other.shape], what).toEqual([tensor.dtype, tensor.shape]);
        expectClose(other, tensor, what);
      }
    });
  }
}

const here = golden.cases.filter(({class_name: name}) => name in layers);
const numeric = here.filter(({class_name: name}) => !OF_STRINGS.includes(name));
const classes = [...new Set(numeric.map(({class_name: name}) => name))];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('compiled as op by op', () => {
  test.each(classes)('%s', (name) => {
    const warn = vi.spyOn(console, 'warn');
    const all = numeric.filter(({class_name: own}) => own === name);
    const cases = all.filter((_, i) => i % Math.ceil(all.length / 6) === 0);
    cases.forEach((one, i) => {
      // Training or not by turns: with one case, both.
      const modes = cases.length === 1 ? [false, true] : [one.training ?? i % 2 === 1];
      for (const training of modes) {
        const compiled = twice(one, training, true);
        twice(one, training, false).forEach((expected, call) => {
          expectSame(compiled[call] ?? {}, expected, `${one.id}, call ${String(call + 1)}`);
        });
      }
    });
    expect(warn).not.toHaveBeenCalled();
  });
});

// A few cases are enough: each class has its own way through the strings.
test.each(OF_STRINGS)('%s says that strings are not compiled', (name) => {
  const cases = here.filter((one) => one.class_name === name && callOf(one).inputs[0]?.dtype === 'string');
  expect(cases.length).toBeGreaterThan(0);
  for (const one of cases.slice(0, 3)) {
    const layer = layerOf(one);
    const compiled = jit((...args: readonly unknown[]) => layer(...args));
    expect(() => compiled(...callOf(one).args), one.id).toThrow(
      /string tensors cannot be compiled, call it outside of jit/,
    );
  }
});
