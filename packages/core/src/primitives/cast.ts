import {type DType, isDifferentiable} from '../dtype.js';
import {DtypeError} from '../errors.js';
import {definePrimitive, type Primitive} from '../engine/primitive.js';
import {apply} from '../engine/dispatch.js';
import {given} from './rules.js';

export interface CastAttributes {
  readonly dtype: DType;
}

/** Converts elements as C++ does: truncation towards zero, wrap-around of integers; complex numbers lose their imaginary part. */
export const cast: Primitive<CastAttributes> = definePrimitive('cast', {
  inputs: ['x'],
  infer: ([x], {dtype}: CastAttributes, op) => {
    const input = given(x, op);
    if ((input.dtype === 'string') !== (dtype === 'string')) {
      const how = dtype === 'string' ? 'strings.asString writes numbers' : 'strings.toNumber reads numbers';
      throw new DtypeError(`${op}: ${input.dtype} does not convert to ${dtype}; ${how}`);
    }
    return {shape: input.shape, dtype};
  },
  run: {kind: 'elementwise'},
  // Between floating and complex dtypes the gradient is cast back; integers have none.
  gradient: {
    saves: [],
    vjp: (_, dy, {inputs, outputs}) => {
      const from = given(inputs[0], 'cast').dtype;
      if (!isDifferentiable(from) || !isDifferentiable(given(outputs[0], 'cast').dtype)) return [null];
      return [apply(cast, [dy], {dtype: from})];
    },
  },
});
