import {ValueError} from '../errors.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {RaggedTensor, type Rows} from '../ragged/ragged-tensor.js';
import {checkInteger, checkText, type Strings, toText} from './arguments.js';
import {normalized} from './bytes.js';
import {type Lists, listsOf, rowsOf} from './rows.js';

export interface SplitOptions {
  /** What separates the parts; by default any white space, and empty parts are left out. */
  sep?: string | undefined;
  /** At most so many cuts from the left; -1 for any number. Default -1. */
  maxsplit?: number | undefined;
}

/**
 * The parts of each string: a tensor for one string, else a ragged tensor with a row for each.
 *
 * @example
 * strings.split(['a b  c', 'd']).array(); // [['a', 'b', 'c'], ['d']]
 * strings.split('a,b,,c', {sep: ','}).array(); // ['a', 'b', '', 'c']
 */
export function split<const S extends Strings>(x: S, options: SplitOptions = {}): Lists<S, string> {
  const op = 'strings.split';
  checkOptions(op, options, ['sep', 'maxsplit'], {separator: 'sep'});
  const sep = checkText(op, 'sep', options.sep ?? '');
  const maxsplit = checkInteger(op, 'maxsplit', options.maxsplit ?? -1, -1);
  const value = toText(x, op);
  const cuts = maxsplit < 0 ? Infinity : maxsplit;
  const lists = textOf(value).map((text) => (sep === '' ? byWhiteSpace(text, cuts) : bySeparator(text, sep, cuts)));
  return rowsOf<string, string, S>(value, lists, (flat) => textTensor(flat, [flat.length]));
}

// Python's str.split, which TensorFlow follows; the last part keeps what is behind it.
function byWhiteSpace(text: string, cuts: number): string[] {
  if (cuts === 0) return [text];
  const parts: string[] = [];
  let rest = text.replace(/^[ \t\n\v\f\r]+/, '');
  while (rest !== '' && parts.length < cuts) {
    const space = /[ \t\n\v\f\r]+/.exec(rest);
    if (space === null) break;
    parts.push(rest.slice(0, space.index));
    rest = rest.slice(space.index + space[0].length);
  }
  return rest === '' ? parts : [...parts, rest];
}

function bySeparator(text: string, sep: string, cuts: number): string[] {
  const all = text.split(sep);
  if (all.length - 1 <= cuts) return all;
  return [...all.slice(0, cuts), all.slice(cuts).join(sep)];
}

export interface NgramsOptions {
  /** What stands between the parts of an n-gram. Default a space. */
  separator?: string | undefined;
  /** What stands before and after each row, one text for both or two. Default: nothing. */
  padValues?: string | readonly [left: string, right: string] | undefined;
  /** At most so many of them on each side; by default and at most the width minus one. */
  paddingWidth?: number | undefined;
  /** Whether a row that is too short for any n-gram becomes one as a whole. Default false. */
  preserveShortSequences?: boolean | undefined;
}

/** Neighbours in each row (the last axis), joined: all of width n, or of each of several widths. */
export function ngrams<const S extends Strings | RaggedTensor<string>>(
  x: S,
  ngramWidth: number | readonly number[],
  options: NgramsOptions = {},
): S extends RaggedTensor<string> ? RaggedTensor<string> : Tensor<string> {
  const op = 'strings.ngrams';
  checkOptions(op, options, ['separator', 'padValues', 'paddingWidth', 'preserveShortSequences']);
  const separator = checkText(op, 'separator', options.separator ?? ' ');
  const widths = [ngramWidth].flat().map((width) => checkInteger(op, 'ngramWidth', width, 1));
  const {padValues, preserveShortSequences = false} = options;
  const [left, right] = typeof padValues === 'string' ? [padValues, padValues] : (padValues ?? [null, null]);
  if (options.paddingWidth !== undefined) checkInteger(op, 'paddingWidth', options.paddingWidth, 0);
  const rows: Rows<string> = x instanceof RaggedTensor ? x : toText(x, op);
  if (!(rows instanceof RaggedTensor) && rows.ndim === 0) {
    throw new ValueError(`${op}: a list of strings is needed, got ${describe(x)}`);
  }
  const {lists, rebuild} = listsOf<string>(rows, textOf);
  const made = lists.map((list) => {
    const grams = widths.flatMap((width) => {
      const pads = left === null ? 0 : Math.min(options.paddingWidth ?? width - 1, width - 1);
      const padded = [
        ...new Array<string>(pads).fill(left ?? ''),
        ...list,
        ...new Array<string>(pads).fill(right ?? ''),
      ];
      return Array.from({length: Math.max(padded.length - width + 1, 0)}, (_, i) =>
        normalized(padded.slice(i, i + width).join(separator)),
      );
    });
    const isShort = preserveShortSequences && grams.length === 0 && list.length > 0;
    return isShort ? [normalized(list.join(separator))] : grams;
  });
  const done: Rows<string> =
    rows instanceof RaggedTensor
      ? replaceRows(rows, made)
      : rebuild(textTensor(made.flat(), [made.length, made[0]?.length ?? 0]));
  return done as S extends RaggedTensor<string> ? RaggedTensor<string> : Tensor<string>;
}

/** The ragged tensor with other innermost rows. */
function replaceRows(rows: RaggedTensor<string>, lists: readonly (readonly string[])[]): RaggedTensor<string> {
  if (rows.values instanceof RaggedTensor) {
    return RaggedTensor.create<string>(replaceRows(rows.values, lists), rows.partition);
  }
  const outer = textTensor(
    lists.map(() => ''),
    [lists.length],
  );
  return rowsOf<string, string, readonly string[]>(outer, lists, (flat) => textTensor(flat, [flat.length]));
}
