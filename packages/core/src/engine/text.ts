import {addon} from '@keratin/native';
import {DtypeError} from '../errors.js';
import {show} from '../shape.js';
import {Storage} from '../tensor/storage.js';
import {Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {type AnyTensor, type Primitive, type Spec} from './primitive.js';

// Primitives that move or compare elements work on string tensors through their kernels for int32: equal strings become equal
// numbers, and the numbers that come out become strings again.

/** Runs a primitive with string operands; `runCodes` runs it with int32 tensors in their place. */
export function runText<A>(
  primitive: Primitive<A>,
  inputs: readonly AnyTensor[],
  specs: readonly Spec[],
  op: string,
  runCodes: (inputs: readonly AnyTensor[], specs: readonly Spec[]) => readonly AnyTensor[],
): AnyTensor[] {
  if (primitive.definition.takesStrings !== true) {
    const shapes = inputs.map(({dtype, shape}) => `${dtype} ${show(shape)}`).join(' and ');
    throw new DtypeError(
      `${op}: string tensors are not taken, got ${shapes}; what works on text is in the strings namespace`,
    );
  }
  const codes = new Map<string, number>();
  const coded = inputs.map((input) => (input.dtype === 'string' ? encode(input, codes) : input));
  const outputs = runCodes(
    coded,
    specs.map(({shape, dtype}) => ({shape, dtype: dtype === 'string' ? 'int32' : dtype})),
  );
  const words = [...codes.keys()];
  return outputs.map((output, i) => (specs[i]?.dtype === 'string' ? decode(output, words) : output));
}

function encode(input: AnyTensor, codes: Map<string, number>): AnyTensor {
  const values = textOf(input);
  const numbers = Int32Array.from(values, (value) => {
    const code = codes.get(value) ?? codes.size;
    codes.set(value, code);
    return code;
  });
  const storage = Storage.allocate(numbers.byteLength);
  addon.write(storage.handle, numbers, 0);
  return Tensor.create(input.shape, 'int32', storage);
}

function decode(output: AnyTensor, words: readonly string[]): AnyTensor {
  const numbers = new Int32Array(output.size);
  if (numbers.length > 0 && output.source instanceof Storage) addon.read(output.source.live, numbers, 0);
  return textTensor(
    Array.from(numbers, (code) => words[code] ?? ''),
    output.shape.map(Number),
  );
}
