import {opcodes} from '@keratin/native';
import {describe, expect, it} from 'vitest';
import {type Element, isComplex} from '../dtype.js';
import {apply, applyAll} from '../engine/dispatch.js';
import {type Primitive, registeredPrimitives} from '../engine/primitive.js';
import {ops} from '../index.js';
import '../internal.js';
import {asReal, checkGradients, tapeGradients} from '../testing/gradients.js';
import {checkLeaks} from '../testing/leaks.js';
import {PRIMITIVE_CASES, type PrimitiveCase} from '../testing/cases/index.js';
import {strided, transposedLayout} from '../testing/values.js';
import {type Tensor} from '../tensor/tensor.js';

checkLeaks();

// Attributes come from the cases, which know their type.
const primitives = [...registeredPrimitives()].map(
  ([name, primitive]) => [name, primitive as Primitive<unknown>] as const,
);

describe('every primitive', () => {
  it('has gradient cases, or says that it has no gradient', () => {
    expect(Object.keys(PRIMITIVE_CASES).sort()).toEqual(primitives.map(([name]) => name).sort());
    const without = primitives.filter(([, {definition}]) => definition.gradient === null).map(([name]) => name);
    const listed = Object.entries(PRIMITIVE_CASES).filter(([, cases]) => cases === 'no gradient');
    expect(listed.map(([name]) => name).sort()).toEqual(without.sort());
  });

  it.each(primitives)('%s has a kernel and names what it saves', (name, {definition}) => {
    const {run, gradient, inputs, outputs = ['y']} = definition;
    expect(opcodes.has(run.kind === 'view' ? 'copy' : (run.kernel ?? name))).toBe(true);
    for (const saved of gradient?.saves ?? []) expect([...inputs, ...outputs]).toContain(saved);
  });
});

/** The primitive as a function of the inputs that are differentiated. */
function functionOf(primitive: Primitive<unknown>, {inputs, attributes, wrt, prepare}: PrimitiveCase) {
  const isDifferentiated = ({dtype}: Tensor<Element>) => dtype === 'float64' || dtype === 'complex128';
  const chosen = wrt ?? inputs.flatMap((input, i) => (isDifferentiated(input) ? [i] : []));
  const fn = (...values: readonly Tensor[]): readonly Tensor[] => {
    const all = inputs.map((input, i) => {
      const value = values[chosen.indexOf(i)];
      if (value === undefined) return input;
      return isComplex(input.dtype) ? ops.viewAsComplex(value) : (prepare?.(value) ?? value);
    });
    if (primitive.definition.outputs === undefined) return [apply(primitive, all, attributes)];
    return applyAll(primitive, all, attributes);
  };
  return {fn, values: chosen.map((i) => asReal(inputs[i] as Tensor))};
}

const withGradient = primitives.flatMap(([name, primitive]) => {
  const cases = PRIMITIVE_CASES[name];
  if (cases === undefined || cases === 'no gradient') return [];
  return cases.map((make, i) => [`${name} ${String(i + 1)}`, primitive, make] as const);
});

describe('gradients by finite differences', () => {
  it.each(withGradient)('%s', (_, primitive, make) => {
    const given = make();
    const {fn, values} = functionOf(primitive, given);
    checkGradients(fn, values, {order: given.order ?? 2});
  });
});

describe('inputs with other strides give the same values and gradients', () => {
  it.each(withGradient)('%s', (_, primitive, make) => {
    const given = make();
    const {fn, values} = functionOf(primitive, given);
    const outputs = fn(...values);
    const gradients = tapeGradients(fn, values);
    for (const layout of [transposedLayout, strided]) {
      const moved = {...given, inputs: given.inputs.map((input) => layout<Element>(input))};
      const other = functionOf(primitive, moved);
      other.fn(...other.values).forEach((y, i) => expectSame(y, outputs[i]));
      tapeGradients(other.fn, other.values).forEach((gradient, i) => expectSame(gradient, gradients[i]));
    }
  });
});

function expectSame(actual: Tensor, expected: Tensor | undefined): void {
  expect(actual.shape).toEqual(expected?.shape);
  const wanted = expected?.data() ?? [];
  [...actual.data()].forEach((value, i) => {
    const target = wanted[i] ?? NaN;
    if (!Number.isFinite(target)) expect(value).toBe(target);
    else expect(Math.abs(value - target)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(target)));
  });
}
