import {describe, expect, it} from 'vitest';
import {cond, type Element, ops, random, type Tensor, Variable} from '../index.js';
import {updateVariables} from '../internal.js';
import {type CallNode, type Node, type Program, type Scalar, type Value} from './ir.js';
import {optimize} from './passes/index.js';
import {Tracer} from './tracer.js';
import {verifies, verify} from './verify.js';

const FLOAT = 'float32';

function programOf(fn: (x: Tensor) => Tensor): Program {
  const tracer = new Tracer();
  const x = tracer.input({shape: [8, 6], dtype: FLOAT}) as Tensor;
  const result: Tensor<Element> = tracer.run(() => fn(x));
  return tracer.finish([result]).program;
}

const v = new Variable(ops.zeros([6]), {name: 'v'});
const small = new Variable([1, 2], {name: 'small'});
const scalar: Scalar = {kind: 'scalar', value: 1, shape: [], dtype: FLOAT};
const plain = programOf((x) => {
  v.assign(v.add(1));
  return x.matmul(ops.eye(6)).add(v).transpose();
});
const chain = optimize(programOf((x) => x.exp().add(1)));
const rows = optimize(programOf((x) => ops.sum(x.exp(), -1).neg()));
const drawn = programOf((x) => x.add(random.normal([8, 6])));
const update = programOf((x) => {
  updateVariables('sgd_update', [x.at(0)], [0.1, 0, 0, 0, 0], [v]);
  return x;
});
const branch = programOf((x) => cond(x.sum().greater(0), () => x.add(1), () => x.mul(2))); // prettier-ignore

type Of<K extends Node['kind']> = Extract<Node, {kind: K}>;

/** The program with another node in place of the first one of this kind, and of this name where one is given. */
function changed<K extends Node['kind']>(
  program: Program,
  kind: K,
  change: (node: Of<K>) => Node,
  name?: string,
): Program {
  let done = false;
  const nodes = program.nodes.map((node): Node => {
    if (done || node.kind !== kind || (name !== undefined && 'name' in node && node.name !== name)) return node;
    done = true;
    return change(node as Of<K>);
  });
  expect(done, `a node ${name ?? kind}`).toBe(true);
  return {...program, nodes};
}

const call = (program: Program, name: string, change: (node: CallNode) => Partial<CallNode>): Program =>
  changed(program, 'call', (node) => ({...node, ...change(node)}), name);

const as = ([value]: readonly Value[], spec: Partial<Value>): Value[] => {
  if (value === undefined) throw new Error('there is no value');
  return [{...value, ...spec}];
};

