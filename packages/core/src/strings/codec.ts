import {type DType, DTYPES, type Element, type ElementOf} from '../dtype.js';
import {DtypeError, ShapeError, ValueError} from '../errors.js';
import {concrete, show} from '../shape.js';
import {checkChoice, checkOptions, describe} from '../suggest.js';
import {convert, tensor, type TensorLike} from '../tensor/convert.js';
import {itemOf} from '../tensor/read.js';
import {type Tensor} from '../tensor/tensor.js';
import {textOf, textTensor} from '../tensor/text.js';
import {mapText, type Strings, toText} from './arguments.js';
import {decodeText, encodeText} from './bytes.js';
import {type ParsedDType, toNumber} from './numbers.js';

/** Each string in base64 with the letters for URLs (`-` and `_`); `pad` fills up with `=`. */
export function encodeBase64(x: Strings, options: {pad?: boolean | undefined} = {}): Tensor<string> {
  checkOptions('strings.encodeBase64', options, ['pad']);
  return mapText(x, 'strings.encodeBase64', (text) => {
    const encoded = Buffer.from(encodeText(text)).toString('base64url');
    return options.pad === true ? encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=') : encoded;
  });
}

/** What base64 with the letters for URLs stands for. */
export function decodeBase64(x: Strings): Tensor<string> {
  const op = 'strings.decodeBase64';
  return mapText(x, op, (text) => {
    const plain = text.replace(/={0,2}$/, '');
    if (!/^[\w-]*$/.test(plain) || plain.length % 4 === 1) {
      throw new ValueError(`${op}: ${describe(text)} is no base64 with the letters for URLs`);
    }
    return decodeText(Buffer.from(plain, 'base64url'));
  });
}

/** The bytes of each string, all of one length, as numbers of a dtype (little endian) in a new last axis. */
export function decodeRaw<D extends DType>(x: Strings, dtype: D): Tensor<ElementOf<D>> {
  const op = 'strings.decodeRaw';
  const value = toText(x, op);
  const {bytes, array, kind} = DTYPES[dtype];
  if (bytes === 0 || kind === 'complex' || dtype === 'float16' || dtype === 'bfloat16') {
    throw new DtypeError(`${op}: bytes are read as integers, float32, float64 or bool, got ${dtype}`);
  }
  const parts = textOf(value).map(encodeText);
  const length = parts[0]?.length ?? 0;
  const odd = parts.find((part) => part.length !== length);
  if (odd !== undefined || length % bytes !== 0) {
    throw new ShapeError(
      `${op}: strings must all have one length, a multiple of ${String(bytes)} bytes, got ${String(length)} and ${String((odd ?? parts[0])?.length)}`,
    );
  }
  const raw = new array((parts.length * length) / bytes);
  const all = new Uint8Array(raw.buffer);
  parts.forEach((part, i) => {
    all.set(part, i * length);
  });
  const made = tensor(raw as Float32Array, {shape: [...concrete(value.shape), length / bytes]});
  return (dtype === 'bool' ? made.cast('bool') : made) as Tensor<Element> as Tensor<ElementOf<D>>;
}

export interface DecodeCsvOptions {
  /** Default `','`. */
  fieldDelim?: string | undefined;
  /** Whether `"` encloses fields. Default true. */
  useQuoteDelim?: boolean | undefined;
  /** A text that stands for a missing value, beside the empty one. Default `''`. */
  naValue?: string | undefined;
  /** The columns that are read; all by default. */
  selectCols?: readonly number[] | undefined;
}

/**
 * Records of comma separated values as one tensor for each column.
 *
 * @param recordDefaults for each column a tensor or list of one element, which stands for what is missing, or of none, where a value
 * must be given. A string column has strings, any other a tensor or list of numbers (float32 unless it is a tensor)
 */
export function decodeCsv(
  records: Strings,
  recordDefaults: readonly (TensorLike | TensorLike<string> | TensorLike<bigint>)[],
  options: DecodeCsvOptions = {},
): Tensor<Element>[] {
  const op = 'strings.decodeCsv';
  checkOptions(op, options, ['fieldDelim', 'useQuoteDelim', 'naValue', 'selectCols']);
  const {fieldDelim = ',', useQuoteDelim = true, naValue = ''} = options;
  if (fieldDelim.length !== 1)
    throw new ValueError(`${op}: fieldDelim must be one character, got ${describe(fieldDelim)}`);
  const value = toText(records, op);
  const columns = recordDefaults.map((each) => convert<Element>(each as TensorLike<Element>, undefined, op));
  for (const column of columns) {
    checkChoice(op, 'the dtype of a column', column.dtype, ['float32', 'float64', 'int32', 'int64', 'string']);
    if (column.size > 1)
      throw new ShapeError(`${op}: a default is one element or none, got shape ${show(column.shape)}`);
  }
  const rows = textOf(value).map((text, row) => {
    const fields = fieldsOf(text, fieldDelim, useQuoteDelim, op);
    const chosen = options.selectCols?.map((i) => fields[i]) ?? fields;
    if (chosen.length !== columns.length || chosen.includes(undefined)) {
      throw new ValueError(
        `${op}: record ${String(row)} has ${String(fields.length)} fields, ${String(columns.length)} columns are asked for`,
      );
    }
    return chosen;
  });
  return columns.map((column, i) => {
    const texts = rows.map((fields, row) => {
      const field = fields[i] ?? '';
      if (field !== '' && field !== naValue) return field;
      if (column.size === 0)
        throw new ValueError(`${op}: field ${String(i)} of record ${String(row)} must have a value`);
      return asText(itemOf(column.reshape([])));
    });
    const made = textTensor(texts, concrete(value.shape));
    return column.dtype === 'string' ? made : toNumber(made, column.dtype as ParsedDType & 'float32');
  });
}

const asText = (element: Element): string => (typeof element === 'object' ? '' : String(element));

// RFC 4180: quotes enclose a field, two of them stand for one.
function fieldsOf(record: string, delimiter: string, quotes: boolean, op: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= record.length) {
    if (quotes && record[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"/y;
      quoted.lastIndex = at;
      const found = quoted.exec(record);
      const end = quoted.lastIndex;
      if (found === null || (end < record.length && record[end] !== delimiter)) {
        throw new ValueError(
          `${op}: a quoted field must end with a quote and ${describe(delimiter)}, got ${describe(record)}`,
        );
      }
      fields.push((found[1] ?? '').replaceAll('""', '"'));
      at = end + 1;
      continue;
    }
    const cut = record.indexOf(delimiter, at);
    const end = cut < 0 ? record.length : cut;
    const field = record.slice(at, end);
    if (quotes && /["\r\n]/.test(field)) {
      throw new ValueError(
        `${op}: a field without quotes around it has none inside and no line break, got ${describe(field)}`,
      );
    }
    fields.push(field);
    at = end + 1;
  }
  return fields;
}
