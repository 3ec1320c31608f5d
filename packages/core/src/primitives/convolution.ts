import {ShapeError} from '../errors.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {type Shape, show} from '../shape.js';
import {beforeActivation, EPILOGUES, type EpilogueActivation} from './matmul.js';
import {given, requireSameDType, singleOrDouble, requireDType} from './rules.js';
import {type Tensor} from '../tensor/tensor.js';

// Channels last: x [n, spatial..., c], filter [window..., c / groups, o], y [n, spatial..., o].

export interface WindowAttributes {
  readonly strides: readonly number[];
  /** Zeros before and after each spatial axis. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface ConvolutionAttributes extends WindowAttributes {
  readonly dilations: readonly number[];
  readonly groups: number;
  readonly activation: EpilogueActivation;
}

interface ConvolutionGradientAttributes extends ConvolutionAttributes {
  /** Of the result. */
  readonly shape: Shape;
}

/** Output size of a window that slides along an axis. */
export function windowOutput(
  size: number | null,
  window: number,
  stride: number,
  dilation: number,
  padding: number,
): number | null {
  return size === null ? null : Math.floor((size + padding - dilation * (window - 1) - 1) / stride) + 1;
}

const encode = ({strides, low, high, dilations, groups}: ConvolutionAttributes) => [
  strides.length,
  ...strides,
  ...low,
  ...high,
  ...dilations,
  groups,
];

function inferConvolution(inputs: readonly Spec[], attributes: ConvolutionAttributes, op: string): Spec {
  const x = given(inputs[0], op);
  const filter = given(inputs[1], op);
  const dtype = requireSameDType(op, ['inputs', 'kernel', 'bias'], inputs);
  requireDType(op, singleOrDouble, x, 'inputs');
  const rank = attributes.strides.length;
  if (x.shape.length !== rank + 2 || filter.shape.length !== rank + 2) {
    throw new ShapeError(
      `${op}: inputs and kernel must have rank ${String(rank + 2)}, got inputs ${show(x.shape)} and kernel ${show(filter.shape)}`,
    );
  }
  if (filter.shape.slice(0, rank).includes(0)) {
    throw new ShapeError(
      `${op}: the kernel needs at least one element along every spatial axis, got ${show(filter.shape)}`,
    );
  }
  const channels = x.shape.at(-1) ?? null;
  const perGroup = filter.shape[rank] ?? null;
  const filters = filter.shape[rank + 1] ?? null;
  const {groups} = attributes;
  if (channels !== null && perGroup !== null && channels !== perGroup * groups) {
    throw new ShapeError(
      `${op}: inputs of ${String(channels)} channels need a kernel of ${String(channels / groups)} input channels` +
        ` (groups ${String(groups)}), got inputs ${show(x.shape)} and kernel ${show(filter.shape)}`,
    );
  }
  if (filters !== null && filters % groups !== 0) {
    throw new ShapeError(`${op}: ${String(filters)} filters do not divide into ${String(groups)} groups`);
  }
  const spatial = attributes.strides.map((stride, i) => {
    const padding = (attributes.low[i] ?? 0) + (attributes.high[i] ?? 0);
    const [input = null, window = null] = [x.shape[i + 1], filter.shape[i]];
    const size = window === null ? null : windowOutput(input, window, stride, attributes.dilations[i] ?? 1, padding);
    if (size !== null && size <= 0) {
      throw new ShapeError(
        `${op}: the window ${show(filter.shape.slice(0, rank))} does not fit inputs ${show(x.shape)} with this padding`,
      );
    }
    return size;
  });
  return {shape: [x.shape[0] ?? null, ...spatial, filters], dtype};
}

const plain = ({strides, low, high, dilations, groups}: ConvolutionAttributes): ConvolutionAttributes => ({
  strides,
  low,
  high,
  dilations,
  groups,
  activation: 'linear',
});

function convolutionGradients(
  x: Tensor,
  filter: Tensor,
  dz: Tensor,
  attributes: ConvolutionAttributes,
  needs: readonly boolean[],
): [Tensor | null, Tensor | null] {
  const rest = plain(attributes);
  return [
    needs[0] === true ? apply(convolutionInputGradient, [dz, filter], {...rest, shape: x.shape}) : null,
    needs[1] === true ? apply(convolutionFilterGradient, [x, dz], {...rest, shape: filter.shape}) : null,
  ];
}

export const convolution: Primitive<ConvolutionAttributes> = definePrimitive('convolution', {
  inputs: ['x', 'filter'],
  infer: inferConvolution,
  run: {kind: 'contiguous', encode: (attributes: ConvolutionAttributes) => [...encode(attributes), 0]},
  gradient: {
    saves: ['x', 'filter'],
    vjp: ({x, filter}, dy, {attributes, needs}) => convolutionGradients(x, filter, dy, attributes, needs),
  },
});

/** activation(convolution + bias) in one pass. */
export const convolutionBias = definePrimitive('convolution_bias', {
  inputs: ['x', 'filter', 'bias'],
  infer: (inputs, attributes: ConvolutionAttributes, op) => {
    const spec = inferConvolution(inputs, attributes, op);
    const bias = given(inputs[2], op);
    if (bias.shape.length !== 1 || bias.shape[0] !== spec.shape.at(-1)) {
      throw new ShapeError(`${op}: bias must have shape ${show([spec.shape.at(-1) ?? null])}, got ${show(bias.shape)}`);
    }
    return spec;
  },
  run: {
    kind: 'contiguous',
    kernel: 'convolution',
    encode: (attributes) => [...encode(attributes), EPILOGUES.indexOf(attributes.activation)],
  },
  gradient: {
    saves: ['x', 'filter', 'y'],
    vjp: ({x, filter, y}, dy, {attributes, needs}) => {
      const dz = beforeActivation(dy, y, attributes.activation);
      const axes = dz.shape.slice(0, -1).map((_, i) => i);
      return [
        ...convolutionGradients(x, filter, dz, attributes, needs),
        needs[2] === true ? dz.sum({axis: axes}) : null,
      ];
    },
  },
});

// Both are linear in both operands: their own gradients are convolutions again.
export const convolutionInputGradient: Primitive<ConvolutionGradientAttributes> = definePrimitive(
  'convolution_input_gradient',
  {
    inputs: ['dy', 'filter'],
    infer: ([dy], {shape}: ConvolutionGradientAttributes, op) => ({shape, dtype: given(dy, op).dtype}),
    run: {kind: 'contiguous', encode},
    gradient: {
      saves: ['dy', 'filter'],
      vjp: ({dy, filter}, g, {attributes, needs}) => {
        const rest = plain(attributes);
        return [
          needs[0] === true ? apply(convolution, [g, filter], rest) : null,
          needs[1] === true ? apply(convolutionFilterGradient, [g, dy], {...rest, shape: filter.shape}) : null,
        ];
      },
    },
  },
);

export const convolutionFilterGradient: Primitive<ConvolutionGradientAttributes> = definePrimitive(
  'convolution_filter_gradient',
  {
    inputs: ['x', 'dy'],
    infer: ([x], {shape}: ConvolutionGradientAttributes, op) => ({shape, dtype: given(x, op).dtype}),
    run: {kind: 'contiguous', encode},
    gradient: {
      saves: ['x', 'dy'],
      vjp: ({x, dy}, g, {attributes, needs}) => {
        const rest = plain(attributes);
        return [
          needs[0] === true ? apply(convolutionInputGradient, [dy, g], {...rest, shape: x.shape}) : null,
          needs[1] === true ? apply(convolution, [x, g], rest) : null,
        ];
      },
    },
  },
);
