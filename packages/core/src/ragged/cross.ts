import {type Element, isInteger} from '../dtype.js';
import {ShapeError, ValueError} from '../errors.js';
import {show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {convert, type TensorLike} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {RowPartition} from './partition.js';
import {isRagged, RaggedTensor} from './ragged-tensor.js';
import {type AnyRowsLike, toRows, withRaggedRank} from './rows.js';

/**
 * Feature crosses: for each row every combination of one element of each input, joined as text; the last input runs fastest.
 *
 * @param inputs matrices of integers or strings, ragged or not, with one number of rows
 * @param options `separator` stands between the elements; default `'_X_'`
 * @example
 * ragged.cross([ragged.constant([['a']]), ragged.constant([['x', 'y']])]); // [['a_X_x', 'a_X_y']]
 */
export function cross(
  inputs: readonly AnyRowsLike[],
  options: {separator?: string | undefined} = {},
): RaggedTensor<string> {
  const op = 'ragged.cross';
  checkOptions(op, options, ['separator']);
  const {separator = '_X_'} = options;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ValueError(`${op}: a list of at least one input is needed, got ${describe(inputs)}`);
  }
  const columns = inputs.map((x: unknown) => textsOf(x, op));
  const nrows = columns[0]?.length ?? 0;
  const odd = columns.find((rows) => rows.length !== nrows);
  if (odd !== undefined) {
    throw new ShapeError(`${op}: inputs must have one number of rows, got ${String(nrows)} and ${String(odd.length)}`);
  }
  const rows = Array.from({length: nrows}, (_, i) =>
    columns
      .map((column) => column[i] ?? [])
      .reduce<readonly string[] | null>(
        (made, texts) =>
          made === null ? texts : made.flatMap((head) => texts.map((text) => `${head}${separator}${text}`)),
        null,
      ),
  );
  const lengths = BigInt64Array.from(rows, (row) => BigInt(row?.length ?? 0));
  const values = convert<string>(
    rows.flatMap((row) => row ?? []),
    'string',
    op,
  );
  return RaggedTensor.create(
    values,
    RowPartition.fromLengths(convert<Element>(lengths as TensorLike<Element>, 'int64', op) as Tensor),
  );
}

/** The elements of each row as text. */
function textsOf(x: unknown, op: string): readonly (readonly string[])[] {
  const given = toRows(x, op);
  if (given.ndim !== 2 || (given.dtype !== 'string' && !isInteger(given.dtype))) {
    throw new ShapeError(
      `${op}: inputs must be matrices of integers or strings, got ${given.dtype} of shape ${show(given.shape)}`,
    );
  }
  const rows = withRaggedRank(given, 1, op);
  return isRagged(rows) ? (rows.array() as readonly (readonly Element[])[]).map((row) => row.map(String)) : [];
}
