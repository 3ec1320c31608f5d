import {type Element} from '../dtype.js';
import {withoutRecorder} from '../engine/recording.js';
import {castTo} from '../ops/convert.js';
import {EDGE_ITEMS, floatScalar, THRESHOLD} from '../tensor/format.js';
import {type Shape} from '../shape.js';
import {type Tensor} from '../tensor/tensor.js';
import {type RaggedNested} from './create.js';
import {type RowPartition} from './partition.js';
import {isRagged, type RaggedTensor, type Rows} from './ragged-tensor.js';
import {cutRows, rowAt} from './rows.js';

/** The elements as nested arrays. */
export function arrayOf<E extends Element>(x: RaggedTensor<E>): RaggedNested<E> {
  const items = x.flatValues.array() as readonly unknown[];
  return x.partitions.reduceRight<readonly unknown[]>((list, {splits, nrows}) => {
    const ends = castTo(splits, 'float64').data();
    return Array.from({length: nrows}, (_, i) => list.slice(ends[i] as number, ends[i + 1] as number));
  }, items) as RaggedNested<E>;
}

/** Whether both have the same dtype, the same rows and the same elements. */
export function equals(a: RaggedTensor<Element>, b: unknown): boolean {
  if (!isRagged(b) || a.dtype !== b.dtype || a.raggedRank !== b.raggedRank) return false;
  const others: readonly RowPartition[] = b.partitions;
  if (!a.partitions.every((each, i) => others[i]?.equals(each) === true)) return false;
  const [x, y] = [a.flatValues, b.flatValues];
  if (x.shape.length !== y.shape.length || x.shape.some((n, i) => n !== y.shape[i])) return false;
  return (
    x.size === 0 ||
    (x as Tensor)
      .equal(y as Tensor)
      .all()
      .item()
  );
}

const LINE_WIDTH = 75;

type Text = string | readonly Text[];

/** `RaggedTensor([[1, 2], [3]], shape=(2, None), dtype=int32)`: rows below each other where they do not fit into a line. */
export function raggedText(x: RaggedTensor<Element>): string {
  const {dtype, shape} = x;
  const cut = x.size > THRESHOLD || x.nrows > THRESHOLD;
  const texts = withoutRecorder(null, () => textsOf(x, cut));
  const flat = oneLine(texts);
  const long = flat.length > LINE_WIDTH;
  const body = long ? `\n${layout(texts, ' ')}` : flat;
  return `RaggedTensor(${body}, shape=${tuple(shape)}, dtype=${dtype})`;
}

const tuple = (shape: Shape): string => {
  const sizes = shape.map((n) => (n === null ? 'None' : String(n)));
  return sizes.length === 1 ? `(${String(sizes[0])},)` : `(${sizes.join(', ')})`;
};

function textsOf(rows: Rows<Element>, cut: boolean): Text {
  if (rows.ndim === 0) return scalarText(rows as Tensor<Element>);
  const n = rows.length;
  if (!cut || n <= 2 * EDGE_ITEMS) return each(rows, n, cut);
  const head = cutRows(rows, 0, EDGE_ITEMS);
  const tail = cutRows(rows, n - EDGE_ITEMS, n);
  return [...each(head, EDGE_ITEMS, cut), '...', ...each(tail, EDGE_ITEMS, cut)];
}

function each(rows: Rows<Element>, n: number, cut: boolean): readonly Text[] {
  if (rows.ndim === 1) {
    const {dtype} = rows;
    return ((rows as Tensor<Element>).array() as readonly Element[]).map((value) => elementText(value, dtype));
  }
  return Array.from({length: n}, (_, i) => textsOf(rowOf(rows, i), cut));
}

const rowOf = (rows: Rows<Element>, i: number): Rows<Element> =>
  isRagged(rows) ? rowAt(rows, i, 'print') : rows.at(i);

const scalarText = (x: Tensor<Element>): string => elementText(x.item(), x.dtype);

// As Python prints one value.
function elementText(value: Element, dtype: Tensor['dtype']): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object') return `(${String(value.re)}${value.im < 0 ? '' : '+'}${String(value.im)}j)`;
  const isFloat = dtype === 'float64' || dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16';
  return typeof value === 'number' && isFloat ? floatScalar(value, dtype) : String(value);
}

const oneLine = (text: Text): string => (typeof text === 'string' ? text : `[${text.map(oneLine).join(', ')}]`);

function layout(text: Text, indent: string): string {
  if (typeof text === 'string') return text;
  if (text.every((item) => typeof item === 'string')) {
    let line = '[';
    let lines = '';
    text.forEach((word, i) => {
      const item = i < text.length - 1 ? `${word},` : `${word}]`;
      if (indent.length + line.length + item.length > LINE_WIDTH && line.trim() !== '[' && line.trim() !== '') {
        lines += `${line.trimEnd()}\n${indent}`;
        line = '';
      }
      line += i < text.length - 1 ? `${item} ` : item;
    });
    return text.length === 0 ? '[]' : lines + line;
  }
  return `[${text.map((item) => layout(item, `${indent} `)).join(`,\n${indent}`)}]`;
}
