import {readFileSync} from 'node:fs';
import {
  type Config,
  type ConfigNode,
  type Element,
  GradientTape,
  ops,
  type Shape,
  tensor,
  type Tensor,
} from '@keratin/core';
import {maskOf, tensorsIn, toOptionName, withMask} from '@keratin/core/internal';
import {expect} from 'vitest';
import {expectClose, Golden} from '../../../../tests/golden.js';
import {type Layer, layers} from '../index.js';

// How the cases that real Keras recorded for its layers are run: tests/golden/layers.json.

type Strings = string | readonly Strings[];
/** A tensor's name, or strings as they stand. */
type Value = string | {readonly strings: Strings};
/** JSON of a call argument; `{tensor: name}` stands for a tensor. */
type Argument = null | boolean | number | string | readonly Argument[] | {readonly [key: string]: Argument};
type Names = readonly (string | null)[];

/** One call of a layer and what came of it. */
interface Call {
  readonly inputs: readonly Value[] | Readonly<Record<string, string>>;
  readonly input_structure: 'tensor' | 'list' | 'kwargs';
  readonly call_kwargs: Readonly<Record<string, Argument>>;
  readonly training: boolean | null;
  readonly mask: string | Names | null;
  readonly mask_via?: 'argument' | 'attached';
  readonly outputs: readonly Value[];
  readonly output_mask: string | Names | null;
  readonly output_shape: Shape | readonly Shape[] | null;
  readonly losses: readonly number[];
  readonly cotangents?: Names;
  readonly input_grads?: Names | Readonly<Record<string, string | null>>;
  readonly weight_grads?: Names;
  readonly input_grads_with_losses?: Names;
  readonly weight_grads_with_losses?: Names;
  readonly call_kwarg_grads?: Readonly<Record<string, string | null>>;
  readonly weights_after?: readonly string[];
}

export interface Case extends Call {
  readonly id: string;
  readonly class_name: string;
  readonly config: ConfigNode;
  readonly adapt?: Value | {readonly tensor: string};
  readonly vocabulary?: readonly unknown[];
  readonly bin_boundaries?: readonly number[];
  readonly idf_weights?: string;
  readonly weights: readonly {path: string; name: string; tensor: string; trainable: boolean}[];
  readonly param_count: number;
  readonly more_calls?: readonly Call[];
  readonly tolerance?: number;
}

export const golden = new Golden<Case>('layers');

/** A layer with the methods that only some classes have. */
export interface Testable extends Layer<never, unknown> {
  (...args: readonly unknown[]): unknown;
  adapt?(data: unknown): void;
  getVocabulary?(): readonly unknown[];
  readonly binBoundaries?: readonly number[];
  readonly idfWeights?: Tensor;
}

/** Arguments that are positional here. */
const POSITIONAL = ['query', 'value', 'key', 'states'];

/** Shapes that Keras computes wrongly or not at all from shapes alone: `outputs` say what they are. */
const UNTRUSTED_SHAPES = /^(einsum_dense|text_|random_crop|reversible_embedding_reverse)/;

/**
 * Gradients that TensorFlow does not have as derivatives: of affine transforms it gives the transform back, which is not the derivative of
 * the interpolation, and of colours in HSV none. Here they are derivatives, as those of Keras on PyTorch, which are compared instead.
 */
const {gradients: OTHER_GRADIENTS} = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/image-gradients.json', import.meta.url), 'utf8'),
) as {readonly gradients: Readonly<Record<string, readonly number[]>>};

/** Keras's outputs differ between back ends, so that there is no other gradient; image.test.ts has a test of its own. */
const NO_GRADIENT = 'random_rotation_fixed_nearest';

const isFloat = ({dtype}: Tensor<Element>): boolean => dtype.startsWith('float');

function valueOf(value: Value | {readonly tensor: string}): Tensor<Element> {
  if (typeof value === 'string') return golden.tensor(value);
  return 'strings' in value ? tensor(value.strings) : golden.tensor(value.tensor);
}

/** A JSON argument with its tensors, which are added to `found` by name. */
function argument(value: Argument, found: Map<string, Tensor>): unknown {
  if (Array.isArray(value)) return (value as readonly Argument[]).map((entry) => argument(entry, found));
  if (typeof value !== 'object' || value === null) return value;
  const {tensor: name} = value as {readonly tensor?: unknown};
  if (typeof name !== 'string') return value;
  const made = golden.tensor(name);
  found.set(name, made);
  return made;
}

