import {type Element, isComplexNumber} from '../dtype.js';
import {apply} from '../engine/dispatch.js';
import {withoutRecorder} from '../engine/recording.js';
import {concatenate, slice} from '../primitives/movement.js';
import {concrete, type Shape} from '../shape.js';
import {EDGE_ITEMS, type ElementFormat, floatFormat, floatScalar, layout, THRESHOLD} from './format.js';
import {readRaw, valuesOf} from './read.js';
import {Storage} from './storage.js';
import {assertReadable, type Tensor} from './tensor.js';
import {quoted, textOf} from './text.js';
import {Variable} from './variable.js';

/** `(2, 3)`, `(3,)`, `()`; open sizes are `None`. */
function tuple(shape: Shape): string {
  const sizes = shape.map((n) => (n === null ? 'None' : String(n)));
  return sizes.length === 1 ? `(${String(sizes[0])},)` : `(${sizes.join(', ')})`;
}

/** The numbers of a tensor in NumPy's layout. */
export function numbersText(tensor: Tensor<Element>): string {
  assertReadable(tensor, 'print');
  const shape = concrete(tensor.shape);
  if (shape.length === 0) return scalarText(tensor);
  if (tensor.size === 0) return '[]';
  const summarized = tensor.size > THRESHOLD;
  const element = elementText(summarized ? corners(tensor) : tensor);
  return layout({shape, summarized, element});
}

function scalarText(tensor: Tensor<Element>): string {
  const {dtype} = tensor;
  const [value] = valuesOf(tensor);
  if (isComplexNumber(value)) {
    return `(${floatScalar(value.re, dtype, false)}${floatScalar(value.im, dtype, false, true)}j)`;
  }
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  const isFloat = dtype === 'float64' || dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16';
  return typeof value === 'number' && isFloat ? floatScalar(value, dtype) : String(value);
}

/** The text of each kept element, all of one width. */
function elementText(kept: Tensor<Element>): (position: number) => string {
  const {dtype} = kept;
  switch (dtype) {
    case 'complex64':
    case 'complex128': {
      const pairs = readRaw(kept) as Float64Array;
      const at = (offset: number) => Array.from({length: pairs.length / 2}, (_, i) => pairs[2 * i + offset] ?? 0);
      const [reals, imaginaries] = [at(0), at(1)];
      const [real, imaginary] = [floatFormat(reals, dtype), floatFormat(imaginaries, dtype, true)];
      return (i) => {
        const text = imaginary(imaginaries[i] ?? 0);
        const end = text.trimEnd().length;
        return `${real(reals[i] ?? 0)}${text.slice(0, end)}j${text.slice(end)}`;
      };
    }
    case 'float64':
    case 'float32':
    case 'float16':
    case 'bfloat16': {
      const values = valuesOf(kept) as number[];
      const format: ElementFormat = floatFormat(values, dtype);
      return (i) => format(values[i] ?? 0);
    }
    case 'bool': {
      const values = valuesOf(kept);
      return (i) => (values[i] === true ? ' True' : 'False');
    }
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64': {
      const texts = valuesOf(kept).map(String);
      const width = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
      return (i) => (texts[i] ?? '').padStart(width);
    }
    case 'string': {
      const texts = textOf(kept);
      return (i) => quoted(texts[i] ?? '');
    }
  }
}

// Only the ends of long axes come over from native memory.
function corners(tensor: Tensor<Element>): Tensor<Element> {
  const {source} = tensor;
  const shared = source instanceof Storage && source.shared;
  try {
    return withoutRecorder(null, () => concrete(tensor.shape).reduce(endsOf, tensor));
  } finally {
    // The views are gone: a Variable may go on writing in place.
    if (source instanceof Storage) source.shared = shared;
  }
}

function endsOf(tensor: Tensor<Element>, size: number, axis: number): Tensor<Element> {
  if (size <= 2 * EDGE_ITEMS) return tensor;
  const part = (start: number) => {
    const starts = tensor.shape.map((_, i) => (i === axis ? start : 0));
    const sizes = tensor.shape.map((n, i) => (i === axis ? EDGE_ITEMS : n));
    return apply(slice, [tensor], {starts, sizes, steps: starts.map(() => 1)});
  };
  return apply<{axis: number}, Element>(concatenate, [part(0), part(size - EDGE_ITEMS)], {axis});
}

/** `Tensor(42, shape=(), dtype=int32)`, with the numbers on lines of their own where they take several. */
export function tensorText(tensor: Tensor<Element>): string {
  const {shape, dtype} = tensor;
  const facts = `shape=${tuple(shape)}, dtype=${dtype}`;
  if (tensor.symbolic) {
    const name = tensor.extra?.name;
    return `<KerasTensor ${facts}${name === undefined ? '' : `, name=${name}`}>`;
  }
  if (tensor.source instanceof Storage && tensor.source.handle < 0) return `<disposed Tensor ${facts}>`;
  const numbers = numbersText(tensor);
  if (tensor instanceof Variable) return `Variable(${tensor.path}: 0\n${numbers}, ${facts})`;
  return `Tensor(${numbers.includes('\n') ? '\n' : ''}${numbers}, ${facts})`;
}
