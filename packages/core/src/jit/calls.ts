import {InternalError} from '../errors.js';
import {type Primitive, type Spec} from '../engine/primitive.js';
import {concrete} from '../shape.js';
import {type CallNode, type Dynamic, type Execution, type Operand, type Value} from './ir.js';
import {attributesText} from './print.js';

// Stand in for the words of a random state, to find them among a kernel's attributes.
const WORDS = [-1001.5, -1002.5, -1003.5, -1004.5] as const;

const NONE: readonly never[] = [];

const specOf = ({shape, dtype}: Spec): Spec => ({shape, dtype});

/** A random state that is drawn when the program runs. */
export const stateWords = (): [number, number, number, number] => [...WORDS];

/** A primitive's call as a node; with `draw` it uses that random state. */
export function callNode(
  name: string,
  op: string,
  attributes: unknown,
  execution: Execution,
  inputs: readonly Operand[],
  outputs: readonly Value[],
  draw: number | undefined,
): CallNode {
  const dynamic = draw === undefined ? NONE : drawn(execution, draw);
  return {
    kind: 'call',
    op,
    name,
    text: attributesText(attributes),
    inputs,
    outputs,
    execution,
    dynamic,
    given: attributes,
  };
}

function drawn(execution: Execution, draw: number): Dynamic[] {
  if (execution.kind === 'view' || execution.kind === 'elementwise') {
    throw new InternalError('a function without attributes draws a random state');
  }
  const at = execution.attributes.indexOf(WORDS[0]);
  if (at < 0) throw new InternalError(`${execution.kernel} has no random state among its attributes`);
  return WORDS.map((_, word) => ({attribute: at + word, draw, word}));
}

/** How a primitive runs for these inputs; all that depends on shapes and attributes is decided here. */
export function executionOf<A>(
  {name, definition: {run}}: Primitive<A>,
  inputs: readonly Spec[],
  attributes: A,
  specs: readonly Spec[],
): Execution {
  switch (run.kind) {
    case 'elementwise':
      return {kind: 'elementwise', kernel: run.kernel ?? name};
    case 'view': {
      const [spec] = specs;
      if (spec === undefined) throw new InternalError(`${name} gives nothing`);
      const shape = concrete(spec.shape);
      return {kind: 'view', layout: (input) => run.layout(input, attributes, shape)};
    }
    case 'strided':
    case 'contiguous': {
      const {encode, broadcast} = run;
      // Rules see what programs know: no tensors.
      const own = encode === undefined && broadcast === undefined ? inputs : inputs.map(specOf);
      return {
        kind: run.kind,
        kernel: run.kernel ?? name,
        attributes: encode?.(attributes, own, specs) ?? [],
        broadcasts:
          broadcast === undefined
            ? NONE
            : inputs.map((_, i) => {
                const shape = broadcast(own, specs, i);
                return shape === null ? null : concrete(shape);
              }),
      };
    }
  }
}
