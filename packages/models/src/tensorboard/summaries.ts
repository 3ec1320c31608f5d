import {bytes, float, integer, message} from './protobuf.js';

// Values of a summary in the forms that TensorBoard's plugins read: see `tensorboard/plugins/*/summary_v2.py`.

const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_STRING = 7;
const SCALAR = 1;
const TENSOR = 2;
const BLOBS = 3;

/** How many bars a histogram has. */
const BUCKETS = 30;

function value(tag: string, plugin: string, content: string, dataClass: number, tensor: Uint8Array): Uint8Array {
  const pluginData = message(1, bytes(1, plugin), ...(content === '' ? [] : [bytes(2, content)]));
  const metadata = message(9, pluginData, ...(dataClass === 0 ? [] : [integer(4, dataClass)]));
  return message(1, bytes(1, tag), tensor, metadata);
}

const shape = (...sizes: readonly number[]): Uint8Array =>
  message(2, ...sizes.map((size) => message(2, integer(1, size))));

/** A number. */
export const scalar = (tag: string, number: number): Uint8Array =>
  value(tag, 'scalars', '', SCALAR, message(8, integer(1, DT_FLOAT), shape(), float(5, number)));

/** A model as Keras's JSON, for the graph. */
export const kerasModel = (tag: string, json: string): Uint8Array =>
  value(tag, 'graph_keras_model', '1', 0, message(8, integer(1, DT_STRING), shape(), bytes(8, json)));

/** Pictures of one size, as PNG files. */
export const images = (tag: string, width: number, height: number, files: readonly Uint8Array[]): Uint8Array =>
  value(
    tag,
    'images',
    '',
    BLOBS,
    message(
      8,
      integer(1, DT_STRING),
      shape(files.length + 2),
      bytes(8, String(width)),
      bytes(8, String(height)),
      ...files.map((file) => bytes(8, file)),
    ),
  );

/** The distribution of numbers: bars of equal width between the least and the greatest. */
export function histogram(tag: string, numbers: ArrayLike<number>): Uint8Array {
  const rows = bucketsOf(numbers);
  const content = Buffer.alloc(rows.length * 24);
  rows.flat().forEach((number, i) => content.writeDoubleLE(number, i * 8));
  return value(
    tag,
    'histograms',
    '',
    TENSOR,
    message(8, integer(1, DT_DOUBLE), shape(rows.length, 3), bytes(4, content)),
  );
}

/** Left edge, right edge and count of each bar; NaN and infinities are left out. */
export function bucketsOf(numbers: ArrayLike<number>): (readonly [left: number, right: number, count: number])[] {
  const finite = Array.from(numbers).filter((number) => Number.isFinite(number));
  let least = Infinity;
  let greatest = -Infinity;
  for (const number of finite) {
    least = Math.min(least, number);
    greatest = Math.max(greatest, number);
  }
  if (finite.length === 0) return Array.from({length: BUCKETS}, () => [0, 0, 0] as const);
  const counts = new Array<number>(BUCKETS).fill(0);
  const width = (greatest - least) / BUCKETS;
  for (const number of finite) {
    const at = width === 0 ? BUCKETS - 1 : Math.min(Math.floor((number - least) / width), BUCKETS - 1);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count, i) => {
    const right = i === BUCKETS - 1 ? greatest : least + (i + 1) * width;
    return [least + i * width, right, count] as const;
  });
}
