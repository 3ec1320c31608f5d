import {describe, expect, test} from 'vitest';
import {type ConfigNode, GradientTape, ops, type Shape, type Tensor} from '@keratin/core';
import {maskOf, withMask} from '@keratin/core/internal';
import {expectClose, Golden} from '../../../tests/golden.js';
import {layers, type Layer} from './index.js';

interface Case {
  readonly id: string;
  readonly class_name: string;
  readonly config: ConfigNode;
  readonly inputs: readonly string[];
  readonly input_structure: string;
  readonly mask: string | null;
  readonly mask_via?: 'argument' | 'attached';
  readonly training: boolean | null;
  readonly weights: readonly {path: string; name: string; tensor: string; trainable: boolean}[];
  readonly weights_after?: readonly string[];
  readonly outputs: readonly string[];
  readonly output_mask: string | null;
  readonly losses: readonly number[];
  readonly cotangents: readonly string[];
  readonly input_grads: readonly (string | null)[];
  readonly weight_grads: readonly (string | null)[];
  readonly input_grads_with_losses?: readonly (string | null)[];
  readonly weight_grads_with_losses?: readonly (string | null)[];
  readonly output_shape: Shape | null;
  readonly param_count: number;
  readonly tolerance?: number;
}

const golden = new Golden<Case>('layers');

/** How many cases of each class there are: none is left out quietly. */
const COUNTS: Readonly<Record<string, number>> = {
  Activation: 3,
  AveragePooling1D: 4,
  AveragePooling2D: 5,
  AveragePooling3D: 3,
  BatchNormalization: 22,
  Conv1D: 15,
  Conv2D: 19,
  Conv3D: 7,
  Dense: 15,
  Dropout: 3,
  Embedding: 6,
  Flatten: 4,
  GlobalAveragePooling1D: 5,
  GlobalAveragePooling2D: 3,
  GlobalAveragePooling3D: 3,
  GlobalMaxPooling1D: 3,
  GlobalMaxPooling2D: 3,
  GlobalMaxPooling3D: 3,
  LayerNormalization: 9,
  MaxPooling1D: 4,
  MaxPooling2D: 5,
  MaxPooling3D: 3,
  Rescaling: 3,
  Reshape: 4,
};

test('the cases that ran', () => {
  const counts: Record<string, number> = {};
  for (const {class_name: name} of golden.cases) counts[name] = (counts[name] ?? 0) + 1;
  expect(counts).toEqual(COUNTS);
});

/** Without the build shapes: they are compared once the layer is built. */
const withoutBuild = ({build_config: _, ...node}: ConfigNode): unknown => node;

function compareGradients(
  what: string,
  gradients: readonly Tensor[],
  names: readonly (string | null)[],
  tolerance: number | undefined,
): void {
  expect(gradients.length, what).toBe(names.length);
  names.forEach((name, i) => {
    const gradient = gradients[i];
    if (gradient === undefined) expect.fail(`${what}: nothing at ${String(i)}`);
    if (name === null) expectClose(ops.sum(ops.abs(gradient)), 0, `${what} ${String(i)}`);
    else expectClose(gradient, golden.tensor(name), `${what} ${String(i)}`, tolerance);
  });
}

describe('layers as Keras computes them', () => {
  test.each(golden.cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const {tolerance} = one;
    const layer = layers.deserialize(one.config) as Layer;
    // Some layers sort their axes when they are built, which a config that is read does at once.
    expect(layers.serialize(layer)).toEqual(one.config);

    const inputs = one.inputs.map((name) => golden.tensor(name));
    const [x] = inputs;
    if (x === undefined) throw new Error('a case has an input');
    expect(layer.weights.map(({path, name, trainable}) => ({path, name, trainable}))).toEqual(
      one.weights.map(({path, name, trainable}) => ({path, name, trainable})),
    );
    expect(layer.countParams()).toBe(one.param_count);
    layer.setWeights(one.weights.map(({tensor}) => golden.tensor(tensor)));
    if (one.output_shape !== null) expect(layer.computeOutputShape(x.shape)).toEqual(one.output_shape);

    const mask = one.mask === null ? undefined : (golden.tensor(one.mask) as unknown as Tensor<boolean>);
    if (mask !== undefined && one.mask_via === 'attached') withMask(x, mask);
    const options = {
      ...(one.training === null ? {} : {training: one.training}),
      ...(one.mask_via === 'argument' ? {mask} : {}),
    };
    const tape = new GradientTape({persistent: true});
    const floats = inputs.filter(({dtype}) => dtype.startsWith('float'));
    for (const input of floats) tape.watch(input);
    let y: Tensor = x;
    const {weighted, total} = tape.record(() => {
      y = layer(x, options);
      const cotangent = one.cotangents[0];
      const sum = cotangent === undefined ? ops.sum(y) : ops.sum(y.mul(golden.tensor(cotangent)));
      return {weighted: sum, total: ops.addN([sum, ...layer.losses])};
    });
    expectClose(y, golden.tensor(one.outputs[0] ?? ''), 'output', tolerance);
    const outputMask = maskOf(y);
    if (one.output_mask === null) expect(outputMask).toBeNull();
    else if (outputMask === null) expect.fail('the output has no mask');
    else expectClose(outputMask, golden.tensor(one.output_mask), 'mask');
    expect(layer.losses.length).toBe(one.losses.length);
    layer.losses.forEach((loss, i) => {
      expectClose(loss, one.losses[i] ?? Number.NaN, `loss ${String(i)}`, tolerance);
    });
    (one.weights_after ?? []).forEach((name, i) => {
      const weight = layer.weights[i];
      if (weight !== undefined) expectClose(weight, golden.tensor(name), `weight ${String(i)} after`, tolerance);
    });

    const trainable = [...layer.trainableVariables];
    const zero = {unconnectedGradients: 'zero'} as const;
    const ofFloats = (names: Case['input_grads']) => names.filter((_, i) => inputs[i]?.dtype.startsWith('float'));
    compareGradients('input gradient', tape.gradient(weighted, floats, zero), ofFloats(one.input_grads), tolerance);
    compareGradients('weight gradient', tape.gradient(weighted, trainable, zero), one.weight_grads, tolerance);
    const {input_grads_with_losses: inputsToo, weight_grads_with_losses: weightsToo} = one;
    if (inputsToo !== undefined) {
      compareGradients(
        'input gradient with losses',
        tape.gradient(total, floats, zero),
        ofFloats(inputsToo),
        tolerance,
      );
    }
    if (weightsToo !== undefined) {
      compareGradients('weight gradient with losses', tape.gradient(total, trainable, zero), weightsToo, tolerance);
    }
  });

  test.each(golden.cases.map((one) => [one.id, one] as const))('%s: config without build', (_, one) => {
    const fresh = layers.deserialize(withoutBuild(one.config)) as Layer;
    expect(fresh.built).toBe(one.config.build_config === undefined);
    const [x] = one.inputs.map((name) => golden.tensor(name));
    if (x === undefined) throw new Error('a case has an input');
    fresh(x);
    expect(layers.serialize(fresh)).toEqual(one.config);
  });
});