/** The layer of a case, built, with its weights set. */
export function layerOf(one: Case): Testable {
  const layer = layers.deserialize(one.config) as Testable;
  expect(layers.serialize(layer)).toEqual(one.config);
  if (one.adapt !== undefined) {
    layer.adapt?.(valueOf(one.adapt));
    if (one.vocabulary !== undefined) {
      expect(layer.getVocabulary?.().map((token) => (typeof token === 'bigint' ? Number(token) : token))).toEqual(
        one.vocabulary,
      );
    }
    one.bin_boundaries?.forEach((boundary, i) => {
      expect(layer.binBoundaries?.[i]).toBeCloseTo(boundary, 5);
    });
    if (one.idf_weights !== undefined) expectClose(layer.idfWeights ?? 0, golden.tensor(one.idf_weights), 'idf');
  }
  expect(layer.weights.map(({path, name, trainable}) => ({path, name, trainable}))).toEqual(
    one.weights.map(({path, name, trainable}) => ({path, name, trainable})),
  );
  if (layer.built) expect(layer.countParams()).toBe(one.param_count);
  if (one.adapt === undefined) layer.setWeights(one.weights.map(({tensor: name}) => golden.tensor(name)));
  else {
    one.weights.forEach(({tensor: name}, i) => {
      expectClose(layer.weights[i] ?? 0, golden.tensor(name), `adapted weight ${String(i)}`, one.tolerance);
    });
  }
  return layer;
}

/** What a case is called with, in our order: positional arguments, then the options. */
export function callOf(call: Call): {
  readonly args: readonly unknown[];
  readonly inputs: readonly Tensor<Element>[];
  readonly named: ReadonlyMap<string, Tensor>;
} {
  const named = new Map<string, Tensor>();
  const byName = call.inputs as Readonly<Record<string, string>>;
  const list = Array.isArray(call.inputs) ? (call.inputs as readonly Value[]) : null;
  const inputs = (list ?? Object.values(byName)).map(valueOf);
  const extra = Object.entries(call.call_kwargs).map(([key, value]) => [key, argument(value, named)] as const);
  const args: unknown[] = call.input_structure === 'list' ? [inputs] : [inputs[0]];
  if (list === null) {
    const order = POSITIONAL.filter((name) => name in byName);
    expect(Object.keys(byName).sort()).toEqual([...order].sort());
    args.splice(0, 1, ...order.map((name) => inputs[Object.keys(byName).indexOf(name)]));
  }
  args.push(...extra.filter(([key]) => POSITIONAL.includes(key)).map(([, value]) => value));
  const options: Record<string, unknown> = Object.fromEntries(
    extra.filter(([key]) => !POSITIONAL.includes(key)).map(([key, value]) => [toOptionName(key), value]),
  );
  if (call.training !== null) options['training'] = call.training;
  if (call.mask !== null) {
    const masks = [call.mask].flat().map((name) => (name === null ? null : (golden.tensor(name) as Tensor<Element>)));
    if (call.mask_via === 'attached') {
      inputs.forEach((input, i) => {
        const mask = masks[i] ?? null;
        if (mask !== null) withMask(input, mask as Tensor<boolean>);
      });
    } else options['mask'] = Array.isArray(call.mask) ? masks : masks[0];
  }
  if (Object.keys(options).length > 0) args.push(options);
  return {args, inputs, named};
}

function compareGradients(
  what: string,
  gradients: readonly Tensor[],
  names: readonly (string | null | undefined)[],
  tolerance: number | undefined,
): void {
  expect(gradients.length, what).toBe(names.length);
  names.forEach((name, i) => {
    const gradient = gradients[i];
    if (gradient === undefined) expect.fail(`${what}: nothing at ${String(i)}`);
    if (name === null || name === undefined) expectClose(ops.sum(ops.abs(gradient)), 0, `${what} ${String(i)}`);
    else expectClose(gradient, golden.tensor(name), `${what} ${String(i)}`, tolerance);
  });
}

function compareMasks(outputs: readonly Tensor<Element>[], expected: string | Names | null): void {
  const names = expected === null || typeof expected === 'string' ? [expected] : expected;
  outputs.forEach((output, i) => {
    const [mask, name] = [maskOf(output), names[i] ?? null];
    if (name === null) expect(mask, `mask ${String(i)}`).toBeNull();
    else if (mask === null) expect.fail(`output ${String(i)} has no mask`);
    else expectClose(mask, golden.tensor(name), `mask ${String(i)}`);
  });
}

