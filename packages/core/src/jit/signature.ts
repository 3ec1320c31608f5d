import {checkDType, type DType} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {type Shape, show} from '../shape.js';
import {isPlainObject} from '../structure.js';
import {describe} from '../suggest.js';
import {isTensor} from '../tensor/tensor.js';

/** A tensor that a function takes: its shape, where null stands for any size, and its dtype. */
export interface TensorSignature {
  readonly shape: Shape;
  /** Default `'float32'`. */
  readonly dtype?: DType | undefined;
}

/** The tensors of an argument: one, or lists and dictionaries of them. */
export type ArgumentSignature =
  TensorSignature | readonly ArgumentSignature[] | {readonly [name: string]: ArgumentSignature};

const isTensorSignature = (signature: unknown): signature is TensorSignature =>
  (isPlainObject(signature) || isTensor(signature)) && 'shape' in signature && Array.isArray(signature.shape);

/** Checks that a list of signatures is one. */
export function checkSignature(signature: readonly ArgumentSignature[]): void {
  if (!Array.isArray(signature)) {
    throw new ValueError(`jit: inputSignature must be a list, one entry for each argument, got ${describe(signature)}`);
  }
  const check = (entry: unknown, path: string): void => {
    if (isTensorSignature(entry)) {
      const isSize = (size: unknown): boolean => size === null || (Number.isInteger(size) && Number(size) >= 0);
      if (!entry.shape.every(isSize)) {
        throw new ShapeError(
          `jit: the sizes of ${path} must be null or integers of at least 0, got ${show(entry.shape)}`,
        );
      }
      checkDType('jit', entry.dtype ?? 'float32');
    } else if (Array.isArray(entry))
      entry.forEach((each: unknown, i) => { check(each, `${path}[${String(i)}]`); }); // prettier-ignore
    else if (isPlainObject(entry)) for (const [key, each] of Object.entries(entry)) check(each, `${path}.${key}`);
    else {
      throw new ValueError(
        `jit: ${path} must be {shape, dtype}, or a list or dictionary of those, got ${describe(entry)}`,
      );
    }
  };
  signature.forEach((entry: unknown, i) => {
    check(entry, `inputSignature[${String(i)}]`);
  });
}

const text = (dtype: DType, shape: Shape): string => `${dtype} ${show(shape)}`;

/** Checks the arguments of a call against the signature. */
export function checkArguments(signature: readonly ArgumentSignature[], args: readonly unknown[]): void {
  if (args.length !== signature.length) {
    throw new ValueError(
      `jit: the function takes ${String(signature.length)} arguments by its inputSignature, got ${String(args.length)}`,
    );
  }
  signature.forEach((entry, i) => {
    checkArgument(entry, args[i], `argument ${String(i)}`);
  });
}

function checkArgument(signature: ArgumentSignature, value: unknown, path: string): void {
  if (isTensorSignature(signature)) {
    const {shape, dtype = 'float32'} = signature;
    if (!isTensor(value)) {
      throw new ValueError(
        `jit: ${path} must be a tensor ${text(dtype, shape)} by the inputSignature, got ${describe(value)}`,
      );
    }
    const fits =
      value.shape.length === shape.length && shape.every((size, axis) => size === null || size === value.shape[axis]);
    if (fits && value.dtype === dtype) return;
    const problem = `jit: ${path} must be ${text(dtype, shape)} by the inputSignature, got ${text(value.dtype, value.shape)}`;
    throw fits ? new DtypeError(problem) : new ShapeError(problem);
  }
  const list = Array.isArray(signature);
  const [wanted, given] = [Object.keys(signature), isContainer(value, list) ? Object.keys(value) : null];
  if (given?.length !== wanted.length || !wanted.every((key) => given.includes(key))) {
    const what = list ? `a list of ${String(wanted.length)}` : `a dictionary of ${wanted.join(', ')}`;
    throw new ValueError(`jit: ${path} must be ${what} by the inputSignature, got ${describe(value)}`);
  }
  for (const [key, entry] of Object.entries<ArgumentSignature>(signature)) {
    checkArgument(entry, (value as Record<string, unknown>)[key], `${path}${list ? `[${key}]` : `.${key}`}`);
  }
}

const isContainer = (value: unknown, list: boolean): value is object =>
  list ? Array.isArray(value) : isPlainObject(value);
