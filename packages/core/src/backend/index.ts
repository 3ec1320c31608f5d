import {checkDType, type DType, isFloating, isInteger} from '../dtype.js';
import * as config from '../config.js';
import {isSymbolic} from '../engine/hidden.js';
import {autoName} from '../naming.js';
import type * as functions from '../ops/index.js';
import {ops} from '../ops/recorded.js';
import {isTensor} from '../tensor/tensor.js';
import * as arrays from './arrays.js';
import * as images from './images.js';
import * as networks from './networks.js';
import * as values from './values.js';

/** `keras.backend` of Keras 3. */
const keras = {
  /** The name of the engine: `'keratin'`. */
  backend: (): string => 'keratin',
  epsilon: config.epsilon,
  floatx: config.floatx,
  setEpsilon: config.setEpsilon,
  setFloatx: config.setFloatx,
  /** The data format where none is given: `'channels_last'`. */
  imageDataFormat: (): 'channels_last' => 'channels_last',
  /** A number that was not given for this prefix before: 1, 2, ... */
  getUid: (prefix = ''): number => {
    const digits = /_(\d+)$/.exec(autoName(`uid_${prefix}`));
    return digits === null ? 1 : Number(digits[1]) + 1;
  },
  isFloatDtype: (dtype: string): boolean => isFloating(checkDType('isFloatDtype', dtype)),
  isIntDtype: (dtype: string): boolean => isInteger(checkDType('isIntDtype', dtype)),
  /** Whether a value is a symbolic tensor, as `Input` and layers called on such give. */
  isKerasTensor: (x: unknown): boolean => isTensor(x) && isSymbolic(x),
  /** A dtype's name, checked; floatx without one. */
  standardizeDtype: (dtype?: string | null): DType =>
    dtype === undefined || dtype === null ? config.floatx() : checkDType('standardizeDtype', dtype),
};

type Older = typeof keras & typeof values & typeof arrays & typeof networks & typeof images;

/** The functions of {@link backend}. */
export type Backend = Omit<typeof functions, keyof Older> & Older;

/**
 * Low-level functions, as Keras's `backend` namespace has them: all of `ops`, Keras 3's `keras.backend`, and the functions of the older
 * `tf.keras.backend`, whose defaults they keep (`backend.concatenate` joins the last axis, `ops.concatenate` the first one).
 */
export const backend: Backend = {...ops, ...keras, ...values, ...arrays, ...networks, ...images};
