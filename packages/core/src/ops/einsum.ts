import {ShapeError, ValueError} from '../errors.js';
import {type Shape, show} from '../shape.js';
import {describe} from '../suggest.js';
import {isTensor, type Tensor} from '../tensor/tensor.js';
import {convertLike} from '../tensor/convert.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {matmul} from './linalg.js';
import {diagonal} from './arrange.js';
import {total} from './products.js';

// Einstein's sum convention, by transpose, reshape and matmul.

/** A tensor and the label of each axis. */
interface Term {
  readonly value: Tensor;
  readonly labels: readonly string[];
}

interface Equation {
  readonly inputs: readonly string[];
  readonly output: string | null;
}

const ELLIPSIS = '...';

// The equation has letters of the alphabet only.
const letters = (text: string): string[] => Array.from(text);

function parse(subscripts: string, count: number): Equation {
  const text = subscripts.replaceAll(' ', '');
  const [left = '', right, ...more] = text.split('->');
  const inputs = left.split(',');
  if (more.length > 0 || !/^[A-Za-z.,]*$/.test(left + (right ?? ''))) {
    throw new ValueError(`einsum: an equation such as 'ij,jk->ik' is needed, got ${describe(subscripts)}`);
  }
  if (inputs.length !== count) {
    throw new ValueError(`einsum: '${subscripts}' has ${String(inputs.length)} operands, got ${String(count)} tensors`);
  }
  return {inputs, output: right ?? null};
}

/** Labels of every axis; an ellipsis becomes labels that are aligned at the right: '.0' is its last axis. */
function expand(part: string, rank: number, where: string): string[] {
  const [before = '', after] = part.split(ELLIPSIS);
  if (after === undefined) return letters(before);
  const open = rank - before.length - after.length;
  if (open < 0) throw new ShapeError(`einsum: ${where} has too few axes for '${part}'`);
  return [...letters(before), ...Array.from({length: open}, (_, i) => `.${String(open - 1 - i)}`), ...letters(after)];
}

/** Repeated labels of one operand: only the diagonal counts. */
function withoutRepeats(term: Term): Term {
  const {labels} = term;
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return term;
  const label = labels[second] ?? '';
  const first = labels.indexOf(label);
  const value = diagonal(term.value, {axis1: first, axis2: second});
  return withoutRepeats({value, labels: [...labels.filter((_, i) => i !== first && i !== second), label]});
}

/** Sums over axes whose labels nobody needs any more. */
function summed({value, labels}: Term, needed: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (axes.length === 0) return {value, labels};
  return {value: value.sum(axes), labels: labels.filter((label) => needed.has(label))};
}

const arranged = ({value, labels}: Term, order: readonly string[]): Tensor =>
  value.transpose(order.map((label) => labels.indexOf(label)));

const sizeIn = ({value, labels}: Term, label: string): number | null => value.shape[labels.indexOf(label)] ?? null;

/** Sums over the labels that both have and nobody else needs. */
function contract(a: Term, b: Term, needed: ReadonlySet<string>): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const left = summed(a, new Set([...needed, ...shared]));
  const right = summed(b, new Set([...needed, ...shared]));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const sizeOf = (label: string): number | null => {
    const [n, m] = [sizeIn(left, label), sizeIn(right, label)];
    return n === 1 ? m : n;
  };
  const outer = batch.map(sizeOf);
  const spread = (term: Term, order: readonly string[]): Tensor => {
    const value = arranged(term, order);
    const shape = order.map((label) => (shared.includes(label) ? sizeOf(label) : sizeIn(term, label)));
    return show(shape) === show(value.shape) ? value : value.broadcastTo(shape);
  };
  const sizes = (term: Term, list: readonly string[]): Shape => list.map((label) => sizeIn(term, label));
  const depth = total(inner.map(sizeOf));
  const m = sizes(left, rows);
  const n = sizes(right, columns);
  const p = spread(left, [...batch, ...rows, ...inner]).reshape([total(outer), total(m), depth]);
  const q = spread(right, [...batch, ...inner, ...columns]).reshape([total(outer), depth, total(n)]);
  const product = depth === 1 ? p.mul(q) : matmul(p, q);
  return {
    value: product.reshape([...outer, ...m, ...n].map((size) => size ?? -1)),
    labels: [...batch, ...rows, ...columns],
  };
}

function checkSizes(terms: readonly Term[], subscripts: string): void {
  const seen = new Map<string, number>();
  for (const {value, labels} of terms) {
    labels.forEach((label, i) => {
      const size = value.shape[i] ?? null;
      const other = seen.get(label);
      if (size === null) return;
      const broadcasts = label.startsWith('.') && (size === 1 || other === 1);
      if (other !== undefined && other !== size && !broadcasts) {
        throw new ShapeError(
          `einsum: '${label}' of '${subscripts}' has sizes ${String(other)} and ${String(size)} in operands of shapes ` +
            terms.map((term) => show(term.value.shape)).join(', '),
        );
      }
      if (other === undefined || other === 1) seen.set(label, size);
    });
  }
}

/**
 * Sums of products in Einstein's notation: a letter for each axis, letters that the output lacks are summed over. `...` stands for any
 * axes, which broadcast; without `->` the output has the letters that occur once, in alphabetical order. Operands are
 * contracted from the left to the right.
 *
 * @example
 * einsum('bij,bjk->bik', a, b); // matmul
 * einsum('...ii->...i', x);     // diagonals
 * @throws ShapeError where a letter stands for two sizes
 */
export function einsum(subscripts: string, ...operands: readonly AnyTensorLike[]): Tensor {
  if (typeof subscripts !== 'string') {
    throw new ValueError(`einsum: an equation such as 'ij,jk->ik' is needed, got ${describe(subscripts)}`);
  }
  if (operands.length === 0) throw new ValueError('einsum: at least one tensor is needed');
  const {inputs, output} = parse(subscripts, operands.length);
  const first = operands.find(isTensor);
  const terms = operands.map((operand, i): Term => {
    const value = (
      first === undefined ? toTensor(operand, 'einsum') : convertLike(operand, first.dtype, 'einsum')
    ) as Tensor;
    const labels = expand(inputs[i] ?? '', value.ndim, `operand ${String(i)} of shape ${show(value.shape)}`);
    if (labels.length !== value.ndim) {
      throw new ShapeError(`einsum: '${inputs[i] ?? ''}' does not fit an operand of shape ${show(value.shape)}`);
    }
    return {value, labels};
  });
  checkSizes(terms, subscripts);
  const all = terms.flatMap(({labels}) => labels);
  const dots = [...new Set(all.filter((label) => label.startsWith('.')))].sort((a, b) => (a < b ? 1 : -1));
  const single = [...new Set(all)].filter((l) => !l.startsWith('.') && all.filter((k) => k === l).length === 1).sort();
  const result =
    output === null
      ? [...dots, ...single]
      : output.split(ELLIPSIS).flatMap((text, i) => (i === 0 ? letters(text) : [...dots, ...letters(text)]));
  for (const label of result) {
    if (!all.includes(label))
      throw new ValueError(`einsum: '${label}' of the output of '${subscripts}' is in no operand`);
  }
  const [head, ...rest] = terms.map(withoutRepeats);
  if (head === undefined) throw new ValueError('einsum: at least one tensor is needed');
  const joined = rest.reduce<Term>((left, right, i) => {
    const later = rest.slice(i + 1).flatMap(({labels}) => labels);
    return contract(left, right, new Set([...result, ...later]));
  }, head);
  return arranged(summed(joined, new Set(result)), result);
}
