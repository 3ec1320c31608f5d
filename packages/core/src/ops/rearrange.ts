import {ShapeError, ValueError} from '../errors.js';
import {show} from '../shape.js';
import {describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';

/** Groups of names: 'a (b c)' -> [['a'], ['b', 'c']]. */
function groups(side: string, pattern: string): string[][] {
  const tokens = side.match(/\(|\)|[A-Za-z_]\w*|1|\S/g) ?? [];
  const result: string[][] = [];
  let open: string[] | null = null;
  for (const token of tokens) {
    if (token === '(' && open === null) open = [];
    else if (token === ')' && open !== null) {
      result.push(open);
      open = null;
    } else if (/^\w+$/.test(token)) {
      if (open === null) result.push(token === '1' ? [] : [token]);
      else if (token !== '1') open.push(token);
    } else {
      throw new ValueError(`rearrange: ${describe(token)} of '${pattern}' is no name or bracket`);
    }
  }
  if (open !== null) throw new ValueError(`rearrange: a bracket of '${pattern}' is not closed`);
  return result;
}

/**
 * Splits, reorders and merges axes as a pattern of names says (einops' notation).
 *
 * @example
 * rearrange(x, 'b (h w) c -> b c h w', {h: 8});
 * @throws ShapeError where the pattern does not fit the shape
 */
export function rearrange(
  x: AnyTensorLike,
  pattern: string,
  axesLengths: Readonly<Record<string, number | undefined>> = {},
): Tensor {
  const value: Tensor = toTensor(x, 'rearrange');
  const [left, right, ...more] = typeof pattern === 'string' ? pattern.split('->') : [];
  if (left === undefined || right === undefined || more.length > 0) {
    throw new ValueError(`rearrange: a pattern such as 'a b -> b a' is needed, got ${describe(pattern)}`);
  }
  const from = groups(left, pattern);
  const to = groups(right, pattern);
  const names = from.flat();
  if ([...names].sort().join() !== [...to.flat()].sort().join() || new Set(names).size !== names.length) {
    throw new ValueError(`rearrange: both sides of '${pattern}' must have the same names, each once`);
  }
  if (from.length !== value.ndim) {
    throw new ShapeError(`rearrange: '${pattern}' does not fit a tensor of shape ${show(value.shape)}`);
  }
  const sizes = new Map<string, number>();
  from.forEach((group, i) => {
    const n = value.dim(i);
    const open = group.filter((name) => axesLengths[name] === undefined);
    const known = group.reduce((product, name) => product * (axesLengths[name] ?? 1), 1);
    if (open.length > 1 || (open.length === 0 ? known !== n : n % known !== 0)) {
      throw new ShapeError(
        `rearrange: axis ${String(i)} of shape ${show(value.shape)} does not split into (${group.join(' ')}) of '${pattern}'`,
      );
    }
    for (const name of group) sizes.set(name, axesLengths[name] ?? n / known);
  });
  const sizeOf = (name: string) => sizes.get(name) ?? 1;
  const order = to.flat().map((name) => names.indexOf(name));
  return value
    .reshape(names.map(sizeOf))
    .transpose(order)
    .reshape(to.map((group) => group.reduce((product, name) => product * sizeOf(name), 1)));
}