const BROKEN: Readonly<Record<string, readonly [Program, string]>> = {
  'a value that is read too early': [
    {...plain, nodes: plain.nodes.toReversed()},
    'node 0 (transpose) reads %5 before it is made',
  ],
  'a value that is made twice': [
    {...plain, nodes: [...plain.nodes, ...plain.nodes]},
    'node 4 (add) makes %2 a second time',
  ],
  'two values with one number': [
    call(plain, 'transpose', ({outputs}) => ({outputs: as(outputs, {id: 0})})),
    'node 3 (transpose) makes %0 a second time',
  ],
  'a result that nothing makes': [{...plain, nodes: plain.nodes.slice(0, -1)}, 'a result reads %6 before it is made'],
  'a size that is none': [
    call(plain, 'matmul', ({outputs}) => ({outputs: as(outputs, {shape: [8, 1.5]}), text: 'other'})),
    'node 1 (matmul) makes float32[8,1.5], which no tensor can be',
  ],
  'a shape that does not follow': [
    call(plain, 'matmul', ({outputs}) => ({outputs: as(outputs, {shape: [6, 8]})})),
    'node 1 (matmul) is float32[6,8] where float32[8,6] is wanted',
  ],
  'a dtype that does not follow': [
    call(plain, 'add', ({outputs}) => ({outputs: as(outputs, {dtype: 'int32'})})),
    'node 0 (add) is int32[6] where float32[6] is wanted',
  ],
  'a Variable of another shape': [
    {...plain, variables: plain.variables.map((captured) => ({...captured, final: captured.initial, variable: small}))},
    'variable small is float32[6] where float32[2] is wanted',
  ],
  'what a Variable cannot become': [
    {...plain, variables: plain.variables.map((captured) => ({...captured, final: scalar}))},
    'variable v is float32[] where float32[6] is wanted',
  ],
  'a view beyond its input': [
    call(plain, 'transpose', () => ({execution: {kind: 'view', layout: () => ({strides: [1, 6], offset: 1})}})),
    'node 3 (transpose) looks beyond float32[8,6]',
  ],
  'a view as another dtype': [
    call(plain, 'transpose', ({outputs}) => ({outputs: as(outputs, {dtype: 'int32'}), text: 'other'})),
    'node 3 (transpose) views float32 as int32',
  ],
  'a state that is not drawn': [{...drawn, draws: []}, 'node 0 (random_normal) uses a random state that is not drawn'],
  'an attribute that is not there': [
    call(drawn, 'random_normal', () => ({dynamic: [{attribute: 99, draw: 0, word: 0}]})),
    'node 0 (random_normal) sets an attribute that it does not have',
  ],
  'an update of another shape': [
    changed(update, 'update', (node) => ({...node, outputs: as(node.outputs, {shape: [3]})})),
    'node 2 (sgd_update) is float32[3] where float32[6] is wanted',
  ],
  'an update of nothing': [
    changed(update, 'update', (node) => ({...node, reads: 2})),
    'node 2 (sgd_update) changes what it does not have',
  ],
  'an attribute of another dtype': [
    changed(update, 'update', (node) => ({...node, dynamic: [{attribute: 0, input: 0}]})),
    'node 2 (sgd_update) takes an attribute from what is not one float64',
  ],
  'a step that reads a later one': [
    changed(chain, 'chain', (node) => ({...node, steps: node.steps.toReversed()})),
    'node 0 (chain) reads place 2 too early',
  ],
  'a step of another dtype': [
    changed(chain, 'chain', (node) => ({
      ...node,
      steps: node.steps.map((step) => ({...step, dtype: 'float64'})),
    })),
    'node 0 (chain) has a step exp that gives float32, not float64',
  ],
  'a result of no step': [
    changed(chain, 'chain', (node) => ({...node, results: [7]})),
    'node 0 (chain) gives float32[8,6] of a step of undefined',
  ],
  'results without values': [
    changed(chain, 'chain', (node) => ({...node, results: [0, 1]})),
    'node 0 (chain) gives other values than its steps',
  ],
  'an operand that does not repeat': [
    changed(chain, 'chain', (node) => ({...node, outputs: as(node.outputs, {shape: [6, 8]})})),
    'node 0 (chain) reads float32[8,6] as 6,8',
  ],
  'rows of another number': [
    changed(rows, 'rows', (node) => ({...node, rows: 4})),
    'node 0 (rows) gives float32[8,1], which has not 4 elements',
  ],
  'rows of another form': [
    changed(rows, 'rows', (node) => ({...node, forms: ['column']})),
    'node 0 (rows) reads float32[8,6] as column',
  ],
  'a branch that assigns': [
    changed(branch, 'region', (node) => ({...node, programs: [plain, ...node.programs.slice(1)]})),
    'node 4 (region) has a fault: its programs may only compute',
  ],
  'a wrong node within a branch': [
    changed(branch, 'region', (node) => ({
      ...node,
      programs: node.programs.map((program) => ({...program, inputs: []})),
    })),
    'a test, node 4 (region): node 0 (add) reads %0 before it is made',
  ],
};

describe('verify', () => {
  it('is on in tests', () => {
    expect(verifies).toBe(true);
  });

  it.each([plain, chain, rows, drawn, update, branch])('accepts what tracing and passes make', (program) => {
    expect(() => {
      verify(program, 'a test');
    }).not.toThrow();
  });

  it.each(Object.entries(BROKEN))('refuses %s', (_, [program, problem]) => {
    expect(() => {
      verify(program, 'a test');
    }).toThrow(problem);
  });
});
