import {type DType} from '../dtype.js';
import {
  type ChainNode,
  type Node,
  type Operand,
  type Program,
  type RowsNode,
  type UpdateNode,
  type Value,
} from './ir.js';

/** `float32[2,3]` */
export const typeText = ({dtype, shape}: {readonly dtype: DType; readonly shape: readonly number[]}): string =>
  `${dtype}[${shape.join(',')}]`;

/** The text of a program: inputs, Variables, captured constants, then one line a node. Names count from `%0`. */
export function print(program: Program): string {
  const names = new Map<Value, string>();
  const name = (value: Value): string => {
    const known = names.get(value) ?? `%${String(names.size)}`;
    names.set(value, known);
    return known;
  };
  const operand = (each: Operand): string => {
    if (each.kind === 'value') return name(each);
    return each.shape.length === 0 ? String(each.value) : `full(${String(each.value)}, [${each.shape.join(',')}])`;
  };
  const typed = (value: Value): string => `${name(value)}: ${typeText(value)}`;
  const inputs = program.inputs.map(typed).join(', ');
  const lines = [`program(${inputs}) {`];
  for (const {variable, initial} of program.variables) lines.push(`  ${typed(initial)} = variable ${variable.path}`);
  for (const {value} of program.constants) lines.push(`  ${typed(value)} = constant`);
  for (const node of program.nodes) {
    const args = node.inputs.map(operand);
    lines.push(`  ${node.outputs.map(typed).join(', ')} = ${nodeText(node, args)}`);
  }
  for (const {variable, initial, final} of program.variables) {
    if (initial !== final) lines.push(`  variable ${variable.path} = ${operand(final)}`);
  }
  lines.push(`  return ${program.results.map(operand).join(', ')}`.trimEnd(), '}');
  return lines.join('\n');
}

function nodeText(node: Node, args: readonly string[]): string {
  switch (node.kind) {
    case 'call': {
      const draws = node.dynamic.flatMap((each) =>
        'draw' in each && each.word === 0 ? [`draw ${String(each.draw)}`] : [],
      );
      return `${node.name}(${[...args, ...(node.text === '' ? [] : [node.text]), ...draws].join(', ')})`;
    }
    case 'update': {
      const own = args.slice(0, node.reads + node.outputs.length);
      return `${node.kernel}!(${[...own, ...node.attributes.map((value, i) => attributeText(node, value, i, args))].join(', ')})`;
    }
    case 'region': {
      const programs = node.programs.map((program) => print(program).replaceAll('\n', '\n  '));
      const {region, limit, reverse, restores} = node;
      const trips = limit === null ? [] : [`${region === 'scan' ? 'trips:' : 'at most'} ${String(limit)}`];
      const words = [...trips, ...(reverse || restores ? ['reverse'] : [])];
      return `${region}(${[...args, ...(region === 'cond' ? [] : words)].join(', ')}) ${programs.join(' ')}`;
    }
    case 'chain':
      return `chain(${stepsText(node, args)})`;
    case 'rows':
      return `${node.reduces}(${stepsText(node, args)})`;
  }
}

function attributeText(
  {dynamic}: Pick<UpdateNode, 'dynamic'>,
  value: number,
  i: number,
  args: readonly string[],
): string {
  const found = dynamic.find(({attribute}) => attribute === i);
  return found !== undefined && 'input' in found ? (args[found.input] ?? '?') : String(value);
}

/** `$0 = exp(%0); multiply($0, $0)`: what is read more than once gets a name. */
function stepsText({steps, results}: ChainNode | RowsNode, args: readonly string[]): string {
  const uses = new Array<number>(args.length + steps.length).fill(0);
  for (const {from} of steps) for (const place of from) uses[place] = (uses[place] ?? 0) + 1;
  const places = [...args];
  const lines: string[] = [];
  let names = 0;
  steps.forEach(({kernel, from}, i) => {
    const text = `${kernel}(${from.map((place) => places[place] ?? '?').join(', ')})`;
    const isShared = (uses[args.length + i] ?? 0) + (results.includes(i) ? 1 : 0) > 1;
    if (isShared) lines.push(`$${String(names)} = ${text}`);
    places.push(isShared ? `$${String(names++)}` : text);
  });
  return [...lines, ...results.map((step) => places[args.length + step] ?? '?')].join('; ');
}

/** Attributes of a primitive as `name: value`. */
export function attributesText(attributes: unknown): string {
  if (typeof attributes !== 'object' || attributes === null) return '';
  return Object.entries(attributes)
    .filter(([key]) => key !== 'state')
    .map(([key, value]) => `${key}: ${valueText(value)}`)
    .join(', ');
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${attributesText(value)}}`;
  return Object.is(value, -0) ? '-0' : String(value);
}
