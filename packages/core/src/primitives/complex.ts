import {type DType, isComplex, partOf} from '../dtype.js';
import {apply} from '../engine/dispatch.js';
import {definePrimitive, type Primitive, type Spec} from '../engine/primitive.js';
import {Tensor} from '../tensor/tensor.js';
import {binary, complexOnly, given, singleOrDouble, unary, unbroadcast} from './rules.js';
import {select} from './select.js';

// Complex numbers: their parts and their making. A gradient with respect to z = x + iy is the complex number
// dL/dx + i dL/dy, as in TensorFlow: what a function with derivative f'(z) gives back is dy conj(f'(z)).

const elementwise = {kind: 'elementwise'} as const;

const part =
  () =>
  (inputs: readonly Spec[], attributes: unknown, op: string): Spec => {
    const {shape, dtype} = unary(complexOnly)(inputs, attributes, op);
    return {shape, dtype: partOf(dtype)};
  };

const constant = (value: number, {dtype}: Tensor): Tensor => Tensor.create([], dtype, value);

/** A complex tensor of its parts, which broadcast: re + i im. */
export const construct: Primitive = definePrimitive('complex', {
  inputs: ['re', 'im'],
  infer: (inputs: readonly Spec[], attributes: undefined, op): Spec => {
    const {shape, dtype} = binary(singleOrDouble)(inputs, attributes, op);
    const result: DType = dtype === 'float64' ? 'complex128' : 'complex64';
    return {shape, dtype: result};
  },
  run: elementwise,
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, needs}) => [
      needs[0] === true ? unbroadcast(apply(real, [dy], undefined), given(inputs[0], 'complex')) : null,
      needs[1] === true ? unbroadcast(apply(imag, [dy], undefined), given(inputs[1], 'complex')) : null,
    ],
  },
});

const withParts = (re: Tensor, im: Tensor): Tensor => apply(construct, [re, im], undefined);

export const real: Primitive = definePrimitive('real', {
  inputs: ['z'],
  infer: part(),
  run: elementwise,
  gradient: {saves: [], vjp: (_, dy) => [asComplex(dy)]},
});

export const imag: Primitive = definePrimitive('imag', {
  inputs: ['z'],
  infer: part(),
  run: elementwise,
  gradient: {saves: [], vjp: (_, dy) => [withParts(constant(0, dy), dy)]},
});

export const conjugate: Primitive = definePrimitive('conjugate', {
  inputs: ['z'],
  infer: unary(complexOnly),
  run: elementwise,
  gradient: {saves: [], vjp: (_, dy) => [apply(conjugate, [dy], undefined)]},
});

// z / |z|; 0 at 0, as TensorFlow has it
export const magnitude: Primitive = definePrimitive('magnitude', {
  inputs: ['z'],
  infer: part(),
  run: elementwise,
  gradient: {
    saves: ['z', 'y'],
    vjp: ({z, y}, dy) => {
      const safe = apply(select, [y.equal(0), constant(1, y), y], undefined);
      return [asComplex(dy.div(safe)).mul(z)];
    },
  },
});

// i z / |z|^2
export const phase: Primitive = definePrimitive('phase', {
  inputs: ['z'],
  infer: part(),
  run: elementwise,
  gradient: {
    saves: ['z'],
    vjp: ({z}, dy) => {
      const [re, im] = [apply(real, [z], undefined), apply(imag, [z], undefined)];
      const scaled = dy.div(re.square().add(im.square()));
      return [withParts(scaled.mul(im).neg(), scaled.mul(re))];
    },
  },
});

/** Real numbers as complex ones. */
export const asComplex = (x: Tensor): Tensor => withParts(x, constant(0, x));

/** The conjugate of a complex tensor; a real one itself. */
export const conj = (x: Tensor): Tensor => (isComplex(x.dtype) ? apply(conjugate, [x], undefined) : x);
