import {describe, expect, test} from 'vitest';
import {type ConfigNode, GradientTape, type Tensor} from '@keratin/core';
import {expectClose, Golden} from '../../../../tests/golden.js';
import {constraints, regularizers} from '../index.js';

interface Case {
  readonly id: string;
  readonly kind: 'regularizer' | 'constraint';
  readonly config: ConfigNode;
  readonly w: string;
  readonly value?: number;
  readonly dw?: string;
  readonly out?: string;
  readonly identifier?: string;
}

const golden = new Golden<Case>('regularizers_constraints');
const cases = (kind: Case['kind']) =>
  golden.cases.filter((one) => one.kind === kind).map((one) => [one.id, one] as const);

describe('regularizers as Keras computes them', () => {
  test.each(cases('regularizer'))('%s', (_, one) => {
    const regularizer = regularizers.deserialize(one.config);
    expect(regularizers.serialize(regularizer)).toEqual(one.config);
    if (one.identifier !== undefined) {
      expect(regularizers.serialize(regularizers.get(one.identifier as 'l1'))).toEqual(one.config);
    }
    const w = golden.tensor(one.w);
    const tape = new GradientTape();
    tape.watch(w);
    const value: Tensor = tape.record(() => regularizer(w));
    const [dw] = tape.gradient(value, [w], {unconnectedGradients: 'zero'});
    expectClose(value, one.value ?? Number.NaN, 'value');
    expect(value.shape).toEqual([]);
    if (one.dw !== undefined) expectClose(dw, golden.tensor(one.dw), 'dw');
  });
});

describe('constraints as Keras computes them', () => {
  test.each(cases('constraint'))('%s', (_, one) => {
    const constraint = constraints.deserialize(one.config);
    expect(constraints.serialize(constraint)).toEqual(one.config);
    if (one.identifier !== undefined) {
      expect(constraints.serialize(constraints.get(one.identifier as 'non_neg'))).toEqual(one.config);
    }
    expectClose(constraint(golden.tensor(one.w)), golden.tensor(one.out ?? ''), 'out');
  });
});

describe('regularizers', () => {
  test('a plain function is one', () => {
    expect(regularizers.get((x: Tensor) => x.sum())?.(golden.tensor('l1_default/w')).shape).toEqual([]);
  });
  test('wrong factors and ids', () => {
    expect(() => new regularizers.L2(-1)).toThrow('L2: l2 must be a number that is not negative, got -1');
    expect(() => regularizers.get('l3' as 'l1')).toThrow('unknown regularizer "l3"; did you mean "l1"?');
  });
});
