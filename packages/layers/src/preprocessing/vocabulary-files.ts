import {readFileSync} from 'node:fs';
import {type Config, isTensor, type Tensor, ValueError} from '@keratin/core';

/** Weights as a list. */
export const numbersOf = (values: readonly number[] | Tensor): readonly number[] =>
  isTensor(values) ? (values.reshape([-1]).array() as readonly number[]) : values;

/** The lines of a text; empty lines at the end are none. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r]/);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The lines of a file. */
export function readLines(where: string, path: string): string[] {
  try {
    return linesOf(readFileSync(path, 'utf8'));
  } catch {
    throw new ValueError(`${where}: the vocabulary file ${JSON.stringify(path)} cannot be read`);
  }
}

/** Refuses a config whose vocabulary is the path of a file. */
export function checkNoFile({vocabulary}: Config): void {
  if (typeof vocabulary === 'string') {
    throw new ValueError(
      `fromConfig: a config must hold the vocabulary itself, got the file ${JSON.stringify(vocabulary)}; setVocabulary reads files`,
    );
  }
}
