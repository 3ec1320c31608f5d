import {type Spec} from '../engine/primitive.js';
import {sameShape} from '../shape.js';
import {type RegionNode} from './ir.js';

const isLike = (a: Spec, b: Spec): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

const allLike = (a: readonly Spec[], b: readonly Spec[]): boolean =>
  a.length === b.length &&
  a.every((spec, i) => {
    const other = b[i];
    return other !== undefined && isLike(spec, other);
  });

const NUMBER: Spec = {shape: [], dtype: 'int64'};
const FLAG: Spec = {shape: [], dtype: 'bool'};

/**
 * What is wrong with a branch or loop, or null. What is restored is compared with what was saved when it runs.
 * @param said its outputs
 */
export function regionProblem(node: Omit<RegionNode, 'kind' | 'outputs'>, said: readonly Spec[]): string | null {
  const {region, programs, inputs, limit, saves, restores, states, xs} = node;
  if (programs.length !== (region === 'scan' ? 1 : 2))
    return 'it has two programs, or one where only trips are counted';
  if (programs.some(({variables, constants, draws}) => variables.length + constants.length + draws.length > 0)) {
    return 'its programs may only compute';
  }
  const number = saves ? said.at(-1) : NUMBER;
  if (
    number === undefined ||
    !isLike(number, NUMBER) ||
    (restores && !isLike(inputs[region === 'cond' ? 1 : 0] ?? FLAG, NUMBER))
  ) {
    return 'what it saves must be one int64';
  }
  const outputs = saves ? said.slice(0, -1) : said;
  return region === 'cond' ? branchProblem(node, outputs) : loopProblem({...node, states, xs, limit}, outputs);
}

function branchProblem(
  {programs, inputs, saves, restores}: Omit<RegionNode, 'kind' | 'outputs'>,
  outputs: readonly Spec[],
): string | null {
  if (!isLike(inputs[0] ?? NUMBER, FLAG)) return 'what decides must be one boolean';
  const taken = inputs.slice(restores ? 2 : 1);
  for (const {inputs: own, results} of programs) {
    const restored = own.length - taken.length;
    if ((!restores && restored !== 0) || restored < 0 || !allLike(own.slice(restored), taken)) {
      return 'its programs take other inputs';
    }
    if ((!saves && results.length !== outputs.length) || !allLike(results.slice(0, outputs.length), outputs)) {
      return 'its programs give other results';
    }
  }
  return outputs.length === 0 && !saves ? 'its programs give other results' : null;
}

function loopProblem(
  {region, programs, inputs, limit, saves, restores, states, xs}: Omit<RegionNode, 'kind' | 'outputs'>,
  outputs: readonly Spec[],
): string | null {
  const given = inputs.slice(restores ? 1 : 0);
  const start = given.slice(0, states);
  const lists = given.slice(states, states + xs);
  const taken = given.slice(states + xs);
  const made = outputs.slice(states);
  if (!allLike(start, outputs.slice(0, states)) || (outputs.length === 0 && !saves))
    return 'its programs give other results';
  const isList = ({shape}: Spec): boolean => limit !== null && shape.length > 0 && shape[0] === limit;
  if (lists.length !== xs || ![...lists, ...made].every(isList)) return 'its lists must have a row for each trip';
  if (region === 'scan' && limit === null && !restores) return 'its number of trips is not known';
  const rowsOf = (specs: readonly Spec[]): Spec[] => specs.map(({shape, dtype}) => ({shape: shape.slice(1), dtype}));
  const [asking] = region === 'while' ? programs : [];
  if (asking !== undefined) {
    const [flag = NUMBER] = asking.results;
    if (asking.results.length !== 1 || !isLike(flag, FLAG)) return 'what decides must be one boolean';
    if (restores || xs > 0) return 'its programs take other inputs';
    if (!allLike(asking.inputs, [...start, ...taken])) return 'its programs take other inputs';
  }
  const body = programs.at(-1);
  if (body === undefined) return 'it has no program';
  const first = [...start, ...rowsOf(lists)];
  const restored = body.inputs.length - first.length - taken.length;
  const fits =
    (restores ? restored >= 0 : restored === 0) &&
    allLike(body.inputs.slice(0, first.length), first) &&
    allLike(body.inputs.slice(first.length + restored), taken);
  if (!fits) return 'its programs take other inputs';
  const wanted = [...start, ...rowsOf(made)];
  const gives =
    (saves || body.results.length === wanted.length) && allLike(body.results.slice(0, wanted.length), wanted);
  return gives ? null : 'its programs give other results';
}
