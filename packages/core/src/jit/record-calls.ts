import {type DType} from '../dtype.js';
import {ValueError} from '../errors.js';
import {type AnyTensor, type Primitive, type Spec} from '../engine/primitive.js';
import {type Generator, TracedStorage} from '../engine/tracing.js';
import {type AttentionAttributes, composedAttention} from '../primitives/attention-composed.js';
import {tensorsIn} from '../structure.js';
import {type Tensor} from '../tensor/tensor.js';
import {type Operand, type Program, type Value} from './ir.js';
import {Tracer, ValueNeeded} from './tracer.js';

// What a function computes, as calls of primitives with their attributes: for other formats of graphs.

/** A primitive's call. */
export interface RecordedCall {
  /** Such as `matmul`. */
  readonly primitive: string;
  readonly attributes: unknown;
  /** The function that the user called. */
  readonly op: string;
  /** What {@link recordCalls} was told of the place. */
  readonly label: string;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Value[];
}

/** What a function computes of tensors. */
export interface Recording {
  readonly inputs: readonly Value[];
  readonly constants: Program['constants'];
  readonly variables: Program['variables'];
  readonly calls: readonly RecordedCall[];
  readonly results: readonly Operand[];
  /** What the function returned, with tensors that have no values. */
  readonly returned: unknown;
}

interface Noted {
  readonly attributes: unknown;
  readonly label: string;
}

class Recorder extends Tracer {
  readonly noted = new Map<Value, Noted>();
  readonly #label: () => string;

  /** Graphs of other formats have no programs within. */
  override readonly hasRegions: boolean = false;

  constructor(label: () => string) {
    super(null);
    this.#label = label;
  }

  override apply<A>(
    primitive: Primitive<A>,
    inputs: readonly AnyTensor[],
    attributes: A,
    specs: readonly Spec[],
    op: string,
  ): AnyTensor[] | null {
    const plain = primitive.name === 'attention' ? attentionInOps(inputs, attributes, specs) : null;
    if (plain !== null) return plain;
    const made = super.apply(primitive, inputs, attributes, specs, op);
    for (const {source} of made ?? []) {
      if (source instanceof TracedStorage) {
        this.noted.set(source.operand as Value, {attributes, label: this.#label()});
      }
    }
    return made;
  }

  override draw(_: Generator | null): readonly [number, number, number, number] {
    throw new ValueError(`${this.#label()} draws random numbers`);
  }
}

// The kernel that goes through blocks of keys is ours alone; the other two outputs are for its gradient.
function attentionInOps(
  [query, key, value, bias, mask]: readonly AnyTensor[],
  attributes: unknown,
  specs: readonly Spec[],
): AnyTensor[] | null {
  if (query === undefined || key === undefined || value === undefined) return null;
  const [q, k, v] = [query, key, value] as readonly Tensor[] as readonly [Tensor, Tensor, Tensor];
  const none = (x: AnyTensor | undefined, number: number): boolean => x?.source === number && x.shape.length === 0;
  const y = composedAttention(
    q,
    k,
    v,
    none(bias, 0) ? null : (bias as Tensor),
    none(mask, 1) ? null : (mask as Tensor<boolean>),
    attributes as AttentionAttributes,
  );
  return specs.map(() => y);
}

/**
 * Runs `fn` on tensors without values and gives what it did.
 * @param label says at each call where it happens, such as the path of a layer
 * @throws ValueError where `fn` reads a value, draws random numbers or changes a Variable
 */
export function recordCalls(
  fn: (inputs: readonly Tensor[]) => unknown,
  specs: readonly {readonly shape: readonly number[]; readonly dtype: DType}[],
  label: () => string,
): Recording {
  const recorder = new Recorder(label);
  const inputs = specs.map((spec) => recorder.input(spec) as Tensor);
  let returned: unknown;
  try {
    returned = recorder.run(() => fn(inputs));
  } catch (error) {
    if (!(error instanceof ValueNeeded)) throw error;
    throw new ValueError('the value of a tensor decides what is computed, which a graph cannot hold', {cause: error});
  }
  const {program} = recorder.finish(tensorsIn(returned));
  const changed = program.variables.find(({initial, final}) => initial !== final);
  if (changed !== undefined) throw new ValueError(`variable ${changed.variable.path} is changed by the call`);
  const calls = program.nodes.map((node): RecordedCall => {
    const [output] = node.outputs;
    const noted = output === undefined ? undefined : recorder.noted.get(output);
    return {
      primitive: node.kind === 'call' ? node.name : node.kind,
      attributes: noted?.attributes,
      op: node.op,
      label: noted?.label ?? '',
      inputs: node.inputs,
      outputs: node.outputs,
    };
  });
  const {constants, variables, results} = program;
  return {inputs: program.inputs, constants, variables, calls, results, returned};
}
