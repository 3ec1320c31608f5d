import {describe, expect, test} from 'vitest';
import {type Config, type Element, GradientTape, ops, type Tensor} from '@keratin/core';
import {isSymbolic, mapStructure, symbolicTensor, tensorsIn} from '@keratin/core/internal';
import {callOf, type Case, golden, type Testable, withoutBuild} from './testing/golden-layers.js';
import {type DTypePolicyName, layers} from './index.js';

// What holds for every layer, whatever it computes: each class is made as in its first recorded case, so that a new class needs no new
// test here.

const seen = new Set<string>();
const firsts = golden.cases.filter(({class_name: name, adapt}) => {
  if (!(name in layers) || seen.has(name) || adapt !== undefined) return false;
  seen.add(name);
  return true;
});
const each = firsts.map((one) => [one.class_name, one] as const);

/** The layer of a case with another dtype policy and without weights. */
function withPolicy(one: Case, policy: DTypePolicyName): Testable {
  const node = {module: 'keras', class_name: 'DTypePolicy', config: {name: policy}, registered_name: null};
  // Layers within have their own.
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => key !== 'build_config');
    return Object.fromEntries(entries.map(([key, entry]) => [key, key === 'dtype' ? dtypeOf(entry) : rewrite(entry)]));
  };
  const dtypeOf = (entry: unknown) => (typeof entry === 'object' ? node : policy);
  return layers.deserialize(rewrite(withoutBuild(one.config))) as Testable;
}

const fresh = (one: Case): Testable => layers.deserialize(withoutBuild(one.config)) as Testable;

const isFloat = ({dtype}: Tensor<Element>): boolean => /^b?float/.test(dtype);

/** Calls with tensors of a case, each replaced. */
function callWith(layer: Testable, one: Case, replace: (x: Tensor<Element>) => Tensor<Element>): Tensor<Element>[] {
  const {args} = callOf(one);
  const replaced = args.map((arg) =>
    mapStructure(arg, (leaf) => {
      const [tensor] = tensorsIn(leaf);
      return tensor === undefined ? leaf : replace(tensor);
    }),
  );
  return tensorsIn(layer(...replaced));
}

const asIs = (x: Tensor<Element>) => x;

/** Layers whose output has a size that only the values, or training, decide, or that are not for symbolic tensors. */
const NOT_SYMBOLIC = new Set(['TextVectorization', 'RandomCrop']);

/** Layers whose outputs are integers of the policy's dtype: none of the floating policies is for them. */
const INTEGERS_ONLY = new Set(['Hashing']);

describe('symbolic tensors give what values give', () => {
  test.each(each.filter(([name]) => !NOT_SYMBOLIC.has(name)))('%s', (_, one) => {
    const real = callWith(fresh(one), one, asIs);
    const exact = callWith(fresh(one), one, (x) => symbolicTensor({shape: x.shape, dtype: x.dtype}));
    expect(exact.every(isSymbolic)).toBe(true);
    expect(exact.map(({shape}) => shape)).toEqual(real.map(({shape}) => shape));
    expect(exact.map(({dtype}) => dtype)).toEqual(real.map(({dtype}) => dtype));
  });
});

describe('every dtype policy', () => {
  const policies = ['float64', 'mixed_float16', 'mixed_bfloat16', 'float16', 'bfloat16'] as const;
  const floating = each.filter(([name]) => !INTEGERS_ONLY.has(name));
  const cases = floating.flatMap(([name, one]) => policies.map((policy) => [name, policy, one] as const));
  test.each(cases)('%s in %s', (_, policy, one) => {
    const layer = withPolicy(one, policy);
    const outputs = callWith(layer, one, asIs);
    const compute = policy.replace('mixed_', '');
    for (const output of outputs.filter(isFloat)) {
      expect(output.dtype).toBe(compute);
      expect(ops.all(ops.isfinite(ops.cast(output, 'float32'))).item()).toBe(true);
    }
    for (const weight of layer.weights.filter(isFloat)) {
      expect(weight.dtype).toBe(policy.startsWith('mixed_') ? 'float32' : policy);
    }
  });
});

describe('training', () => {
  test.each(each)('%s: one step changes the trainable weights that have a gradient, and no frozen one', (_, one) => {
    const layer = fresh(one);
    const tape = new GradientTape();
    let outputs: Tensor<Element>[] = [];
    callWith(layer, one, asIs);
    const loss = tape.record(() => {
      outputs = callWith(layer, one, asIs);
      return ops.addN([
        ops.zeros([]),
        ...outputs.filter(isFloat).map((y) => ops.sum(ops.square(ops.cast(y, 'float32')))),
      ]);
    });
    const {trainableVariables: trainable} = layer;
    const gradients = tape.gradient(loss, [...trainable], {unconnectedGradients: 'zero'});
    gradients.forEach((gradient, i) => {
      expect(gradient.shape).toEqual(trainable[i]?.shape);
      expect(ops.all(ops.isfinite(gradient)).item()).toBe(true);
    });
    layer.trainable = false;
    expect(layer.trainableVariables).toEqual([]);
    expect(layer.weights.length).toBe(layer.nonTrainableWeights.length);
    layer.trainable = true;
    expect(layer.trainableVariables.map(({path}) => path)).toEqual(trainable.map(({path}) => path));
  });
});

describe('configs', () => {
  test.each(each)('%s: through JSON, with a name and frozen', (name, one) => {
    const config = JSON.parse(JSON.stringify(layers.serialize(fresh(one)))) as {readonly config: Config};
    const changed = {...config, config: {...config.config, name: 'other'}};
    const copy = layers.deserialize(changed);
    expect(copy.name).toBe('other');
    expect(layers.serialize(copy)).toEqual(changed);
    expect(String(copy)).toContain('name=other');
    expect(() => layers.deserialize({...config, config: {...config.config, no_such_option: 1}})).toThrow(
      /noSuchOption|no_such_option|config key/,
    );
    expect(name in layers).toBe(true);
  });
});
