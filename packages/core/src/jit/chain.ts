import {opcodeOf} from '../engine/execute.js';
import {DTYPES} from '../dtype.js';
import {InternalError} from '../errors.js';
import {type ChainNode, type ChainStep, type RowsNode, type RowStep} from './ir.js';

interface ChainCall {
  /** `registers, steps`, and for each step `opcode, dtype, [kind,] to, inputs, from...`. */
  readonly attributes: readonly number[];
  /** Inputs that no step reads after an output is written: the output may take their memory. */
  readonly mayShare: readonly (readonly [input: number, output: number])[];
}

const KINDS: readonly RowStep['kind'][] = ['whole', 'row', 'fold'];

/**
 * The attributes of the `chain` kernel, or of `rows`: steps write outputs, or registers that are used again as soon as they are free.
 */
export function chainAttributes({inputs, steps, results}: ChainNode | RowsNode): ChainCall {
  const count = inputs.length;
  const lastRead = new Array<number>(count + steps.length).fill(-1);
  steps.forEach(({from}, i) => from.forEach((place) => (lastRead[place] = i)));
  // Places of the kernel for those of the chain.
  const places: number[] = inputs.map((_, i) => i);
  const free: number[] = [];
  let registers = 0;
  const words: number[] = [];
  steps.forEach((step: ChainStep | RowStep, i) => {
    const {kernel, dtype, from} = step;
    const read = from.map((place) => known(places[place]));
    const output = results.indexOf(i);
    const done = from.filter((place, k) => isRegister(place) && lastRead[place] === i && from.indexOf(place) === k);
    // A function may write over what it reads where both have the same size.
    const same = done.filter((place) => sizeOf(place) === DTYPES[dtype].bytes && kindOf(place) === kindOf(count + i));
    for (const place of same) free.push(known(places[place]));
    let to: number;
    if (output >= 0) to = count + output;
    else to = free.pop() ?? count + results.length + registers++;
    for (const place of done) if (!same.includes(place)) free.push(known(places[place]));
    places.push(to);
    const kind = 'kind' in step ? [KINDS.indexOf(step.kind)] : [];
    words.push(opcodeOf(kernel), DTYPES[dtype].code, ...kind, to, from.length, ...read);
  });
  return {attributes: [registers, steps.length, ...words], mayShare: sharing()};

  function isRegister(place: number): boolean {
    return place >= count && !results.includes(place - count);
  }
  function sizeOf(place: number): number {
    const step = steps[place - count];
    return step === undefined ? 0 : DTYPES[step.dtype].bytes;
  }
  function kindOf(place: number): string {
    const step: ChainStep | RowStep | undefined = steps[place - count];
    return step !== undefined && 'kind' in step && step.kind !== 'whole' ? 'row' : 'whole';
  }
  function sharing(): (readonly [number, number])[] {
    return inputs.flatMap((_, input) =>
      results.flatMap((step, output) => ((lastRead[input] ?? -1) <= step ? [[input, output] as const] : [])),
    );
  }
}

function known(place: number | undefined): number {
  if (place === undefined) throw new InternalError('a chain reads what comes later');
  return place;
}
