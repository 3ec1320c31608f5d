import {describe, expect, it} from 'vitest';
import {type FloatDType} from '../dtype.js';
import {GradientTape, type Tensor} from '../index.js';
import {checkGradients} from './gradients.js';
import {strided, transposedLayout, uniform} from './values.js';

export interface OpCasesOptions {
  /** The function in JavaScript, of one element of each input. */
  reference: (...values: number[]) => number;
  /** Shapes of the inputs, one list a case; a list of numbers stands for one input. */
  shapes?: readonly (readonly number[] | readonly (readonly number[])[])[] | undefined;
  /** Values lie in this range; one for each input, or one for all. */
  domain: readonly [number, number] | readonly (readonly [number, number])[];
  /** Largest error in float32, relative to 1 + the size of the value. Default 1e-6. */
  tolerance?: number | undefined;
  /** Whether there is a gradient. Default true. */
  differentiable?: boolean | undefined;
}

const UNARY_SHAPES = [[3, 5], [1], [0, 4], [2, 1, 7], []];
const BINARY_SHAPES = [
  [
    [3, 5],
    [3, 5],
  ],
  [[3, 1], [5]],
  [[], [4]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[0, 4], [4]],
  [[1], [1]],
  [[1, 1, 2], []],
];

type Numbers = readonly number[];

const isList = (value: Numbers | readonly Numbers[]): value is readonly Numbers[] => Array.isArray(value[0]);

/**
 * An elementwise op against a function of numbers: values in float64 and float32, contiguous, strided and broadcast; first and
 * second gradients by finite differences.
 */
export function opCases(
  name: string,
  op: (...inputs: Tensor[]) => Tensor,
  {reference, shapes, domain, tolerance = 1e-6, differentiable = true}: OpCasesOptions,
): void {
  const arity = Math.max(reference.length, 1);
  const cases = shapes ?? (arity === 1 ? UNARY_SHAPES : BINARY_SHAPES);
  describe(name, () => {
    it.each(cases.map((shape) => [JSON.stringify(shape), shape] as const))('%s', (_, given) => {
      const list: readonly Numbers[] = isList(given) ? given : [given];
      const inputs = list.map((shape, i) => {
        const [low = 0, high = 1] = (isList(domain) ? domain[i] : domain) ?? [];
        return uniform(shape, low, high, 10 * (i + 1));
      });
      for (const dtype of ['float64', 'float32'] satisfies FloatDType[]) {
        const values = inputs.map((x): Tensor => x.cast(dtype));
        for (const layout of [(x: Tensor) => x, transposedLayout, strided]) {
          const y = op(...values.map(layout));
          expectElements(y, values, reference, dtype === 'float64' ? tolerance * 1e-6 : tolerance);
        }
      }
      if (differentiable) {
        checkGradients(op, inputs, {order: 2});
        checkGradients(op, inputs.map(transposedLayout));
      } else {
        const tape = new GradientTape();
        for (const x of inputs) tape.watch(x);
        const y = tape.record<Tensor>(() => op(...inputs));
        if (y.dtype !== 'float64') return;
        expect(tape.gradient(y, inputs, {unconnectedGradients: 'none'})).toEqual(inputs.map(() => null));
      }
    });
  });
}

function expectElements(
  y: Tensor,
  inputs: readonly Tensor[],
  reference: (...values: number[]) => number,
  tolerance: number,
): void {
  const shape = y.shape.map(Number);
  const columns = inputs.map((x) => x.broadcastTo(shape).data());
  [...y.data()].forEach((value, i) => {
    const expected = reference(...columns.map((column) => column[i] ?? NaN));
    const message = `${String(columns.map((column) => column[i]))}: ${String(value)} against ${String(expected)}`;
    if (!Number.isFinite(expected)) expect(value, message).toBe(expected);
    else expect(Math.abs(value - expected), message).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected)));
  });
}