function compareShapes(layer: Testable, call: Call, inputs: readonly Tensor<Element>[]): void {
  if (call.output_shape === null || call.input_structure === 'kwargs') return;
  const shapes = inputs.map(({shape}) => shape);
  const shape = layer.computeOutputShape((call.input_structure === 'list' ? shapes : shapes[0]) as never);
  expect(shape, 'computeOutputShape').toEqual(call.output_shape);
}

/** Runs one call and compares outputs, masks, losses, weights after and gradients. */
export function checkCall(layer: Testable, call: Call, id: string, tolerance: number | undefined): void {
  const {args, inputs, named} = callOf(call);
  if (!UNTRUSTED_SHAPES.test(id)) compareShapes(layer, call, inputs);
  const floats = inputs.filter(isFloat) as Tensor[];
  const tape = new GradientTape({persistent: true});
  for (const source of [...floats, ...[...named.values()].filter(isFloat)]) tape.watch(source);
  let outputs: readonly Tensor<Element>[] = [];
  const {weighted, total} = tape.record(() => {
    outputs = tensorsIn(layer(...args));
    const terms = outputs.flatMap((y, i) => {
      const name = call.cotangents?.[i];
      return name === null || name === undefined ? [] : [ops.sum((y as Tensor).mul(golden.tensor(name)))];
    });
    const sum = terms.length === 0 ? tensor(0) : ops.addN(terms);
    return {weighted: sum, total: ops.addN([sum, ...layer.losses])};
  });
  expect(outputs.length, 'number of outputs').toBe(call.outputs.length);
  call.outputs.forEach((name, i) => {
    const output = outputs[i];
    if (output === undefined) return;
    if (typeof name === 'string') expectClose(output, golden.tensor(name), `output ${String(i)}`, tolerance);
    else expect(output.array()).toEqual(name.strings);
  });
  compareMasks(outputs, call.output_mask);
  expect(layer.losses.length).toBe(call.losses.length);
  layer.losses.forEach((loss, i) => {
    expectClose(loss, call.losses[i] ?? Number.NaN, `loss ${String(i)}`, tolerance);
  });
  (call.weights_after ?? []).forEach((name, i) => {
    const weight = layer.weights[i];
    if (weight !== undefined) expectClose(weight, golden.tensor(name), `weight ${String(i)} after`, tolerance);
  });
  if (call.cotangents === undefined || id === NO_GRADIENT) return;
  const other = OTHER_GRADIENTS[id];
  if (other !== undefined) {
    const [x] = floats;
    if (x === undefined) expect.fail(`${id}: no input`);
    expectClose(tape.gradient(weighted, x), tensor(other).reshape(x.shape as number[]), 'input gradient', tolerance);
    return;
  }

  const trainable = [...layer.trainableVariables];
  const zero = {unconnectedGradients: 'zero'} as const;
  const ofFloats = (names: Call['input_grads'] = []): Names => {
    const list = Array.isArray(names) ? (names as Names) : Object.values(names as Record<string, string | null>);
    return list.filter((_, i) => inputs[i] !== undefined && isFloat(inputs[i]));
  };
  compareGradients('input gradient', tape.gradient(weighted, floats, zero), ofFloats(call.input_grads), tolerance);
  compareGradients('weight gradient', tape.gradient(weighted, trainable, zero), call.weight_grads ?? [], tolerance);
  const {input_grads_with_losses: inputsToo, weight_grads_with_losses: weightsToo} = call;
  if (inputsToo !== undefined) {
    compareGradients('input gradient with losses', tape.gradient(total, floats, zero), ofFloats(inputsToo), tolerance);
  }
  if (weightsToo !== undefined) {
    compareGradients('weight gradient with losses', tape.gradient(total, trainable, zero), weightsToo, tolerance);
  }
  for (const [name, gradient] of Object.entries(call.call_kwarg_grads ?? {})) {
    const source = named.get(name);
    if (source === undefined) throw new Error(`no argument ${name}`);
    compareGradients(`gradient of ${name}`, tape.gradient(weighted, [source], zero), [gradient], tolerance);
  }
}

/** Calls a layer on the inputs of a case, whatever comes of it. */
export function callLayer(layer: Testable, call: Call): void {
  layer(...callOf(call).args);
}

/** A node without the build shapes: they are compared once the layer is built. */
export const withoutBuild = ({build_config: _, ...node}: ConfigNode): Config => ({...node});
