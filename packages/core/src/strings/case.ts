import {checkChoice, checkOptions} from '../suggest.js';
import {type Tensor} from '../tensor/tensor.js';
import {mapText, type Strings} from './arguments.js';

export interface CaseOptions {
  /** `'utf-8'` converts all letters, `''` those of ASCII only. Default `''`. */
  encoding?: '' | 'utf-8' | undefined;
}

function convertCase(
  op: string,
  x: Strings,
  options: CaseOptions,
  all: (text: string) => string,
  letters: RegExp,
): Tensor<string> {
  checkOptions(op, options, ['encoding']);
  const {encoding = ''} = options;
  checkChoice(op, 'encoding', encoding, ['', 'utf-8']);
  return mapText(x, op, encoding === 'utf-8' ? all : (text) => text.replace(letters, all));
}

/** Small letters. */
export const lower = (x: Strings, options: CaseOptions = {}): Tensor<string> =>
  convertCase('strings.lower', x, options, (text) => text.toLowerCase(), /[A-Z]+/g);

/** Capital letters. */
export const upper = (x: Strings, options: CaseOptions = {}): Tensor<string> =>
  convertCase('strings.upper', x, options, (text) => text.toUpperCase(), /[a-z]+/g);

/** Without the white space of ASCII at both ends. */
export const strip = (x: Strings): Tensor<string> =>
  mapText(x, 'strings.strip', (text) => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ''));
