import {describe, expect, test} from 'vitest';
import {GradientTape, ops, tensor, type Tensor} from '@keratin/core';
import {logitsOf} from '@keratin/core/internal';
import {expectClose, Golden} from '../../../../tests/golden.js';
import {activations} from '../index.js';

interface Case {
  readonly id: string;
  readonly activation: string;
  readonly kwargs: Readonly<Record<string, number | boolean | null>>;
  readonly x: string;
  readonly y: string;
  readonly cotangent: string;
  readonly dx: string;
  readonly tolerance?: number;
}

const golden = new Golden<Case>('activations');
const POSITIONAL: Readonly<Record<string, readonly string[]>> = {
  softmax: ['axis'],
  log_softmax: ['axis'],
  sparsemax: ['axis'],
  glu: ['axis'],
  threshold: ['threshold', 'default_value'],
};

function argumentsOf({activation, kwargs}: Case): readonly unknown[] {
  const names = POSITIONAL[activation];
  if (names !== undefined) return names.map((name) => kwargs[name] ?? undefined);
  const options = Object.entries(kwargs).map(([key, value]) => [
    key.replaceAll(/_(\w)/g, (_, c: string) => c.toUpperCase()),
    value,
  ]);
  return options.length === 0 ? [] : [Object.fromEntries(options)];
}

describe('activations as Keras computes them', () => {
  test.each(golden.cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const fn: (x: Tensor, ...more: readonly unknown[]) => Tensor = activations.get(
      one.activation as activations.ActivationId,
    );
    const x = golden.tensor(one.x);
    const tape = new GradientTape();
    tape.watch(x);
    let y = x;
    const weighted = tape.record(() => {
      y = fn(x, ...argumentsOf(one));
      return ops.sum(y.mul(golden.tensor(one.cotangent)));
    });
    const [dx] = tape.gradient(weighted, [x], {unconnectedGradients: 'zero'});
    expectClose(y, golden.tensor(one.y), 'y', one.tolerance);
    expectClose(dx, golden.tensor(one.dx), 'dx', one.tolerance);
  });
});

describe('activations', () => {
  test('are looked up by id, serialized and found again', () => {
    for (const id of ['relu', 'swish', 'hard_sigmoid', 'log_softmax'] as const) {
      const fn = activations.get(id);
      expect(activations.get(activations.serialize(fn) as activations.ActivationId)).toBe(fn);
    }
    expect(activations.serialize(activations.get('swish'))).toBe('silu');
    expect(activations.get(null)).toBe(activations.linear);
  });

  test('softmax and sigmoid carry their logits', () => {
    const x = tensor([[1, 2]]);
    expect(logitsOf(activations.softmax(x))?.tensor).toBe(x);
    expect(logitsOf(activations.sigmoid(x))?.activation).toBe('sigmoid');
    expect(logitsOf(activations.relu(x))).toBeNull();
  });

  test('a wrong id names the nearest', () => {
    expect(() => activations.get('sigmod' as 'sigmoid')).toThrow(
      'unknown activation "sigmod"; did you mean "sigmoid"?',
    );
  });
});
