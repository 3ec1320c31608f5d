import {type Tensor} from '../../index.js';

/** The tensors that an expression uses, by their names in the golden file. */
export interface Inputs {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly m: Tensor<boolean>;
  readonly n: Tensor<string>;
  readonly s: Tensor<string>;
  readonly t: Tensor;
  readonly w: Tensor<string>;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** TensorFlow's expression in TypeScript; or what is different here, and why. */
export type Case =
  | ((inputs: Inputs) => unknown)
  /** The dtype is another one. */
  | {readonly run: (inputs: Inputs) => unknown; readonly dtype: string; readonly because: string}
  /** It throws here, or there too: a part of the sentence. */
  | {readonly run: (inputs: Inputs) => unknown; readonly throws: string | RegExp; readonly because?: string}
  /** The result is another one. */
  | {readonly run: (inputs: Inputs) => unknown; readonly gives: unknown; readonly because: string};

/** Cases by their ids. */
export type Cases = Readonly<Record<string, Case>>;

/** An expression that throws. */
export const throws = (run: (inputs: Inputs) => unknown, sentence: string | RegExp, because?: string): Case =>
  because === undefined ? {run, throws: sentence} : {run, throws: sentence, because};

/** Positions and counts are int32 here. */
export const positions = (run: (inputs: Inputs) => unknown): Case => ({
  run,
  dtype: 'int32',
  because: 'operations that give positions or counts give int32',
});
