// What the examples share: the reduced budget of automatic checks, and the assertions on what they reach.

/** Whether the run is a short check (`KERATIN_EXAMPLE_BUDGET=ci`) instead of the whole example. */
export const short = process.env['KERATIN_EXAMPLE_BUDGET'] === 'ci';

/** A number for the whole example, another for the short check. */
export const budget = (whole: number, check: number): number => (short ? check : whole);

/** Prints whether a figure holds; the process exits with 1 when one did not. */
export function check(what: string, value: number, bound: {readonly above?: number; readonly below?: number}): void {
  const {above = -Infinity, below = Infinity} = bound;
  const holds = value > above && value < below;
  const wanted = [
    ...(above > -Infinity ? [`above ${String(above)}`] : []),
    ...(below < Infinity ? [`below ${String(below)}`] : []),
  ];
  console.log(`${holds ? 'ok  ' : 'MISS'} ${what}: ${value.toPrecision(4)} (${wanted.join(' and ')})`);
  if (!holds) process.exitCode = 1;
}

/** Like {@link check} for a figure that is known: |value - expected| at most `tolerance`. */
export function checkNear(what: string, value: number, expected: number, tolerance: number): void {
  const holds = Math.abs(value - expected) <= tolerance;
  console.log(`${holds ? 'ok  ' : 'MISS'} ${what}: ${String(value)} (${String(expected)} within ${String(tolerance)})`);
  if (!holds) process.exitCode = 1;
}

/** Prints a value, and whether its text (NumPy's layout of the numbers, shape and dtype) is the expected one. */
export function checkText(what: string, value: unknown, expected: string): void {
  const text = String(value);
  const holds = text === expected;
  console.log(`${holds ? 'ok  ' : 'MISS'} ${what}: ${text}${holds ? '' : ` (expected ${expected})`}`);
  if (!holds) process.exitCode = 1;
}

/** A grey picture as text: one character for two pixels of a row above each other. */
export function draw(pixels: ArrayLike<number>, width: number): string {
  const height = Math.floor(pixels.length / width);
  const lit = (row: number, column: number) => (pixels[row * width + column] ?? 0) > 0.35;
  const lines: string[] = [];
  for (let row = 0; row < height; row += 2) {
    let line = '';
    for (let column = 0; column < width; column++) {
      const top = lit(row, column);
      const bottom = row + 1 < height && lit(row + 1, column);
      line += top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines.filter((line) => line !== '').join('\n');
}
