import {type Config, type ConfigNode, GradientTape, type Tensor} from '@keratin/core';
import {toOptionName, toOptions, withMask} from '@keratin/core/internal';
import {describe, expect, test} from 'vitest';
import {expectClose, readGolden, toNumber} from '../testing/golden.js';
import * as losses from './index.js';

interface Case {
  readonly id: string;
  readonly config: ConfigNode | null;
  readonly function: {readonly name: string; readonly kwargs: Readonly<Record<string, unknown>>} | null;
  readonly y_true: string;
  readonly y_pred: string;
  readonly sample_weight: string | null;
  readonly mask: string | null;
  readonly value: number | string;
  readonly cotangent: string | null;
  readonly dy_pred: string;
  readonly tolerance?: number;
}

const golden = readGolden<Case>('losses');

/** Arguments that Keras's own configs leave out; the ids of the cases name them. */
function lost(id: string): Config {
  const [, delta] = /^huber_delta_([\d.]+)$/.exec(id) ?? [];
  if (delta !== undefined) return {delta: Number(delta)};
  const [, axis] = /^cosine_axis(\d)/.exec(id) ?? [];
  return axis === undefined ? {} : {axis: Number(axis)};
}

const functions: Readonly<Record<string, unknown>> = losses;

function lossOf(c: Case, yTrue: Tensor, yPred: Tensor): Tensor {
  if (c.config !== null) {
    const loss = losses.deserialize({...c.config, config: {...(c.config.config as Config), ...lost(c.id)}});
    return loss(yTrue, yPred, {sampleWeight: c.sample_weight === null ? null : golden.tensor(c.sample_weight)});
  }
  const fn = functions[toOptionName(c.function?.name ?? '')];
  if (typeof fn !== 'function') throw new Error(`no function ${c.function?.name ?? ''}`);
  const options = toOptions(c.function?.kwargs ?? {});
  const last = c.function?.name === 'categorical_generalized_cross_entropy' ? options['q'] : options;
  return (fn as (...args: unknown[]) => Tensor)(yTrue, yPred, last);
}

describe(`losses of ${golden.source}`, () => {
  test('all 354 cases run', () => {
    expect(golden.cases.length).toBe(354);
  });

  test.each(golden.cases.map((c) => [c.id, c] as const))('%s', (_, c) => {
    const yTrue = golden.tensor(c.y_true);
    const yPred = golden.tensor(c.y_pred);
    if (c.mask !== null) withMask(yPred, golden.tensor(c.mask).cast('bool'));
    const tape = new GradientTape({persistent: true});
    tape.watch(yPred);
    const [loss, target] = tape.record(() => {
      const value = lossOf(c, yTrue, yPred);
      return [value, c.cotangent === null ? value : value.mul(golden.tensor(c.cotangent)).sum()] as const;
    });
    const value = c.cotangent === null ? toNumber(c.value) : golden.tensor(String(c.value));
    expectClose(loss, value, 'value', c.tolerance);
    expectClose(tape.gradient(target, yPred), golden.tensor(c.dy_pred), 'gradient', c.tolerance);
    if (c.config !== null) expect(losses.serialize(losses.deserialize(c.config))).toEqual(c.config);
  });
});
