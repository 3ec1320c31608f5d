import {type ConfigNode} from '@keratin/core';
import {describe, expect, test} from 'vitest';
import {expectClose, readGolden} from '../../testing/golden.js';
import * as schedules from './index.js';

interface Case {
  readonly id: string;
  readonly config: ConfigNode;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly tolerance?: number;
}

const golden = readGolden<Case>('schedules');

describe(`schedules of ${golden.source}`, () => {
  test('all 23 cases run', () => {
    expect(golden.cases.length).toBe(23);
  });

  test.each(golden.cases.map((c) => [c.id, c] as const))('%s', (_, c) => {
    const schedule = schedules.deserialize(c.config);
    c.steps.forEach((step, i) => {
      expectClose(schedule(step), c.values[i] ?? Number.NaN, `step ${String(step)}`, c.tolerance);
    });
    expect(schedules.serialize(schedule)).toEqual(c.config);
  });
});
