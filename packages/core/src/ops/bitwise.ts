import * as special from '../primitives/special.js';
import {binaryOp, unaryOp} from './convert.js';

// Bits of integers.

/** a & b, of integers or bool. */
export const bitwiseAnd = binaryOp(special.bitwiseAnd, 'bitwiseAnd');
/** a | b, of integers or bool. */
export const bitwiseOr = binaryOp(special.bitwiseOr, 'bitwiseOr');
/** a ^ b, of integers or bool. */
export const bitwiseXor = binaryOp(special.bitwiseXor, 'bitwiseXor');
/** Every bit flipped. */
export const bitwiseNot = unaryOp(special.bitwiseNot, 'bitwiseNot');
/** ~x, of integers. */
export const bitwiseInvert = unaryOp(special.bitwiseNot, 'bitwiseInvert');
/** a 2^b; bits beyond the width are lost. */
export const bitwiseLeftShift = binaryOp(special.leftShift, 'bitwiseLeftShift');
/** a * 2^b: the bits of integers moved up. */
export const leftShift = binaryOp(special.leftShift, 'leftShift');
/** a / 2^b, rounded down. */
export const bitwiseRightShift = binaryOp(special.rightShift, 'bitwiseRightShift');
/** floor(a / 2^b): the bits of integers moved down; the sign stays. */
export const rightShift = binaryOp(special.rightShift, 'rightShift');
