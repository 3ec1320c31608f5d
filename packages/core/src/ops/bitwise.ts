import * as special from '../primitives/special.js';
import {binaryOp, unaryOp} from './convert.js';

// Bits of integers.

export const bitwiseAnd = binaryOp(special.bitwiseAnd, 'bitwiseAnd');
export const bitwiseOr = binaryOp(special.bitwiseOr, 'bitwiseOr');
export const bitwiseXor = binaryOp(special.bitwiseXor, 'bitwiseXor');
/** Every bit flipped. */
export const bitwiseNot = unaryOp(special.bitwiseNot, 'bitwiseNot');
export const bitwiseInvert = unaryOp(special.bitwiseNot, 'bitwiseInvert');
/** a 2^b; bits beyond the width are lost. */
export const bitwiseLeftShift = binaryOp(special.leftShift, 'bitwiseLeftShift');
export const leftShift = binaryOp(special.leftShift, 'leftShift');
/** a / 2^b, rounded down. */
export const bitwiseRightShift = binaryOp(special.rightShift, 'bitwiseRightShift');
export const rightShift = binaryOp(special.rightShift, 'rightShift');
