import {ShapeError, ValueError} from '../errors.js';
import {broadcastShapes, type Shape, show} from '../shape.js';
import {checkOptions, describe} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {type AnyTensorLike, toTensor} from './convert.js';
import {vectorizedMap} from './scan.js';
import {broadcastTo} from './shape.js';

export interface VectorizeOptions {
  /** Positions of arguments that are passed on as they are. Default: none. */
  excluded?: readonly number[] | ReadonlySet<number> | undefined;
  /** The axes that the function itself takes and gives, as `'(m,n),(n)->(m)'`. Default: scalars. */
  signature?: string | undefined;
}

type Result = Tensor | readonly Tensor[];

interface Signature {
  readonly inputs: readonly (readonly string[])[];
  readonly outputs: readonly (readonly string[])[];
}

const NAME = '[A-Za-z_]\\w*';
const CORE = `\\((?:${NAME}(?:,${NAME})*)?\\)`;
const FORM = new RegExp(`^${CORE}(?:,${CORE})*->${CORE}(?:,${CORE})*$`);

function parse(signature: string): Signature {
  const text = signature.replaceAll(' ', '');
  if (!FORM.test(text)) {
    throw new ValueError(`vectorize: signature must have the form '(m,n),(n)->(m)', got ${describe(signature)}`);
  }
  const lists = (side: string) =>
    [...side.matchAll(/\(([^)]*)\)/g)].map(([, names = '']) => (names === '' ? [] : names.split(',')));
  const [inputs = '', outputs = ''] = text.split('->');
  return {inputs: lists(inputs), outputs: lists(outputs)};
}

/** Named sizes must agree wherever they occur. */
function note(sizes: Map<string, number | null>, names: readonly string[], core: Shape, what: string): void {
  names.forEach((name, i) => {
    const size = core[i] ?? null;
    const known = sizes.get(name);
    if (known !== undefined && known !== size) {
      throw new ShapeError(
        `vectorize: axis ${name} of ${what} must have size ${String(known)} as elsewhere, got ${String(size)}`,
      );
    }
    sizes.set(name, size);
  });
}

/**
 * A function of scalars (or of the axes in `signature`) made into one of tensors of any shape that broadcast.
 *
 * @example
 * const larger = vectorize((a: Tensor, b: Tensor) => cond(a.greater(b), () => a, () => b));
 * larger(tensor([1, 2, 3]), tensor(2)); // [2, 2, 3]
 */
export function vectorize<R extends Result>(
  pyfunc: (...args: never[]) => R,
  options: VectorizeOptions = {},
): (...args: readonly unknown[]) => R {
  checkOptions('vectorize', options, ['excluded', 'signature']);
  if (typeof pyfunc !== 'function') {
    throw new ValueError(`vectorize: pyfunc must be a function, got ${describe(pyfunc)}`);
  }
  const excluded = new Set(options.excluded ?? []);
  const signature = options.signature === undefined ? null : parse(options.signature);
  return (...args) => {
    const positions = args.flatMap((arg, i) => (excluded.has(i) || arg === null || arg === undefined ? [] : [i]));
    const tensors = positions.map((i): Tensor => toTensor(args[i] as AnyTensorLike, 'vectorize'));
    const cores = signature?.inputs ?? tensors.map(() => []);
    if (cores.length !== tensors.length) {
      throw new ValueError(
        `vectorize: signature ${describe(options.signature)} takes ${String(cores.length)} tensors, got ${String(tensors.length)}`,
      );
    }
    const sizes = new Map<string, number | null>();
    const loops = tensors.map((x, i) => {
      const names = cores[i] ?? [];
      if (x.ndim < names.length) {
        throw new ShapeError(
          `vectorize: argument ${String(positions[i])} must have the axes (${names.join(',')}), got shape ${show(x.shape)}`,
        );
      }
      note(sizes, names, x.shape.slice(x.ndim - names.length), `argument ${String(positions[i])}`);
      return x.shape.slice(0, x.ndim - names.length);
    });
    const loop = loops.reduce<Shape | null>((all, each) => (all === null ? null : broadcastShapes(all, each)), []);
    if (loop === null) {
      throw new ShapeError(`vectorize: arguments must broadcast, got ${loops.map((each) => show(each)).join(' and ')}`);
    }
    const count = loop.reduce<number>((product, n) => product * (n ?? 1), 1);
    const rows = tensors.map((x, i) => {
      const core = x.shape.slice(x.ndim - (cores[i] ?? []).length);
      return broadcastTo(x, [...loop, ...core]).reshape([count, ...core.map(Number)]);
    });
    const one = (list: readonly Tensor[]): R => {
      const all = [...args];
      positions.forEach((position, i) => (all[position] = list[i]));
      const result = pyfunc(...(all as never[]));
      checkResult(result, signature, new Map(sizes));
      return result;
    };
    const made: R = rows.length === 0 ? one([]) : vectorizedMap(one, rows);
    const outer = loop.map(Number);
    const back = (y: Tensor): Tensor =>
      rows.length === 0 ? y : y.reshape([...outer, ...y.shape.slice(1).map(Number)]);
    return (Array.isArray(made) ? (made as readonly Tensor[]).map(back) : back(made as Tensor)) as R;
  };
}

function checkResult(result: Result, signature: Signature | null, sizes: Map<string, number | null>): void {
  const list = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  const cores = signature?.outputs ?? list.map(() => []);
  if (cores.length !== list.length) {
    throw new ValueError(
      `vectorize: the function must give ${String(cores.length)} results, got ${String(list.length)}`,
    );
  }
  list.forEach((y, i) => {
    const names = cores[i] ?? [];
    if (y.ndim !== names.length) {
      throw new ShapeError(
        `vectorize: result ${String(i)} must have the axes (${names.join(',')}), got shape ${show(y.shape)}`,
      );
    }
    note(sizes, names, y.shape, `result ${String(i)}`);
  });
}
