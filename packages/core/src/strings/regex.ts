import {createRequire} from 'node:module';
import type * as Re2 from 're2js';
import {ValueError} from '../errors.js';
import {lazy} from '../lazy.js';
import {concrete} from '../shape.js';
import {checkOptions} from '../suggest.js';
import {tensor} from '../tensor/convert.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf} from '../tensor/text.js';
import {checkText, mapText, type Strings, toText} from './arguments.js';

const re2 = lazy(() => createRequire(import.meta.url)('re2js') as typeof Re2);

// RE2's syntax and its linear time, as TensorFlow has them.
function compile(pattern: string, op: string): Re2.RE2JS {
  try {
    return re2().RE2JS.compile(checkText(op, 'pattern', pattern));
  } catch (error) {
    throw new ValueError(`${op}: ${JSON.stringify(pattern)} is no regular expression of RE2, ${String(error)}`);
  }
}

/** Whether the pattern (RE2's syntax) matches the whole string. */
export function regexFullMatch(x: Strings, pattern: string): Tensor<boolean> {
  const op = 'strings.regexFullMatch';
  const value = toText(x, op);
  const compiled = compile(pattern, op);
  const found = Uint8Array.from(textOf(value), (text) => (compiled.matches(text) ? 1 : 0));
  return tensor(found, {shape: concrete(value.shape)}).cast('bool');
}

export interface RegexReplaceOptions {
  /** Whether all matches are replaced, or the first only. Default true. */
  replaceGlobal?: boolean | undefined;
}

/**
 * Replaces what the pattern (RE2's syntax) matches. In `rewrite`, `\1` to `\9` stand for groups, `\0` for the whole match and `\\` for a
 * backslash.
 */
export function regexReplace(
  x: Strings,
  pattern: string,
  rewrite: string,
  options: RegexReplaceOptions = {},
): Tensor<string> {
  const op = 'strings.regexReplace';
  checkOptions(op, options, ['replaceGlobal']);
  const {replaceGlobal = true} = options;
  const compiled = compile(pattern, op);
  const pieces = piecesOf(rewrite, compiled.groupCount(), op);
  return mapText(x, op, (text) => {
    const matcher = compiled.matcher(text);
    let result = '';
    let from = 0;
    while (matcher.find()) {
      result += text.slice(from, matcher.start());
      for (const piece of pieces) result += typeof piece === 'string' ? piece : (matcher.group(piece) ?? '');
      from = matcher.end();
      if (!replaceGlobal) break;
    }
    return result + text.slice(from);
  });
}

/** A rewrite as its texts and the numbers of groups between them. */
function piecesOf(rewrite: string, numGroups: number, op: string): (string | number)[] {
  const parts = checkText(op, 'rewrite', rewrite).split(/(\\.|\\$)/s);
  return parts.map((part) => {
    if (!part.startsWith('\\')) return part;
    if (part === '\\\\') return '\\';
    const group = Number(part.slice(1));
    if (!/^\\\d$/.test(part) || group > numGroups) {
      throw new ValueError(
        `${op}: a backslash in rewrite stands before another one or a group from 0 to ${String(numGroups)}, got ${JSON.stringify(rewrite)}`,
      );
    }
    return group;
  });
}
