import {SIGNATURES} from './signatures.js';

/** One parameter as Keras names it. */
export interface Parameter {
  readonly name: string;
  /** Undefined where it is required. */
  readonly default: unknown;
  /** Whether Keras passes it by name. */
  readonly byName: boolean;
  /** Whether this library has it. */
  readonly known: boolean;
}

/** How an operation is called here and in Keras. */
export interface Signature {
  /** Keras's module, or `keratin`. */
  readonly module: string;
  readonly className: string;
  /** What Keras's class is called with. */
  readonly call: readonly Parameter[];
  /** What Keras's class is made with. */
  readonly config: readonly Parameter[];
  /** The parameters that are positional here. */
  readonly positional: readonly string[];
  /** The positional parameter that may be an object of options instead. */
  readonly merged: string | null;
  /** The parameter that stands for all further arguments. */
  readonly rest: string | null;
}

const cache = new Map<string, Signature>();

/** The signature of an operation; what Keras does not have is written as it is called here. */
export function signatureOf(name: string): Signature {
  let signature = cache.get(name);
  if (signature === undefined) {
    const text = Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name] : undefined;
    signature = parse(
      text ??
        `keratin.${name.charAt(0).toUpperCase()}${name.slice(1)} a=null b=null c=null d=null e=null f=null > a b c d e f`,
    );
    cache.set(name, signature);
  }
  return signature;
}

function parse(text: string): Signature {
  const [described = '', order] = text.split(' > ');
  const [head = '', own = ''] = described.split(' | ');
  const [path = '', ...callNames] = head.split(' ');
  const [module = '', className = ''] = path.split('.');
  const call = callNames.filter((word) => word !== '').map(parameter);
  const config = own
    .split(' ')
    .filter((word) => word !== '')
    .map(parameter);
  const required = [...call, ...config].filter((one) => one.default === undefined).map(({name}) => name);
  const words = order?.split(' ') ?? required;
  const rest = callNames.find((word) => word.startsWith('*'))?.slice(1) ?? null;
  return {
    module: module === 'keratin' ? module : `keras.src.ops.${module}`,
    className,
    call,
    config,
    positional: words.map((word) => word.replace(/^\*/, '').replace(/\+$/, '')),
    merged: words.find((word) => word.endsWith('+'))?.slice(0, -1) ?? null,
    rest,
  };
}

function parameter(word: string): Parameter {
  const [, marks = '', name = '', value] = /^([@!*]*)(\w+)(?:=(.*))?$/.exec(word) ?? [];
  return {
    name,
    default: value === undefined ? undefined : (JSON.parse(value) as unknown),
    byName: marks.includes('@'),
    known: !marks.includes('!'),
  };
}
