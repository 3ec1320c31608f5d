import {ShapeError, ValueError} from '../errors.js';
import {broadcastTo, expandDims, transpose} from '../ops/shape.js';
import {checkAxis, concrete, sameShape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type TensorLike} from '../tensor/convert.js';
import {valuesOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {checkInteger, checkText, type Strings, toText} from './arguments.js';
import {normalized} from './bytes.js';
import {toIndices} from './numbers.js';

export interface JoinOptions {
  /** What stands between. Default `''`. */
  separator?: string | undefined;
}

/** Joins strings of several tensors one by one; scalars go with every element, all others have one shape. */
export function join(inputs: readonly Strings[], options: JoinOptions = {}): Tensor<string> {
  const op = 'strings.join';
  checkOptions(op, options, ['separator']);
  const separator = checkText(op, 'separator', options.separator ?? '');
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ValueError(`${op}: a list of at least one input is needed, got ${describe(inputs)}`);
  }
  const values = inputs.map((input: Strings) => toText(input, op));
  const shape = values.find(({ndim}) => ndim > 0)?.shape ?? [];
  for (const value of values) {
    if (value.ndim > 0 && !sameShape(value.shape, shape)) {
      throw new ShapeError(
        `${op}: inputs must be scalars or have one shape, got ${values.map((each) => show(each.shape)).join(' and ')}`,
      );
    }
  }
  const columns = values.map((value) => textOf(broadcastTo(value, shape)));
  const size = columns[0]?.length ?? 0;
  const joined = Array.from({length: size}, (_, i) => normalized(columns.map((column) => column[i]).join(separator)));
  return textTensor(joined, concrete(shape));
}

export interface ReduceJoinOptions extends JoinOptions {
  /** Axes to join along, the last one first; all by default. */
  axis?: number | readonly number[] | undefined;
  /** Whether they stay as axes of size 1. Default false. */
  keepdims?: boolean | undefined;
}

/** Joins the strings along axes. */
export function reduceJoin(x: Strings, options: ReduceJoinOptions = {}): Tensor<string> {
  const op = 'strings.reduceJoin';
  checkOptions(op, options, ['axis', 'keepdims', 'separator']);
  const {axis, keepdims = false} = options;
  const separator = checkText(op, 'separator', options.separator ?? '');
  const value = toText(x, op);
  const axes = (axis === undefined ? value.shape.map((_, i) => value.ndim - 1 - i) : [axis].flat()).map((a) =>
    checkAxis(op, a, value.ndim),
  );
  if (new Set(axes).size !== axes.length) throw new ShapeError(`${op}: axes [${axes.join(', ')}] name one axis twice`);
  const rest = value.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const shape = rest.map((i) => value.dim(i));
  const texts = textOf(transpose(value, [...rest, ...axes.toReversed()]));
  const count = shape.reduce((product, n) => product * n, 1);
  const length = axes.reduce((product, a) => product * value.dim(a), 1);
  const joined = Array.from({length: count}, (_, i) =>
    normalized(texts.slice(i * length, (i + 1) * length).join(separator)),
  );
  const made = textTensor(joined, shape);
  return keepdims ? (expandDims(made, axes) as Tensor<never>) : made;
}

/** Joins the rows that have one id: row i of the result joins those with `segmentIds` i, in their order. */
export function unsortedSegmentJoin(
  x: Strings,
  segmentIds: TensorLike,
  numSegments: number,
  options: JoinOptions = {},
): Tensor<string> {
  const op = 'strings.unsortedSegmentJoin';
  checkOptions(op, options, ['separator']);
  const separator = checkText(op, 'separator', options.separator ?? '');
  const value = toText(x, op);
  const count = checkInteger(op, 'numSegments', numSegments, 0);
  const ids = toIndices(segmentIds, op, 'segmentIds');
  if (!sameShape(ids.shape, value.shape.slice(0, ids.ndim))) {
    throw new ShapeError(
      `${op}: the shape of segmentIds must begin that of x, got ${show(ids.shape)} and ${show(value.shape)}`,
    );
  }
  const inner = concrete(value.shape).slice(ids.ndim);
  const size = inner.reduce((product, n) => product * n, 1);
  const texts = textOf(value);
  const groups = Array.from({length: count * size}, (): string[] => []);
  valuesOf(ids)
    .map(Number)
    .forEach((id, row) => {
      if (id < 0 || id >= count) {
        throw new ValueError(`${op}: segmentIds must be from 0 to ${String(count - 1)}, got ${String(id)}`);
      }
      for (let k = 0; k < size; k++) groups[id * size + k]?.push(texts[row * size + k] ?? '');
    });
  return textTensor(
    groups.map((group) => normalized(group.join(separator))),
    [count, ...inner],
  );
}
