/** Where lines go: standard output, or whatever a test passes. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Whether lines can be redrawn: a terminal that a person looks at, not a pipe, a file or the log of a CI job. */
export function canRedraw(stream: OutputStream): boolean {
  const ci = process.env['CI'];
  return stream.isTTY === true && (ci === undefined || ci === '' || ci === 'false' || ci === '0');
}

/** Whether colours are wanted: `NO_COLOR` and dumb terminals say no. */
export function canColor(stream: OutputStream): boolean {
  return canRedraw(stream) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

/** Prints one line on standard output. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A warning that Node shows once on standard error, and that `--trace-warnings` locates. */
export function warn(text: string): void {
  process.emitWarning(text, 'KeratinWarning');
}
