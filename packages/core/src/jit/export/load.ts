import {type Element} from '../../dtype.js';
import {ValueError} from '../../errors.js';
import {tracing} from '../../engine/tracing.js';
import {type FilePath} from '../../files/atomic.js';
import {type Tensor} from '../../tensor/tensor.js';
import {type Variable} from '../../tensor/variable.js';
import {print} from '../print.js';
import {keyOf, runSegment, type Segment} from '../segments.js';
import {type ArgumentSpec, describeSpec, matches, specOf} from '../specs.js';
import {type LoadedFunction, readProgram} from './read.js';

/** A compiled function from a file: called like the function that was exported. */
export type LoadedProgram<A extends readonly unknown[] = readonly unknown[], R = unknown> = ((...args: A) => R) & {
  /** Its Variables, with the values of the file; the function may assign them. */
  readonly variables: readonly Variable<Element>[];
  /** The arguments that it takes, one list for each shape that was exported: `[float32[2,3], true]`. */
  readonly signatures: readonly string[];
  /** The programs as text, after all passes. */
  ir(): string;
};

/**
 * Loads a function that was exported (`step.export(path)`, `model.export(path)`). It runs without the code that defined it, on any
 * platform: the file holds operations, not kernels, and is optimized for this machine now. Nothing of a file is code: operations are looked
 * up by name, their shapes and dtypes checked as if they were called.
 *
 * @example
 * const serve = await loadProgram<[Tensor], Tensor>('model.keratin');
 * serve(x);
 * @throws FileFormatError where the file is damaged or of a later version
 */
export async function loadProgram<A extends readonly unknown[] = readonly unknown[], R = unknown>(
  path: FilePath,
): Promise<LoadedProgram<A, R>> {
  const {functions, variables} = await readProgram(path);
  const signatures = functions.map(({spec}) => describeSpec(spec));
  const call = (...args: A): R => run(functions, signatures, args) as R;
  return Object.assign(call, {
    variables,
    signatures,
    ir: () => functions.flatMap(({root}) => [...programsOf(root)]).join('\n'),
  });
}

function run(functions: readonly LoadedFunction[], signatures: readonly string[], args: readonly unknown[]): unknown {
  if (tracing !== null) {
    throw new ValueError('loadProgram: a loaded program is compiled already and cannot be called in a jitted function');
  }
  for (const {spec, root} of functions) {
    const inputs: Tensor<Element>[] = [];
    if (matches(spec, args, inputs)) return runFrom(root, inputs);
  }
  throw new ValueError(
    `loadProgram: the program takes ${signatures.join(' or ')}, got ${describeSpec(describable(args))}`,
  );
}

function runFrom(root: Segment, inputs: readonly Tensor<Element>[]): unknown {
  const computed: (readonly Tensor<Element>[])[] = [];
  let segment = root;
  for (;;) {
    const results = runSegment(segment, inputs, computed);
    if (segment.result !== null) return segment.result.of(results);
    computed.push(results);
    const value = keyOf(results);
    const next = segment.next.get(value);
    if (next === undefined) {
      throw new ValueError(
        `loadProgram: the function read the value ${value}, for which no way was exported, only for ${[...segment.next.keys()].join(', ')};` +
          ' call it with such values before the export',
      );
    }
    segment = next;
  }
}

function describable(args: readonly unknown[]): ArgumentSpec {
  try {
    return specOf(args);
  } catch {
    return {kind: 'static', value: args};
  }
}

function* programsOf(segment: Segment): Generator<string> {
  yield print(segment.executable.program);
  for (const next of segment.next.values()) yield* programsOf(next);
}
