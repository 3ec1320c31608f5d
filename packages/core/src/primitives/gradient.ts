import {definePrimitive} from '../engine/primitive.js';
import {anything, unary} from './rules.js';

/** The same values; no gradient passes. */
export const stopGradient = definePrimitive('stop_gradient', {
  inputs: ['x'],
  infer: unary(anything),
  run: {kind: 'view', layout: ({strides, offset}) => ({strides, offset})},
  gradient: null,
});
