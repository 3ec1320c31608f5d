import {type Config, type ConfigNode, type Tensor} from '@keratin/core';
import {resetNames} from '@keratin/core/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {expectClose, readGolden, toNumber} from '../testing/golden.js';
import * as metrics from './index.js';

interface Update {
  readonly y_true?: string;
  readonly y_pred?: string;
  readonly values?: string;
  readonly sample_weight: string | null;
}

interface Case {
  readonly id: string;
  readonly config: ConfigNode;
  readonly name: string;
  readonly updates: readonly Update[];
  readonly results: readonly (number | string)[];
  readonly after_reset?: number | string;
  readonly after_reset_error?: unknown;
  readonly tolerance?: number;
}

const golden = readGolden<Case>('metrics');

/** Cases that are not run, with the reason. */
const left = (c: Case): string | null =>
  /^RootMeanSquaredError_(sample_weight|rank3_weight|n_pred_n1)$/.test(c.id)
    ? 'the recording does not hold the weights that were used'
    : null;

beforeEach(resetNames);

/** Numbers, NaN as text, or the name of a tensor. */
function expected(c: Case, value: number | string): number | Tensor {
  return typeof value === 'string' && value.startsWith(`${c.id}/`) ? golden.tensor(value) : toNumber(value);
}

function update(metric: metrics.Metric, {y_true, y_pred, values, sample_weight}: Update): void {
  const weight = sample_weight === null ? null : golden.tensor(sample_weight);
  const inputs = [y_true, y_pred, values].filter((name) => name !== undefined).map((name) => golden.tensor(name));
  // The root mean squared error was recorded like a Mean: its two arguments are under the names of Mean's.
  const swapped = metric instanceof metrics.RootMeanSquaredError && values !== undefined;
  const args = swapped ? [...inputs, weight] : [...inputs, {sampleWeight: weight}];
  metric.updateState(...(args as never[]));
}

/** Arguments that Keras's own configs leave out; the ids of the cases name them. */
const lost = (id: string): Config => (id === 'CosineSimilarity_axis1_rank3' ? {axis: 1} : {});

describe(`metrics of ${golden.source}`, () => {
  const run = golden.cases.filter((c) => left(c) === null);

  test('252 of 255 cases run; the others have a reason', () => {
    expect([run.length, golden.cases.length]).toEqual([252, 255]);
  });

  test.each(run.map((c) => [c.id, c] as const))('%s', (_, c) => {
    const metric = metrics.deserialize({...c.config, config: {...(c.config.config as Config), ...lost(c.id)}});
    expect(metric.name).toBe(c.name);
    c.updates.forEach((step, i) => {
      update(metric, step);
      expectClose(metric.result(), expected(c, c.results[i] ?? Number.NaN), `result ${String(i)}`, c.tolerance);
    });
    if (!('axis' in lost(c.id))) expect(metrics.serialize(metric)).toEqual(c.config);
    metric.resetState();
    if (c.after_reset !== undefined) {
      expectClose(metric.result(), expected(c, c.after_reset), 'after resetState', c.tolerance);
    }
  });
});
