import {type ConfigNode, type Tensor, Variable} from '@keratin/core';
import {resetNames} from '@keratin/core/internal';
import {beforeEach, describe, expect, test} from 'vitest';
import {expectClose, readGolden} from '../testing/golden.js';
import * as optimizers from './index.js';

interface Case {
  readonly id: string;
  readonly config: ConfigNode;
  readonly variable_names: readonly string[];
  readonly variables: readonly string[];
  readonly grads: readonly (readonly (string | null)[])[];
  readonly trajectory: readonly (readonly string[])[];
  readonly trajectory_steps: readonly number[];
  readonly optimizer_variables?: readonly {readonly path: string; readonly tensor: string}[];
  readonly after_finalize?: readonly string[];
  readonly iterations?: number;
  readonly exclude_from_weight_decay?: {readonly var_names: readonly string[]; readonly variables: readonly string[]};
  readonly tolerance?: number;
}

const golden = readGolden<Case>('optimizers');

beforeEach(resetNames);

function compare(actual: readonly Tensor[], names: readonly string[], what: string, tolerance?: number): void {
  actual.forEach((value, i) => {
    const name = names[i] ?? '';
    expectClose(value, golden.tensor(name), `${what} ${name}`, tolerance);
  });
}

describe(`optimizers of ${golden.source}`, () => {
  test('all 190 cases run', () => {
    expect(golden.cases.length).toBe(190);
  });

  test.each(golden.cases.map((c) => [c.id, c] as const))('%s', (_, c) => {
    const optimizer = optimizers.deserialize(c.config);
    const variables = c.variables.map((name, i) => new Variable(golden.tensor(name), {name: c.variable_names[i]}));
    const excluded = c.exclude_from_weight_decay;
    if (excluded !== undefined) {
      const varList = variables.filter(({name}) => excluded.variables.includes(name));
      optimizer.excludeFromWeightDecay({varNames: excluded.var_names, varList});
    }
    expect(optimizers.serialize(optimizer)).toEqual(c.config);
    c.grads.forEach((names, k) => {
      const gradients = names.map((name) => (name === null ? null : golden.tensor(name)));
      optimizer.apply(gradients, variables);
      const at = c.trajectory_steps.indexOf(k + 1);
      if (at >= 0) compare(variables, c.trajectory[at] ?? [], `after step ${String(k + 1)}:`, c.tolerance);
    });
    const state = c.optimizer_variables;
    if (state !== undefined) {
      expect(optimizer.variables.map(({path}) => path)).toEqual(state.map(({path}) => path));
      const names = state.map(({tensor}) => tensor);
      compare(optimizer.variables, names, 'state', c.tolerance);
    }
    if (c.iterations !== undefined) expect(Number(optimizer.iterations.item())).toBe(c.iterations);
    if (c.after_finalize !== undefined) {
      optimizer.finalizeVariableValues();
      compare(variables, c.after_finalize, 'finalized', c.tolerance);
    }
  });
});
