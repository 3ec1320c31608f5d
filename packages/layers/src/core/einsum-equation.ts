import {type Shape, ShapeError, ValueError} from '@keratin/core';
import {isConcrete, show} from '@keratin/core/internal';

/** What an equation such as `ab,bc->ac` says about the shapes of a layer. */
export interface EinsumShapes {
  readonly kernel: readonly number[];
  readonly bias: readonly number[] | null;
  readonly output: Shape;
  /** Axes of the kernel that are summed over, and those that are in the output: what the fans are computed from. */
  readonly inputAxes: readonly number[];
  readonly outputAxes: readonly number[];
  /** Sizes of the axes of the inputs that the kernel has too, by axis. */
  readonly inputSizes: Readonly<Record<number, number>>;
}

const FORMS = [
  /^(?<input>[a-zA-Z]+),(?<kernel>[a-zA-Z]+)->(?<output>[a-zA-Z]+)$/,
  /^(?<left>\.\.\.)(?<input>[a-zA-Z]+),(?<kernel>[a-zA-Z]+)->\.\.\.(?<output>[a-zA-Z]+)$/,
  /^(?<input>[a-zA-Z]{2,})\.\.\.,(?<kernel>[a-zA-Z]+)->(?<output>[a-zA-Z]+)\.\.\.$/,
];

const letters = (text: string): string[] => Array.from(text);

interface Parts {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  readonly left: boolean;
}

/** The letters of inputs, kernel and outputs. */
export function parseEquation(where: string, equation: string): Parts {
  for (const form of FORMS) {
    const groups = form.exec(equation.replaceAll(' ', ''))?.groups;
    if (groups === undefined) continue;
    const {input = '', kernel = '', output = '', left} = groups;
    return {input, kernel, output, left: left !== undefined};
  }
  throw new ValueError(
    `${where}: the equation must look like "ab,bc->ac", "...ab,bc->...ac" or "ab...,bc->ac...", got "${equation}"`,
  );
}

/**
 * Whether an equation is a product of matrices: the kernel begins with the last axes of the inputs, which are summed over, and goes on with
 * the last axes of the output, all of which have a bias (or none has).
 * @returns how many axes are summed over; null where it is none
 */
export function productAxes(where: string, equation: string, biasAxes: string | null): number | null {
  const {input, kernel, output, left} = parseEquation(where, equation);
  if (/\.\.\./.test(equation) && !left) return null;
  let summed = 0;
  while (summed < input.length && !output.includes(input.charAt(input.length - 1 - summed))) summed += 1;
  const free = input.slice(0, input.length - summed);
  const made = output.slice(free.length);
  const isProduct = summed > 0 && made !== '' && output.startsWith(free) && kernel === input.slice(free.length) + made;
  const isDistinct = new Set(input + made).size === input.length + made.length;
  return isProduct && isDistinct && (biasAxes === null || biasAxes === made) ? summed : null;
}

/**
 * The shapes that follow from an equation, the inputs and the sizes of the output without the batch (and without what `...` stands for).
 * The rules are Keras's.
 */
export function einsumShapes(
  where: string,
  equation: string,
  biasAxes: string | null,
  inputShape: Shape,
  partial: Shape,
): EinsumShapes {
  const {input, kernel, output, left} = parseEquation(where, equation);
  const elided = inputShape.length - input.length;
  if (elided < 0) {
    throw new ShapeError(
      `${where}: the equation "${equation}" needs inputs of rank ${String(input.length)} or more, got inputs ${show(inputShape)}`,
    );
  }
  if (elided > 0 && !equation.includes('...')) {
    throw new ShapeError(
      `${where}: the equation "${equation}" needs inputs of rank ${String(input.length)}, got inputs ${show(inputShape)}`,
    );
  }
  const full: (number | null)[] = [inputShape[0] ?? null, ...partial];
  if (elided > 0 && left) full.splice(1, 0, ...inputShape.slice(1, elided));
  else if (elided > 0) full.push(...inputShape.slice(-elided));
  const lead = left ? elided : 0;
  const inputSize = (letter: string) => inputShape[input.indexOf(letter) + lead] ?? null;
  const outputSize = (letter: string) => full[output.indexOf(letter) + lead] ?? null;

  for (const letter of output) {
    if (!input.includes(letter) && !kernel.includes(letter)) {
      throw new ValueError(`${where}: axis "${letter}" of the output is in neither inputs nor kernel of "${equation}"`);
    }
    if (!input.includes(letter)) continue;
    const [a, b] = [inputSize(letter), outputSize(letter)];
    if (b !== null && a !== b) {
      throw new ShapeError(
        `${where}: axis "${letter}" has size ${String(a)} in inputs ${show(inputShape)} and ${String(b)} in outputs ${show(full)}`,
      );
    }
  }
  const sizes = letters(kernel).map((letter) => {
    if (output.includes(letter)) return outputSize(letter);
    if (input.includes(letter)) return inputSize(letter);
    throw new ValueError(`${where}: axis "${letter}" of the kernel is in neither inputs nor outputs of "${equation}"`);
  });
  if (!isConcrete(sizes)) {
    throw new ShapeError(
      `${where}: all sizes of the kernel must be known, got ${show(sizes)} from inputs ${show(inputShape)}`,
    );
  }
  const axes = letters(kernel).map((letter, axis) => ({axis, inOutput: output.includes(letter)}));
  const inputSizes = letters(kernel).flatMap((letter, axis) =>
    input.includes(letter) ? [[input.indexOf(letter) + lead, sizes[axis] ?? 0] as const] : [],
  );
  return {
    kernel: sizes,
    bias: biasAxes === null ? null : biasShape(where, biasAxes, output, outputSize, left ? 0 : elided),
    output: full,
    inputAxes: axes.filter(({inOutput}) => !inOutput).map(({axis}) => axis),
    outputAxes: axes.filter(({inOutput}) => inOutput).map(({axis}) => axis),
    inputSizes: Object.fromEntries(inputSizes),
  };
}

function biasShape(
  where: string,
  biasAxes: string,
  output: string,
  outputSize: (letter: string) => number | null,
  trailing: number,
): readonly number[] {
  for (const letter of biasAxes) {
    if (!output.includes(letter)) {
      throw new ValueError(`${where}: axis "${letter}" of biasAxes is not in the outputs "${output}"`);
    }
  }
  const first = Math.min(...letters(biasAxes).map((letter) => output.indexOf(letter)));
  const sizes = letters(output.slice(first)).map((letter) => (biasAxes.includes(letter) ? outputSize(letter) : 1));
  const shape = [...sizes, ...Array.from({length: trailing}, () => 1)];
  if (isConcrete(shape)) return shape;
  throw new ShapeError(`${where}: all sizes of the bias must be known, got ${show(shape)}`);
}
