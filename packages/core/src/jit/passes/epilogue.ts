import {sameShape} from '../../shape.js';
import {type CallNode, type Execution, liveAtEnd, type Node, type Operand, type Program, type Value} from '../ir.js';
import {scatteredValues, usersOf} from './node-group.js';

// The numbers of activations in kernels; see `hot/gemm_epilogue.h`.
const ACTIVATIONS = ['linear', 'relu', 'sigmoid', 'tanh', 'silu', 'gelu', 'gelu_tanh', 'elu', 'softplus'] as const;

/**
 * Products and convolutions take a bias and an activation along, products also a residual (`x + f(x)`): all are applied to a tile of the
 * product while it is in the cache. Sums may begin with the bias, so that the last bit of a result may be another one.
 */
export function attachEpilogues(program: Program): Program {
  const uses = countUses(program);
  const residuals = new Residuals(program);
  // Products whose value only the next node reads, by that value.
  const open = new Map<Operand, CallNode>();
  const gone = new Set<Node>();
  const nodes = program.nodes.map((node): Node => {
    const attached =
      node.kind === 'call' ? (withBias(node, open) ?? withActivation(node, open) ?? residuals.with(node, open)) : null;
    const result = attached?.node ?? node;
    if (attached !== null) gone.add(attached.product);
    const [output] = result.outputs;
    if (output !== undefined && isProduct(result) && uses.get(output) === 1) open.set(output, result);
    return result;
  });
  return {...program, nodes: nodes.filter((node) => !gone.has(node))};
}

interface Attached {
  readonly node: CallNode;
  /** The product that the node stands for now. */
  readonly product: CallNode;
}

type Product = CallNode & {readonly execution: Extract<Execution, {kind: 'strided' | 'contiguous'}>};

// Products and convolutions, with what they are called once they have a bias. The last attribute is the activation.
const WITH_BIAS: ReadonlyMap<string, string> = new Map([
  ['matmul', 'dense'],
  ['convolution', 'convolution_bias'],
]);

/** A product or a convolution without an activation. */
function isProduct(node: Node): node is Product {
  if (node.kind !== 'call' || !('attributes' in node.execution) || !WITH_BIAS.has(node.execution.kernel)) return false;
  const dtype = node.outputs[0]?.dtype;
  return (dtype === 'float32' || dtype === 'float64') && node.execution.attributes.at(-1) === 0;
}

const withActivationText = ({text}: CallNode, activation: string): string =>
  [
    ...text.split(', ').filter((part) => part !== '' && !part.startsWith('activation: ')),
    `activation: ${activation}`,
  ].join(', ');

/** `matmul(a, b) + bias`, in either order. */
function withBias(node: CallNode, open: ReadonlyMap<Operand, CallNode>): Attached | null {
  const [output] = node.outputs;
  if (node.name !== 'add' || output === undefined) return null;
  for (const [position, input] of node.inputs.entries()) {
    const product = open.get(input);
    const bias = node.inputs[1 - position];
    if (product === undefined || !isProduct(product) || product.inputs.length !== 2 || bias?.kind !== 'value') continue;
    if (!sameShape(bias.shape, output.shape.slice(-1)) || !sameShape(input.shape, output.shape)) continue;
    const {execution} = product;
    return {
      product,
      node: {
        ...product,
        name: WITH_BIAS.get(execution.kernel) ?? product.name,
        text: withActivationText(product, 'linear'),
        inputs: [...product.inputs, bias],
        outputs: node.outputs,
        execution: {...execution, broadcasts: [...execution.broadcasts, null]},
      },
    };
  }
  return null;
}

/** Sums of a product and a matrix of its shape. */
class Residuals {
  readonly #scattered: ReadonlySet<Operand>;
  readonly #users: ReadonlyMap<Value, readonly Node[]>;

  constructor(program: Program) {
    this.#scattered = scatteredValues(program);
    this.#users = usersOf(program.nodes);
  }

  /** `product + x`, in either order, where no chain takes the sum along anyway. */
  with(node: Node, open: ReadonlyMap<Operand, CallNode>): Attached | null {
    const [output] = node.outputs;
    if (node.kind !== 'call' || node.name !== 'add' || output === undefined || this.#isOfChain(output)) return null;
    // Of two products the one that was made last takes the other one.
    for (const position of [1, 0]) {
      const input = node.inputs[position];
      const addend = node.inputs[1 - position];
      const product = input === undefined ? undefined : open.get(input);
      if (product === undefined || !isProduct(product) || product.execution.kernel !== 'matmul') continue;
      if (product.inputs.slice(2).some(({shape}) => shape.length > 1)) continue;
      if (addend?.kind !== 'value' || addend === input || this.#scattered.has(addend)) continue;
      if (!sameShape(addend.shape, output.shape) || !sameShape(input?.shape ?? [], output.shape)) continue;
      const {execution} = product;
      return {
        product,
        node: {
          ...product,
          text: [withActivationText(product, 'linear'), 'residual: true'].join(', '),
          inputs: [...product.inputs, addend],
          outputs: node.outputs,
          execution: {...execution, broadcasts: [...execution.broadcasts, null]},
        },
      };
    }
    return null;
  }

  /** Whether an elementwise function reads the sum, other than an activation that could follow here. */
  #isOfChain(sum: Value): boolean {
    const users = this.#users.get(sum) ?? [];
    const [only] = users;
    if (users.length === 1 && only?.kind === 'call' && ACTIVATIONS.some((name) => name === only.name)) return false;
    return users.some((user) => user.kind === 'call' && user.execution.kind === 'elementwise');
  }
}

/** An activation of a product. */
function withActivation(node: CallNode, open: ReadonlyMap<Operand, CallNode>): Attached | null {
  const [input] = node.inputs;
  const product = input === undefined ? undefined : open.get(input);
  const activation = ACTIVATIONS.findIndex((name) => name === node.name);
  if (product === undefined || !isProduct(product) || activation <= 0) return null;
  const {execution} = product;
  return {
    product,
    node: {
      ...product,
      text: withActivationText(product, node.name),
      outputs: node.outputs,
      execution: {...execution, attributes: [...execution.attributes.slice(0, -1), activation]},
    },
  };
}

function countUses(program: Program): ReadonlyMap<Operand, number> {
  const uses = new Map<Operand, number>();
  const use = (operand: Operand): void => {
    uses.set(operand, (uses.get(operand) ?? 0) + 1);
  };
  for (const node of program.nodes) node.inputs.forEach(use);
  liveAtEnd(program).forEach(use);
  return uses;
}
