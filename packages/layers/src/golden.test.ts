import {describe, expect, test} from 'vitest';
import {ABSENT} from './testing/absent.js';
import {callLayer, checkCall, golden, layerOf, type Testable, withoutBuild} from './testing/golden-layers.js';
import {layers} from './index.js';

/** Cases that are not run, each with its reason. */
const NOT_RUN: Readonly<Record<string, string>> = {};

const isHere = (name: string): boolean => name in layers;
const cases = golden.cases.filter(({id, class_name: name}) => isHere(name) && !(id in NOT_RUN));

test('the cases that are not run', () => {
  const absent = new Set(golden.cases.map(({class_name: name}) => name).filter((name) => !isHere(name)));
  expect([...absent].sort()).toEqual(Object.values(ABSENT).flat().sort());
  const ids = golden.cases.map(({id}) => id);
  for (const id of Object.keys(NOT_RUN)) expect(ids).toContain(id);
});

describe('layers as Keras computes them', () => {
  test.each(cases.map((one) => [one.id, one] as const))('%s', (id, one) => {
    const layer = layerOf(one);
    for (const call of [one, ...(one.more_calls ?? [])]) checkCall(layer, call, id, one.tolerance);
    expect(layer.countParams()).toBe(one.param_count);
  });

  // What the first call builds must be what a file says.
  const unadapted = cases.filter(({adapt}) => adapt === undefined);
  test.each(unadapted.map((one) => [one.id, one] as const))('%s: config without build', (_, one) => {
    const fresh = layers.deserialize(withoutBuild(one.config)) as Testable;
    expect(fresh.built).toBe(one.config.build_config === undefined);
    callLayer(fresh, one);
    expect(layers.serialize(fresh)).toEqual(one.config);
  });
});
